"""What one member can do to another through the bus: cost it little, and stop nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from relayer.agreement.observation import Observation
from relayer.bus.bus import Incoming
from relayer.bus.server import NatsServer
from relayer.daemon.admission import FETCHES, MESSAGES, PER_SLOT, REPEATS, Admission
from relayer.rounds.messages import Kind
from tests.daemon.rig import Committee, Member, committee, until


@pytest.fixture
async def nats() -> AsyncIterator[str]:
    async with NatsServer() as server:
        yield server.url


def certified(member: Member) -> int:
    return member.machine.highest[0].round if member.machine.highest else 0


def signed(c: Committee, member: int, round_: int) -> Observation:
    key: SigningKey = c.keys[member].signing_key
    unsigned = Observation(c.params.config_id, 1, round_, member, None, (), ())
    return replace(unsigned, signature=key.sign(unsigned.signed_part).signature)


async def test_nothing_that_a_member_sends_stops_the_others(tmp_path: Path, nats: str) -> None:
    c = committee(tmp_path, nats, 4, 1, 3)
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(c.member(i)) for i in range(4)]
        await until(lambda: all(certified(m) for m in members))
        liar = members[3].bus
        now = members[0].machine.slot.round if members[0].machine.slot else 0
        for round_ in (now, now + 1, 2**63, 2**64 - 1):
            unsigned = replace(signed(c, 3, round_), signature=bytes(64))
            await liar.send(Kind.OBSERVATION, 1, round_, unsigned.encode())
            for kind in Kind:
                await liar.send(kind, 2**64 - 1, round_, bytes(64))
        reached = max(map(certified, members))
        await until(lambda: all(certified(m) > reached + 1 for m in members))
        assert not any(m.task.done() or m.store.failure for m in members if m.task)


def incoming(kind: Kind, round_: int, sender: int = 1) -> Incoming:
    return Incoming(sender, kind, 1, round_, b"")


def test_one_sender_has_a_bounded_number_of_messages_under_way() -> None:
    admission = Admission()
    call, other = incoming(Kind.CALL, 5), incoming(Kind.CALL, 5, sender=2)
    assert sum(admission.take(call, 5) for _ in range(10 * MESSAGES)) == MESSAGES
    assert admission.take(other, 5)
    admission.done(1)
    assert admission.take(call, 5)
    assert not admission.take(call, 5)


def test_one_sender_has_a_bounded_number_of_messages_in_a_slot() -> None:
    admission = Admission()

    def taken(slot: int) -> bool:
        found = admission.take(incoming(Kind.CERTIFICATE, slot), slot)
        if found:
            admission.done(1)
        return found

    assert sum(taken(5) for _ in range(2 * PER_SLOT)) == PER_SLOT
    assert admission.take(incoming(Kind.CERTIFICATE, 5, sender=2), 5)
    assert taken(6)


@pytest.mark.parametrize("kind", [Kind.OBSERVATION, Kind.PROPOSAL])
def test_only_a_few_of_a_round_that_is_or_comes_next(kind: Kind) -> None:
    admission = Admission()
    for round_ in (0, 4, 7, 2**64 - 1):
        assert not admission.take(incoming(kind, round_), 5)
    for round_ in (5, 6):
        assert sum(admission.take(incoming(kind, round_), 5) for _ in range(9)) == REPEATS
    assert admission.take(incoming(kind, 5, sender=2), 5)
    for _ in range(2 * REPEATS):
        admission.done(1)
    assert not admission.take(incoming(kind, 6), 6)  # counted before the slot began
    assert admission.take(incoming(kind, 7), 6)


async def test_fetches_for_one_sender_are_few_at_a_time() -> None:
    admission = Admission()
    for _ in range(FETCHES):
        await admission.fetching(1).acquire()
    assert admission.fetching(1).locked()
    assert not admission.fetching(2).locked()
    await asyncio.wait_for(admission.fetching(2).acquire(), 10)
