"""Members over real nodes, each with three endpoints of its own before every node, which a test switches.

`Stage` is one member that opens one chain. A `CosmosGround` is what a committee of `tests.daemon.rig` stands on:
members in this process, with real stores and keys on a real bus. Each of them opens the family's own adapter over HTTP,
with a journal and an account of its own.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chains.caip import ChainId
from chains.cosmos import state
from chains.cosmos.chain import open_chain
from chains.cosmos.demo import STRIDE
from chains.cosmos.family import FAMILY
from chains.cosmos.misbehaviour import CosmosDialect, Rule
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.devnet import Behaviour as Mode
from chains.devnet import Committee as GroupKey
from chains.devnet import Table
from chains.misbehaviour import Behaviour
from chains.opened import OpenedChain
from chains.proxy import Proxy
from chains.types import ChainSetup, Deployment, Position
from relayer.config.committee import parse_committee
from relayer.daemon.reading import OpenChain
from relayer.dealing import deal_committee
from relayer.store.safety import SafetyStore
from tests.chains import rounds
from tests.chains.cosmos.sites import DECIMALS, Kind, Site, new_site
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.polling import until_told
from tests.chains.rounds import Configured
from tests.chains.statements import seed
from tests.daemon.clock import patient_clock
from tests.daemon.rig import Member, Members

N, FAULTY, THRESHOLD = 4, 1, 3
ENDPOINTS = 3
SLOT, LEASE, LONGEST_LEASE = 3, 600, 86_400
FINALITY_LAG = 8
STALENESS = MOST_LAG = 300
MOST_BLOCK_SECONDS = 30
READING_SECONDS = 30.0
PATIENT = {"timeout": 120.0, "deadline": 600.0}
"""No test fails because the machine is slow."""

_LOOK_SECONDS = 0.1

Proxies = Sequence[Proxy[Rule]]


@asynccontextmanager
async def proxies(site: Site, count: int = ENDPOINTS) -> AsyncIterator[Proxies]:
    """Controllable endpoints before a site's node."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Proxy(site.node.url, CosmosDialect())) for _ in range(count)]


def behaviour(mode: Mode, *rules: Rule, **more: Any) -> Behaviour[Rule]:
    return CosmosDialect.behaviour(mode=mode, rules=rules, **more)


def member_options(site: Site, before: Proxies, **changes: Any) -> MemberOptions:
    """What a member's member.toml says, with `changes`. Its endpoints are called a, b, c and so on."""
    named = dict(zip("abcdefg", (proxy.url for proxy in before), strict=False))
    table = {**site.local.member_table(named), **PATIENT, "poll": 0.1, "set_aside": 600.0}
    return MemberOptions.model_validate({**table, **changes})


@dataclass
class Stage:
    """A site, the endpoints before it, and the member that asks them."""

    site: Site
    proxies: Proxies
    chain_options: ChainOptions
    positions: tuple[Position, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)

    def behave(self, mode: Mode, *rules: Rule, at: Sequence[int] = (0,), **more: Any) -> None:
        """Switches the endpoints at these places."""
        for index in at:
            self.proxies[index].behave(behaviour(mode, *rules, **more))

    @asynccontextmanager
    async def opened(self, **changes: Any) -> AsyncIterator[OpenedChain]:
        """The member starts. `options`: changes to its options, `chain`: to those that all members share; the rest
        changes the set-up."""
        setup = ChainSetup(
            self.site.local.chain,
            self.chain_options.model_copy(update=changes.pop("chain", {})),
            member_options(self.site, self.proxies, **changes.pop("options", {})),
            self.positions,
            self.deployments,
            self.journal,
            self.log,
            account(0),
        )
        chain = open_chain(replace(setup, **changes))
        try:
            yield chain
        finally:
            await chain.close()


@asynccontextmanager
async def staged(
    site: Site, positions: Sequence[Position] = (), deployments: Sequence[Deployment] = ()
) -> AsyncIterator[Stage]:
    """A member of one chain, which can pay for transactions. There is a checkpoint above its root of trust, and however
    slow blocks are, they are checkpoints."""
    unhurried = {"max_block_seconds": 3_600, "max_finality_lag": 3_600}
    chain_options = ChainOptions.model_validate({**await site.local.committee_table(), **unhurried})
    await site.local.fund([FAMILY.account_address(account(0))])
    await site.node.reaches(site.local.member_table({})["trust_height"] + STRIDE)
    async with proxies(site) as before:
        yield Stage(site, before, chain_options, tuple(positions), tuple(deployments))


