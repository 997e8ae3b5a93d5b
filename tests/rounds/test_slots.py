"""Rounds are time slots: who takes part when, what is kept for later, who is answered, and what a clock may do."""

from dataclasses import replace

import pytest

from chains.hashing import keccak256
from relayer.agreement.observation import Observation, decode_manifest
from relayer.rounds import effects as fx
from relayer.rounds.machine import Machine, Restored
from relayer.rounds.messages import Call, Kind

from .committee import Committee, parted, prompt, without
from .world import GENESIS, SLOT


def quiet(member: int = 0) -> tuple[Committee, Machine]:
    """A committee in the middle of slot 1 whose round is certified; nobody has a reason before slot 5."""
    c = Committee()
    c.slots(1.5)
    assert c.rounds == [1]
    machine = c.nodes[member].machine
    assert machine is not None
    return c, machine


def promised(effects: list[fx.Effect]) -> list[int]:
    return [e.round for e in effects if isinstance(e, fx.Promise)]


BEGINS = GENESIS + 2 * SLOT


def test_f_plus_1_calls_enter_a_round_without_an_own_reason() -> None:
    _, machine = quiet()
    assert promised(machine.tick(BEGINS)) == []
    assert promised(machine.called(1, 2, Call(1), BEGINS + 1)) == []
    assert promised(machine.called(1, 2, Call(1), BEGINS + 1)) == [], "one member's calls count once"
    assert promised(machine.called(2, 2, Call(1), BEGINS + 1)) == [2]
    assert promised(machine.called(3, 2, Call(1), BEGINS + 1)) == [], "entered once"


@pytest.mark.parametrize(("early", "kept"), [(0.5, True), (2.0, True), (2.5, False), (SLOT, False)])
def test_calls_are_kept_as_early_as_the_skew_allows(early: float, kept: bool) -> None:
    _, machine = quiet()
    for sender in (1, 2):
        machine.called(sender, 2, Call(1), BEGINS - early)
    assert promised(machine.tick(BEGINS)) == ([2] if kept else [])


def test_calls_for_other_rounds_count_for_none() -> None:
    _, machine = quiet()
    for sender in (1, 2, 3):
        machine.called(sender, 3, Call(1), BEGINS - 1)
        machine.called(sender, 1, Call(1), BEGINS - 1)
    assert promised(machine.tick(BEGINS)) == []
    assert promised(machine.tick(BEGINS + SLOT)) == []


def test_an_event_at_the_new_slot_counts_there_even_before_the_tick() -> None:
    _, machine = quiet()
    out = machine.called(1, 2, Call(1), BEGINS) + machine.called(2, 2, Call(1), BEGINS)
    assert promised(out) == [2]
    assert [e for e in out if isinstance(e, fx.Read)] == [fx.Read(2)]


def test_observations_are_kept_as_early_as_the_skew_allows() -> None:
    """The leader's clock is behind all others: they observe before its slot begins, and its round is built on all."""
    c = Committee()
    c.reading_time = 0.1
    leader = c.nodes[1]
    leader.skew = -1.0
    for member in (0, 2, 3):
        c.nodes[member].skew = 1.0
    c.run(SLOT + 0.9)
    assert {m.source for m in c.sent if m.kind == Kind.OBSERVATION} == {0, 2, 3}
    assert leader.machine is not None
    assert leader.machine.slot is not None
    assert leader.machine.slot.round == 0
    c.run(SLOT + 1.5)
    assert c.rounds == [1], "at once, as all n observations are there"
    (certified,) = c.certificates[1].values()
    manifest = leader.blob(certified.basis.observations)
    assert manifest is not None
    assert len(decode_manifest(manifest)) == 4
    c.audit()


