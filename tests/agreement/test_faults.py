"""Faults of the committee, played through in the world: what they may cost is a round, never the collateral."""

from dataclasses import replace

import pytest

from relayer.agreement.voting import Memory, Refusal, vote

from .world import COLLATERAL, DESTINATIONS, STALENESS, Round, World, configured

EVERYBODY = (0, 1, 2)


def certified(w: World, round_: int, caps: dict[str, int]) -> Round:
    w.observe(round_, *EVERYBODY)
    found = w.propose(round_, EVERYBODY, caps)
    assert found is not None
    assert w.sign(found, *EVERYBODY)
    w.learn(found, *EVERYBODY)
    return found


def test_statements_in_flight_for_all_destinations_never_exceed_the_collateral() -> None:
    """Room is shared out three ways, every statement is held back, and all of them land at once."""
    w = World()
    rounds = [certified(w, 1, {"x": 2, "y": 2}), certified(w, 2, {"z": 2}), certified(w, 3, {"x": 2, "y": 2, "z": 2})]
    w.observe(4, *EVERYBODY)
    assert w.propose(4, EVERYBODY, {"x": 3}) is None
    for r in rounds:
        for d in DESTINATIONS:
            w.put(r, d)
    assert w.supply == COLLATERAL
    assert not w.over_minted


def test_room_comes_back_once_the_lower_cap_has_landed_or_the_lease_has_ended() -> None:
    w = World()
    high = certified(w, 1, {"x": 6})
    assert high.certified
    assert w.submit(high.certified, "x")
    low = certified(w, 2, {"x": 1})
    w.observe(3, *EVERYBODY)
    assert w.propose(3, EVERYBODY, {"y": 5}) is None
    assert low.certified
    assert w.submit(low.certified, "x")
    w.wait(1)
    assert certified(w, 4, {"y": 5})
    other = World()
    certified(other, 1, {"x": 6})
    other.wait(8)
    assert certified(other, 2, {"y": 6})


def test_a_donation_raises_caps_and_never_beyond_the_collateral() -> None:
    """What anybody sends to a vault counts while it lies there, and no longer."""
    w = World()
    w.hold("a", COLLATERAL + 4)
    w.wait(2 * STALENESS)
    w.observe(1, *EVERYBODY)
    assert w.propose(1, EVERYBODY, {"x": COLLATERAL + 5}) is None
    assert w.propose(1, EVERYBODY, {"x": COLLATERAL + 4}) is not None
    w.hold("a", COLLATERAL)
    w.wait(1)
    w.observe(2, *EVERYBODY)
    assert w.propose(2, EVERYBODY, {"x": COLLATERAL + 1}) is None
    assert w.propose(2, EVERYBODY, {"x": COLLATERAL}) is not None


def test_a_partition_with_fewer_than_t_on_each_side_certifies_nothing_and_heals() -> None:
    """Two and two of four: neither side has the readings for a statement, nor the signatures. After it, a round."""
    w = World()
    w.observe(1, 0, 1)
    assert w.propose(1, (0, 1), {"x": 6}) is None
    w.observe(2, 2)
    w.lie(2, 3, w.truth(w.now))
    assert w.propose(2, (2, 3), {"y": 6}) is None
    w.wait(1)
    w.put(certified(w, 5, {"x": 6}), "x")
    assert w.supply == COLLATERAL


def test_a_bundle_of_fewer_than_t_is_refused_whatever_its_leader_computed() -> None:
    w = World()
    w.observe(1, *EVERYBODY)
    whole = w.propose(1, EVERYBODY, {"x": 6})
    assert whole is not None
    few = replace(whole.bundle, observations=whole.bundle.observations[:2])
    with pytest.raises(Refusal) as refusal:
        vote(whole.proposal, few, configured(), Memory(), {}, whole.allot)
    assert refusal.value.code == "observers"


def test_an_equivocating_leader_gets_no_second_certificate() -> None:
    """Each half signs another proposal; whoever has signed one refuses the other. Both stay in the books as
    alternatives, and the next round counts them both."""
    w = World()
    w.observe(1, *EVERYBODY)
    one, two = w.propose(1, EVERYBODY, {"x": 6}), w.propose(1, EVERYBODY, {"y": 6})
    assert one is not None
    assert two is not None
    assert not w.sign(one, 0)
    assert w.sign(two, 1, 2)
    assert not w.sign(one, 0, 1, 2)
    assert w.log.count("round 1: member 1 refuses: double") == 1
    w.observe(2, *EVERYBODY)
    assert w.propose(2, EVERYBODY, {"z": 1}) is None


def test_two_proposals_of_a_round_are_evidence_against_its_leader() -> None:
    """Both carry a signed part for the same round, with different contents."""
    w = World()
    w.observe(1, *EVERYBODY)
    one, two = w.propose(1, EVERYBODY, {"x": 6}), w.propose(1, EVERYBODY, {"y": 6})
    assert one is not None
    assert two is not None
    assert one.number == two.number
    assert one.proposal.id != two.proposal.id
    assert one.proposal.signed_part != two.proposal.signed_part


def test_a_clock_far_ahead_ends_no_lease() -> None:
    """The liar says that a minute has passed: expiry follows the (f+1)-th smallest time, and each observer's own."""
    w = World()
    first = certified(w, 1, {"x": 6})
    w.observe(2, 0, 1)
    w.lie(2, 3, w.empty(w.now + 60, round_=0), certificate=first)
    assert w.propose(2, (0, 1, 3), {"y": 6}) is None
    w.put(first, "x")
    assert w.supply == COLLATERAL


def test_a_clock_far_behind_keeps_no_statement_alive() -> None:
    """With one reader an hour behind, a statement still expires by the honest clocks."""
    w = World()
    w.wait(100)
    w.observe(1, *EVERYBODY)
    w.lie(1, 3, w.empty(11, round_=0))
    r = w.propose(1, (0, 1, 2, 3), {"x": 6})
    assert r is not None
    assert {leaf.expires_at for leaf in w.statements(r.proposal.basis.statements).values()} == {w.now + 8}
