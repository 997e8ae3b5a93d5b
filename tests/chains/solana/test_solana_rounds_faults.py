"""What goes wrong under a committee over real Solana parts: an endpoint that goes away, finality that stalls, a vault
that cannot be read. Nothing false is ever signed, and what was begun is brought to an end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from solders.signature import Signature

from chains.encoding import route_id
from chains.solana.events import StatementAccepted
from chains.solana.finality import Finality
from chains.solana.node.landed import Landed
from chains.solana.node.node import LocalNode
from chains.solana.outbox import Entry
from chains.solana.sender import Sender
from relayer.agreement.books import COVERED, LEFT_OUT
from tests.chains.polling import until
from tests.chains.rounds import amounts, certified, observations, round_now, running, statements
from tests.chains.solana.rounds import LEASE, SLOT, journalled, solana_committee
from tests.chains.solana.sites import Site, closing, freezing, thawing
from tests.daemon.rig import Member

# The endpoints go away


def before_next(
    patched: pytest.MonkeyPatch, owner: type[Any], method: str, act: Callable[[], Awaitable[None]]
) -> asyncio.Event:
    """Has `act` done before the next call of a method, whoever makes it; tells when it has been."""
    original, done = getattr(owner, method), asyncio.Event()
    acting: asyncio.Task[None] | None = None

    async def acted() -> None:
        await act()
        done.set()

    async def tapped(*arguments: Any) -> Any:
        nonlocal acting
        if acting is None:
            acting = asyncio.create_task(acted())
            await asyncio.shield(acting)  # whoever called may be cancelled meanwhile
        return await original(*arguments)

    patched.setattr(owner, method, tapped)
    return done


@contextmanager
def impatient(members: Sequence[Member]) -> Iterator[None]:
    """Where nothing can be read, they say so before the half of the slot that leaders wait."""
    with ExitStack() as stack:
        for member in members:
            stack.enter_context(patch.object(member.readings, "_deadline", 0.4 * SLOT))
        yield


async def test_the_endpoints_go_away_in_mid_observation(
    tmp_path: Path, nats: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with solana_committee(tmp_path, nats, {"usd": (1,)}, 700_000) as c, running(c) as members:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("usd")
        site, first = ground.sites[gate.chain], round_now(members[0])
        await until(lambda: ground.gate(gate).cap == 700_000)
        url = site.node.url
        await before_next(monkeypatch, Finality, "finalized", site.node.stop_front).wait()
        began = max(map(round_now, members))
        with impatient(members):
            # Each member has said, in a round that began later, that it knows nothing.
            await until(lambda: all(any(not o.chains for o in observations(m, began + 1)) for m in members))
        assert all(certified(m) <= began for m in members)
        assert ground.gate(gate).cap == 700_000
        await site.node.start_front()
        assert site.node.url == url
        reached = max(map(round_now, members))
        await until(lambda: all(certified(m) > reached for m in members))
        assert amounts(members, position, first) == {700_000}
        assert {leaf.mint_cap for m in members for _, leaves in statements(m) for leaf in leaves} == {700_000}


async def test_the_endpoints_go_away_in_mid_submission(
    tmp_path: Path, nats: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one member that pays is killed as well, between signing a transaction and sending it."""
    async with solana_committee(tmp_path, nats, {"usd": (1,)}, 700_000) as c, AsyncExitStack() as stack:
        ground, (gate,) = c.world, c.world.deployments
        site = ground.sites[gate.chain]
        ground.payers = frozenset({0})

        async def silent() -> None:
            site.still = True  # or the transaction could get too old in the meantime
            await site.node.stop_front()

        sending = before_next(monkeypatch, Sender, "broadcast", silent)
        survivor = await stack.enter_async_context(c.member(3))
        async with running(c, 0, 1, 2) as (payer, *_):
            await sending.wait()
            # One, or more where rounds went on while the front went away.
            begun = journalled(payer, gate.chain)
        assert begun
        assert landed_of(site, begun) == []
        assert ground.gate(gate).round == 0
        await site.node.start_front()
        # The payer alone cannot make a new round with the survivor: it is the old transaction that arrives.
        payer = await stack.enter_async_context(c.member(0))
        await until(lambda: ground.gate(gate).round > 0)
        assert landed_of(site, begun)
        landed, site.still = ground.gate(gate).round, False
        for index in (1, 2):
            await stack.enter_async_context(c.member(index))
        await site.local.lock(ground.vaults["usd"], 70_000)
        await until(lambda: ground.gate(gate).cap == 770_000)
        begun = journalled(payer, gate.chain)
        await until(lambda: not {e.key for e in begun} & {e.key for e in journalled(payer, gate.chain)})
        accepted = [e.round for e in ground.events(gate) if isinstance(e, StatementAccepted)]
        assert accepted[0] == landed
        assert accepted == sorted(set(accepted))
        await until(lambda: certified(survivor) >= accepted[-1])