def test_a_caller_with_an_older_certificate_is_answered_once_and_catches_up() -> None:
    c = Committee(network=parted((0, 1, 2), (3,)))
    c.slots(2)
    assert c.rounds == [1]
    c.network = prompt
    c.slots(3)
    machine = c.nodes[3].machine
    assert machine is not None
    assert machine.highest is not None
    assert machine.highest[0].round == 1
    answers = [m for m in c.sent if m.kind == Kind.CERTIFICATE and m.target == 3 and m.source != 1]
    assert sorted(m.source for m in answers) == [0, 2]
    assert c.rounds == [1], "nobody else had a reason, so no round was held"
    assert not [m for m in c.sent if m.kind == Kind.CALL and m.source == 3 and m.round > 2]
    c.audit()


def test_a_caller_that_knows_as_much_is_not_answered() -> None:
    _, machine = quiet()
    assert not [e for e in machine.called(2, 1, Call(1), GENESIS + SLOT + 20) if isinstance(e, fx.Send)]
    first = machine.called(2, 1, Call(0), GENESIS + SLOT + 20)
    again = machine.called(2, 1, Call(0), GENESIS + SLOT + 21)
    assert [(e.kind, e.to) for e in first if isinstance(e, fx.Send)] == [(Kind.CERTIFICATE, 2)]
    assert not again


def test_a_clock_set_back_within_a_process_makes_the_member_say_nothing_twice() -> None:
    c = Committee(heartbeat=30)
    node = c.nodes[3]
    c.at(3 * SLOT + 5, lambda: setattr(node, "skew", -1.2 * SLOT))
    c.at(4 * SLOT + 5, lambda: setattr(node, "skew", 0.0))
    c.slots(7)
    said = [e.round for e, _ in node.disk.log if isinstance(e, fx.RecordObservation)]
    assert said == sorted(set(said))
    assert node.stopped is None
    assert c.rounds[-1] == 6
    c.audit()


def test_a_clock_set_back_over_a_restart_makes_the_member_say_nothing_twice() -> None:
    c = Committee(heartbeat=30)
    node = c.nodes[3]
    c.at(3 * SLOT + 5, node.stop)
    c.at(3 * SLOT + 6, lambda: setattr(node, "skew", -1.2 * SLOT))
    c.at(3 * SLOT + 7, node.start)
    c.run(3 * SLOT + 6.5)
    before = len(c.sent)
    c.at(5 * SLOT + 5, lambda: setattr(node, "skew", 0.0))
    c.slots(8)
    late = [m.round for m in c.sent[before:] if m.source == 3 and m.kind != Kind.COMMITMENTS]
    assert late, "it takes part again"
    assert min(late) >= 3, "its promise was of round 3"
    assert c.rounds[-1] == 7
    c.audit()


def restarted(c: Committee, member: int, restored: Restored) -> Machine:
    """A machine of `member` that starts with exactly this memory."""
    node = c.nodes[member]
    return Machine(member, c.params, node.key, node.sign, node.entropy, restored)


def spoken(effects: list[fx.Effect]) -> list[tuple[Kind, int]]:
    """What was sent, but for commitments."""
    return [(e.kind, e.round) for e in effects if isinstance(e, fx.Send) and e.kind != Kind.COMMITMENTS]


def test_a_promise_keeps_the_member_out_of_every_round_below_it() -> None:
    c = Committee(start=False)
    machine = restarted(c, 2, Restored(promise=3))
    readings = c.world.read_all(BEGINS)
    assert spoken(machine.tick(BEGINS)) == []
    assert spoken(machine.read(2, readings, BEGINS + 1)) == []
    assert spoken(machine.called(0, 2, Call(0), BEGINS + 2) + machine.called(1, 2, Call(0), BEGINS + 2)) == []
    assert machine.bundle_wanted(BEGINS + 20) is None
    assert spoken(machine.tick(BEGINS + SLOT)) == [(Kind.CALL, 3)]
    assert spoken(machine.read(3, readings, BEGINS + SLOT + 1)) == [(Kind.OBSERVATION, 3)]


