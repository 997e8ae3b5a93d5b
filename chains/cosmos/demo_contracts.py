"""What setting up a demo takes beside Ballast's own messages: the contracts' codes, and where contracts come to be.

A contract that MsgInstantiateContract2 makes has an address that is known before: it is made of the checksum of the
code, the creator and a salt. So one transaction can make a contract and send messages to it. Sources: wasmd,
x/wasm/keeper/addresses.go (BuildContractAddressPredictable); Cosmos SDK, types/address/hash.go (ADR-028).
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmpy.protos.cosmwasm.wasm.v1.query_pb2 import QueryCodesResponse
from cosmpy.protos.cosmwasm.wasm.v1.tx_pb2 import MsgInstantiateContract2

from chains.cosmos import bech32, rpc
from chains.cosmos.addresses import account_bytes
from chains.cosmos.devnet_node_genesis import PREFIX
from chains.cosmos.messages import Message, encoded
from chains.cosmos.queries import decoded
from chains.cosmos.rpc import QueryResult
from chains.jsonrpc import Call

_ARTIFACTS = Path(__file__).parent / "artifacts"
_MODULE = b"wasm"
_CODES = "/cosmwasm.wasm.v1.Query/Codes"


@dataclass(frozen=True, slots=True)
class Code:
    """A contract's code: its checksum (SHA-256, 32 bytes), and WebAssembly compressed by gzip."""

    checksum: bytes
    compressed: bytes


@cache
def code(name: str) -> Code:
    """One of the artifacts, such as "ballast.wasm"."""
    raw = (_ARTIFACTS / name).read_bytes()
    return Code(hashlib.sha256(raw).digest(), gzip.compress(raw, mtime=0))


def codes() -> Call:
    """The ids of stored codes by their checksums: of the first 100, more than a local chain has."""

    def parse(found: QueryResult) -> dict[bytes, int]:
        return {bytes(one.data_hash): int(one.code_id) for one in decoded(QueryCodesResponse, found.value).code_infos}

    return rpc.abci_query(_CODES, b"", None, parse)


def instantiation(sender: str, code_id: int, label: str, message: Message, salt: bytes) -> Any:
    """MsgInstantiateContract2, without an admin: nobody can migrate the contract. `salt`: 1 to 64 bytes."""
    made = {"sender": sender, "code_id": code_id, "label": label, "msg": encoded(message), "salt": salt}
    return MsgInstantiateContract2(**made, fix_msg=False)


def address(checksum: bytes, creator: str, salt: bytes) -> str:
    """Where `instantiation` by `creator` makes a contract of a code."""
    key = b"".join(len(part).to_bytes(8, "big") + part for part in (checksum, account_bytes(creator), salt, b""))
    kind = hashlib.sha256(b"module").digest()
    return bech32.encode(PREFIX, hashlib.sha256(kind + _MODULE + b"\x00" + key).digest())
