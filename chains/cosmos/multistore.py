"""Proofs of the multistore: from a value in one store to the app hash, as abci_query answers them with prove=true.

The answer's proofOps are two: `ics23:iavl` leads from the key to the store's root, `ics23:simple` from the store's
name, under which that root stands, to the app hash. The app hash of the state after block h is in header h + 1.
Sources: Cosmos SDK, store/rootmulti and store/types (CommitmentOp); CometBFT, crypto/proof.proto.

    ProofOps   ops 1
    ProofOp    type 1, key 2, data 3
"""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass

from chains.cosmos import ics23_verify, protobuf
from chains.cosmos.ics23 import MOST_PROOF_BYTES
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError
from chains.values import BadValue, items, mapping, member

IAVL_OP = "ics23:iavl"
SIMPLE_OP = "ics23:simple"

_OPS: dict[int, Kind] = {1: "repeated"}
_OP: dict[int, Kind] = {1: "bytes", 2: "bytes", 3: "bytes"}
_EXPECTED_OPS = 2
_ROOT_BYTES = 32
_LONGEST_BASE64 = 4 * (MOST_PROOF_BYTES // 3 + 1)


@dataclass(frozen=True, slots=True)
class ProofOp:
    """One step of a chained proof: its kind, the key within its tree, the encoded CommitmentProof."""

    type: str
    key: bytes
    data: bytes


def prove(ops: Sequence[ProofOp], app_hash: bytes, store: str, key: bytes) -> bytes | None:
    """What `ops` show under `key` of the store named `store` in the state with `app_hash` (32 bytes): the value, never
    empty, or None if they show that there is nothing. Raises `ProofError` for a proof of anything else.

    That the store itself is absent proves nothing about a key: it is refused.
    """
    if [op.type for op in ops] != [IAVL_OP, SIMPLE_OP]:
        raise ProofError(f"multistore: not one {IAVL_OP} and one {SIMPLE_OP} proof")
    inner, outer = ops
    name = store.encode("ascii")
    if inner.key != key or outer.key != name:
        raise ProofError(f"multistore: a proof of another key or store than {store}")
    root = ics23_verify.value(ics23_verify.SIMPLE, app_hash, outer.data, name)
    if root is None or len(root) != _ROOT_BYTES:
        raise ProofError(f"multistore: the proof shows no root of a store {store}")
    return ics23_verify.value(ics23_verify.IAVL, root, inner.data, key)


def encode(ops: Sequence[ProofOp]) -> bytes:
    """The message ProofOps."""
    return b"".join(
        protobuf.message(1, protobuf.data(1, op.type.encode()) + protobuf.data(2, op.key) + protobuf.data(3, op.data))
        for op in ops
    )


def decode(encoded: bytes) -> tuple[ProofOp, ...]:
    """The ops in a message ProofOps. Raises `ProofError`."""
    ops = protobuf.decode(encoded, "proof ops", _OPS, most=_EXPECTED_OPS).all(1)
    fields = [protobuf.decode(op, "proof op", _OP) for op in ops]
    return tuple(ProofOp(op.text(1), op.data(2), op.data(3)) for op in fields)


def parse(proof_ops: object) -> tuple[ProofOp, ...]:
    """The JSON form, `response.proofOps` of an abci_query. Raises `BadValue`; without a proof it is null, and so it is
    refused here too."""
    ops = [mapping(op) for op in items(member(mapping(proof_ops), "ops"), _EXPECTED_OPS)]
    return tuple(ProofOp(_text(op, "type"), base64(member(op, "key")), base64(member(op, "data"))) for op in ops)


def base64(value: object) -> bytes:
    """The bytes of a JSON string in base64, with its padding; null, as Go writes no bytes, is none. Raises
    `BadValue`."""
    if value is None:
        return b""
    if not isinstance(value, str) or len(value) > _LONGEST_BASE64:
        raise BadValue("not base64, or too long")
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadValue("not base64") from None


def _text(op: object, name: str) -> str:
    value = member(mapping(op), name)
    if not isinstance(value, str):
        raise BadValue(f"the field {name} is no text")
    return value
