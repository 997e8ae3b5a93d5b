"""Reads a transaction's log: which program said what.

The runtime writes one entry per line of its own; what a program logs stands behind `Program log: ` or `Program data: `
in an entry of its own, so no program can pass for the runtime as long as whole entries are matched. Source: the log
messages that the Solana documentation shows under "Programs" and "simulateTransaction".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ADDRESS = "(?P<program>[1-9A-HJ-NP-Za-km-z]{32,44})"
_INVOKED = re.compile(rf"Program {_ADDRESS} invoke \[(?P<depth>[1-9][0-9]?)\]")
_RETURNED = re.compile(rf"Program {_ADDRESS} success")
_FAILED = re.compile(rf"Program {_ADDRESS} failed: (?P<reason>.+)", re.DOTALL)
_CUSTOM = re.compile(r"custom program error: 0x(?P<code>[0-9a-f]{1,8})")
_DATA = "Program data: "
_TRUNCATED = "Log truncated"


class LogError(ValueError):
    """A log that is incomplete or that no runtime writes: nothing can be concluded from it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The program in which a transaction failed, the runtime's words, and the number of a custom error."""

    program: str
    reason: str
    code: int | None


def data_of(logs: Sequence[str], program: str) -> Iterator[str]:
    """What `program` itself logged as data, in order: the entries' text after `Program data: `. Raises `LogError`."""
    stack = list[str]()
    for entry in logs:
        if entry == _TRUNCATED:
            raise LogError("the log was cut off by the node's limit")
        if match := _INVOKED.fullmatch(entry):
            stack.append(match["program"])
            if len(stack) != int(match["depth"]):
                raise LogError(f"{entry!r} at depth {len(stack)}")
        elif match := _RETURNED.fullmatch(entry) or _FAILED.fullmatch(entry):
            if not stack or stack.pop() != match["program"]:
                raise LogError(f"{entry[:80]!r}: another program was running")
        elif entry.startswith(_DATA):
            if not stack:
                raise LogError("data that no program logged")
            if stack[-1] == program:
                yield entry.removeprefix(_DATA)


def failure(logs: Sequence[str]) -> Failure | None:
    """Where a transaction failed: the innermost program, whose line is the first. None if the log names none."""
    for entry in logs:
        if match := _FAILED.fullmatch(entry):
            custom = _CUSTOM.fullmatch(match["reason"])
            return Failure(match["program"], match["reason"], int(custom["code"], 16) if custom else None)
    return None
