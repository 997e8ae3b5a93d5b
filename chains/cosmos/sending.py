"""The calls that writing makes, and what their answers say.

Nothing here names a height: a transaction is made from, and simulated on, the newest state of each node. CometBFT takes
and gives transactions and their hashes in base64. Sources: CometBFT 0.38, `rpc/core` (mempool.go, tx.go); Cosmos SDK
0.53, `baseapp`, `x/auth` (Query/AccountInfo), `types/tx` (Service/Simulate).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from chains.cosmos import errors, rpc, state
from chains.cosmos.addresses import account_bytes
from chains.cosmos.blocks_json import integer
from chains.cosmos.queries import decoded
from chains.cosmos.rpc import QueryError, QueryResult
from chains.cosmos.stores import WASM
from chains.cosmos.transactions import Signed
from chains.errors import ProofError
from chains.jsonrpc import Call, Fault
from chains.values import BadValue, items, mapping, member, shown

SDK = "sdk"
_UNAUTHORIZED, _POOR, _GAS, _FEE, _CACHED, _FULL, _TIMEOUT, _SEQUENCE = 4, 5, 11, 13, 19, 20, 30, 32
_UNKNOWN_ACCOUNT = 22
_ACCOUNT = "/cosmos.auth.v1beta1.Query/AccountInfo"
_SIMULATE = "/cosmos.tx.v1beta1.Service/Simulate"
_MOST_EVENTS = 4096
_LONGEST_LOG = 4096
_MOST_GAS = (1 << 63) - 1
_EXPECTED = re.compile(r"account sequence mismatch, expected (\d{1,19}), got \d+")
_KINDS = {
    _UNAUTHORIZED: "unauthorized",
    _POOR: "poor",
    _GAS: "gas",
    _FEE: "fee",
    _CACHED: "taken",
    _FULL: "full",
    _TIMEOUT: "timeout",
    _SEQUENCE: "sequence",
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a node's newest state, that after the block of `height`. `sequence`: of its next transaction."""

    height: int
    number: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A route after the block of `height`. `statement`: of round 0 before the first; None where there is no route."""

    height: int
    statement: state.Statement | None


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would become of a transaction. `error`: the gate's own error or the words for another one, "" for none."""

    gas: int
    error: str
    log: str = field(default="", compare=False)

    @property
    def expected(self) -> int | None:
        """The sequence that the node wants instead, where that was the matter."""
        return _expected(self.log)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a node makes of a transaction that is sent to it. `kind`: "taken", why it is not ("fee", "gas", "sequence",
    "poor", "timeout", "full", "unauthorized"), or "refused" for everything else."""

    kind: str
    log: str = field(default="", compare=False)

    @property
    def expected(self) -> int | None:
        """The sequence that the node wants instead, where that was the matter."""
        return _expected(self.log)


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction in the block of `height`. `error` is "" where it succeeded. `executed`: it has used its sequence up
    and paid. One that has not may still be executed in a later block: a block may hold what its account could not pay
    for, or whose sequence had not come yet."""

    height: int
    error: str
    gas_used: int
    executed: bool
    log: str = field(default="", compare=False, repr=False)
    events: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NoIndex:
    """The node does not look transactions up: its indexer is off."""


def account(address: str) -> Call:
    """`Account`, None for one that was never paid anything, or `QueryError`."""
    from cosmpy.protos.cosmos.auth.v1beta1.query_pb2 import (
        QueryAccountInfoRequest,
        QueryAccountInfoResponse,
    )

    def parse(found: QueryResult) -> Account:
        info = decoded(QueryAccountInfoResponse, found.value).info
        if info.address != address:
            raise BadValue(f"the account of {shown(info.address)}, that of {address} was asked for")
        return Account(found.height, info.account_number, info.sequence)

    asked = QueryAccountInfoRequest(address=address).SerializeToString()
    call = rpc.abci_query(_ACCOUNT, asked, None, parse, errors=True)
    return _then(call, lambda found: None if _is(found, SDK, _UNKNOWN_ACCOUNT) else found)


def statement(gate: str, route: bytes) -> Call:
    """`Recorded`: what the contract has of a route at the node's newest state."""

    def parse(found: QueryResult) -> Recorded:
        try:
            return Recorded(found.height, state.statement(found.value) if found.value else None)
        except ProofError as error:
            raise BadValue(str(error)) from None

    return rpc.abci_query(f"/store/{WASM}/key", state.key(account_bytes(gate), state.STATEMENT, route), None, parse)


def simulation(raw: bytes) -> Call:
    """`Simulated`, for a transaction that need not be signed."""
    from cosmpy.protos.cosmos.tx.v1beta1.service_pb2 import (
        SimulateRequest,
        SimulateResponse,
    )

    def parse(found: QueryResult) -> Simulated:
        gas = decoded(SimulateResponse, found.value).gas_info.gas_used
        if not 0 < gas <= _MOST_GAS:
            raise BadValue(f"a simulation that used {gas} gas")
        return Simulated(gas, "")

    def refused(found: Any) -> Any:
        if not isinstance(found, QueryError):
            return found
        return Simulated(0, errors.gate_error(found.log) or errors.told(found.log), found.log)

    asked = SimulateRequest(tx_bytes=raw).SerializeToString()
    return _then(rpc.abci_query(_SIMULATE, asked, None, parse, errors=True), refused)