def landed_of(site: Site, entries: Sequence[Entry]) -> list[Landed]:
    """Those of the journalled transactions that a block took."""
    ledger = site.node.ledger
    found = (ledger.landed(Signature(e.signed.signature), ledger.blocks.open.slot) for e in entries)
    return [each for each in found if each is not None]


# Finality stalls


@contextmanager
def stalled(node: LocalNode) -> Iterator[int]:
    """Slots go by and are confirmed, but none becomes final; gives the time of the last that has."""
    blocks = node.ledger.blocks
    final, at = blocks.at("finalized"), blocks.at
    with patch.object(blocks, "at", lambda commitment: final if commitment == "finalized" else at(commitment)):
        yield final.time


async def test_while_finality_stalls_caps_run_out_and_nothing_newer_is_believed(tmp_path: Path, nats: str) -> None:
    async with solana_committee(tmp_path, nats, {"usd": (1,)}, 700_000) as c:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("usd")
        site = ground.sites[gate.chain]
        async with running(c) as members:
            first = round_now(members[0])
            await until(lambda: ground.gate(gate).cap == 700_000)
            assert (await site.mint(gate, 100_000)).ok
            with stalled(site.node) as final:
                await site.local.lock(ground.vaults["usd"], 200_000)
                began = max(map(round_now, members))
                await until(lambda: all(certified(m) > began for m in members))
                expiries = {leaf.expires_at for m in members for _, leaves in statements(m) for leaf in leaves}
                assert max(expiries) <= final + LEASE
                ground.ahead = 2.0 * LEASE
                await until(lambda: all("finality stalls" in m.readings.troubles.get(gate.chain, "") for m in members))
                ended = max(map(round_now, members))
                await until(lambda: all(round_now(m) > ended + 1 for m in members))
                assert all(certified(m) <= ended for m in members)
                assert ground.gate(gate).cap == 700_000
                assert (await site.mint(gate, 1)).ok
                site.ahead = ground.ahead
                site.advance()
                late = await site.mint(gate, 1)
                assert (late.ok, late.error) == (False, "CapExpired")
                assert amounts(members, position, first) == {700_000}
            await until(lambda: ground.gate(gate).cap == 900_000)
            assert (await site.mint(gate, 800_000 - 1)).ok
            assert amounts(members, position, first) == {700_000, 900_000}


# A vault that cannot be read


async def test_a_vault_that_is_frozen_or_closed_leaves_its_route_out(tmp_path: Path, nats: str) -> None:
    async with solana_committee(tmp_path, nats, {"usd": (1,), "eur": (1,)}, 700_000) as c, running(c) as members:
        ground, position = c.world, c.world.position("usd")
        site, usd, first = ground.sites[position.chain], route_id("usd"), round_now(members[0])
        await until(lambda: all(ground.gate(d).cap == 700_000 for d in ground.deployments))

        async def left_out() -> None:
            """The one route, for some rounds; the other goes on."""
            await until(lambda: all(status(m, usd) == LEFT_OUT for m in members))
            reached = max(map(certified, members))
            await until(lambda: all(certified(m) > reached for m in members))
            for round_, leaves in statements(members[0]):
                if round_ >= reached:
                    assert [leaf.route for leaf in leaves] == [route_id("eur")]
            await until(lambda: position.account.address in members[0].readings.troubles.get(position.chain, ""))

        assert (await site.issuer.transact([freezing(site, position)])).ok
        await left_out()
        assert (await site.issuer.transact([thawing(site, position)])).ok
        await until(lambda: all(status(m, usd) == COVERED for m in members))
        assert (await site.keeper.transact(closing(site, position, 700_000))).ok
        await left_out()
        assert all(ground.gate(d).cap == 700_000 for d in ground.deployments)
        assert amounts(members, position, first) == {700_000}
        said = [leaf for m in members for _, leaves in statements(m) for leaf in leaves]
        assert {(leaf.collateral, leaf.mint_cap) for leaf in said} == {(700_000, 700_000)}


def status(member: Member, route: bytes) -> int:
    assert member.machine.highest is not None
    return member.machine.highest[1].books.route(route).status
