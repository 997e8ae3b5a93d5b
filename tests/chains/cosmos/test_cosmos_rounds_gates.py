"""Several gates, one collateral, statements in flight: together they never exceed it, at no moment of any chain."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chains.cosmos import blocks_json, state, stores
from chains.cosmos.addresses import account_bytes, denomination
from chains.cosmos.outbox import Entry
from chains.cosmos.sender import Sender
from chains.submissions import certificate
from chains.types import Deployment, Position, Receipt
from tests.chains.cosmos.cluster import CosmosGround, cosmos_committee, running, until
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.rounds import certified, statements
from tests.daemon.rig import Member

pytestmark = needs_wasmd

LOCKED, MORE = 900_000, 90_000


class Held:
    """Keeps transactions for one gate from being sent, but for those of rounds up to `most`."""

    def __init__(self, patched: pytest.MonkeyPatch, gate: Deployment) -> None:
        self.rounds: set[int] = set()
        self.most = 0
        self._changed = asyncio.Event()
        original = Sender.broadcast
        # On local chains contracts that are made alike have one address.
        chain = gate.gate.chain.reference

        async def broadcast(sender: Sender, entry: Entry) -> Entry:
            round_ = certificate(entry.statement).header.round
            while sender._chain.chain_id == chain and round_ > self.most:
                self.rounds.add(round_)
                await self._changed.wait()
            return await original(sender, entry)

        patched.setattr(Sender, "broadcast", broadcast)

    def release(self, most: int) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        self.most = most
        changed.set()


async def test_all_gates_of_one_collateral_together_never_exceed_it(
    tmp_path: Path, nats: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One gate beside the vault, and one on another chain, whose first statement is in flight for long."""
    async with cosmos_committee(tmp_path, nats, {"USD": (0, 1)}, LOCKED) as c:
        ground, vault = c.world, c.world.position("USD")
        (near,) = [d for d in ground.deployments if d.chain == vault.chain]
        (far,) = [d for d in ground.deployments if d.chain != vault.chain]
        half, held = LOCKED // 2, Held(monkeypatch, far)
        ground.options = {"timeout_blocks": 1000}  # what is held is not to be too late for its block
        async with running(c) as (member, *_):
            await until(lambda: ground.gate(near).cap == half and bool(held.rounds))
            assert (await mint(ground, near, half)).ok
            await until(lambda: any(leaf.supply == half for leaf in newest(member)))
            reached = certified(member)
            await until(lambda: certified(member) > reached + 1)
            # What is in flight is reserved: nothing more can be minted here, and it can still be used to the full.
            assert ground.gate(near).cap == half
            assert (await mint(ground, near, 1)).error == "ExceedsCap"
            oldest = min(held.rounds)
            held.release(oldest)
            await until(lambda: ground.gate(far).round == oldest)
            assert (await mint(ground, far, half)).ok
            held.release(2**64)
            assert (await ground.sites[vault.chain].local.lock(ground.vaults["USD"], MORE)).ok
            await asyncio.gather(*(mint_on(ground, d) for d in ground.deployments))
        assert ground.locked(vault) == LOCKED + MORE
        assert max(reachable - locked for reachable, locked in states(ground)) == 0


def newest(member: Member) -> Sequence[Any]:
    return next((leaves for _, leaves in statements(member)), ())


async def mint(ground: CosmosGround, gate: Deployment, amount: int) -> Receipt:
    return await ground.sites[gate.chain].mint(gate, amount)


async def mint_on(ground: CosmosGround, gate: Deployment) -> None:
    """Mints all there is, again and again, until hardly any collateral is left unused."""
    while sum(map(ground.supply, ground.deployments)) * 100 < ground.locked(ground.position("USD")) * 99:
        room = ground.gate(gate).cap - ground.supply(gate)
        if room > 0:
            await mint(ground, gate, room)
        await asyncio.sleep(0.05)


# What was true


def states(ground: CosmosGround) -> list[tuple[int, int]]:
    """What all gates together held or could still mint, and what was locked, after each block with a transaction on any
    chain, in the order in which the blocks were made."""
    vault = ground.position("USD")
    nodes = {name: site.node for name, site in ground.sites.items()}
    moments = sorted((when, name, height) for name, node in nodes.items() for when, height in filled(node))
    now, found = dict[str, int](), list[tuple[int, int]]()
    for _, name, height in moments:
        now[name] = height
        if len(now) == len(nodes):
            reachable = sum(reached(nodes[d.chain], d, now[d.chain]) for d in ground.deployments)
            found.append((reachable, locked(nodes[vault.chain], vault, now[vault.chain])))
    return found


def filled(node: RunningNode) -> list[tuple[int, int]]:
    """Each block with transactions: when it was decided (nanoseconds; its votes date its successor), and its height."""
    head = node.height()
    metas = [
        meta
        for low in range(1, head + 1, 20)
        for meta in node.ask("blockchain", minHeight=str(low), maxHeight=str(low + 19))["block_metas"]
    ]
    times = {int(meta["header"]["height"]): blocks_json.time(meta["header"]["time"]) for meta in metas}
    heights = [int(meta["header"]["height"]) for meta in metas if int(meta["num_txs"])]
    return [(times[height + 1], height) for height in heights if height + 1 in times]


def reached(node: RunningNode, gate: Deployment, height: int) -> int:
    """What a gate's supply was, or could come to."""
    record = node.value(stores.WASM, state.key(account_bytes(gate.gate.address), state.STATEMENT, gate.route), height)
    issued = node.value(stores.WASM, stores.cw20_supply_key(account_bytes(gate.token.asset)), height)
    cap = 0 if record is None else state.statement(record).cap
    return max(cap, 0 if issued is None else stores.cw20_supply(issued)[0])


def locked(node: RunningNode, vault: Position, height: int) -> int:
    denom = denomination(vault.asset)
    assert denom is not None
    held = node.value(stores.BANK, stores.balance_key(account_bytes(vault.account.address), denom), height)
    return 0 if held is None else stores.amount(held, denom)
