"""Rounds without faults: from the call to the certificate within one slot, and what makes and clears a reason."""

import pytest

from chains.encoding import MintCap, Tree
from relayer.agreement.records import decode_statements
from relayer.rounds.messages import Kind

from .committee import Committee
from .world import DESTINATIONS, GENESIS, LEASE, SLOT

X, Y = DESTINATIONS
SIZES = [(4, 1, 3), (7, 2, 5)]


@pytest.mark.parametrize(("n", "f", "t"), SIZES)
def test_a_round_is_certified_within_its_slot_and_every_member_knows_it(n: int, f: int, t: int) -> None:
    c = Committee(n, f, t)
    c.slots(2)
    assert c.rounds == [1]
    assert [node.machine.highest[0].round for node in c.nodes if node.machine and node.machine.highest] == [1] * n
    kinds = [m.kind for m in c.sent if m.kind not in (Kind.COMMITMENTS, Kind.CALL)]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {
        Kind.OBSERVATION: n * (n - 1),
        Kind.PROPOSAL: n - 1,
        Kind.SHARE: t - 1,
        Kind.CERTIFICATE: n - 1,
    }
    assert not [fault for node in c.nodes for fault in node.faults]
    c.audit()


def test_the_statements_are_what_the_chains_call_for() -> None:
    c = Committee()
    c.slots(2)
    (certified,) = c.certificates[1].values()
    blob = c.nodes[2].blob(certified.basis.statements)
    assert blob is not None
    leaves = decode_statements(blob)
    assert Tree(leaves).root == certified.header.root
    read_at = GENESIS + SLOT - 5  # the grid height that was final half a second into the slot
    for leaf in leaves:
        assert isinstance(leaf, MintCap)
        assert (leaf.mint_cap, leaf.collateral, leaf.supply) == (500, 1_000, 0)
        assert (leaf.observed_at, leaf.expires_at) == (read_at, read_at + LEASE)
    assert c.caps(1) == {X: 500, Y: 500}


def called(c: Committee, round_: int) -> set[str]:
    return {reason for _, note in c.noted("call") if note["round"] == round_ for reason in note["reasons"]}


def test_heartbeat_calls_and_the_certificate_clears_it() -> None:
    c = Committee()
    c.slots(10)
    assert c.rounds == [1, 5, 9]  # a heartbeat of four slots
    assert called(c, 1) == called(c, 5) == {"heartbeat"}


def test_moved_collateral_calls_a_round_once() -> None:
    c = Committee()
    c.at(40, lambda: c.world.hold(c.now, 1_200))
    c.slots(4)
    assert c.rounds == [1, 2]
    assert called(c, 2) == {"deviation"}
    assert sum(c.caps(2).values()) == 1_200


def test_a_change_within_the_deviation_calls_nothing() -> None:
    c = Committee()
    c.at(40, lambda: c.world.hold(c.now, 1_009))
    c.slots(4)
    assert c.rounds == [1]


def test_moved_supply_calls_and_the_other_destination_is_not_left_with_too_much() -> None:
    c = Committee()
    c.at(40, lambda: c.world.mint(c.now, X, 300))
    c.slots(4)
    assert c.rounds[:2] == [1, 2]
    assert called(c, 2) == {"deviation"}
    c.audit()


def test_low_headroom_calls() -> None:
    c = Committee(heartbeat=3_000)
    c.at(40, lambda: c.world.mint(c.now, X, 447))  # deviation; the cap of 500 is not used up yet
    c.slots(3)
    before = len(c.rounds)
    gate = c.world.gate(X)
    c.at(3 * SLOT + 1, lambda: c.world.mint(c.now, X, 4))  # below the deviation, above nine tenths of the cap
    assert (gate.supply + 4) * 10 > gate.cap * 9
    c.slots(5)
    assert len(c.rounds) == before + 1
    assert called(c, c.rounds[-1]) == {"headroom"}


def test_a_deficit_calls_at_once_zeroes_all_caps_and_they_come_back_at_once() -> None:
    c = Committee(heartbeat=3_000)
    c.at(40, lambda: c.world.mint(c.now, X, 400))
    c.at(3 * SLOT + 10, lambda: c.world.hold(c.now, 100))
    c.slots(5)
    zeroed = c.rounds[-1]
    assert zeroed == 4
    assert called(c, zeroed) == {"deficit"}
    assert c.caps(zeroed) == {X: 0, Y: 0}
    c.slots(6)
    assert c.rounds[-1] == zeroed
    c.at(6 * SLOT + 1, lambda: c.world.hold(c.now, 1_000))
    c.slots(8)
    assert c.rounds[-1] == 7, "it comes back in the first slot whose checkpoints show the collateral, not turns later"
    assert called(c, 7) == {"deficit"}
    assert sum(c.caps(7).values()) > 400


def test_a_route_that_cannot_be_read_is_called_for_in_every_third_turn_only() -> None:
    c = Committee(heartbeat=30)
    for node in c.nodes:
        node.sees = lambda readings: tuple(r for r in readings if r.chain != "eip155:1" or c.now < GENESIS + 40)
    c.slots(30)
    assert c.rounds == [1]
    assert {note["round"] for _, note in c.noted("round.empty")} == set(range(2, 30))
