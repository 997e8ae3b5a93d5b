"""Whole rounds over real chains while endpoints lie together, the node dies in mid-round, or the chain stands still."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chains.cosmos.chain import open_chain
from chains.cosmos.demo import STRIDE
from chains.cosmos.outbox import Entry, Outbox
from chains.cosmos.sender import Sender
from chains.devnet import Behaviour as Mode
from chains.devnet import Table
from chains.types import Deployment
from relayer.agreement.observation import Observation
from tests.chains.cosmos import lies
from tests.chains.cosmos.cluster import (
    MOST_LAG,
    CosmosGround,
    N,
    cosmos_committee,
    impatient,
    running,
    until,
)
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.cosmos.sites import Site
from tests.chains.rounds import amounts, certified, observations, round_now, statements
from tests.daemon.rig import Member, Members

pytestmark = needs_wasmd

LOCKED = 700_000
MORE = 200_000
LEASE, STALENESS = 24, 12
"""Seconds; the least that goes with the rest of the configuration, since what is shown is that leases run out."""
STILL = 10**9
"""Milliseconds between two blocks of a chain that stands still."""


# Endpoints


async def test_lying_endpoints_with_the_rest_down_give_nothing(tmp_path: Path, nats: str) -> None:
    """Every member has three endpoints, of which two must agree. Nothing is signed until the others are back: what one
    proves is not believed alone either."""
    async with cosmos_committee(tmp_path, nats, {"USD": (0,)}, LOCKED) as c:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("USD")
        lie = (lies.of_position(position, add=10**6), lies.of_supply(gate, 10**6), lies.of_cap(gate, 10**6))

        def only(mode: Mode) -> None:
            for index in range(N):
                ground.behave(index, mode, *(lie if mode == "lying" else ()))
                ground.behave(index, "failing", at=(1, 2))

        only("lying")
        async with running(c) as members:
            await until(lambda: all(m.machine.slot is not None for m in members))
            for mode in ("lying", "honest"):
                only(mode)
                await abstained(members)
                assert all(m.readings.troubles[gate.chain] for m in members)
                assert [certified(m) for m in members] == [0] * N
                assert ground.gate(gate).round == 0
            for index in range(N):
                ground.behave(index, "honest", at=range(3))
            await until(lambda: ground.gate(gate).cap == LOCKED)
            assert amounts(members, position) == {LOCKED}


async def abstained(members: Sequence[Member]) -> int:
    """Waits until each has said that it knows nothing of any position or gate, in a round that began later than now:
    the round now."""
    now = max(map(round_now, members))
    with impatient(members):
        await until(lambda: all(any(map(_empty, observations(m, now + 1))) for m in members))
    return now


def _empty(said: Observation) -> bool:
    return not any(chain.positions or chain.gates for chain in said.chains)


# The node


class Killing:
    """Holds all transactions for gates, signed and journalled as they are, from when it is armed until the node is
    killed."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.held = list[Entry]()
        self.armed, self._killed = False, asyncio.Event()
        original = Sender.broadcast

        async def broadcast(sender: Sender, entry: Entry) -> Entry:
            if self.armed:
                self.held.append(entry)
                await self._killed.wait()
            return await original(sender, entry)

        patched.setattr(Sender, "broadcast", broadcast)

    def kill(self, node: RunningNode) -> None:
        node.kill()
        self.armed = False
        self._killed.set()