@dataclass
class CosmosGround(Configured):
    """See `tests.daemon.rig.Ground`. `document`: the configuration's raw values; `vaults`: by route; `proxies`: each
    member's by chain. `opening` is how an adapter is made, `options` are changes to all members' options."""

    sites: Mapping[str, Site]
    document: Table
    vaults: Mapping[str, Table]
    proxies: Sequence[Mapping[str, Proxies]]
    opening: Callable[[ChainSetup], OpenedChain] = field(default=FAMILY.open)
    options: Table = field(default_factory=dict)

    def position(self, route: str) -> Position:
        row = self.vaults[route]
        return next(p for p in self.positions if (str(p.account), str(p.asset)) == (row["account"], row["asset"]))

    def opened(self, index: int, store: SafetyStore, log: Any) -> list[OpenChain]:
        """Each member has adapters of its own."""
        return [self._opened(site, index, store, log) for site in self.sites.values()]

    def behave(self, member: int, mode: Mode, *rules: Rule, at: Sequence[int] = (0,), **more: Any) -> None:
        """Switches the endpoints, by their places, that one member asks about every chain."""
        for of_chain in self.proxies[member].values():
            for index in at:
                of_chain[index].behave(behaviour(mode, *rules, **more))

    def _opened(self, site: Site, index: int, store: SafetyStore, log: Any) -> OpenChain:
        name = site.chain
        positions, deployments = self.committee.positions()[name], self.committee.deployments()[name]
        setup = ChainSetup(
            ChainId.parse(name),
            self.committee.chain_options(name),
            member_options(site, self.proxies[index][name], **{"set_aside": 1.0, **self.options}),
            positions,
            deployments,
            store.journal(name),
            log.bind(chain=name),
            account(index),
            index,
        )
        return OpenChain(name, self.opening(setup), positions, deployments)

    # What is true

    def gate(self, deployment: Deployment) -> state.Statement:
        return self.sites[deployment.chain].gate(deployment)

    def supply(self, deployment: Deployment) -> int:
        return self.sites[deployment.chain].supply(deployment)

    def locked(self, position: Position) -> int:
        return self.sites[position.chain].locked(position)


async def final(site: Site) -> None:
    """Waits for a checkpoint at which there is all that was sent."""
    await until_told(site.local.final)


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what members know, or for what is true on chains; the test's own time-out ends what never comes. All
    members wait while a chain is asked, so that it is not asked often."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def running(c: Members[CosmosGround], *which: int) -> AsyncIterator[list[Member]]:
    """All members, or some of them, whose readings may take longer than usual."""
    async with rounds.running(c, *which) as members:
        for member in members:
            member.readings._deadline = READING_SECONDS
        yield members


@contextmanager
def impatient(members: Sequence[Member]) -> Iterator[None]:
    """Where nothing can be read, they say so before the half of the slot that leaders wait."""
    with ExitStack() as stack:
        for member in members:
            stack.enter_context(patch.object(member.readings, "_deadline", 0.4 * SLOT))
        yield


def account(index: int) -> bytes:
    """The secret of a member's account."""
    return seed(f"account of member {index}")


@asynccontextmanager
async def cosmos_committee(
    directory: Path,
    nats_url: str,
    routes: Mapping[str, Sequence[int]],
    collateral: int,
    kinds: Mapping[str, Kind] | None = None,
    lease: int = LEASE,
    staleness: int = STALENESS,
) -> AsyncIterator[Members[CosmosGround]]:
    """A committee of four over real chains, where everything is final. None of its members runs yet. Their rounds are
    not those of the chains' time: they last longer where the machine has little time for them.

    `routes`: by name, the numbers of the chains that have a gate of it. Every route has a position of its own on the
    chain with the least number, of the bank unless `kinds` says otherwise, and `collateral` in it.
    """
    public, keys = deal_committee([f"m{i}" for i in range(N)], THRESHOLD, "devnet", 1, os.urandom)
    key = GroupKey(1, bytes([2 + public.group.parity]) + public.group.px)
    numbers = sorted({number for of_route in routes.values() for number in of_route})
    async with AsyncExitStack() as stack:
        clock = await stack.enter_async_context(patient_clock())
        sites = dict[int, Site]()
        for number in numbers:
            (directory / f"node-{number}").mkdir()
            sites[number] = await stack.enter_async_context(new_site(number, directory / f"node-{number}"))
        source, vaults, rows = sites[numbers[0]], dict[str, Table](), []
        for name, places in routes.items():
            vaults[name] = await source.new_vault(name, (kinds or {}).get(name, "bank"))
            assert (await source.local.lock(vaults[name], collateral)).ok
            gates = [await sites[n].local.deploy_destination(name, DECIMALS, key, LONGEST_LEASE) for n in places]
            row = {"name": name, "decimals": DECIMALS, "deviation_bps": 1, "positions": [vaults[name]]}
            rows.append(row | {"deployments": [{**gate, "lease": lease} for gate in gates]})
        before = [
            {site.chain: await stack.enter_async_context(proxies(site)) for site in sites.values()} for _ in range(N)
        ]
        tables = {}
        for site in sites.values():
            await site.local.fund([FAMILY.account_address(account(i)) for i in range(N)])
            own = {"finality_lag": FINALITY_LAG, "max_finality_lag": MOST_LAG, "max_block_seconds": MOST_BLOCK_SECONDS}
            tables[site.chain] = {**await site.local.committee_table(), **own}
            await final(site)
        members = [{"name": f"m{i}", "identity": k.verify_key.hex()} for i, k in enumerate(keys)]
        named = {"genesis": int(clock()) - 10 * SLOT, "members": members, "chains": tables, "routes": rows}
        document = {**_TIMES, "staleness": staleness, **named}
        committee = parse_committee(document, directory / "committee.toml")
        ground = CosmosGround(committee, {site.chain: site for site in sites.values()}, document, vaults, before)
        yield Members(committee.params(), public, keys, ground, directory, nats_url, clock)


_TIMES = {
    "name": "rounds", "network": "devnet", "epoch": 1, "faulty": FAULTY, "threshold": THRESHOLD,
    "slot": SLOT, "skew": 0, "heartbeat": SLOT,
}  # fmt: skip
