"""The JSON-RPC calls that both sides of the family make, their strict parsing, and what a node's errors mean.

The calls go out through `chains.jsonrpc.Endpoint`, which bounds and checks a response before anything here sees it;
solders' response types take a whole text, know neither bounds nor ids, and accept a response that answers another
call. Sources: the Solana documentation ("HTTP Methods"); for the error codes agave's `rpc-client-api`,
`custom_error.rs`. Slots and lamports are u64; addresses and hashes are base58 of 32 bytes.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chains.caip import CaipError
from chains.jsonrpc import Call, EndpointError, Fault
from chains.solana.addresses import canonical
from chains.values import BadValue, items, mapping, member, shown

MOST_ACCOUNTS = 100
"""Of one getMultipleAccounts, as agave limits it."""

BEHIND = -32005
"""The node is unhealthy: behind the others by more slots than it bears."""

BLOCK_CLEANED_UP, BLOCK_NOT_AVAILABLE, SLOT_SKIPPED = -32001, -32004, -32007
LONG_TERM_SLOT_SKIPPED, BLOCK_STATUS_NOT_AVAILABLE = -32009, -32014
"""Of a slot: the node has forgotten its block, has not got it yet, or knows none."""

MIN_CONTEXT_SLOT_NOT_REACHED = -32016

_LAGGING_CODES = (
    BEHIND,
    BLOCK_CLEANED_UP,
    BLOCK_NOT_AVAILABLE,
    SLOT_SKIPPED,
    LONG_TERM_SLOT_SKIPPED,
    BLOCK_STATUS_NOT_AVAILABLE,
    MIN_CONTEXT_SLOT_NOT_REACHED,
)
_LIMIT_CODES = (429, -32429)
_LIMIT_WORDS = ("rate limit", "too many requests", "request limit", "quota")
_INTERNAL = -32603

Commitment = Literal["processed", "confirmed", "finalized"]


def judge(call: Call | None, fault: Fault) -> Any:
    """See `chains.jsonrpc.Judge`. A call with `faults` gets every error that is about it; that the node limits us or is
    behind is about the endpoint, and always raised."""
    low = fault.message.lower()
    if fault.code in _LIMIT_CODES or any(word in low for word in _LIMIT_WORDS):
        raise EndpointError("limiting", fault.message)
    if call is not None and call.faults and fault.code != BEHIND:
        return fault
    if fault.code in _LAGGING_CODES:
        raise EndpointError("lagging", fault.message, again=False)
    raise EndpointError("failing", f"{fault.message} (error {fault.code})", again=fault.code == _INTERNAL)


@dataclass(frozen=True, slots=True)
class Account:
    """An account, or the part of its data that was asked for. `rentEpoch` means nothing any more and is left out."""

    lamports: int
    owner: str
    data: bytes
    executable: bool


@dataclass(frozen=True, slots=True)
class AtSlot:
    """An answer with the slot that it is about (the context slot)."""

    slot: int
    value: Any


def genesis_hash() -> Call:
    """The genesis hash in base58."""
    return Call("getGenesisHash", (), address)


def block_time(slot: int) -> Call:
    """Unix seconds of the block of `slot`; None or a `Fault` where the node does not know."""
    return Call("getBlockTime", (slot,), time, absent=True, faults=True)


def accounts(
    addresses: Sequence[str],
    commitment: Commitment = "finalized",
    part: tuple[int, int] | None = None,
) -> Call:
    """`AtSlot` of one `Account` per address, or None where there is none. At most 100 addresses.

    `part`: only so many bytes of the data from an offset on, as (offset, length).
    """
    assert 0 < len(addresses) <= MOST_ACCOUNTS
    options: dict[str, Any] = {"encoding": "base64", "commitment": commitment}
    if part is not None:
        options["dataSlice"] = {"offset": part[0], "length": part[1]}
    longest = None if part is None else part[1]

    def parse(value: object) -> tuple[Account | None, ...]:
        found = items(value, len(addresses))
        if len(found) != len(addresses):
            raise BadValue(f"{len(found)} accounts, {len(addresses)} were asked for")
        return tuple(None if one is None else account(one, longest) for one in found)

    return Call("getMultipleAccounts", (list(addresses), options), at_slot(parse))


def at_slot(parse: Callable[[object], Any]) -> Callable[[object], AtSlot]:
    """The parser of an answer with a context, whose value `parse` takes."""

    def parsed(answer: object) -> AtSlot:
        fields = mapping(answer)
        slot = unsigned(member(mapping(member(fields, "context")), "slot"))
        return AtSlot(slot, parse(member(fields, "value")))

    return parsed


def account(value: object, longest: int | None = None) -> Account:
    """An account in base64; of at most `longest` bytes of data where that is given."""
    fields = mapping(value)
    executable = member(fields, "executable")
    if not isinstance(executable, bool):
        raise BadValue(f"executable: {shown(executable)}")
    content = data(member(fields, "data"))
    if longest is not None and len(content) > longest:
        raise BadValue(f"{len(content)} bytes of data, {longest} were asked for")
    return Account(unsigned(member(fields, "lamports")), address(member(fields, "owner")), content, executable)


def data(value: object) -> bytes:
    """Bytes as ["...", "base64"]."""
    found = items(value, 2)
    if len(found) != 2 or not isinstance(found[0], str) or found[1] != "base64":
        raise BadValue(f"not data in base64: {shown(value)}")
    try:
        return base64.b64decode(found[0], validate=True)
    except (ValueError, binascii.Error):
        raise BadValue(f"not base64: {shown(found[0])}") from None


def address(value: object) -> str:
    """32 bytes in base58."""
    if not isinstance(value, str):
        raise BadValue(f"not an address: {shown(value)}")
    try:
        return canonical(value)
    except CaipError:
        raise BadValue(f"not base58 of 32 bytes: {shown(value)}") from None


def unsigned(value: object) -> int:
    """An integer that fits u64."""
    if type(value) is not int or not 0 <= value < 1 << 64:
        raise BadValue(f"not a u64: {shown(value)}")
    return value


def time(value: object) -> int:
    """Unix seconds. A time before 1970 is none of a chain that runs."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise BadValue(f"not a time: {shown(value)}")
    return value
