"""The contract's errors by number (docs/cosmos-contract.md, "Errors"), and what went wrong in a transaction."""

import re

from chains.gate_errors import COMMON

ERRORS = COMMON | {
    60: "UnknownRoute",
    61: "WrongFunds",
    62: "BadAddress",
    63: "BadToken",
    64: "NotRegistrar",
    65: "NotReserved",
    66: "NotToken",
    67: "Reentered",
    68: "UnknownReply",
    69: "BadMigration",
}

_EXECUTION = re.compile(
    r"(?:rpc error: code = \w+ desc = )?(?:failed to execute message; message index: \d+: )?"
    r"ballast error (?P<number>[0-9]{1,3}) (?P<name>[A-Za-z]+): "
)
_SDK = {
    4: "unauthorized",
    5: "insufficient funds",
    11: "out of gas",
    12: "memo too large",
    13: "insufficient fee",
    19: "tx already in mempool",
    20: "mempool is full",
    21: "tx too large",
    30: "tx timeout height",
    32: "incorrect account sequence",
}
_LONGEST_TEXT = 160

OUT_OF_GAS = _SDK[11]


def gate_error(log: str) -> str:
    """The name of the contract's own error with which a message failed, out of a transaction's log or a simulation's;
    "" for what is none. Name and number have to fit each other."""
    match = _EXECUTION.match(log)
    if match is None or ERRORS.get(int(match["number"])) != match["name"]:
        return ""
    return match["name"]


def error_name(codespace: str, code: int, log: str) -> str:
    """What went wrong, in a word, the same from every node: the contract's own error, or the chain's number within its
    codespace. "" for code 0. Source: Cosmos SDK, types/errors."""
    if not code:
        return ""
    if codespace == "sdk" and code in _SDK:
        return _SDK[code]
    return gate_error(log) or f"{codespace or 'unnamed'} error {code}"


def told(log: str) -> str:
    """The words of a log, without what the layers around the message add, short enough to be shown."""
    text = log.removeprefix("rpc error: code = Unknown desc = ")
    text = re.sub(r"^failed to execute message; message index: \d+: ", "", text)
    text = re.sub(r"( \[[^][ ]+\])? with gas used: '\d+'(: unknown request)?$", "", text)
    text = text.removesuffix(": execute wasm contract failed")
    shown = text if text.isprintable() else repr(text)
    return shown if len(shown) <= _LONGEST_TEXT else shown[: _LONGEST_TEXT - 3] + "..."
