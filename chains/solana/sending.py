"""The calls that writing makes, and what their answers say. Source: the Solana documentation, "RPC methods".

Nothing here asks for `finalized` state but the height that decides whether a transaction has expired: a transaction is
made from, and simulated on, what the nodes have confirmed.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.message import Message
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chains.jsonrpc import Call
from chains.solana import fees
from chains.solana.addresses import to_bytes, to_text
from chains.solana.rpc import address, at_slot, unsigned
from chains.solana.transactions import Failure, Signed, failure
from chains.values import BadValue, items, mapping, member, shown

CONFIRMED = {"commitment": "confirmed"}
FINALIZED = {"commitment": "finalized"}

LEVEL_CONFIRMED, LEVEL_FINALIZED = 1, 2
_LEVELS = {"processed": 0, "confirmed": LEVEL_CONFIRMED, "finalized": LEVEL_FINALIZED}
_MOST_SLOTS = 1_000
_MOST_LOGS = 10_000
_U64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Blockhash:
    """A recent blockhash (32 bytes), and the height of the last block that takes transactions with it."""

    hash: bytes
    last_valid: int


@dataclass(frozen=True, slots=True)
class Status:
    """A transaction in the block of `slot`. `level`: 0 processed, 1 confirmed, 2 finalized."""

    slot: int
    failure: Failure | None
    level: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would become of a transaction. `units` are compute units."""

    failure: Failure | None
    units: int
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """A transaction that was executed. `fee` in lamports."""

    slot: int
    failure: Failure | None
    fee: int
    logs: tuple[str, ...]


def latest_blockhash() -> Call:
    """`Blockhash`: the newest one."""
    return Call("getLatestBlockhash", (CONFIRMED,), _blockhash)


def blockhash_valid(blockhash: bytes) -> Call:
    """Whether a transaction with this blockhash would still be taken."""
    return Call("isBlockhashValid", (to_text(blockhash), CONFIRMED), _boolean)


def final_height() -> Call:
    """How many blocks are below the newest finalized one."""
    return Call("getBlockHeight", (FINALIZED,), unsigned)


def balance(account: str) -> Call:
    """Lamports."""
    return Call("getBalance", (account, CONFIRMED), lambda answer: unsigned(_value(answer)))


def recent_bid(writable: Sequence[str]) -> Call:
    """What recent transactions that wrote to these accounts paid, in micro-lamports per compute unit."""
    return Call("getRecentPrioritizationFees", (list(writable),), _recent_bid)


def simulation(message: Message) -> Call:
    """`Simulated`: unsigned, with a blockhash of the node's own."""
    count = message.header.num_required_signatures
    unsigned = VersionedTransaction.populate(message, [Signature.default()] * count)
    how = {"encoding": "base64", "sigVerify": False, "replaceRecentBlockhash": True, **CONFIRMED}
    return Call("simulateTransaction", (_base64(bytes(unsigned)), how), _simulated, faults=True)


def status(signature: bytes) -> Call:
    """`Status`, or None for a signature that the node does not know, also in its history."""
    asked = ([signature_text(signature)], {"searchTransactionHistory": True})
    return Call("getSignatureStatuses", asked, _status)


def transmission(signed: Signed) -> Call:
    """The signature (64 bytes). Without preflight: what is sent was simulated, or is meant to fail on the chain; and
    without resending by the node, which would go on after the sender has stopped."""
    how = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
    return Call("sendTransaction", (_base64(signed.raw), how), _signature, faults=True)


def details(signature: bytes) -> Call:
    """`Details`, or None for what is not confirmed (yet)."""
    how = {"encoding": "base64", "maxSupportedTransactionVersion": 0, **CONFIRMED}
    return Call("getTransaction", (signature_text(signature), how), _details, absent=True)


def signature_text(signature: bytes) -> str:
    """Base58, as explorers show it."""
    return str(Signature.from_bytes(signature))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _value(answer: object) -> object:
    """What stands beside the context slot."""
    return at_slot(lambda found: found)(answer).value


def _boolean(answer: object) -> bool:
    if not isinstance(found := _value(answer), bool):
        raise BadValue(f"not a boolean: {shown(found)}")
    return found


def _blockhash(answer: object) -> Blockhash:
    fields = mapping(_value(answer))
    found = to_bytes(address(member(fields, "blockhash")))
    return Blockhash(found, unsigned(member(fields, "lastValidBlockHeight")))


def _recent_bid(answer: object) -> int:
    return fees.of_slots([unsigned(member(mapping(slot), "prioritizationFee")) for slot in items(answer, _MOST_SLOTS)])


def _simulated(answer: object) -> Simulated:
    fields = mapping(_value(answer))
    failed = failure(member(fields, "err"))
    # What fails before it is executed has consumed nothing, and says so or leaves it out.
    units = fields.get("unitsConsumed")
    if units is None and failed is None:
        raise BadValue("a simulation that succeeded and does not say how many compute units it took")
    return Simulated(failed, 0 if units is None else unsigned(units), _logs(fields.get("logs")))


def _status(answer: object) -> Status | None:
    (found,) = _exactly_one(_value(answer))
    if found is None:
        return None
    fields = mapping(found)
    level = member(fields, "confirmationStatus")
    if not isinstance(level, str) or level not in _LEVELS:
        raise BadValue(f"not a confirmation status: {shown(level)}")
    return Status(unsigned(member(fields, "slot")), failure(member(fields, "err")), _LEVELS[level])


def _exactly_one(found: object) -> list[object]:
    listed = items(found, 1)
    if len(listed) != 1:
        raise BadValue("no answer to the one signature that was asked for")
    return listed


def _signature(answer: object) -> bytes:
    try:
        found = bytes(Signature.from_string(answer)) if isinstance(answer, str) else b""
    except ValueError:
        found = b""
    if not found:
        raise BadValue(f"not a signature: {shown(answer)}")
    return found


def _details(answer: object) -> Details:
    fields = mapping(answer)
    meta = mapping(member(fields, "meta"))
    slot, fee = unsigned(member(fields, "slot")), unsigned(member(meta, "fee"))
    return Details(slot, failure(member(meta, "err")), fee, _logs(meta.get("logMessages")))


def _logs(found: Any) -> tuple[str, ...]:
    if found is None:
        return ()
    lines = items(found, _MOST_LOGS)
    if not all(isinstance(line, str) for line in lines):
        raise BadValue("a log with lines that are no text")
    return tuple(str(line) for line in lines)
