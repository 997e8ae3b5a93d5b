"""An untrusted network: partitions stop rounds without harm, and no message counts twice, late or out of place."""

from functools import partial

import pytest

from relayer.rounds import effects as fx
from relayer.rounds.messages import Kind

from .committee import Committee, Message, parted, prompt, shaky
from .world import DESTINATIONS, SLOT


@pytest.mark.parametrize(("n", "f", "t", "groups"), [(4, 1, 3, [(0, 1), (2, 3)]), (7, 2, 5, [(0, 1, 2, 3), (4, 5, 6)])])
def test_a_partition_with_fewer_than_t_on_each_side_certifies_nothing_and_heals(
    n: int, f: int, t: int, groups: list[tuple[int, ...]]
) -> None:
    c = Committee(n, f, t, network=parted(*groups), heartbeat=30)
    c.slots(6)
    assert c.rounds == []
    c.network = prompt
    c.slots(6 + f + 1)
    assert c.rounds
    assert c.rounds[0] <= 6 + f
    c.audit()


def test_a_partition_in_the_middle_of_a_round_never_gives_two_certificates() -> None:
    for moment in range(12):
        c = Committee(heartbeat=30)
        cut = SLOT + 0.5 + moment * 0.005
        c.run(cut)
        c.network = parted((0, 1), (2, 3))
        c.slots(3)
        c.network = prompt
        c.slots(6)
        assert set(c.rounds) >= {4, 5}
        c.audit()


def results(c: Committee) -> dict[int, tuple[bytes, bytes]]:
    """Statements and books of every certified round."""
    return {
        round_: (certified.basis.statements, certified.basis.books)
        for round_, found in c.certificates.items()
        for certified in found.values()
    }


@pytest.mark.parametrize("seed", range(6))
def test_delayed_reordered_and_repeated_messages_change_nothing(seed: int) -> None:
    """The same statements and books as on a perfect network; nobody refuses, is named, or needs a second session."""
    perfect, c = Committee(heartbeat=30), Committee(heartbeat=30, network=shaky(seed, worst=0.9, doubled=0.5))
    for committee in (perfect, c):
        committee.slots(6)
    assert results(c) == results(perfect)
    assert {note.event for node in c.nodes for note in node.notes} == {"call", "certified"}
    assert not [dispute for node in c.nodes for dispute in node.disk.disputes]
    c.audit()


@pytest.mark.parametrize("seed", range(6))
def test_lost_messages_cost_rounds_but_never_safety(seed: int) -> None:
    c = Committee(heartbeat=30, network=shaky(seed, worst=3.0, lost=0.08, doubled=0.3))
    for i in range(12):
        for chain in DESTINATIONS:
            c.at(20.0 * i, partial(mint_all, c, chain))
    c.slots(12)
    assert c.rounds, "rounds go on"
    c.network = prompt
    c.slots(14)
    assert c.rounds[-1] == 13
    c.audit()


def mint_all(c: Committee, chain: str) -> None:
    c.world.mint_all(c.now, chain)


def test_everything_replayed_every_slot_changes_nothing_that_counts() -> None:
    """As if no guard stood before the machine: all messages of the run once more, in the middle of every slot."""
    c = Committee(heartbeat=30)

    def replay() -> None:
        for m in list(c.sent):
            if m.kind != Kind.COMMITMENTS:
                c.deliver(m, 0.01)

    for slot in range(1, 8):
        c.at(slot * SLOT + 0.52, replay)
        c.at(slot * SLOT + 10, replay)
    c.slots(8)
    assert c.rounds == [1, 2, 3, 4, 5, 6, 7]
    assert not [dispute for node in c.nodes for dispute in node.disk.disputes]
    assert not [node.stopped for node in c.nodes if node.stopped]
    c.audit()


def test_replayed_commitments_cost_at_most_the_session() -> None:
    c = Committee(heartbeat=30)

    def replay() -> None:
        for m in [m for m in c.sent if m.kind == Kind.COMMITMENTS][:12]:
            c.deliver(m, 0.01)

    for slot in range(1, 12):
        c.at(slot * SLOT - 1, replay)
    c.slots(12)
    assert c.rounds == list(range(1, 12))
    c.audit()


def test_what_belongs_to_another_round_session_or_leader_is_ignored() -> None:
    """Each message of round 1, sent again in round 2 as if it were of that round."""
    c = Committee(heartbeat=30)
    c.slots(2)
    first = [m for m in c.sent if m.round == 1]

    def forge() -> None:
        for m in first:
            again = Message(-1, m.kind, 2, m.body, m.source, m.target)
            c.deliver(again, 0.01)

    c.at(2 * SLOT + 0.51, forge)
    c.slots(4)
    assert c.rounds == [1, 2, 3]
    assert not [dispute for node in c.nodes for dispute in node.disk.disputes]
    signed = [e.round for node in c.nodes for e, _ in node.disk.log if isinstance(e, fx.RecordSignature)]
    assert signed.count(2) == 3
    c.audit()


def test_hostile_bytes_of_every_kind_stop_nobody() -> None:
    c = Committee(heartbeat=30)

    def flood() -> None:
        for kind in Kind:
            for body in (b"", bytes(64), b"\xff" * 300):
                for target in range(3):
                    c.deliver(Message(-1, kind, 2, body, 3, target), 0.0)

    c.at(2 * SLOT + 0.3, flood)
    c.slots(4)
    assert c.rounds == [1, 2, 3]
    assert any(source == 3 for source, _ in c.nodes[0].faults)
