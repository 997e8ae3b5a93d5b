"""Events and errors as they are read out of a transaction's log."""

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.transaction_status import (
    InstructionErrorCustom,
    InstructionErrorFieldless,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
)

from chains.events import EventError
from chains.solana import events as decoded
from chains.solana.addresses import to_bytes, to_text
from chains.solana.errors import ERRORS, error_name
from chains.solana.events import Event, decode, events
from chains.solana.instructions import Tag
from chains.solana.program_settings import guardian, rate_limit

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DOCUMENT = Path(__file__).parents[4] / "docs" / "solana-program.md"
OURS, OTHER, GATE, A, B, C = (to_text(bytes([n]) * 32) for n in range(1, 7))
B32 = b"\x0b" * 32


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def u128(value: int) -> bytes:
    return value.to_bytes(16, "little")


gate, a, b, c = (to_bytes(x) for x in (GATE, A, B, C))
LIMIT = bytes([0]) + bytes(32) + u64(5) + u64(6)
EXAMPLES: list[tuple[bytes, Event]] = [
    (
        b"\1" + gate + u64(1) + u64(2) + u128(3) + u128(2**90) + u64(5) + u64(6),
        decoded.StatementAccepted(GATE, 1, 2, 3, 2**90, 5, 6),
    ),
    (b"\2" + gate + a + b + u64(7), decoded.Minted(GATE, A, B, 7)),
    (b"\3" + gate + a + u64(7) + u64(8), decoded.Redeemed(GATE, A, 7, 8)),
    (b"\4" + gate + u64(7) + B32 + b"\1" + u64(9), decoded.HandedOver(GATE, 7, B32, 1, 9)),
    (b"\5" + gate + a, decoded.Paused(GATE, A)),
    (b"\6" + gate + a, decoded.Unpaused(GATE, A)),
    (b"\7" + gate + LIMIT, decoded.SettingChanged(GATE, rate_limit(5, 6))),
    (b"\x08" + gate + LIMIT + u64(9), decoded.LooseningQueued(GATE, rate_limit(5, 6), 9)),
    (b"\x09" + gate + b"\4" + a + bytes(16), decoded.LooseningCancelled(GATE, guardian(A))),
    (b"\x0a" + gate + a + B32 + b + c, decoded.Registered(GATE, A, B32, B, C)),
    (b"\x0b" + gate + a + b, decoded.OwnershipTransferred(GATE, A, B)),
]


def invoke(program: str, depth: int, *inside: str, end: str = "success") -> list[str]:
    return [f"Program {program} invoke [{depth}]", *inside, f"Program {program} {end}"]


def data(raw: bytes) -> str:
    return f"Program data: {base64.b64encode(raw).decode()}"


