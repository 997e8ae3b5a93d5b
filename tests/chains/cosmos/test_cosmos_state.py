"""Records of the contract: exactly the form that its page gives, and every other refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import bech32, state
from chains.cosmos.state import (
    Committee,
    Contract,
    Gate,
    Kind,
    Loosening,
    RateLimit,
    Statement,
    Token,
    TokenKind,
)
from chains.errors import ProofError
from tests.chains.cosmos import layouts

ROUTE, CONTRACT = bytes(range(1, 33)), b"\xcc" * 32
MONTH = 30 * 86_400
N = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def account(name: str) -> str:
    return bech32.encode("wasm", name.encode().ljust(20, b"."))


OWNER, GUARDIAN, OTHER = account("owner"), account("guardian"), account("other")
CW20 = Token(TokenKind.CW20, bech32.encode("wasm", b"\xdd" * 32))
DENOM = Token(TokenKind.DENOM, "factory/wasm1x/y")
COMMITTEE = Committee(1, 2, b"\7" * 32, 1)
STATEMENT = Statement(1, 2, 3, (1 << 128) - 1, 1 << 63, 0x0A0B)
GATE = Gate(True, DENOM, 0x10203, 0x14050, OWNER, GUARDIAN, None)
RATE = RateLimit(5, 6, 4, 7)
WAITING = (
    Loosening(Kind.RATE_LIMIT, "", 1, 2, 9),
    Loosening(Kind.MAX_LEASE, "", MONTH, 0, 9),
    Loosening(Kind.LOOSEN_DELAY, "", 3_600, 0, 9),
    Loosening(Kind.MINTER, OTHER, 1, 0, 9),
    Loosening(Kind.GUARDIAN, OTHER, 0, 0, 9),
)
BASE = Contract(OWNER, "/osmosis.tokenfactory.v1beta1.")

RECORDS: dict[str, tuple[Callable[[bytes], Any], bytes, Any]] = {
    "committee": (state.committee, layouts.committee(COMMITTEE), COMMITTEE),
    "statement": (state.statement, layouts.statement(STATEMENT), STATEMENT),
    "no statement": (state.statement, b"\1" + bytes(72), Statement(0, 0, 0, 0, 0, 0)),
    "gate": (state.gate, layouts.gate(GATE), GATE),
    "gate of a cw20, offered": (
        state.gate,
        layouts.gate(replace(GATE, paused=False, token=CW20, pending_owner=OTHER)),
        replace(GATE, paused=False, token=CW20, pending_owner=OTHER),
    ),
    "rate limit": (state.rate_limit, layouts.rate_limit(RATE), RATE),
    "minters": (state.minters, layouts.minters([OWNER, OTHER]), (OWNER, OTHER)),
    "no minters": (state.minters, b"\1\0", ()),
    "queue": (state.queue, layouts.queue(WAITING), WAITING),
    "contract": (state.contract, layouts.contract(BASE), BASE),
    "contract without a factory": (
        state.contract,
        layouts.contract(replace(BASE, token_factory=None)),
        replace(BASE, token_factory=None),
    ),
    "reservation": (state.reservation, b"\1" + layouts.text(OTHER), OTHER),
    "route of a token": (state.route, b"\1" + ROUTE, ROUTE),
}
DECODERS = sorted({decode for decode, _, _ in RECORDS.values()}, key=lambda decode: decode.__name__)


def test_forms_are_those_of_the_page() -> None:
    """Written out by hand after docs/cosmos-contract.md."""
    assert layouts.committee(COMMITTEE) == b"\1" + _u64(1) + _u64(2) + b"\7" * 32 + b"\1"
    raw = b"\1" + _u64(1) + _u128(2) + _u128(3) + b"\xff" * 16 + b"\x80" + bytes(7) + bytes(6) + b"\x0a\x0b"
    assert layouts.statement(STATEMENT) == raw
    head = b"\1\1\1\0\1\2\3\0\1\x40\x50\x10factory/wasm1x/y"
    assert len(OWNER) == len(GUARDIAN) == 43
    assert layouts.gate(GATE) == head + b"\x2b" + OWNER.encode() + b"\x2b" + GUARDIAN.encode() + b"\0"
    assert layouts.rate_limit(RATE) == b"\1" + _u128(5) + _u128(6) + _u128(4) + _u64(7)
    minter = b"\1\1\3\x2b" + OTHER.encode() + _u128(1) + _u128(0) + _u64(9)
    assert layouts.queue(WAITING[3:4]) == minter
    assert [len(RECORDS[name][1]) for name in ("committee", "statement", "rate limit")] == [50, 73, 57]
    assert len(RECORDS["route of a token"][1]) == 33


def test_where_records_stand() -> None:
    at = b"\3" + CONTRACT
    assert state.key(CONTRACT, state.COMMITTEE) == at + b"c"
    assert state.key(CONTRACT, state.CONTRACT) == at + b"f"
    tags = {"s": state.STATEMENT, "g": state.GATE, "b": state.RATE_LIMIT, "m": state.MINTERS, "q": state.QUEUE}
    for letter, tag in (tags | {"r": state.RESERVATION}).items():
        assert state.key(CONTRACT, tag, ROUTE) == at + letter.encode() + ROUTE
    assert state.key(CONTRACT, state.ROUTE_OF, CW20.key) == at + b"t\0" + CW20.name.encode()
    assert state.key(CONTRACT, state.ROUTE_OF, DENOM.key) == at + b"t\1factory/wasm1x/y"
    with pytest.raises(ValueError, match="32 bytes"):
        state.key(CONTRACT[:20], state.COMMITTEE)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_read_and_no_other_length_is(name: str) -> None:
    decode, raw, expected = RECORDS[name]
    assert decode(raw) == expected
    for size in range(len(raw)):
        with pytest.raises(ProofError):
            decode(raw[:size])
    for wrong in (raw + b"\0", b"\0" + raw[1:], b"\2" + raw[1:]):
        with pytest.raises(ProofError):
            decode(wrong)


LIMITS: list[tuple[Callable[[bytes], Any], bytes]] = [
    (state.committee, layouts.committee(replace(COMMITTEE, px=bytes(32)))),
    (state.committee, layouts.committee(replace(COMMITTEE, px=N.to_bytes(32, "big")))),
    (state.committee, layouts.committee(replace(COMMITTEE, parity=2))),
    *(
        (state.statement, layouts.statement(replace(Statement(0, 0, 0, 0, 0, 0), **{field: 1})))
        for field in ("cap", "collateral", "supply", "observed_at", "expires_at")
    ),
    (state.gate, layouts.gate(GATE).replace(b"\1\1\1", b"\1\2\1", 1)),
    (state.gate, layouts.gate(GATE).replace(b"\1\1\1", b"\1\1\2", 1)),
    (state.gate, layouts.gate(replace(GATE, max_lease=0))),
    (state.gate, layouts.gate(replace(GATE, max_lease=MONTH + 1))),
    (state.gate, layouts.gate(replace(GATE, loosen_delay=3_599))),
    (state.gate, layouts.gate(replace(GATE, loosen_delay=MONTH + 1))),
    (state.gate, layouts.gate(replace(GATE, token=Token(TokenKind.CW20, "uatom")))),
    (state.gate, layouts.gate(replace(GATE, token=Token(TokenKind.CW20, "")))),
    (state.gate, layouts.gate(replace(GATE, token=Token(TokenKind.DENOM, "1x")))),
    (state.gate, layouts.gate(replace(GATE, token=Token(TokenKind.DENOM, "a" * 129)))),
    (state.gate, layouts.gate(replace(GATE, owner=""))),
    (state.gate, layouts.gate(replace(GATE, guardian=GUARDIAN.upper()))),
    (state.gate, layouts.gate(replace(GATE, pending_owner=OTHER[:-1] + "q"))),
    (state.gate, layouts.gate(GATE).replace(b"+wasm", b"+w\xc3\xa9m")),
    (state.rate_limit, layouts.rate_limit(replace(RATE, level=6))),
    (state.minters, layouts.minters([account(str(i)) for i in range(9)])),
    (state.minters, layouts.minters([OWNER, OWNER])),
    (state.minters, layouts.minters([""])),
    (state.queue, layouts.queue([replace(WAITING[0], a=i) for i in range(9)])),
    (state.queue, layouts.queue([WAITING[0], replace(WAITING[0], ready_at=10)])),
    (state.queue, layouts.queue(WAITING[:1]).replace(b"\1\1\0", b"\1\1\5", 1)),
    (state.queue, layouts.queue([replace(WAITING[0], account=OTHER)])),
    (state.queue, layouts.queue([replace(WAITING[1], a=0)])),
    (state.queue, layouts.queue([replace(WAITING[1], b=1)])),
    (state.queue, layouts.queue([replace(WAITING[2], a=3_599)])),
    (state.queue, layouts.queue([replace(WAITING[3], a=0)])),
    (state.queue, layouts.queue([replace(WAITING[3], account="")])),
    (state.queue, layouts.queue([replace(WAITING[4], a=1)])),
    (state.route, b"\1" + bytes(32)),
    (state.reservation, b"\1\0"),
    (state.contract, layouts.contract(replace(BASE, registrar=""))),
    (state.contract, layouts.contract(replace(BASE, token_factory="osmosis."))),
    (state.contract, layouts.contract(replace(BASE, token_factory="/osmosis"))),
    (state.contract, layouts.contract(replace(BASE, token_factory="/osmosis-1."))),
    (state.contract, layouts.contract(replace(BASE, token_factory="/" + "x" * 127 + "."))),
]


@pytest.mark.parametrize(("decode", "raw"), LIMITS)
def test_fields_that_cannot_be_are_refused(decode: Callable[[bytes], Any], raw: bytes) -> None:
    with pytest.raises(ProofError, match="gate contract"):
        decode(raw)


U64, U128 = st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 128) - 1)


@given(st.builds(Statement, st.integers(1, (1 << 64) - 1), U128, U128, U128, U64, U64))
def test_every_statement_comes_back(made: Statement) -> None:
    assert state.statement(layouts.statement(made)) == made


@settings(max_examples=300)
@given(st.sampled_from(DECODERS), st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_refused_or_have_one_form(decode: Any, raw: bytes, versioned: bool) -> None:
    _one_form(decode, b"\1" + raw if versioned else raw)


@settings(max_examples=300)
@given(st.sampled_from(sorted(RECORDS)), st.integers(0, 300), st.integers(1, 255))
def test_altered_records_are_refused_or_have_one_form(name: str, at: int, mask: int) -> None:
    decode, raw, expected = RECORDS[name]
    altered = bytearray(raw)
    altered[at % len(raw)] ^= mask
    found = _one_form(decode, bytes(altered))
    assert found is None or found != expected


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _u128(value: int) -> bytes:
    return value.to_bytes(16, "big")


def _one_form(decode: Any, raw: bytes) -> Any:
    encoders = {state.reservation: lambda text: b"\1" + layouts.text(text), state.route: lambda route: b"\1" + route}
    try:
        found = decode(raw)
    except ProofError:
        return None
    encode = encoders.get(decode) or getattr(layouts, decode.__name__)
    assert encode(found) == raw
    return found
