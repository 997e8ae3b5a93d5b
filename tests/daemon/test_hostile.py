"""What one member can do to another through the bus: cost it little, and stop nothing."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from chains.encoding import Certificate, MintCap, Tree
from chains.hashing import keccak256
from relayer.agreement.observation import Observation
from relayer.agreement.records import Certified, decode_statements, encode_statements
from relayer.bus.bus import Incoming
from relayer.bus.server import NatsServer
from relayer.daemon.admission import FETCHES, MESSAGES, PER_SLOT, REPEATS, Admission
from relayer.frost import aggregate, round1, round2
from relayer.rounds.messages import Kind
from tests.daemon.clock import patient_clock
from tests.daemon.rig import PATIENCE, Committee, Member, committee, until


@pytest.fixture
async def c(tmp_path: Path) -> AsyncIterator[Committee]:
    """Four members, of which one may be faulty and three sign; none runs yet."""
    async with NatsServer() as server, patient_clock() as clock:
        yield committee(tmp_path, server.url, 4, 1, 3, clock=clock)


def certified(member: Member) -> int:
    return member.machine.highest[0].round if member.machine.highest else 0


def signed(c: Committee, member: int, round_: int) -> Observation:
    key: SigningKey = c.keys[member].signing_key
    unsigned = Observation(c.params.config_id, 1, round_, member, None, (), ())
    return replace(unsigned, signature=key.sign(unsigned.signed_part).signature)


async def test_nothing_that_a_member_sends_stops_the_others(c: Committee) -> None:
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
    await asyncio.wait_for(admission.fetching(2).acquire(), PATIENCE)


def forked(c: Committee, member: Member) -> tuple[Certified, bytes]:
    """Another certificate for the round of the member's highest one, as a corrupt committee could sign it."""
    assert member.machine.highest
    real = member.machine.highest[0]
    statements = member.store.blob(real.basis.statements)
    assert statements is not None
    leaves = tuple(replace(leaf, mint_cap=1) for leaf in decode_statements(statements) if isinstance(leaf, MintCap))
    blob = encode_statements(leaves)
    header = replace(real.header, root=Tree(leaves).root)
    shares = [k.share(1) for k in c.keys[: c.params.threshold]]
    nonces, commitments = zip(*(round1.commit(s.share, os.urandom(64)) for s in shares), strict=True)
    message = header.message()
    signed = {s.identifier: round2.sign(s, n, message, commitments) for s, n in zip(shares, nonces, strict=True)}
    r, z = aggregate(c.public, message, commitments, signed)
    return Certified(Certificate(header, r, z), replace(real.basis, statements=keccak256(blob))), blob


async def test_a_second_certificate_of_a_round_is_raised(c: Committee) -> None:
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(c.member(i)) for i in range(4)]
        await until(lambda: all(certified(m) for m in members))
        async with asyncio.timeout(PATIENCE):
            while not any(d.kind == "two certificates" for d in members[0].store.disputes()):
                other, blob = forked(c, members[0])
                members[3].runtime._blobs.put(blob)
                await members[3].bus.send(Kind.CERTIFICATE, 1, other.round, other.encode(), 0)
                reached = certified(members[0])
                await until(lambda r=reached: certified(members[0]) > r or bool(members[0].store.disputes()))  # type: ignore[misc]
        assert not any(m.task.done() for m in members if m.task)
