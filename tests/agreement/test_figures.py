"""Units, order statistics, ceilings, worlds, the cap rule and the share-out, against naive restatements."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relayer.agreement import caprule, claims, window
from relayer.agreement.books import Entry
from relayer.agreement.ceilings import MAX_WORLDS, GateView, ceilings, worlds
from relayer.agreement.params import DeploymentParams, RouteParams, violations
from relayer.agreement.shareout import Request, share_out
from relayer.agreement.units import ceiled, floored, share_ceiled, share_floored

from .world import configured

quick = settings(deadline=None, max_examples=150)
amounts = st.integers(0, (1 << 256) - 1)
decimals = st.integers(0, 36)
PARAMS = configured()
DOMAINS = [bytes([i]) * 32 for i in range(3)]


@quick
@given(amounts, decimals, decimals)
def test_units(amount: int, decimals: int, to: int) -> None:
    exact = Fraction(amount) * Fraction(10) ** (to - decimals)
    assert floored(amount, decimals, to) == floor(exact)
    assert ceiled(amount, decimals, to) == ceil(exact)
    assert floored(ceiled(amount, decimals, to), to, decimals) >= amount or to < decimals
    assert isinstance(floored(amount, decimals, to), int)


@quick
@given(amounts, st.integers(0, 10_000))
def test_shares(amount: int, bps: int) -> None:
    exact = Fraction(amount * bps, 10_000)
    assert (share_floored(amount, bps), share_ceiled(amount, bps)) == (floor(exact), ceil(exact))


@quick
@given(st.lists(st.integers(0, 9), min_size=2, max_size=4), st.integers(0, 9))
def test_one_liar_moves_no_order_statistic_past_the_honest_ones(honest: list[int], lie: int) -> None:
    assert min(honest) <= claims.low([*honest, lie], PARAMS) <= max(honest)
    assert min(honest) <= claims.high([*honest, lie], PARAMS) <= max(honest)


@pytest.mark.parametrize(
    ("n", "f", "t", "sound"),
    [(4, 1, 3, True), (7, 2, 5, True), (5, 1, 4, True), (1, 0, 1, True), (5, 1, 3, False), (3, 1, 3, False)],
)
def test_violations(n: int, f: int, t: int, sound: bool) -> None:
    assert (not violations(n, f, t)) == sound


def test_violations_name_what_they_break() -> None:
    assert any("2t - n > f" in v for v in violations(5, 1, 3))
    assert any("n >= 3f + 1" in v for v in violations(3, 1, 3))
    assert any("t <= n - f" in v for v in violations(4, 1, 4))


# ---- ceilings

entries = st.builds(Entry, st.sampled_from(DOMAINS), st.integers(0, 9), st.integers(0, 9))
alternatives = st.lists(entries, max_size=2, unique_by=lambda e: e.domain).map(lambda a: tuple(sorted(a)))
books = st.dictionaries(
    st.integers(1, 6), st.lists(alternatives, min_size=1, max_size=3, unique=True).map(tuple), max_size=3
)
gate_views = st.builds(GateView, st.integers(0, 9), st.integers(0, 9), st.integers(0, 6), st.integers(0, 9))
observed = st.dictionaries(st.sampled_from(DOMAINS), st.lists(gate_views, min_size=3, max_size=4), min_size=1)


def naive(gates: list[GateView], domain: bytes, world: dict[int, tuple[Entry, ...]]) -> int:
    """The ceiling as the design words it, for f = 1."""
    each = []
    for g in gates:
        reachable = [
            min(e.cap, g.cap) if k == g.round else e.cap
            for k, alternative in world.items()
            for e in alternative
            if e.domain == domain and k >= g.round and e.expires_at > g.time
        ]
        each.append(max([g.supply, *reachable]))
    return sorted(each)[-2]


@quick
@given(observed, books)
def test_ceilings_are_those_of_the_design(
    views: Mapping[bytes, list[GateView]], rounds: Mapping[int, tuple[tuple[Entry, ...], ...]]
) -> None:
    expected = [
        {d: naive(gates, d, dict(zip(rounds, choice, strict=True))) for d, gates in views.items()}
        for choice in product(*rounds.values())
    ]
    assert ceilings(views, rounds, PARAMS) == expected


def test_no_books_are_one_world_without_entries() -> None:
    assert worlds({}) == [[]]


@quick
@given(st.data())
def test_above_64_worlds_one_world_counts_every_alternative(data: st.DataObject) -> None:
    pair = st.lists(alternatives, min_size=2, max_size=2, unique=True).map(tuple)
    rounds = {k: data.draw(pair) for k in range(1, 8)}
    assert len(worlds(rounds)) == 1
    assert len(worlds({k: a for k, a in rounds.items() if k < 7})) == MAX_WORLDS
    gates = data.draw(st.lists(gate_views, min_size=3, max_size=4))
    (merged,) = ceilings({DOMAINS[0]: gates}, rounds, PARAMS)
    for choice in product(*rounds.values()):
        assert merged[DOMAINS[0]] >= naive(gates, DOMAINS[0], dict(zip(rounds, choice, strict=True)))


# ---- the cap rule and the share-out

ceiling_maps = st.fixed_dictionaries({d: st.integers(0, 1000) for d in DOMAINS})


@quick
@given(st.lists(ceiling_maps, min_size=1, max_size=3), ceiling_maps, st.integers(0, 3000))
def test_the_cap_rule(ceilings: list[dict[bytes, int]], caps: dict[bytes, int], backing: int) -> None:
    expected = not any(caps.values()) or all(
        sum(max(world[d], caps[d]) for d in DOMAINS) <= backing for world in ceilings
    )
    assert caprule.allowed(ceilings, caps, backing) == expected


def test_a_cap_for_a_destination_without_a_ceiling_counts() -> None:
    assert not caprule.allowed([{DOMAINS[0]: 5}], {DOMAINS[1]: 2}, 6)
    assert caprule.allowed([{DOMAINS[0]: 5}], {DOMAINS[1]: 1}, 6)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    found = draw(st.lists(ceiling_maps, min_size=1, max_size=3))
    supplies = {d: draw(st.integers(0, min(world[d] for world in found))) for d in DOMAINS}
    deployments = tuple(DeploymentParams(d, "x", 0, draw(st.integers(0, 5)), 10, 1 << 128) for d in DOMAINS)
    active = tuple(d for d in deployments if draw(st.booleans()))
    route = RouteParams(
        bytes(32), "r", 0, (), deployments, slack_bps=draw(st.integers(0, 999)), demand_bps=draw(st.integers(0, 10_000))
    )
    demand = {d: draw(st.integers(0, 50)) for d in DOMAINS}
    backing = draw(st.integers(max(sum(world.values()) for world in found), 5000))
    return Request(route, active, found, supplies, demand, route.allotted(backing))


@quick
@given(requests())
def test_the_share_out_never_breaks_the_cap_rule(request: Request) -> None:
    caps = share_out(request)
    assert set(caps) == {d.domain for d in request.active}
    assert all(cap >= request.supplies[d] for d, cap in caps.items())
    worst = max(sum(world.values()) for world in request.ceilings)
    assert caprule.allowed(request.ceilings, caps, max(request.allotted, worst))


@quick
@given(requests())
def test_what_is_free_is_given_out(request: Request) -> None:
    """With nothing outstanding but the supplies, weights alone share out all but the rounding."""
    assume(request.active)
    assume(all(d.weight for d in request.active))
    quiet = replace(request, ceilings=[request.supplies], demand=dict.fromkeys(DOMAINS, 0))
    caps = share_out(quiet)
    free = max(0, quiet.allotted - sum(quiet.supplies.values()))
    given_out = sum(cap - quiet.supplies[d] for d, cap in caps.items())
    assert free - len(caps) <= given_out <= free


def test_headroom_moves_in_two_steps() -> None:
    """Lowered at once where it is idle, raised only where no ceiling holds the room any more."""
    a, b = DOMAINS[:2]
    deployments = (DeploymentParams(a, "x", 0, 1, 9, 1 << 64), DeploymentParams(b, "y", 0, 3, 9, 1 << 64))
    route = RouteParams(bytes(32), "r", 0, (), deployments)
    first = Request(route, deployments, [{a: 100, b: 0}], {a: 0, b: 0}, {a: 0, b: 0}, 100)
    assert share_out(first) == {a: 25, b: 0}
    assert share_out(replace(first, ceilings=[{a: 25, b: 0}])) == {a: 25, b: 75}


# ---- the window


@pytest.mark.parametrize(
    ("history", "oldest", "least"),
    [
        ([(6, 9), (10, 9)], 10, 9),
        ([(0, 0), (6, 9), (10, 9)], 10, 9),
        ([(5, 0), (7, 9), (10, 9)], 10, 0),
        ([(4, 9), (7, 2), (10, 9)], 10, 2),
        ([(0, 1), (5, 9), (6, 8), (10, 8), (13, 9)], 10, 8),
    ],
)
def test_window(history: list[tuple[int, int]], oldest: int, least: int) -> None:
    """W is 4: what counts begins with the last reading at or before oldest - 4."""
    assert window.floor(history, oldest, 4) == least


def test_without_enough_history_the_observer_abstains() -> None:
    assert window.floor([(7, 1), (10, 1)], 10, 4) is None
    assert window.floor([], 10, 4) is None


def test_over_a_gap_in_its_history_the_observer_abstains() -> None:
    """Between 6 and 11 coins could have left and come back."""
    assert window.floor([(6, 9), (11, 9)], 10, 4) is None
    assert window.floor([(1, 9), (6, 9), (10, 9)], 10, 4) == 9
