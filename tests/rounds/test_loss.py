"""A lost, restored or doubled store: the member signs nothing until what it may have signed can harm nobody."""

from relayer.agreement.voting import Lost
from relayer.rounds import effects as fx
from relayer.rounds.machine import SecondSelf
from relayer.rounds.messages import Kind

from .committee import Committee
from .disk import Disk
from .world import GENESIS, LEASE, SLOT


def lose(c: Committee, member: int, at: float) -> Lost:
    """The member's store is lost `at` seconds after genesis; it starts again with an empty one that says so."""
    now = GENESIS + at
    lost = Lost(c.first.slot_at(now + c.first.skew) + 1, int(now) + LEASE)
    node = c.nodes[member]

    def restart() -> None:
        node.stop()
        c.replace_disk(node, Disk(lost=lost))
        node.start()

    c.at(at, restart)
    return lost


def test_an_amnesiac_signs_nothing_until_every_lease_that_it_may_have_signed_has_run_out() -> None:
    c = Committee(heartbeat=30)
    lost = lose(c, 3, 3 * SLOT + 10)
    c.slots(32)
    node = c.nodes[3]
    signed = [e.round for e, _ in node.disk.log if isinstance(e, fx.RecordSignature)]
    books = {c_.round: c_ for c_ in node.machine.memory.certificates} if node.machine else {}
    assert signed, "it comes back in the end"
    assert min(signed) >= lost.first_round
    assert books.keys() & set(signed)
    for round_ in books.keys() & set(signed):
        assert min(books[round_].books.horizons.values()) > lost.leases_end
    codes = {note["code"] for me, note in c.noted("refuse") if me == 3}
    assert codes == {"amnesia"}
    assert set(c.rounds) >= {k for k in range(1, 32) if k % 4 != 3}, "all go on but those that it leads"
    c.audit()


def test_an_amnesiac_has_no_part_in_the_round_in_which_it_lost_its_store() -> None:
    """It may have observed, proposed or signed in it already."""
    c = Committee(heartbeat=30)
    lost = lose(c, 3, 3 * SLOT + 0.2)
    c.slots(5)
    assert lost.first_round == 4
    disk = c.nodes[3].disk
    assert not [e for e, _ in disk.log if isinstance(e, fx.RecordObservation | fx.RecordProposal) and e.round < 4]
    assert [e.round for e, _ in disk.log if isinstance(e, fx.RecordObservation)] == [4]


def test_what_was_said_before_the_loss_is_no_second_self() -> None:
    """Its observation is out, its store is gone, and then the leader's bundle brings its own words back."""
    c = Committee(heartbeat=30)
    lose(c, 3, 4 * SLOT + 0.505)
    c.slots(6)
    assert any(m.source == 3 and m.kind == Kind.OBSERVATION and m.round == 4 for m in c.sent)
    assert any(m.target == 3 and m.kind == Kind.PROPOSAL and m.round == 4 for m in c.sent)
    assert c.nodes[3].stopped is None
    c.audit()


def test_a_restored_older_store_meets_what_it_has_said_since_and_stops() -> None:
    """Back from a backup in the middle of a slot, it observes anew; its first observation is in the bundle."""
    c = Committee(network=lambda m: (6.0,) if m.kind == Kind.OBSERVATION else (0.01,))
    node = c.nodes[3]

    def restore() -> None:
        node.stop()
        c.replace_disk(node, node.disk.upto(0))
        c.later(4.0, node.start)

    c.at(SLOT + 1, restore)
    c.slots(2)
    assert isinstance(node.stopped, SecondSelf)
    assert not [e for e, _ in node.disk.log if isinstance(e, fx.RecordSignature)]
    assert c.rounds == [1]
    c.audit(faulty=[3])


def test_a_store_that_is_older_than_an_observation_is_found_out_by_it() -> None:
    """The member's own observation comes to a process that has not made one for the round yet."""
    c = Committee()
    c.slots(1.5)
    node = c.nodes[3]
    own = next(m for m in c.sent if m.kind == Kind.OBSERVATION and m.source == 3)
    node.stop()
    c.replace_disk(node, node.disk.upto(0))
    c.later(0, node.start)
    c.later(0.1, lambda: node.own_observation(own.body))
    c.slots(2)
    assert isinstance(node.stopped, SecondSelf)


def test_the_own_words_replayed_after_a_restart_are_no_second_self() -> None:
    c = Committee(heartbeat=30)
    c.slots(3.5)
    node = c.nodes[3]
    own = [m for m in c.sent if m.kind == Kind.OBSERVATION and m.source == 3 and m.target == 0]
    node.stop()
    node.start()
    for m in own:
        node.own_observation(m.body)
    c.slots(6)
    assert node.stopped is None
    assert c.rounds == [1, 2, 3, 4, 5]
