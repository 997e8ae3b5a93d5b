"""What an ICS-23 proof shows (cosmos/ics23, "Verify" of the Go implementation), for the two trees of the Cosmos SDK.

A specification says how leaves and inner nodes of a tree are hashed, so that no part of a node can pass for another.
Both specifications hash with SHA-256 only: any other operation is refused with them. Stricter than the reference:
every step must be exactly a left or a right child of a binary node, with the length bytes that IAVL writes; a leaf's
prefix holds nothing but what its tree writes; varints are minimal; an absence must name the key that is asked for.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from chains.cosmos import protobuf
from chains.cosmos.ics23 import DEEPEST, ExistenceProof, InnerOp, LeafOp, NonExistenceProof, decode
from chains.errors import ProofError

_NO_HASH, _SHA256, _VAR_PROTO = 0, 1, 1
_HASH_BYTES = 32
_LENGTH_BYTE = b"\x20"


@dataclass(frozen=True, slots=True)
class ProofSpec:
    """The shape of a tree's inner nodes; sizes in bytes. Leaves are alike in both: SHA-256 over the prefix, the key and
    the SHA-256 of the value, each after its length as a varint."""

    name: Literal["iavl", "simple"]
    child_size: int
    shortest_prefix: int
    longest_prefix: int
    deepest: int = DEEPEST
    shallowest: int = 0


IAVL = ProofSpec("iavl", child_size=33, shortest_prefix=4, longest_prefix=12)
"""The tree of one store. A child is its hash after a length byte; a prefix begins with height, size and version."""

SIMPLE = ProofSpec("simple", child_size=32, shortest_prefix=1, longest_prefix=1)
"""The tree of the multistore over its stores' roots (named "tendermint" in the reference)."""


def value(spec: ProofSpec, root: bytes, proof: bytes, key: bytes) -> bytes | None:
    """What the encoded CommitmentProof `proof` shows under `key` in the tree with `root` (32 bytes): the value, never
    empty, or None if it shows that there is nothing. Raises `ProofError` for a proof that shows neither."""
    if not key:
        raise ProofError("ics23: no key")
    decoded = decode(proof)
    if decoded.key != key:
        raise ProofError("ics23: the proof is of another key")
    if isinstance(decoded, NonExistenceProof):
        _check_absence(spec, root, decoded)
        return None
    if not decoded.value:
        raise ProofError("ics23: an existence without a value")
    _check_existence(spec, root, decoded)
    return decoded.value


def check_spec(spec: ProofSpec, proof: ExistenceProof) -> None:
    """The leaf and every step of `proof` are such as `spec` says. Raises `ProofError`."""
    _check_leaf(spec, proof.leaf)
    if not spec.shallowest <= len(proof.path) <= spec.deepest:
        raise ProofError(f"ics23: a path of {len(proof.path)} steps, expected {spec.shallowest} to {spec.deepest}")
    for layer, step in enumerate(proof.path, start=1):
        _check_step(spec, step, layer)


def calculate(proof: ExistenceProof) -> bytes:
    """The root (32 bytes) that `proof` leads to, once its operations are checked to be those of a `ProofSpec`."""
    key, hashed = proof.key, sha256(proof.value).digest()
    leaf = proof.leaf.prefix + protobuf.varint(len(key)) + key + protobuf.varint(len(hashed)) + hashed
    node = sha256(leaf).digest()
    for step in proof.path:
        node = sha256(step.prefix + node + step.suffix).digest()
    return node


def _check_existence(spec: ProofSpec, root: bytes, proof: ExistenceProof) -> None:
    if not proof.key:
        raise ProofError("ics23: a leaf without a key")
    check_spec(spec, proof)
    for step in proof.path:
        _side(spec, step)
    if len(root) != _HASH_BYTES or calculate(proof) != root:
        raise ProofError("ics23: the proof does not lead to the root")


