"""What a round comes to, route by route: statuses, claims, times, and what is left out. Built without a world."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.encoding import Certificate, Header, MintCap
from relayer.agreement.books import (
    APPARENT,
    CONFIRMED,
    COVERED,
    LEFT_OUT,
    OVERHANG,
    Books,
    DeploymentRecord,
    Entry,
    RouteBooks,
)
from relayer.agreement.bundle import Bundle, CertifiedRound, entries_of
from relayer.agreement.compute import Allot, Outcome, compute
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading
from relayer.agreement.params import Params
from relayer.agreement.records import Basis, Certified
from relayer.agreement.routing import CapRuleBroken
from relayer.agreement.shareout import share_out

from .world import DESTINATIONS, DOMAIN, POSITION, ROUTE, SOURCES, Grant, configured

NOW = 100
U256_MAX = (1 << 256) - 1
GateSeen = tuple[int, int, int]


def params(**route: Any) -> Params:
    base = configured()
    return replace(base, routes=(replace(base.routes[0], **route),))


def readings(
    a: int = 600,
    b: int = 0,
    *,
    time: int = NOW,
    times: Mapping[str, int] | None = None,
    without: tuple[str, ...] = (),
    **gates: GateSeen,
) -> tuple[ChainReading, ...]:
    """One member's: what the vaults hold, and each gate as (supply, round, cap)."""
    found = []
    for name in (*SOURCES, *DESTINATIONS):
        if name in without:
            continue
        held = {"a": a, "b": b}.get(name)
        supply, round_, cap = gates.get(name, (0, 0, 0))
        at = (times or {}).get(name, time)
        found.append(
            ChainReading(
                name,
                at,
                bytes(32),
                at,
                () if held is None else (PositionReading(POSITION[name], held, held, bytes(32)),),
                () if held is not None else (GateReading(DOMAIN[name], ROUTE, supply, round_, cap),),
            )
        )
    return tuple(found)


def known(
    round_: int = 3,
    entries: tuple[Entry, ...] = (),
    records: tuple[DeploymentRecord, ...] = (),
    horizons: Mapping[str, int] | None = None,
    **route: Any,
) -> tuple[Certified, CertifiedRound]:
    """A certificate that everybody reports, with its statements and what its books say of the route."""
    header = Header(0, round_, bytes(32), bytes(32))
    certified = Certified(Certificate(header, bytes(33), bytes(32)), Basis(*[bytes(32)] * 4))
    books = RouteBooks(ROUTE, deployments=tuple(sorted(records, key=lambda r: r.domain)), **route)
    of_round = {ROUTE: tuple(sorted(entries))} if entries else {}
    return certified, CertifiedRound(certified.id, round_, 0, of_round, Books(horizons or {}, {ROUTE: books}))


def come_to(
    *members: tuple[ChainReading, ...],
    p: Params | None = None,
    last: tuple[Certified, CertifiedRound] | None = None,
    allot: Allot = share_out,
) -> Outcome:
    p = p or params()
    certificate = last[0] if last else None
    observations = tuple(Observation(p.config_id, 0, 9, i, certificate, (), r) for i, r in enumerate(members))
    return compute(Bundle(observations, {last[1].id: last[1]} if last else {}), p, allot)


def route(outcome: Outcome) -> RouteBooks:
    return outcome.books.routes[ROUTE]


def caps(outcome: Outcome) -> dict[str, int]:
    names = {domain: name for name, domain in DOMAIN.items()}
    return {names[leaf.domain]: leaf.mint_cap for leaf in outcome.leaves if isinstance(leaf, MintCap)}


def test_covered() -> None:
    outcome = come_to(*[readings(x=(100, 1, 150))] * 3)
    assert route(outcome).status == COVERED
    assert route(outcome).collateral == 600
    assert route(outcome).carried == 9
    assert sum(caps(outcome).values()) <= 600
    assert caps(outcome)["x"] >= 100


