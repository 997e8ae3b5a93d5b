"""ICS-23 commitment proofs as messages (cosmos.ics23.v1, proofs.proto of cosmos/ics23), decoded strictly and bounded.

    CommitmentProof     exist 1 | nonexist 2
    ExistenceProof      key 1, value 2, leaf 3, path 4 (from the leaf up)
    NonExistenceProof   key 1, left 2, right 3
    LeafOp              hash 1, prehash_key 2, prehash_value 3, length 4, prefix 5
    InnerOp             hash 1, prefix 2, suffix 3

Batches (compressed or not) are refused: no node answers a query with one, and ICS-23 itself has given them up.
"""

from dataclasses import dataclass

from chains.cosmos import protobuf
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError

MOST_PROOF_BYTES = 1 << 17
DEEPEST = 128
"""The longest path that ICS-23 allows where a specification names no other."""

_COMMITMENT: dict[int, Kind] = {1: "message", 2: "message"}
_EXISTENCE: dict[int, Kind] = {1: "bytes", 2: "bytes", 3: "message", 4: "repeated"}
_NON_EXISTENCE: dict[int, Kind] = {1: "bytes", 2: "message", 3: "message"}
_LEAF: dict[int, Kind] = {1: "varint", 2: "varint", 3: "varint", 4: "varint", 5: "bytes"}
_INNER: dict[int, Kind] = {1: "varint", 2: "bytes", 3: "bytes"}


@dataclass(frozen=True, slots=True)
class LeafOp:
    """How a key and a value make a leaf. The first four are the numbers of the enums HashOp and LengthOp."""

    hash: int
    prehash_key: int
    prehash_value: int
    length: int
    prefix: bytes


@dataclass(frozen=True, slots=True)
class InnerOp:
    """A step towards the root: the hash of `prefix`, the child's hash and `suffix`, in which the sibling stands."""

    hash: int
    prefix: bytes
    suffix: bytes


@dataclass(frozen=True, slots=True)
class ExistenceProof:
    """That `key` holds `value`; `path` leads from the leaf to the root."""

    key: bytes
    value: bytes
    leaf: LeafOp
    path: tuple[InnerOp, ...]


@dataclass(frozen=True, slots=True)
class NonExistenceProof:
    """That nothing is under `key`: `left` and `right` are neighbours around it; at most one of them is None."""

    key: bytes
    left: ExistenceProof | None
    right: ExistenceProof | None


def decode(encoded: bytes) -> ExistenceProof | NonExistenceProof:
    """The proof in a CommitmentProof. Raises `ProofError`."""
    if len(encoded) > MOST_PROOF_BYTES:
        raise ProofError(f"ics23: {len(encoded)} bytes, at most {MOST_PROOF_BYTES}")
    proof = protobuf.decode(encoded, "ics23 proof", _COMMITMENT)
    exist, nonexist = proof.maybe(1), proof.maybe(2)
    if (exist is None) == (nonexist is None):
        raise ProofError("ics23: neither a proof of existence nor one of absence")
    if exist is not None:
        return _existence(exist)
    fields = protobuf.decode(proof.required(2), "ics23 absence", _NON_EXISTENCE)
    left, right = fields.maybe(2), fields.maybe(3)
    if left is None and right is None:
        raise ProofError("ics23: an absence without a neighbour")
    return NonExistenceProof(
        fields.data(1),
        None if left is None else _existence(left),
        None if right is None else _existence(right),
    )


def _existence(encoded: bytes) -> ExistenceProof:
    fields = protobuf.decode(encoded, "ics23 existence", _EXISTENCE, most=DEEPEST)
    leaf = protobuf.decode(fields.required(3), "ics23 leaf", _LEAF)
    return ExistenceProof(
        fields.data(1),
        fields.data(2),
        LeafOp(leaf.uint(1), leaf.uint(2), leaf.uint(3), leaf.uint(4), leaf.data(5)),
        tuple(_inner(step) for step in fields.all(4)),
    )


def _inner(encoded: bytes) -> InnerOp:
    fields = protobuf.decode(encoded, "ics23 step", _INNER)
    return InnerOp(fields.uint(1), fields.data(2), fields.data(3))