def test_a_leader_that_proposed_before_a_restart_proposes_no_more_in_that_round() -> None:
    """Nor before n observations are there or the time to observe is over; and not with fewer than t."""
    c = Committee()
    c.tamper = lambda m: () if m.kind == Kind.PROPOSAL else (m,)
    c.slots(1.5)
    said = {m.source: Observation.decode(m.body) for m in c.sent if m.kind == Kind.OBSERVATION}
    own = fx.RecordObservation(1, said[1].encode())
    wanted = []
    for proposed in (frozenset[int](), frozenset([1])):
        restored = Restored(promise=1, observations={1: own.raw}, proposed=proposed)
        machine = restarted(c, 1, restored)
        begins = c.first.begins(1)
        machine.tick(begins)
        for count, member in enumerate((0, 1, 2, 3), 1):
            machine.observed(said[member], begins + 1)
            wanted.append((count, machine.bundle_wanted(begins + 1) is not None))
            wanted.append((count, machine.bundle_wanted(begins + 20) is not None))
    first, second = wanted[:8], wanted[8:]
    assert first == [(1, False), (1, False), (2, False), (2, False), (3, False), (3, True), (4, True), (4, True)]
    assert not any(there for _, there in second)


def test_a_clock_far_ahead_takes_no_part_and_its_promise_binds_it_after() -> None:
    c = Committee(heartbeat=30)
    node = c.nodes[3]
    c.at(2 * SLOT + 10, lambda: setattr(node, "skew", 3.0 * SLOT))
    c.at(3 * SLOT + 10, lambda: setattr(node, "skew", 0.0))
    c.slots(10)
    promise = max(e.round for e, _ in node.disk.log if isinstance(e, fx.Promise) and e.round <= 7)
    assert promise >= 5
    signed = [e.round for e, _ in node.disk.log if isinstance(e, fx.RecordSignature)]
    assert not [k for k in signed if 2 < k < promise]
    assert c.rounds[-1] == 9
    c.audit()


def test_a_member_asks_to_be_woken_when_something_is_due_and_at_once_when_it_is_overdue() -> None:
    c = Committee(network=without(0))
    c.slots(1)
    leader = c.nodes[1].machine
    assert leader is not None
    c.run(SLOT + 5.0)
    observing_ends = GENESIS + SLOT + c.first.skew + (SLOT - 2 * c.first.skew) / 2
    assert leader.wake(c.now) == observing_ends
    c.tamper = lambda m: () if m.kind == Kind.SHARE else (m,)
    c.run(SLOT + 15.5)
    until = observing_ends + (SLOT - 2 * c.first.skew) / 4
    assert leader.wake(c.now) == until
    assert leader.wake(until + 1) == until + 1, "overdue"
    c.run(SLOT + 29.0)
    assert leader.wake(c.now) == BEGINS


def test_a_new_configuration_holds_from_its_round_on_and_never_mixes() -> None:
    c = Committee(heartbeat=30)
    other = replace(c.first, config_id=keccak256(b"second"), from_round=4)
    late = c.nodes[3]
    late.params_at = lambda _: c.first  # it has not got the file
    c.configs.append(other)
    c.slots(8)
    for m in (m for m in c.sent if m.kind == Kind.OBSERVATION and m.source != 3):
        o = Observation.decode(m.body)
        assert o.config_id == (other if o.round >= 4 else c.first).config_id
    for round_, found in c.certificates.items():
        for certified in found.values():
            assert certified.basis.config_id == (other if round_ >= 4 else c.first).config_id
    assert set(c.rounds) == {1, 2, 3, 4, 5, 6}, "round 7 is led by who has not got it"
    assert {(me, note["member"]) for me, note in c.noted("observation.config")} >= {(0, 3), (1, 3), (2, 3)}
    assert not [e for e, _ in late.disk.log if isinstance(e, fx.RecordSignature) and e.round >= 4]
    c.audit()


def test_before_genesis_nothing_happens() -> None:
    c = Committee()
    c.now = GENESIS - 500.0
    c.nodes[0].start()
    machine = c.nodes[0].machine
    assert machine is not None
    assert machine.tick(GENESIS - 500.0) == []
    assert machine.slot is None
    assert GENESIS - 500 < machine.wake(GENESIS - 500.0) <= GENESIS