def test_one_gate_with_two_routes_has_a_reading_and_a_statement_for_each() -> None:
    base = params()
    other = bytes(reversed(ROUTE))
    p = replace(base, routes=(*base.routes, replace(base.routes[0], id=other, name="other")))

    def member(first: int, second: int) -> tuple[ChainReading, ...]:
        return tuple(
            replace(
                r,
                gates=tuple(
                    GateReading(g.domain, of, supply if g.domain == DOMAIN["x"] else 0, 1, 0)
                    for g in r.gates
                    for of, supply in sorted([(ROUTE, first), (other, second)])
                ),
            )
            for r in readings()
        )

    outcome = come_to(*[member(100, 40)] * 3, p=p)
    supplies = {leaf.route: leaf.supply for leaf in outcome.leaves if isinstance(leaf, MintCap)}
    assert supplies == {ROUTE: 100, other: 40}
    statements = [(leaf.domain, leaf.route) for leaf in outcome.leaves if isinstance(leaf, MintCap)]
    assert len(set(statements)) == 2 * len(DESTINATIONS)
    # What a member cannot read of one of them leaves that route out, and no other.
    lacking = [
        tuple(replace(r, gates=tuple(g for g in r.gates if (g.domain, g.route) != (DOMAIN["x"], other))) for r in one)
        for one in [member(100, 40)] * 3
    ]
    outcome = come_to(*lacking, p=p)
    assert outcome.books.routes[ROUTE].status == COVERED
    assert outcome.books.routes[other].status == LEFT_OUT


def test_times_of_a_statement() -> None:
    """The second smallest time of the destination plus its lease; observed no later than the sources were."""
    members = [readings(time=NOW + i, times={"a": 90 + i, "x": NOW - i}) for i in range(3)]
    outcome = come_to(*members)
    leaf = next(leaf for leaf in outcome.leaves if isinstance(leaf, MintCap) and leaf.domain == DOMAIN["x"])
    assert (leaf.expires_at, leaf.observed_at) == (99 + 8, 91)
    late = come_to(*[readings(times={"x": 80}) for _ in range(3)])
    leaf = next(leaf for leaf in late.leaves if isinstance(leaf, MintCap) and leaf.domain == DOMAIN["x"])
    assert (leaf.expires_at, leaf.observed_at) == (88, 80)


def test_collateral_and_supply_of_a_statement_are_the_routes_totals() -> None:
    outcome = come_to(*[readings(a=500, b=100, x=(100, 1, 150), y=(50, 1, 60))] * 3)
    assert {(leaf.collateral, leaf.supply) for leaf in outcome.leaves if isinstance(leaf, MintCap)} == {(600, 150)}


# ---- deficit


def test_a_deficit_is_apparent_until_destinations_are_as_new_as_the_collateral_that_showed_it() -> None:
    first = come_to(*[readings(a=90, x=(100, 1, 150), times={"x": NOW - 1})] * 3)
    assert route(first).status == APPARENT
    assert route(first).deficit_since == NOW
    assert caps(first) == {"x": 0, "y": 0, "z": 0}
    last = known(deficit_since=NOW, read_at=NOW, collateral=90)
    later = readings(a=90, x=(100, 1, 150), time=NOW + 5, times={"x": NOW})
    second = come_to(*[later] * 3, last=last)
    assert route(second).status == CONFIRMED
    assert caps(second) == {"x": 0, "y": 0, "z": 0}


def test_a_deficit_that_everybody_sees_at_once_is_confirmed() -> None:
    assert route(come_to(*[readings(a=90, x=(100, 1, 150))] * 3)).status == CONFIRMED


def test_after_a_deficit_nothing_is_left_of_it() -> None:
    outcome = come_to(*[readings(a=600, x=(100, 1, 150))] * 3, last=known(deficit_since=50, read_at=60))
    assert (route(outcome).status, route(outcome).deficit_since, route(outcome).read_at) == (COVERED, 0, NOW)