def table(heading: str) -> list[list[str]]:
    """The cells of the document's table under a heading, without its two head lines."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_errors_are_the_documented_ones() -> None:
    assert {int(row[0]): row[1].strip("`") for row in table("Errors")} == ERRORS


def test_instructions_are_the_documented_ones() -> None:
    assert {int(row[0]): row[1].strip("`").upper() for row in table("Instructions")} == {t: t.name for t in Tag}


def test_events_are_the_documented_ones() -> None:
    documented = {int(row[0]): row[1].strip("`") for row in table("Events")}
    assert {raw[0]: type(event).__name__ for raw, event in EXAMPLES} == documented


@pytest.mark.parametrize(("raw", "event"), EXAMPLES, ids=lambda x: type(x).__name__)
def test_decodes_each_event_and_only_it(raw: bytes, event: Event) -> None:
    assert decode(raw) == event
    for size in range(len(raw)):
        with pytest.raises(EventError):
            decode(raw[:size])
    with pytest.raises(EventError):
        decode(raw + b"\0")


@steady
@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_else(raw: bytes) -> None:
    sizes = {raw[0]: len(raw) for raw, _ in EXAMPLES}
    try:
        decode(raw)
    except EventError:
        return
    assert sizes[raw[0]] == len(raw)


def test_settings_in_events_are_checked() -> None:
    with pytest.raises(EventError, match="setting"):
        decode(b"\7" + gate + bytes([5]) + bytes(48))
    with pytest.raises(EventError, match="GUARDIAN"):
        decode(b"\7" + gate + bytes([4]) + bytes(48))


def test_events_of_our_program_in_order() -> None:
    raws = [raw for raw, _ in EXAMPLES]
    assert events(invoke(OURS, 1, *map(data, raws)), OURS) == tuple(event for _, event in EXAMPLES)


def test_only_what_our_program_logged_counts() -> None:
    """Around, before, behind and below: the stack tells who speaks."""
    mine, theirs = data(EXAMPLES[4][0]), data(EXAMPLES[5][0])
    below = invoke(OTHER, 2, theirs, *invoke(C, 3, theirs), theirs)
    logs = [
        *invoke(OTHER, 1, theirs, *invoke(OURS, 2, mine), theirs),
        *invoke(OTHER, 1, theirs),
        *invoke(OURS, 1, "Program log: hello", *below, "Program consumption: 5 units remaining", mine),
    ]
    assert events(logs, OURS) == (EXAMPLES[4][1], EXAMPLES[4][1])


def test_text_that_a_program_logs_is_no_runtime_line() -> None:
    """What a program logs keeps its own prefix, whatever line ends it holds."""
    forged = [
        f"Program log: Program {OURS} invoke [2]",
        f"Program log: x\nProgram {OURS} invoke [2]\n{data(EXAMPLES[4][0])}",
        data(EXAMPLES[4][0]) + f"\nProgram {OURS} invoke [2]",
        f"Program {OURS} invoke [2]\n",
    ]
    assert events(invoke(OTHER, 1, *forged), OURS) == ()


@pytest.mark.parametrize(
    ("logs", "why"),
    [
        ([*invoke(OURS, 1), "Log truncated"], "cut off"),
        ([data(EXAMPLES[4][0])], "no program"),
        ([f"Program {OURS} invoke [2]"], "depth"),
        ([f"Program {OURS} invoke [1]", f"Program {OTHER} success"], "another program"),
        ([f"Program {OURS} success"], "another program"),
        (invoke(OURS, 1, "Program data: %%%"), "no base64"),
        (invoke(OURS, 1, "Program data: é"), "no base64"),
        (invoke(OURS, 1, "Program data: "), "no event"),
        (invoke(OURS, 1, f"{data(EXAMPLES[4][0])} AAAA"), "no base64"),
        (invoke(OURS, 1, data(b"\x0c")), "event 12 is not known"),
    ],
)
def test_refuses_logs_that_cannot_be(logs: list[str], why: str) -> None:
    with pytest.raises(EventError, match=why):
        events(logs, OURS)


LINES = st.sampled_from(
    [
        *invoke(OURS, 1, *invoke(OTHER, 2), end="failed: custom program error: 0x2d"),
        *map(data, [raw for raw, _ in EXAMPLES]),
        "Log truncated",
        "Program log: x",
    ]
)


@steady
@given(st.lists(LINES | st.text(max_size=60), max_size=12))
def test_arbitrary_logs_raise_nothing_else(logs: list[str]) -> None:
    try:
        found = events(logs, OURS)
    except EventError:
        found = ()
    assert len(found) <= sum(line.startswith("Program data: ") for line in logs)
    assert error_name(InstructionErrorCustom(1), logs, OURS)


def custom(code: int) -> TransactionErrorInstructionError:
    return TransactionErrorInstructionError(0, InstructionErrorCustom(code))


def test_success_has_no_error() -> None:
    assert error_name(None, invoke(OURS, 1), OURS) == ""


@pytest.mark.parametrize("code", ERRORS)
def test_names_our_errors(code: int) -> None:
    logs = invoke(OURS, 1, end=f"failed: custom program error: {code:#x}")
    assert error_name(custom(code), logs, OURS) == ERRORS[code]


def test_another_programs_number_is_not_ours() -> None:
    """A failed call below ours ends ours with the same number."""
    inner = invoke(OTHER, 2, end="failed: custom program error: 0x4")
    logs = invoke(OURS, 1, *inner, end="failed: custom program error: 0x4")
    assert error_name(custom(4), logs, OURS) == f"{OTHER}: custom program error: 0x4"
    beside = [*invoke(OURS, 1), *invoke(OTHER, 1, end="failed: custom program error: 0x4")]
    assert error_name(custom(4), beside, OURS) == f"{OTHER}: custom program error: 0x4"


def test_a_number_that_we_have_not() -> None:
    logs = invoke(OURS, 1, end="failed: custom program error: 0x63")
    assert error_name(custom(99), logs, OURS) == f"{OURS}: custom program error: 0x63"


def test_other_failures_of_ours() -> None:
    logs = invoke(OURS, 1, end="failed: exceeded CUs meter at BPF instruction")
    error = TransactionErrorInstructionError(0, InstructionErrorFieldless.ComputationalBudgetExceeded)
    assert error_name(error, logs, OURS) == f"{OURS}: exceeded CUs meter at BPF instruction"


def test_without_a_log_the_number_stays_a_number() -> None:
    assert error_name(custom(45), [], OURS) == "instruction 0: custom program error: 0x2d"
    missing = TransactionErrorInstructionError(2, InstructionErrorFieldless.MissingAccount)
    assert error_name(missing, [], OURS) == "instruction 2: MissingAccount"
    assert error_name(TransactionErrorFieldless.BlockhashNotFound, [], OURS) == "BlockhashNotFound"
