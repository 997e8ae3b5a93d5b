"""Members over a real bus and real stores: they agree, submit, survive a crash, and never contradict themselves."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relayer.bus.server import NatsServer
from tests.daemon.clock import patient_clock
from tests.daemon.rig import FIRST, SECOND, SOURCE, Committee, Member, committee, until


@pytest.fixture
async def c(tmp_path: Path) -> AsyncIterator[Committee]:
    """Four members, of which one may be faulty and three sign; none runs yet."""
    async with NatsServer() as server, patient_clock() as clock:
        yield committee(tmp_path, server.url, 4, 1, 3, clock=clock)


def certified(member: Member) -> int:
    return member.machine.highest[0].round if member.machine.highest else 0


async def test_caps_reach_both_gates_and_follow_the_collateral(c: Committee) -> None:
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(c.member(i)) for i in range(4)]
        gates = [(c.world.chains[d.chain], d.key) for d in c.world.deployments]
        await until(lambda: all(chain.gates[gate].cap == 500_000_000 for chain, gate in gates))
        await until(lambda: all(certified(m) for m in members))
        c.world.chains[SOURCE].locked_amounts[c.world.position.id] = 400_000_000
        await until(lambda: all(chain.gates[gate].cap == 200_000_000 for chain, gate in gates))
        assert not any(m.store.disputes() for m in members)


async def test_a_member_that_is_killed_and_comes_back(c: Committee) -> None:
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(c.member(i)) for i in range(3)]
        async with c.member(3) as victim:
            await until(lambda: certified(victim) > 0)
            seen = certified(victim)
        await until(lambda: certified(members[0]) > seen + 1)
        async with c.member(3) as back:
            assert certified(back) >= seen
            reached = certified(members[0])
            await until(lambda: certified(back) > reached)
            assert not any(m.store.disputes() for m in (*members, back))


async def test_too_few_members_certify_nothing(c: Committee) -> None:
    async with c.member(0) as one, c.member(1) as two:
        await until(lambda: one.machine.slot is not None and two.machine.slot is not None)
        assert one.machine.slot is not None
        start = one.machine.slot.round
        await until(lambda: one.machine.slot is not None and one.machine.slot.round > start + 4)
        assert certified(one) == certified(two) == 0
        async with c.member(2) as three:
            await until(lambda: all(certified(m) for m in (one, two, three)))


async def test_an_unreadable_destination_gets_no_new_statement(c: Committee) -> None:
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(c.member(i)) for i in range(4)]
        first, second = (c.world.chains[name] for name in (FIRST, SECOND))
        await until(lambda: all(g.cap for chain in (first, second) for g in chain.gates.values()))
        second.down = True
        c.world.chains[SOURCE].locked_amounts[c.world.position.id] = 900_000_000
        held = dict(second.gates)
        # What the unreadable gate may still hold stays reserved, so only the other one gives way.
        await until(lambda: all(0 < g.cap <= 400_000_000 for g in first.gates.values()))
        reached = certified(members[0])
        await until(lambda: certified(members[0]) > reached + 1)
        assert second.gates == held
        assert all(g.cap == 400_000_000 for g in first.gates.values())


async def test_the_newest_statement_of_a_gate_is_known_again_after_a_restart(c: Committee) -> None:
    """Also where the highest certificate has none for it, since its chain could not be read."""
    async with contextlib.AsyncExitStack() as stack:
        for i in range(1, 4):
            await stack.enter_async_context(c.member(i))
        async with c.member(0) as before:
            await until(lambda: len(before.submitter.newest) == 2)
            c.world.chains[SECOND].down = True
            gate = next(d.key for d in c.world.deployments if d.chain == SECOND)
            await until(lambda: before.submitter.newest[gate].round < certified(before))
            newest = before.submitter.newest[gate]
        async with c.member(0) as after:
            await until(lambda: gate in after.submitter.newest)
            assert after.submitter.newest[gate] == newest