def test_grace_holds_the_zeros_back_but_gives_no_cap() -> None:
    seen = readings(a=90, x=(100, 1, 150), times={"x": NOW - 1})
    graceful = params(grace=30)
    held = come_to(*[seen] * 3, p=graceful, last=known(read_at=NOW - 29))
    assert (route(held).status, caps(held)) == (APPARENT, {})
    assert route(held).carried == 0
    over = come_to(*[seen] * 3, p=graceful, last=known(read_at=NOW - 30))
    assert (route(over).status, caps(over)) == (APPARENT, {"x": 0, "y": 0, "z": 0})


def test_grace_does_not_hold_a_confirmed_deficit_back() -> None:
    outcome = come_to(*[readings(a=90, x=(100, 1, 150))] * 3, p=params(grace=30), last=known(read_at=NOW))
    assert (route(outcome).status, caps(outcome)) == (CONFIRMED, {"x": 0, "y": 0, "z": 0})


def test_an_unreadable_destination_counts_in_a_deficit_with_its_recorded_supply_and_gets_0() -> None:
    last = known(records=(DeploymentRecord(DOMAIN["x"], 100, 150, 0),), horizons={"x": 70})
    outcome = come_to(*[readings(a=90, without=("x",))] * 3, last=last)
    assert route(outcome).status == APPARENT
    assert caps(outcome) == {"x": 0, "y": 0, "z": 0}
    leaf = next(leaf for leaf in outcome.leaves if isinstance(leaf, MintCap) and leaf.domain == DOMAIN["x"])
    assert (leaf.expires_at, leaf.supply) == (78, 100)


# ---- overhang and the unreadable


def test_ceilings_above_backing_give_0_where_the_ceiling_exceeds_the_supply() -> None:
    entries = (Entry(DOMAIN["x"], 500, 105), Entry(DOMAIN["y"], 100, 105))
    outcome = come_to(*[readings(a=550, x=(0, 3, 500), y=(100, 3, 100))] * 3, last=known(entries=entries))
    assert (route(outcome).status, caps(outcome)) == (OVERHANG, {"x": 0})


def test_a_lowered_cap_is_the_ceiling_of_the_gate_that_shows_it() -> None:
    entries = (Entry(DOMAIN["x"], 500, 105),)
    outcome = come_to(*[readings(a=550, x=(0, 3, 40))] * 3, last=known(entries=entries))
    assert route(outcome).record(DOMAIN["x"]) == DeploymentRecord(DOMAIN["x"], 0, 40, 0)


def test_an_unreadable_destination_holds_its_recorded_ceiling_the_last_cap_and_gets_nothing() -> None:
    record = DeploymentRecord(DOMAIN["x"], 100, 150, 0)
    outcome = come_to(*[readings(without=("x",))] * 3, last=known(records=(record,)))
    assert set(caps(outcome)) == {"y", "z"}
    assert sum(caps(outcome).values()) <= 450
    granted = known(records=(record,), entries=(Entry(DOMAIN["x"], 400, 1),))
    outcome = come_to(*[readings(without=("x",))] * 3, last=granted)
    assert sum(caps(outcome).values()) <= 200
    held = route(outcome).record(DOMAIN["x"])
    assert held is not None
    assert (held.supply, held.ceiling) == (100, 400)
    assert route(outcome).alternatives(3), "an entry of an unreadable destination expired"


def test_a_destination_never_read_leaves_the_route_out() -> None:
    outcome = come_to(*[readings(without=("x",))] * 3)
    assert (route(outcome).status, outcome.leaves) == (LEFT_OUT, ())
    assert "never read" in outcome.results[ROUTE].reason


@pytest.mark.parametrize("missing", SOURCES)
def test_an_unreadable_source_leaves_the_route_out_and_nothing_leaves_the_books(missing: str) -> None:
    last = known(entries=(Entry(DOMAIN["x"], 5, 1),), carried=3, collateral=77, read_at=8, deficit_since=7)
    members = [readings(without=(missing,)), readings(), readings()]
    outcome = come_to(*members, last=last)
    books = route(outcome)
    assert (books.status, outcome.leaves) == (LEFT_OUT, ())
    assert (books.carried, books.collateral, books.read_at, books.deficit_since) == (3, 77, 8, 7)
    assert books.alternatives(3) == ((Entry(DOMAIN["x"], 5, 1),),)


