"""Readings of what the real program wrote, from a local node over HTTP behind controllable endpoints.

Slots come only when a test makes them. Waiting is polling for a condition.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr
from solders.pubkey import Pubkey

from chains.caip import AccountId, AssetId, ChainId
from chains.devnet import Committee as GroupKey
from chains.devnet import Table
from chains.encoding import route_id
from chains.endpoint_options import EndpointOptions
from chains.errors import Unreadable
from chains.misbehaviour import FAILURES, Behaviour
from chains.opened import OpenedChain
from chains.proxy import Proxy
from chains.solana.addresses import to_text
from chains.solana.chain import open_chain
from chains.solana.demo import SolanaLocalChain
from chains.solana.devnet import ARTIFACT, OWNER, PROGRAM
from chains.solana.misbehaviour import Rule, SolanaDialect
from chains.solana.node import genesis
from chains.solana.node.node import LocalNode
from chains.solana.node.settings import GenesisProgram, Settings
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.types import ChainSetup, Checkpoint, Deployment, GateState, Locked, Position
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.readers import healths
from tests.chains.solana.stage import UNHURRIED, OurNode, going_on
from tests.chains.statements import Committee

NUMBER, FINALITY = 3, 4
CHAIN = ChainId("solana", genesis.reference(NUMBER))
T = TypeVar("T")


@dataclass
class World:
    """A node with a vault and a gate, behind three endpoints."""

    node: LocalNode
    local: SolanaLocalChain
    proxies: list[Proxy[Rule]]
    vault: Table = field(default_factory=dict)
    token: Position = field(default=None)  # type: ignore[assignment]
    native: Position = field(default=None)  # type: ignore[assignment]
    gate: Deployment = field(default=None)  # type: ignore[assignment]
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)

    async def going_on(self, work: Awaitable[T]) -> T:
        """Awaits work that needs slots, letting them go by until it is done."""
        return await going_on(OurNode(self.node), work)

    @asynccontextmanager
    async def opened(self, **changes: Any) -> AsyncIterator[OpenedChain]:
        endpoints = tuple(
            EndpointOptions(name=name, url=SecretStr(proxy.url))
            for name, proxy in zip("abc", self.proxies, strict=True)
        )
        settings = UNHURRIED | changes
        setup = ChainSetup(
            CHAIN,
            ChainOptions(genesis_hash=to_text(genesis.genesis_hash(NUMBER)), max_finality_lag=10**9),
            MemberOptions(endpoints=endpoints, **settings),
            (self.token, self.native),
            (self.gate,),
            self.journal,
            self.log,
        )
        chain = open_chain(setup)
        try:
            yield chain
        finally:
            await chain.close()

    async def locked(self, chain: OpenedChain, at: Checkpoint | None = None) -> Any:
        return (await chain.locked((self.token,), at or await chain.finalized()))[0]


@asynccontextmanager
async def world(**settings: Any) -> AsyncIterator[World]:
    program = GenesisProgram(Pubkey.from_string(PROGRAM), ARTIFACT.read_bytes(), Pubkey.from_string(OWNER.address))
    made = Settings(number=NUMBER, finality_slots=FINALITY, programs=(program,), **settings)
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(LocalNode(made))
        fronts = [await stack.enter_async_context(Proxy(node.url, SolanaDialect())) for _ in range(3)]
        local = SolanaLocalChain(CHAIN, node.url)
        stack.push_async_callback(local.close)
        w = World(node, local, fronts)
        await _set_up(w)
        yield w


async def _set_up(w: World) -> None:
    group = Committee("group")
    key = GroupKey(1, bytes([2 + group.parity]) + group.px)
    w.vault = await w.going_on(w.local.deploy_source("USD", 6, 1_000_000))
    row = await w.going_on(w.local.deploy_destination("test", 6, key, 86_400))
    await w.going_on(w.local.lock(w.vault, 700_000))
    w.token = Position(
        AccountId.parse(w.vault["account"]),
        AssetId.parse(w.vault["asset"]),
        6,
        PositionOptions.model_validate(w.vault["options"]),
    )
    user = AccountId(CHAIN, w.local.user_address())
    w.native = Position(user, AssetId(CHAIN, "slip44", "501"), 9, PositionOptions())
    w.gate = Deployment(
        AccountId.parse(row["gate"]),
        AssetId.parse(row["token"]),
        6,
        route_id("test"),
        DeploymentOptions.model_validate(row["options"]),
    )
    w.node.finalize()


async def test_what_the_program_wrote_is_read() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        at = await chain.finalized()
        token, native = await chain.locked((w.token, w.native), at)
        assert token == Locked(700_000)
        assert isinstance(native, Locked)
        assert native.amount > 10**9
        assert await chain.deployments((w.gate,), at) == (GateState(0, 0, 0, 0),)
        assert {h.state for h in chain.health()} == {"ok"}
        assert w.log.named("program")[0]["upgrade_authority"] == OWNER.address


async def test_a_write_is_not_read_before_its_slot_is_final() -> None:
    async with world() as w, w.opened() as chain:
        before = await chain.finalized()
        locking = await w.going_on(w.local.lock(w.vault, 50_000))
        while (at := await chain.finalized()).height < locking.height:
            assert await w.locked(chain, at) == Locked(700_000)
            w.node.advance()
        assert await w.locked(chain, at) == Locked(750_000)
        assert await w.locked(chain, before) == Locked(700_000)


async def test_skipped_slots_are_no_checkpoints() -> None:
    async with world(skip_every=3) as w, w.opened() as chain:
        for _ in range(7):
            assert (await chain.finalized()).height % 3 != 0
            w.node.advance()
        assert {h.lying for h in chain.health()} == {0}


@pytest.mark.parametrize(
    "rule",
    [
        {"offset": 64, "add": 10**9},
        {"field": "owner", "result": OWNER.address},
        {"field": "executable", "result": True},
        {"result": None},
    ],
)
async def test_a_liar_behind_a_real_node_is_outvoted_named_and_set_aside(rule: dict[str, Any]) -> None:
    async with world() as w, w.opened() as chain:
        lie = Rule.model_validate({"account": w.token.account.address, **rule})
        w.proxies[1].behave(Behaviour(mode="lying", rules=(lie,)))
        assert await w.locked(chain) == Locked(700_000)
        assert healths(chain)["b"].lying == 1
        assert healths(chain)["a"].lying + healths(chain)["c"].lying == 0


async def test_a_laggard_before_a_real_node_is_not_counted() -> None:
    async with world() as w, w.opened() as chain:
        w.node.advance(200)
        w.proxies[2].behave(Behaviour(mode="lagging", behind=100))
        assert await w.locked(chain) == Locked(700_000)
        assert healths(chain)["c"].lagging == 1


@pytest.mark.parametrize("how", [how for how in FAILURES if how != "timeout"])
async def test_a_failing_endpoint_before_a_real_node_costs_nothing(how: str) -> None:
    async with world() as w, w.opened() as chain:
        w.proxies[0].behave(Behaviour.model_validate({"mode": "failing", "how": how}))
        assert await w.locked(chain) == Locked(700_000)
        told = healths(chain)["a"]
        assert told.failing + told.limiting + told.lagging > 0
        assert told.lying == 0


async def test_passing_failures_are_retried_within_the_deadline() -> None:
    async with world() as w, w.opened() as chain:
        for proxy, how in zip(w.proxies, ("429", "500", "reset"), strict=True):
            proxy.behave(Behaviour.model_validate({"mode": "failing", "how": how, "times": 1}))
        assert await w.locked(chain) == Locked(700_000)


async def test_the_node_goes_away_in_the_middle_and_comes_back() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        await w.node.stop_front()
        async with w.opened(timeout=0.3, deadline=0.3) as impatient:
            with pytest.raises(Unreadable):
                await impatient.finalized()
        assert await w.locked(chain, at) == Locked(700_000)
        reading = asyncio.ensure_future(chain.finalized())
        w.node.advance(3)
        await w.node.start_front()
        assert (await reading).height >= at.height
        assert await w.locked(chain) == Locked(700_000)


async def test_a_vault_that_is_emptied_is_read_as_empty_and_an_account_of_another_kind_is_not() -> None:
    async with world() as w:
        await w.going_on(w.local.drain(w.vault))
        w.node.finalize()
        async with w.opened() as chain:
            # An account that holds nothing is no error: it is there, and says 0.
            assert await w.locked(chain) == Locked(0)
        w.token = replace(w.token, account=AccountId(CHAIN, w.gate.token.asset))
        async with w.opened() as chain:
            assert isinstance(await w.locked(chain), Unreadable)