def transmission(signed: Signed) -> Call:
    """`Broadcast`, or a `Fault` that `sent` reads. The node checks it against its mempool, and does not wait."""
    return Call("broadcast_tx_sync", (_base64(signed.raw),), _broadcast, faults=True)


def sent(answer: Broadcast | Fault) -> Broadcast:
    """What a node made of a transaction, whichever way it said so: its mempool's own refusals come as errors."""
    if isinstance(answer, Broadcast):
        return answer
    if "already exists in cache" in answer.message:
        return Broadcast("taken", answer.message)
    return Broadcast("full" if "mempool is full" in answer.message else "refused", answer.message)


def lookup(signed: Signed, address: str, sequence: int) -> Call:
    """`Found`, None for a transaction that the node does not know (yet: it is looked up in an index that follows the
    blocks), or `NoIndex`; all as `located` reads them. The account at `address` signed it for `sequence`."""
    # The SDK's own event of a signature that was good for this sequence; it is kept only with what it did.
    signer = ("acc_seq", f"{address}/{sequence}")

    def parse(value: object) -> Found:
        raw, found = _found(value)
        if raw != signed.raw:
            raise ProofError(f"another transaction under the hash {signed.name}")
        executed = not found.error or any(kind == "tx" and signer in pairs for kind, pairs in found.events)
        return replace(found, executed=executed)

    return Call("tx", (_base64(signed.hash), False), parse, faults=True)


def lookup_hash(hash_: bytes) -> Call:
    """As `lookup`, of a transaction of which the hash (32 bytes) alone is known."""

    def parse(value: object) -> Found:
        raw, found = _found(value)
        if hashlib.sha256(raw).digest() != hash_:
            raise ProofError(f"another transaction under the hash {hash_.hex().upper()}")
        return found

    return Call("tx", (_base64(hash_), False), parse, faults=True)


def located(answer: Found | Fault) -> Found | NoIndex | Fault | None:
    """What a node knows of a transaction, whichever way it said so."""
    if isinstance(answer, Fault):
        if "indexing is disabled" in answer.message:
            return NoIndex()
        return None if answer.message.endswith("not found") else answer
    return answer


def _expected(log: str) -> int | None:
    match = _EXPECTED.search(log)
    return None if match is None else int(match[1])


def _then(call: Call, change: Callable[[Any], Any]) -> Call:
    return Call(call.method, call.params, lambda value: change(call.parse(value)))


def _is(found: object, codespace: str, code: int) -> bool:
    return isinstance(found, QueryError) and (found.codespace, found.code) == (codespace, code)


def _found(value: object) -> tuple[bytes, Found]:
    """The transaction's bytes, and what became of it; `executed` where it succeeded."""
    fields = mapping(value)
    result = mapping(member(fields, "tx_result"))
    code, codespace, log = result.get("code", 0), result.get("codespace", ""), result.get("log", "")
    if type(code) is not int or not isinstance(codespace, str) or not isinstance(log, str):
        raise BadValue("not a transaction's result")
    height, used = integer(member(fields, "height")), integer(member(result, "gas_used"))
    if height < 1 or used < 0:
        raise BadValue(f"a transaction at height {height} that used {used} gas")
    error, events = errors.error_name(codespace, code, log), _events(result.get("events"))
    return _bytes(member(fields, "tx")), Found(height, error, used, not code, log, events)


def _broadcast(value: object) -> Broadcast:
    fields = mapping(value)
    code, codespace, log = fields.get("code", 0), fields.get("codespace", ""), fields.get("log", "")
    if type(code) is not int or not isinstance(codespace, str) or not isinstance(log, str):
        raise BadValue("not an answer to a transaction")
    if not code:
        return Broadcast("taken")
    return Broadcast(_KINDS.get(code, "refused") if codespace == SDK else "refused", log[:_LONGEST_LOG])


def _events(value: object) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    found = list[tuple[str, tuple[tuple[str, str], ...]]]()
    for each in items(value or [], _MOST_EVENTS):
        fields = mapping(each)
        kind = member(fields, "type")
        pairs = [mapping(pair) for pair in items(fields.get("attributes") or [], _MOST_EVENTS)]
        attributes = tuple((pair.get("key"), pair.get("value")) for pair in pairs)
        if not isinstance(kind, str) or not all(isinstance(k, str) and isinstance(v, str) for k, v in attributes):
            raise BadValue("an event that is none")
        found.append((kind, tuple((str(k), str(v)) for k, v in attributes)))
    return tuple(found)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        return b""