def test_two_groups_of_readers_leave_the_route_out() -> None:
    same = readings(x=(100, 1, 150))
    other = readings(x=(101, 1, 150))
    outcome = come_to(same, same, other, other)
    assert route(outcome).status == LEFT_OUT
    assert "two groups" in outcome.results[ROUTE].reason
    assert outcome.verdicts["x"].split == {(DOMAIN["x"], ROUTE)}
    split_source = come_to(readings(), readings(), readings(a=1), readings(a=1))
    assert route(split_source).status == LEFT_OUT


def test_an_outlier_is_left_out_and_named() -> None:
    outcome = come_to(*[readings(x=(100, 1, 150))] * 3, readings(x=(0, 9, 0)))
    assert outcome.verdicts["x"].outliers == {3}
    assert route(outcome).status == COVERED


# ---- configurations


def without_z(p: Params) -> Params:
    return replace(p, routes=(replace(p.routes[0], deployments=p.routes[0].deployments[:2]),))


def drop_z(seen: tuple[ChainReading, ...]) -> tuple[ChainReading, ...]:
    return tuple(r for r in seen if r.chain != "z")


def test_a_removed_deployment_counts_until_it_is_empty() -> None:
    last = known(records=(DeploymentRecord(DOMAIN["z"], 100, 150, 0),))
    outcome = come_to(*[drop_z(readings())] * 3, p=without_z(params()), last=last)
    assert sum(caps(outcome).values()) <= 450
    empty = known(records=(DeploymentRecord(DOMAIN["z"], 0, 0, 0),))
    outcome = come_to(*[drop_z(readings())] * 3, p=without_z(params()), last=empty)
    assert sum(caps(outcome).values()) >= 599
    assert route(outcome).record(DOMAIN["z"]) is None


def test_a_retired_deployment_gets_no_cap_above_0() -> None:
    p = params()
    deployments = tuple(replace(d, retired=d.domain == DOMAIN["x"]) for d in p.routes[0].deployments)
    outcome = come_to(*[readings(x=(100, 1, 150))] * 3, p=params(deployments=deployments))
    assert caps(outcome)["x"] == 0
    assert caps(outcome)["y"] + caps(outcome)["z"] <= 500


def test_a_removed_route_keeps_its_books_and_its_ceilings_rise_to_its_last_caps() -> None:
    p = configured()
    records = (DeploymentRecord(DOMAIN["x"], 100, 150, 0),)
    last = known(entries=(Entry(DOMAIN["x"], 400, 105),), records=records)
    outcome = come_to(*[readings()] * 3, p=replace(p, routes=()), last=last)
    kept = route(outcome)
    assert kept.alternatives(3) == ((Entry(DOMAIN["x"], 400, 105),),)
    assert kept.record(DOMAIN["x"]) == DeploymentRecord(DOMAIN["x"], 100, 400, 0)
    again = Certified(Certificate(Header(0, 5, bytes(32), bytes(32)), bytes(33), bytes(32)), Basis(*[bytes(32)] * 4))
    back = come_to(*[readings(without=("x",))] * 3, last=(again, CertifiedRound(again.id, 5, 0, {}, outcome.books)))
    assert sum(caps(back).values()) <= 200


# ---- the cap rule, margins, figures


def test_a_share_out_that_breaks_the_cap_rule_makes_no_statement() -> None:
    with pytest.raises(CapRuleBroken):
        come_to(*[readings()] * 3, allot=Grant({"x": 600, "y": 1}))


def test_margin_and_slack_are_kept_back() -> None:
    p = params(margin=50, margin_bps=1000, slack_bps=2000)
    assert p.routes[0].backing(600) == 490
    outcome = come_to(*[readings()] * 3, p=p)
    assert 389 <= sum(caps(outcome).values()) <= 392
    with pytest.raises(CapRuleBroken):
        come_to(*[readings()] * 3, p=p, allot=Grant({"x": 491}))
    assert caps(come_to(*[readings()] * 3, p=p, allot=Grant({"x": 490}))) == {"x": 490}


