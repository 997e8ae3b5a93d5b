"""What the errors of an EVM node mean. Source: EIP-1474 for the codes; on words, clients agree little."""

from dataclasses import dataclass, field
from typing import Any

from chains.evm.values import data
from chains.jsonrpc import Call, EndpointError, Fault
from chains.values import BadValue

_LIMIT_CODES = (-32005, 429)
_LIMIT_WORDS = ("rate limit", "too many requests", "limit exceeded", "request count", "capacity")
_BLOCK_WORDS = ("header not found", "block not found", "unknown block", "resource not found", "missing trie node")


@dataclass(frozen=True, slots=True)
class Reverted:
    """The call was executed and reverted: a fact about the chain, not a failure of the endpoint. Clients differ in what
    they tell of the reason, so that it does not count when two answers are compared."""

    data: bytes = field(compare=False)


def judge(call: Call | None, fault: Fault) -> Any:
    """See `chains.jsonrpc.Judge`: `Reverted`, or the fault itself where the call asks for it."""
    failure = _classified(fault)
    if call is not None and failure.kind == "failing":
        if fault.code == 3 or "revert" in fault.message.lower():
            return Reverted(_revert_data(fault.data))
        if call.faults:
            return fault
    raise failure


def _classified(fault: Fault) -> EndpointError:
    low = fault.message.lower()
    if fault.code in _LIMIT_CODES or any(word in low for word in _LIMIT_WORDS):
        return EndpointError("limiting", fault.message)
    if fault.code == -32001 or any(word in low for word in _BLOCK_WORDS):
        return EndpointError("lagging", fault.message, again=False)
    return EndpointError("failing", f"{fault.message} (error {fault.code})", again=fault.code == -32603)


def _revert_data(value: object) -> bytes:
    try:
        return data(value)
    except BadValue:
        return b""
