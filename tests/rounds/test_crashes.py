"""A member may die between any two things that it does. Every such moment is tried: before and after each write and
each message, as leader and as signer, back within the slot and after it."""

import pytest

from relayer.rounds import effects as fx

from .committee import Broken, Committee, audit_disk
from .disk import DURABLE, Disk, Durable
from .node import Crash
from .world import SLOT

LEADER, SIGNER, END = 2, 3, 6
BACK = {"at once": 0.2, "in the slot": 8.0, "later": 40.0}


def moments(member: int) -> list[str]:
    """What `member` does in slots 2 and 3, in order, in a run without a crash."""
    c = Committee(heartbeat=30)
    done: list[str] = []

    def before(effect: fx.Effect) -> None:
        if c.now >= c.first.begins(2):
            done.append(type(effect).__name__)

    c.nodes[member].before = before
    c.slots(4)
    return done


def crashing(member: int, moment: int, back: float) -> Committee:
    """A run in which `member` dies before the effect number `moment` of slots 2 and 3, and starts again."""
    c = Committee(heartbeat=30)
    done = 0

    def before(_: fx.Effect) -> None:
        nonlocal done
        if c.now >= c.first.begins(2):
            done += 1
            if done == moment + 1:
                raise Crash

    c.nodes[member].before = before
    c.on_crash = lambda node: c.later(back, node.start)
    c.slots(END)
    return c


def test_the_moments_hold_every_kind_of_write_and_message() -> None:
    assert {kind.__name__ for kind in DURABLE} <= set(moments(LEADER))
    assert {"Promise", "RecordObservation", "RecordSignature", "RecordCertificate", "Send"} <= set(moments(SIGNER))
    assert len(moments(LEADER)) > 15


@pytest.mark.parametrize("back", BACK.values(), ids=BACK.keys())
@pytest.mark.parametrize("member", [LEADER, SIGNER], ids=["leader", "signer"])
def test_a_crash_at_any_moment(member: int, back: float) -> None:
    for moment, what in enumerate(moments(member)):
        c = crashing(member, moment, back)
        here = f"before {what}, number {moment}"
        c.audit()
        assert c.nodes[member].up, here
        assert c.nodes[member].stopped is None, here
        assert c.rounds[-1] == END - 1, here
        assert len(set(range(1, END)) - set(c.rounds)) <= 1 + (back > SLOT), f"{here}: {c.rounds}"


def test_all_members_crash_at_once_at_any_time() -> None:
    for step in range(14):
        c = Committee(heartbeat=30)
        for node in c.nodes:
            c.at(2 * SLOT + 0.49 + 0.005 * step, node.stop)
            c.at(2 * SLOT + 3, node.start)
        c.slots(END)
        c.audit()
        assert set(c.rounds) >= {1, 3, 4, 5}, step
        assert not any(node.stopped for node in c.nodes)


def test_a_failing_disk_keeps_the_share_in_the_house() -> None:
    """The record of the signature cannot be made durable: what comes after it is never done."""
    c = Committee(heartbeat=30)

    def before(effect: fx.Effect) -> None:
        if isinstance(effect, fx.RecordSignature):
            raise Crash

    c.nodes[SIGNER].before = before
    c.slots(END)
    c.audit()
    assert not [m for m in c.sent if m.source == SIGNER and m.kind.name == "SHARE"]
    assert not [e for e, _ in c.nodes[SIGNER].disk.log if isinstance(e, fx.RecordSignature)]


def test_what_a_restarted_member_signed_is_in_its_next_observation() -> None:
    """It gave its share, died, and nobody heard of the certificate: its disk alone knows."""
    c = Committee()
    c.tamper = lambda m: () if m.round == 1 and m.kind.name in ("CERTIFICATE", "SHARE") else (m,)
    c.at(SLOT + 20, c.nodes[2].stop)
    c.at(SLOT + 21, c.nodes[2].start)
    c.slots(3)
    (signed,) = (e for e, _ in c.nodes[2].disk.log if isinstance(e, fx.RecordSignature) and e.round == 1)
    (said,) = (e for e, _ in c.nodes[2].disk.log if isinstance(e, fx.RecordObservation) and e.round == 2)
    assert signed.proposal in said.raw
    assert c.rounds == [2]
    c.audit()


def test_the_audit_sees_what_it_looks_for() -> None:

    signature = fx.RecordSignature(2, bytes(32), b"", b"commitment")
    histories: list[list[Durable]] = [
        [signature, fx.RecordSignature(2, b"\x01" * 32, b"", b"other")],
        [signature, fx.RecordSignature(3, bytes(32), b"", b"commitment")],
        [fx.Promise(3), signature],
        [fx.Promise(3), fx.Promise(2)],
        [fx.RecordObservation(1, b"a"), fx.RecordObservation(1, b"b")],
        [fx.RecordProposal(1, b"a", {}), fx.RecordProposal(1, b"b", {})],
    ]
    for effects in histories:
        disk = Disk([(effect, {}) for effect in effects])
        with pytest.raises(Broken):
            audit_disk(disk)