async def test_a_node_that_is_killed_in_mid_round_costs_no_statement(
    tmp_path: Path, nats: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round has just been certified, and its transaction is about to leave a member."""
    async with cosmos_committee(tmp_path, nats, {"USD": (0,)}, LOCKED) as c, running(c) as members:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("USD")
        site, killing = ground.sites[gate.chain], Killing(monkeypatch)
        await until(lambda: ground.gate(gate).cap == LOCKED)
        assert (await site.mint(gate, 300_000)).ok
        killing.armed = True
        assert (await site.local.lock(ground.vaults["USD"], MORE)).ok
        await until(lambda: bool(killing.held))
        killing.kill(site.node)
        assert any(entry in killing.held for m in members for entry in _journalled(m, gate))
        # While it is down nothing can be read, so that nothing is certified.
        down = await abstained(members)
        assert max(map(certified, members)) <= down
        site.node.start()
        await site.node.ready()
        await until(lambda: ground.gate(gate).cap == LOCKED + MORE)
        assert (await site.mint(gate, MORE + 400_001)).error == "ExceedsCap"
        assert (await site.mint(gate, MORE + 400_000)).ok
        await until(lambda: not any(_journalled(m, gate) for m in members))
        assert amounts(members, position) == {LOCKED, LOCKED + MORE}
        assert not any(m.store.disputes() for m in members)


def _journalled(member: Member, gate: Deployment) -> list[Entry]:
    """The transactions that the member has on the gate's chain and that are not final."""
    return Outbox(member.store.journal(gate.chain)).entries()


# The chain


async def restarted(site: Site, commit_ms: int) -> None:
    """With another time between blocks, from where it was."""
    site.node.kill()
    site.node.commit_ms = commit_ms
    site.node.start()
    await site.node.ready()


def waits_for_next_block(site: Site) -> bool:
    """Whether the node has not begun with it (CometBFT, consensus/types: RoundStepNewHeight)."""
    height_round_step: str = site.node.ask("consensus_state")["round_state"]["height/round/step"]
    return height_round_step.endswith("/0/1")


def checkpoint_height(site: Site) -> int:
    return (site.node.height() - 1) // STRIDE * STRIDE


async def stopped_after_a_lock(site: Site, vault: Table) -> None:
    """The chain stands still, and what was locked last stands in blocks that no checkpoint follows."""
    usual = site.node.commit_ms
    while True:
        # Right after a checkpoint, so that there is time until the next one.
        reached = checkpoint_height(site)
        await until(lambda reached=reached: checkpoint_height(site) > reached)  # type: ignore[misc]
        receipt = await site.local.lock(vault, MORE)
        await restarted(site, STILL)
        # The block that it was making when it was killed comes yet.
        await until(lambda: waits_for_next_block(site))
        if checkpoint_height(site) < receipt.height:
            return
        # On a slow machine with slower blocks.
        usual *= 2
        await restarted(site, usual)


async def test_while_a_chain_stands_still_caps_run_out_and_nothing_newer_is_believed(tmp_path: Path, nats: str) -> None:
    """The chain of the vault answers as ever, but makes no block; that of the other gate goes on."""
    for lease in (LEASE * 2**i for i in itertools.count()):
        directory = tmp_path / str(lease)
        directory.mkdir()
        async with cosmos_committee(directory, nats, {"USD": (0, 1)}, LOCKED, lease=lease, staleness=STALENESS) as c:
            if await stood_still(c):
                break


async def stood_still(c: Members[CosmosGround]) -> bool:
    """False where statements run out before a gate has them: a slow machine needs a longer lease."""
    ground, position, vault = c.world, c.world.position("USD"), c.world.vaults["USD"]
    source, ahead = ground.sites[position.chain], 0.0
    (far,) = [d for d in ground.deployments if d.chain != position.chain]
    other, usual = ground.sites[far.chain], source.node.commit_ms
    ground.opening = lambda setup: open_chain(
        setup, lambda: time.time() + (ahead if str(setup.chain) == source.chain else 0)
    )
    async with running(c) as members:
        await until(lambda: ground.gate(far).cap == LOCKED // 2 or any(e <= other.time() for e in ends(members, far)))
        if not ground.gate(far).round:
            return False
        await stopped_after_a_lock(source, vault)
        height, newest = source.node.height(), ground.locked(position)
        ahead = 2.0 * MOST_LAG
        await until(lambda: all("finality stalls" in m.readings.troubles.get(source.chain, "") for m in members))
        ended = max(map(round_now, members))
        await until(lambda: all(round_now(m) > ended + 1 for m in members))
        assert all(certified(m) <= ended for m in members)
        leaves = [leaf for m in members for _, of_round in statements(m) for leaf in of_round]
        assert newest not in {leaf.collateral for leaf in leaves}
        assert newest not in amounts(members, position)
        # The other chain goes on, and comes to the end of every statement that there is.
        end = max(leaf.expires_at for leaf in leaves)
        await until(lambda: other.time() >= end)
        late = await other.mint(far, 1)
        assert (late.ok, late.error) == (False, "CapExpired")
        assert 0 < ground.gate(far).expires_at <= end
        assert max(map(certified, members)) <= ended
        assert source.node.height() == height
        ahead = 0.0
        await restarted(source, usual)
        await until(lambda: ground.gate(far).cap == newest // 2)
        assert newest in amounts(members, position)
        assert not any(m.store.disputes() for m in members)
    return True


def ends(members: Sequence[Member], gate: Deployment) -> list[int]:
    """When statements for a gate expire."""
    of_all = (leaf for m in members for _, of_round in statements(m) for leaf in of_round)
    return [leaf.expires_at for leaf in of_all if leaf.domain == gate.domain]