def _check_absence(spec: ProofSpec, root: bytes, proof: NonExistenceProof) -> None:
    # A neighbour's value may be empty: the bank's index of denominations stores such entries behind its balances, and
    # since values are hashed before they are hashed in a leaf, an empty one makes no leaf ambiguous.
    left, right = proof.left, proof.right
    if left is not None:
        _check_existence(spec, root, left)
        if proof.key <= left.key:
            raise ProofError("ics23: the key is not right of its left neighbour")
    if right is not None:
        _check_existence(spec, root, right)
        if proof.key >= right.key:
            raise ProofError("ics23: the key is not left of its right neighbour")
    if left is not None and right is not None:
        _check_neighbours(spec, left.path, right.path)
    elif left is not None:
        _check_edge(spec, left.path, "right")
    elif right is not None:
        _check_edge(spec, right.path, "left")


def _check_neighbours(spec: ProofSpec, left: tuple[InnerOp, ...], right: tuple[InnerOp, ...]) -> None:
    # Above the node where both ways part they are the same; below it one keeps to the right and the other to the left.
    common = 0
    while common < min(len(left), len(right)) and left[-1 - common] == right[-1 - common]:
        common += 1
    if common == min(len(left), len(right)):
        raise ProofError("ics23: one neighbour's way is a part of the other's")
    if (_side(spec, left[-1 - common]), _side(spec, right[-1 - common])) != ("left", "right"):
        raise ProofError("ics23: the neighbours do not part to left and right")
    _check_edge(spec, left[: -1 - common], "right")
    _check_edge(spec, right[: -1 - common], "left")


def _check_edge(spec: ProofSpec, path: tuple[InnerOp, ...], side: Literal["left", "right"]) -> None:
    if any(_side(spec, step) != side for step in path):
        raise ProofError(f"ics23: the neighbour is not the {side}-most leaf of its tree")


def _check_leaf(spec: ProofSpec, op: LeafOp) -> None:
    if (op.hash, op.prehash_key, op.prehash_value, op.length) != (_SHA256, _NO_HASH, _SHA256, _VAR_PROTO):
        raise ProofError(f"ics23: a leaf that is not hashed as {spec.name} does")
    if spec.name == "simple":
        if op.prefix != b"\x00":
            raise ProofError("ics23: a leaf with another prefix")
        return
    height, size, rest = _iavl_head(op.prefix)
    if (height, size, rest) != (0, 1, b""):
        raise ProofError("ics23: an IAVL leaf of another height or size, or with a longer prefix")


def _check_step(spec: ProofSpec, op: InnerOp, layer: int) -> None:
    if op.hash != _SHA256:
        raise ProofError(f"ics23: a step that is not hashed as {spec.name} does")
    longest = spec.longest_prefix + spec.child_size
    if not spec.shortest_prefix <= len(op.prefix) <= longest or len(op.suffix) % spec.child_size:
        raise ProofError("ics23: a step whose prefix or suffix has another length")
    if spec.name == "simple":
        if op.prefix[:1] != b"\x01" or (op.suffix and op.prefix != b"\x01"):
            raise ProofError("ics23: a step with another prefix")
        return
    height, _, rest = _iavl_head(op.prefix)
    if height < layer or len(rest) not in (1, 1 + spec.child_size):
        raise ProofError("ics23: an IAVL step below its layer, or with a prefix of another length")


def _side(spec: ProofSpec, op: InnerOp) -> Literal["left", "right"]:
    # Which child of its parent the step comes from, told by where the sibling stands.
    size = spec.child_size
    left = spec.shortest_prefix <= len(op.prefix) <= spec.longest_prefix and len(op.suffix) == size
    right = spec.shortest_prefix <= len(op.prefix) - size <= spec.longest_prefix and not op.suffix
    if left == right:
        raise ProofError("ics23: a step that is no child of a binary node")
    if spec.name == "iavl":
        sibling = op.suffix if left else _iavl_head(op.prefix)[2]
        if op.prefix[-1:] != _LENGTH_BYTE or sibling[:1] != _LENGTH_BYTE:
            raise ProofError("ics23: an IAVL step whose children are no hashes")
    return "left" if left else "right"


def _iavl_head(prefix: bytes) -> tuple[int, int, bytes]:
    # Height, size and version stand first in an IAVL node, as zigzag varints (cosmos/iavl, node.go, writeHashBytes).
    values, at = list[int](), 0
    for _ in range(3):
        raw, at = protobuf.read_varint(prefix, at, "ics23: an IAVL prefix")
        if raw & 1:
            raise ProofError("ics23: an IAVL prefix with a negative number")
        values.append(raw >> 1)
    return values[0], values[1], prefix[at:]
