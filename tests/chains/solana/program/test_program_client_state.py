"""The state accounts' decoders: exact inverses of the encoders, and nothing else is taken."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains.solana.addresses import TOKEN_PROGRAMS, to_text
from chains.solana.program_settings import (
    LONGEST_DELAY,
    LONGEST_LEASE,
    SHORTEST_DELAY,
    Kind,
    Setting,
    guardian,
    longest_lease,
    loosen_delay,
    minter,
    rate_limit,
)
from chains.solana.state import Committee, Loosening, Route, StateError

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

u8s = st.integers(0, 2**8 - 1)
u64s = st.integers(0, 2**64 - 1)
u128s = st.integers(0, 2**128 - 1)
b32s = st.binary(min_size=32, max_size=32)
accounts = b32s.filter(any).map(to_text)
bits = st.integers(0, 1)
delays = st.integers(SHORTEST_DELAY, LONGEST_DELAY)
leases = st.integers(1, LONGEST_LEASE)
loosenings = st.one_of(
    st.builds(rate_limit, u64s, u64s),
    st.builds(longest_lease, leases),
    st.builds(loosen_delay, delays),
    st.builds(minter, accounts, st.just(True)),
    st.builds(guardian, accounts),
)
any_setting = loosenings | st.builds(minter, accounts, st.just(False))
committees = st.builds(
    Committee,
    bump=u8s,
    parity=bits,
    epoch=u64s,
    since_round=u64s,
    px=st.integers(1, ORDER - 1).map(lambda x: x.to_bytes(32, "big")),
    reference=st.text(BASE58, min_size=32, max_size=32),
    domain=b32s,
)
NO_STATEMENT: dict[str, st.SearchStrategy[int]] = {
    name: st.just(0) for name in ("round", "cap", "observed_at", "expires_at", "collateral", "supply")
}
STATEMENT = {
    "round": st.integers(1, 2**64 - 1),
    "cap": u64s,
    "observed_at": u64s,
    "expires_at": u64s,
    "collateral": u128s,
    "supply": u128s,
}


def levelled(capacity: int, level: int, **fields: Any) -> Route:
    """What is left is never above the capacity."""
    return Route(capacity=max(capacity, level), level=min(capacity, level), **fields)


def routes_with(statement: dict[str, st.SearchStrategy[int]]) -> st.SearchStrategy[Route]:
    return st.builds(
        levelled,
        bump=u8s,
        paused=st.booleans(),
        max_lease=leases,
        loosen_delay=delays,
        domain=b32s,
        route=b32s,
        mint=b32s.map(to_text),
        token_program=st.sampled_from(TOKEN_PROGRAMS),
        owner=accounts,
        pending_owner=st.none() | accounts,
        guardian=accounts,
        capacity=u64s,
        refill_per_second=u64s,
        level=u64s,
        updated_at=u64s,
        minters=st.lists(accounts, max_size=8, unique=True).map(tuple),
        queue=st.lists(st.builds(Loosening, loosenings, u64s), max_size=8).map(tuple),
        **statement,
    )


routes = routes_with(NO_STATEMENT) | routes_with(STATEMENT)

A, B, C, D, E, F = (to_text(bytes([n]) * 32) for n in range(1, 7))
COMMITTEE = Committee(254, 1, 7, 3, bytes(31) + b"\5", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", b"\7" * 32)
ROUTE = Route(
    bump=253, paused=True, max_lease=7200, loosen_delay=86400, domain=b"\x21" * 32, route=b"\x22" * 32, mint=A,
    token_program=TOKEN_PROGRAMS[0], owner=B, pending_owner=C, guardian=D, round=11, cap=12, observed_at=13,
    expires_at=14, collateral=2**100, supply=16, capacity=19, refill_per_second=18, level=17, updated_at=20,
    minters=(E, F), queue=(Loosening(rate_limit(1, 2), 99), Loosening(guardian(F), 100)),
)  # fmt: skip


@steady
@given(committees)
def test_committee_round_trip(committee: Committee) -> None:
    data = committee.encode()
    assert len(data) == 162
    assert Committee.decode(data) == committee


@steady
@given(routes)
def test_route_round_trip(route: Route) -> None:
    data = route.encode()
    assert len(data) == 1248
    assert Route.decode(data) == route


@steady
@given(any_setting)
def test_setting_layout(setting: Setting) -> None:
    setting.check()
    assert len(setting.encode()) == 49


def test_committee_layout() -> None:
    """Byte for byte as docs/solana-program.md has it."""
    data = COMMITTEE.encode()
    assert data[:8] == b"BLSTCMT1"
    assert (data[8], data[9]) == (254, 1)
    assert data[10:26] == (7).to_bytes(8, "little") + (3).to_bytes(8, "little")
    assert data[26:58] == COMMITTEE.px
    assert data[58:90] == b"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
    assert data[90:122] == COMMITTEE.domain
    assert data[122:] == bytes(40)


def test_route_layout() -> None:
    """Byte for byte as docs/solana-program.md has it."""
    data = ROUTE.encode()

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    assert data[:12] == b"BLSTRTE1" + bytes([253, 1, 2, 2])
    assert (number(12, 4), number(16, 4), number(20, 4)) == (7200, 86400, 0)
    assert data[24:88] == ROUTE.domain + ROUTE.route
    assert data[88:120] == b"\1" * 32
    assert to_text(data[120:152]) == ROUTE.token_program
    assert data[152:248] == b"\2" * 32 + b"\3" * 32 + b"\4" * 32
    assert [number(at, 8) for at in (248, 256, 264, 272)] == [11, 12, 13, 14]
    assert (number(280, 16), number(296, 16)) == (2**100, 16)
    assert [number(at, 8) for at in (312, 320, 328, 336, 344)] == [19, 18, 17, 20, 0]
    assert data[352:608] == b"\5" * 32 + b"\6" * 32 + bytes(192)
    first = bytes([0]) + bytes(7) + bytes(32) + b"".join(n.to_bytes(8, "little") for n in (1, 2, 99)) + bytes(16)
    second = bytes([4]) + bytes(7) + b"\6" * 32 + bytes(16) + (100).to_bytes(8, "little") + bytes(16)
    assert data[608:] == first + second + bytes(480)


@steady
@given(st.binary(max_size=1300))
def test_arbitrary_bytes_are_no_account(data: bytes) -> None:
    for decode in (Committee.decode, Route.decode):
        with pytest.raises(StateError):
            decode(data)


@steady
@given(st.sampled_from([COMMITTEE, ROUTE]), st.data())
def test_altered_accounts_are_refused_or_say_something_else(state: Committee | Route, data: st.DataObject) -> None:
    """No other exception, no two encodings of one state: whatever is taken encodes to what was read."""
    raw = bytearray(state.encode())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=4)):
        raw[at] = data.draw(u8s)
    try:
        decoded = type(state).decode(bytes(raw))
    except StateError:
        return
    assert decoded.encode() == bytes(raw)


@pytest.mark.parametrize("state", [COMMITTEE, ROUTE], ids=["committee", "route"])
def test_every_truncation_and_extension_is_refused(state: Committee | Route) -> None:
    data = state.encode()
    for size in range(len(data)):
        with pytest.raises(StateError, match=f"{size} bytes, expected {len(data)}"):
            type(state).decode(data[:size])
    with pytest.raises(StateError):
        type(state).decode(data + b"\0")


@pytest.mark.parametrize("state", [COMMITTEE, ROUTE], ids=["committee", "route"])
def test_every_reserved_byte_must_be_zero(state: Committee | Route) -> None:
    data = state.encode()
    ranges = [(122, 162)] if isinstance(state, Committee) else [(20, 24), (344, 352), (416, 608), (768, 1248)]
    if isinstance(state, Route):
        ranges += [(609, 616), (672, 688), (689, 696), (752, 768)]
    for at in (at for low, high in ranges for at in range(low, high)):
        with pytest.raises(StateError):
            type(state).decode(data[:at] + b"\1" + data[at + 1 :])


def test_one_account_is_not_the_other() -> None:
    with pytest.raises(StateError):
        Committee.decode(ROUTE.encode()[:162])
    with pytest.raises(StateError, match="tag"):
        Route.decode(COMMITTEE.encode() + bytes(1248 - 162))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"parity": 2}, "parity"),
        ({"px": bytes(32)}, "px"),
        ({"px": ORDER.to_bytes(32, "big")}, "px"),
        ({"reference": "0" * 32}, "reference"),
    ],
)
def test_committee_bounds(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(StateError, match=why):
        Committee.decode(replace(COMMITTEE, **changes).encode())


def test_committee_reference_is_ascii() -> None:
    data = COMMITTEE.encode()
    with pytest.raises(StateError, match="reference"):
        Committee.decode(data[:58] + b"\xff" + data[59:])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"paused": 2}, "paused"),
        ({"max_lease": 0}, "max_lease"),
        ({"max_lease": LONGEST_LEASE + 1}, "max_lease"),
        ({"loosen_delay": SHORTEST_DELAY - 1}, "loosen_delay"),
        ({"loosen_delay": LONGEST_DELAY + 1}, "loosen_delay"),
        ({"token_program": A}, "token_program"),
        ({"owner": to_text(bytes(32))}, "owner: zero"),
        ({"guardian": to_text(bytes(32))}, "guardian: zero"),
        ({"minters": (to_text(bytes(32)),)}, "minters: zero"),
        ({"minters": (A, A)}, "twice"),
        ({"level": 20}, "level"),
        ({"round": 0}, "there is a statement"),
        ({"queue": (Loosening(Setting(Kind.MINTER, A, 0, 0), 5),)}, "does not wait"),
        ({"queue": (Loosening(Setting(Kind.MINTER, A, 2, 0), 5),)}, "MINTER"),
        ({"queue": (Loosening(Setting(Kind.GUARDIAN, a=0), 5),)}, "GUARDIAN"),
        ({"queue": (Loosening(Setting(Kind.GUARDIAN, A, b=1), 5),)}, "GUARDIAN"),
        ({"queue": (Loosening(Setting(Kind.RATE_LIMIT, A), 5),)}, "RATE_LIMIT"),
        ({"queue": (Loosening(longest_lease(0), 5),)}, "LONGEST_LEASE"),
        ({"queue": (Loosening(loosen_delay(1), 5),)}, "LOOSEN_DELAY"),
    ],
)
def test_route_bounds(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(StateError, match=why):
        Route.decode(replace(ROUTE, **changes).encode())


@pytest.mark.parametrize(("at", "value"), [(10, 9), (11, 9), (608, 5)])
def test_counts_and_kinds_that_there_are_not(at: int, value: int) -> None:
    data = ROUTE.encode()
    with pytest.raises(StateError):
        Route.decode(data[:at] + bytes([value]) + data[at + 1 :])