def test_caps_are_clamped_to_what_the_gate_can_hold() -> None:
    deployments = tuple(replace(d, cap_limit=7) for d in params().routes[0].deployments)
    outcome = come_to(*[readings()] * 3, p=params(deployments=deployments))
    assert caps(outcome) == {"x": 7, "y": 7, "z": 7}


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 36), st.integers(0, 36), st.integers(0, 36), st.integers(0, 10**12), st.integers(0, 10**12))
def test_decimals_never_favour_the_minter(of_route: int, of_position: int, of_token: int, locked: int, x: int) -> None:
    base = params()
    positions = tuple(replace(p, decimals=of_position) for p in base.routes[0].positions)
    deployments = tuple(replace(d, decimals=of_token) for d in base.routes[0].deployments)
    p = params(decimals=of_route, positions=positions, deployments=deployments)
    outcome = come_to(*[readings(a=locked, x=(x, 0, 0))] * 3, p=p)
    granted = [cap for cap in caps(outcome).values() if cap]
    scale = 10**36
    backing = locked * scale // 10**of_position
    circulating = [max(cap, x if name == "x" else 0) for name, cap in caps(outcome).items()]
    assert not granted or sum(circulating) * scale // 10**of_token <= backing
    assert Books.decode(outcome.books.encoded) == outcome.books
    for entries in entries_of(outcome.leaves, p).values():
        assert all(e.cap <= route(outcome).collateral for e in entries)


def test_supplies_that_do_not_fit_leave_the_route_out() -> None:
    deployments = tuple(replace(d, decimals=0) for d in params().routes[0].deployments)
    p = params(decimals=18, deployments=deployments)
    record = DeploymentRecord(DOMAIN["x"], 5, 7, 0)
    outcome = come_to(*[readings(x=(U256_MAX, 0, 0))] * 3, p=p, last=known(records=(record,)))
    assert (route(outcome).status, outcome.leaves) == (LEFT_OUT, ())
    assert "256 bits" in outcome.results[ROUTE].reason
    assert Books.decode(outcome.books.encoded) == outcome.books
    assert route(outcome).record(DOMAIN["x"]) == record


def test_one_liar_cannot_make_the_figures_overflow() -> None:
    p = params(decimals=18, deployments=params().routes[0].deployments)
    mad = readings(a=U256_MAX, b=U256_MAX, time=NOW, x=(U256_MAX, 0, U256_MAX))
    shifted = tuple(replace(r, height=r.height + 1) for r in mad)
    outcome = come_to(*[readings()] * 3, shifted, p=p)
    assert route(outcome).status == COVERED
    assert Books.decode(outcome.books.encoded) == outcome.books


# ---- determinism


def test_the_order_of_members_and_chains_changes_nothing() -> None:
    members = [readings(time=NOW + i, x=(i, 1, 9), y=(3 - i, 1, 9)) for i in range(3)]
    last = known(entries=(Entry(DOMAIN["x"], 5, 105),))
    found = set()
    for order in permutations(range(3)):
        p = params()
        observations = tuple(Observation(p.config_id, 0, 9, i, last[0], (), tuple(reversed(members[i]))) for i in order)
        outcome = compute(Bundle(observations, {last[1].id: last[1]}), p)
        found.add((outcome.books.digest, outcome.leaves))
    assert len(found) == 1


def test_demand_draws_room() -> None:
    """Half of the free room follows what supplies grew by since the last round."""
    records = tuple(DeploymentRecord(DOMAIN[d], 0, 0, 0) for d in DESTINATIONS)
    seen = readings(x=(60, 3, 100), y=(0, 3, 100))
    outcome = come_to(*[seen] * 3, p=params(demand_bps=5000), last=known(records=records))
    assert caps(outcome)["x"] == 60 + 90 + 270
    assert route(outcome).record(DOMAIN["x"]) == DeploymentRecord(DOMAIN["x"], 60, 60, 60)
