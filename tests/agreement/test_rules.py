"""Disagreement, horizons and the books' keeping, rule by rule."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.encoding import Certificate, Header
from relayer.agreement.books import Books, Entry, RouteBooks
from relayer.agreement.bundle import Bundle, CertifiedRound, ProposedRound
from relayer.agreement.disagreement import HEADER, Item, judge
from relayer.agreement.horizons import view
from relayer.agreement.ledger import Rounds, domains, largest, merged, outstanding
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading
from relayer.agreement.records import Basis, Certified, Proposal
from relayer.agreement.window import floor

from .world import ROUTE, World, configured

quick = settings(deadline=None, max_examples=150)
PARAMS = configured()
ITEM, GATE = b"p" * 32, b"g" * 32


def reading(
    time: int = 50, *, height: int = 1, amount: int = 5, supply: int = 5, block: bytes = bytes(32)
) -> ChainReading:
    position = PositionReading(ITEM, amount, amount, bytes(32))
    return ChainReading("x", height, block, time, (position,), (GateReading(GATE, ROUTE, supply, 0, 0),))


# ---- disagreement


def judged(*readings: ChainReading, tolerance: int = 0) -> tuple[set[int], set[Item]]:
    verdict = judge(dict(enumerate(readings)), 1, lambda _: tolerance)
    return set(verdict.outliers), set(verdict.split)


def test_agreement_leaves_nobody_out() -> None:
    assert judged(reading(), reading(), reading()) == (set(), set())


@pytest.mark.parametrize(
    "odd",
    [reading(amount=6), reading(supply=6), reading(time=51), reading(block=b"x" * 32)],
    ids=["amount", "supply", "time", "block"],
)
def test_an_outlier_at_a_checkpoint_is_named(odd: ChainReading) -> None:
    assert judged(reading(), odd, reading()) == ({1}, set())


def test_two_who_differ_prove_nothing() -> None:
    """With f = 1, neither of them has f + 1 on its side."""
    assert judged(reading(), reading(amount=6)) == (set(), set())
    assert judged(reading(), reading(amount=6), reading(amount=7)) == (set(), set())


def test_two_groups_split_the_item() -> None:
    a, b = reading(), reading(amount=6)
    assert judged(a, a, b, b) == (set(), {ITEM})
    assert judged(a, a, reading(supply=1), reading(supply=1)) == (set(), {(GATE, ROUTE)})
    assert judged(a, a, reading(time=51), reading(time=51)) == (set(), {HEADER})


def test_two_routes_of_one_gate_are_two_items() -> None:
    def both(supply: int) -> ChainReading:
        one = reading()
        return replace(one, gates=(*one.gates, GateReading(GATE, b"\xff" * 32, supply, 0, 0)))

    assert judged(both(1), both(1), both(2)) == ({2}, set())
    assert judged(both(1), both(1), both(2), both(2)) == (set(), {(GATE, b"\xff" * 32)})


def test_other_checkpoints_are_not_compared() -> None:
    assert judged(reading(), reading(), reading(height=2, amount=9)) == (set(), set())


def test_tolerance_groups_neighbours() -> None:
    assert judged(reading(amount=5), reading(amount=7), reading(amount=9), tolerance=2) == (set(), set())
    assert judged(reading(amount=5), reading(amount=7), reading(amount=10), tolerance=2) == ({2}, set())


# ---- horizons


def observation(member: int, *readings: ChainReading, certificate: Certified | None = None) -> Observation:
    return Observation(PARAMS.config_id, 0, 9, member, certificate, (), readings)


def bundle(times: list[int], horizons: Mapping[int, int] | None = None) -> Bundle:
    """One observation of chain x per time; `horizons`: what the certificate of that member says."""
    observations, known = [], {}
    for member, time in enumerate(times):
        certificate = None
        if horizons and member in horizons:
            certificate = a_certificate(member + 1)
            known[certificate.id] = CertifiedRound(certificate.id, member + 1, 0, {}, Books({"x": horizons[member]}))
        observations.append(observation(member, reading(time, height=time), certificate=certificate))
    return Bundle(tuple(observations), known)


def a_certificate(round_: int) -> Certified:
    return Certified(Certificate(Header(0, round_, bytes(32), bytes(32)), bytes(33), bytes(32)), A_BASIS)


A_BASIS = Basis(bytes(32), bytes(32), bytes(32), bytes(32))


def horizon_of(b: Bundle) -> tuple[int, set[int]]:
    found = view("x", b, PARAMS, lambda _: 0)
    return found.horizon, set(found.times)


def test_the_horizon_is_the_second_smallest_time_less_w() -> None:
    assert horizon_of(bundle([20, 30, 40, 50])) == (26, {1, 2, 3})


def test_a_reading_at_the_horizon_counts() -> None:
    assert horizon_of(bundle([26, 30, 40])) == (26, {0, 1, 2})
    assert horizon_of(bundle([25, 30, 40])) == (0, set())


def test_the_horizon_never_falls() -> None:
    assert horizon_of(bundle([50, 50, 50, 50], {0: 7, 1: 48})) == (48, {0, 1, 2, 3})
    assert horizon_of(bundle([20, 50, 50, 50], {3: 48})) == (48, {1, 2, 3})


def test_with_fewer_than_t_readings_the_horizon_stays() -> None:
    assert horizon_of(bundle([20, 47, 50], {2: 48})) == (48, set())
    assert horizon_of(bundle([60, 60])) == (0, set())


def test_the_horizon_is_never_negative() -> None:
    assert horizon_of(bundle([1, 1, 1])) == (0, {0, 1, 2})


@quick
@given(st.lists(st.integers(0, 60), min_size=3, max_size=4), st.integers(0, 60))
def test_no_reading_behind_the_horizon_and_no_fall(times: list[int], old: int) -> None:
    found = view("x", bundle(times, {0: old}), PARAMS, lambda _: 0)
    assert found.horizon >= old
    assert all(time >= found.horizon for time in found.times.values())
    assert not found.times or len(found.times) >= PARAMS.threshold
    assert found.readable == bool(found.times)


# ---- books

X, Y = b"x" * 32, b"y" * 32


def entry(cap: int, expires_at: int, domain: bytes = X) -> Entry:
    return Entry(domain, cap, expires_at)


def kept(rounds: Rounds, horizon: int | None = 10) -> Rounds:
    return outstanding(rounds, lambda _: horizon)


def test_an_entry_leaves_when_the_horizon_has_passed_it() -> None:
    assert kept({1: ((entry(5, 9),),)}) == {}
    assert kept({1: ((entry(5, 10),),)}) == {1: ((entry(5, 10),),)}


def test_nothing_expires_where_nothing_is_read() -> None:
    assert kept({1: ((entry(5, 1),),)}, None) == {1: ((entry(5, 1),),)}


@pytest.mark.parametrize(
    ("later", "covers"),
    [
        (((entry(5, 20),),), True),
        (((entry(4, 20),),), False),
        (((entry(5, 19),),), False),
        (((entry(5, 20, Y),),), False),
        (((entry(5, 20),), (entry(6, 30),)), True),
        (((), (entry(6, 30),)), False),
        (((entry(5, 20),), (entry(6, 30, Y),)), False),
    ],
)
def test_supersession_needs_every_alternative(later: tuple[tuple[Entry, ...], ...], covers: bool) -> None:
    found = kept({1: ((entry(5, 20),),), 2: later})
    assert (1 not in found) == covers
    assert 2 in found


def test_an_earlier_round_covers_nothing() -> None:
    assert 2 in kept({1: ((entry(9, 99),),), 2: ((entry(5, 20),),)})


def test_two_rounds_do_not_cover_together() -> None:
    """Each of them covers in one of its alternatives; which ones are certified nobody knows."""
    rounds = {1: ((entry(5, 20),),), 2: ((), (entry(5, 20),)), 3: ((), (entry(5, 20),))}
    assert set(kept(rounds)) == {1, 2, 3}


def test_an_empty_alternative_stays_beside_a_full_one() -> None:
    assert kept({1: ((entry(5, 9),), (entry(5, 20),))}) == {1: ((), (entry(5, 20),))}


def a_proposal(round_: int, mark: int) -> Proposal:
    return Proposal(Header(0, round_, bytes([mark]) * 32, bytes(32)), A_BASIS, bytes(64))


def reported(
    *proposals: tuple[Proposal, Mapping[bytes, tuple[Entry, ...]]], known: CertifiedRound | None = None
) -> Bundle:
    certificate = a_certificate(known.round) if known else None
    first = replace(observation(0, certificate=certificate), proposals=tuple(p for p, _ in proposals))
    certified = {certificate.id: known} if certificate and known else {}
    return Bundle((first,), certified, {p.id: ProposedRound(p.id, p.round, 0, entries) for p, entries in proposals})


def test_books_start_from_the_highest_certificate() -> None:
    older = RouteBooks(ROUTE, rounds=((2, ((entry(1, 20),), (entry(2, 20),))),))
    known = CertifiedRound(b"", 3, 0, {ROUTE: (entry(3, 20),)}, Books({}, {ROUTE: older}))
    above = a_proposal(4, 1)
    void = a_proposal(2, 2)
    found = merged(ROUTE, reported((void, {ROUTE: (entry(7, 20),)}), (above, {ROUTE: (entry(4, 20),)}), known=known))
    assert found == {2: ((entry(1, 20),), (entry(2, 20),)), 3: ((entry(3, 20),),), 4: ((entry(4, 20),),)}


def test_two_proposals_of_a_round_are_alternatives() -> None:
    one, two = a_proposal(4, 1), a_proposal(4, 2)
    found = merged(ROUTE, reported((one, {ROUTE: (entry(4, 20),)}), (two, {})))
    assert found == {4: ((), (entry(4, 20),))}


def test_what_the_books_name() -> None:
    rounds = {1: ((entry(5, 9),),), 2: ((entry(3, 9), entry(8, 9, Y)), (entry(4, 9),))}
    assert domains(rounds) == {X, Y}
    assert [largest(rounds, X, least) for least in (1, 2, 3)] == [5, 4, 0]


entries = st.builds(Entry, st.sampled_from([X, Y]), st.integers(0, 3), st.integers(8, 13))
alternatives = st.lists(entries, max_size=2, unique_by=lambda e: e.domain).map(lambda a: tuple(sorted(a)))
books = st.dictionaries(
    st.integers(1, 5),
    st.lists(alternatives, min_size=1, max_size=3, unique=True).map(lambda a: tuple(sorted(a))),
    max_size=4,
)


@quick
@given(books)
def test_what_leaves_is_expired_or_covered_in_every_world(rounds: Rounds) -> None:
    found = kept(rounds)
    for k, before in rounds.items():
        survived = {e for a in found.get(k, ()) for e in a}
        for e in {e for a in before for e in a} - survived:
            covered = any(
                later > k
                and all(
                    any(c.domain == e.domain and c.cap >= e.cap and c.expires_at >= e.expires_at for c in a)
                    for a in after
                )
                for later, after in rounds.items()
            )
            assert e.expires_at < 10 or covered
    assert kept(found) == found


def test_the_window_is_the_worlds_too() -> None:
    """The member's own reading of a moving position counts at its least."""
    w = World()
    w.wait(5)
    w.hold("b", 6)
    (b,) = (r for r in w.read(0, {}) if r.chain == "b")
    assert (b.positions[0].amount, b.positions[0].floor) == (6, floor([(11, 0), (15, 6)], 15, 4))
