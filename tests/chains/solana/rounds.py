"""A committee over local nodes with the real program: for the tests of whole rounds.

The members are those of `tests.daemon.rig`: in this process, with real stores and keys on a real bus. Each opens the
family's own adapter over HTTP, with a journal and an account of its own.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chains.caip import ChainId
from chains.devnet import Committee as GroupKey
from chains.devnet import Table
from chains.endpoint_options import EndpointOptions
from chains.solana.addresses import TOKEN_PROGRAM
from chains.solana.chain import open_chain
from chains.solana.devnet import PROGRAM
from chains.solana.events import Event, events
from chains.solana.options import MemberOptions
from chains.solana.outbox import Entry, Outbox
from chains.solana.state import Route
from chains.solana.tokens import decode_account, decode_mint
from chains.solana.transactions import Key
from chains.types import ChainSetup, Deployment, Position
from relayer.config.committee import parse_committee
from relayer.daemon.reading import OpenChain
from relayer.dealing import deal_committee
from relayer.store.safety import SafetyStore
from tests.chains.rounds import Configured
from tests.chains.solana.sites import Site, new_site, new_vault
from tests.chains.solana.stage import UNHURRIED
from tests.chains.statements import seed
from tests.daemon.clock import Clock, patient_clock
from tests.daemon.rig import Member, Members

N, FAULTY, THRESHOLD = 4, 1, 3
SLOT, LEASE, LONGEST_LEASE = 2, 600, 86_400
STALENESS = MOST_LAG = 300
"""No shorter than a test may take: what it reads never gets too old by itself."""


@dataclass
class SolanaGround(Configured):
    """See `tests.daemon.rig.Ground`. `document`: the configuration's raw values; `vaults`: by route. `payers` have
    accounts; `ahead` is by how much the adapters' clocks are (seconds)."""

    sites: Mapping[str, Site]
    document: Table
    vaults: Mapping[str, Table]
    clock: Clock
    payers: frozenset[int] = frozenset(range(N))
    ahead: float = 0.0

    def position(self, route: str) -> Position:
        account = self.vaults[route]["account"]
        return next(p for p in self.positions if str(p.account) == account)

    def opened(self, index: int, store: SafetyStore, log: Any) -> list[OpenChain]:
        """Each member has adapters of its own."""
        return [self._opened(site, index, store, log) for site in self.sites.values()]

    def _opened(self, site: Site, index: int, store: SafetyStore, log: Any) -> OpenChain:
        name = site.chain
        positions, deployments = self.committee.positions()[name], self.committee.deployments()[name]
        # A node answers on any path: two names of one node are two endpoints.
        urls = {each: f"{site.node.url}/{each}" for each in ("a", "b")}
        endpoints = tuple(EndpointOptions(name=each, url=SecretStr(url)) for each, url in urls.items())
        setup = ChainSetup(
            ChainId.parse(name),
            self.committee.chain_options(name),
            MemberOptions(endpoints=endpoints, poll=0.05, **UNHURRIED | {"set_aside": 1.0}),
            positions,
            deployments,
            store.journal(name),
            log.bind(chain=name),
            account(index) if index in self.payers else None,
            index,
        )
        chain = open_chain(setup, lambda: self.clock() + self.ahead)
        return OpenChain(name, chain, positions, deployments)

    # What is true

    def gate(self, deployment: Deployment) -> Route:
        return Route.decode(self.sites[deployment.chain].data(deployment.gate.address))

    def supply(self, deployment: Deployment) -> int:
        return decode_mint(self.sites[deployment.chain].data(deployment.token.asset), TOKEN_PROGRAM).supply

    def locked(self, position: Position) -> int:
        return decode_account(self.sites[position.chain].data(position.account.address), TOKEN_PROGRAM).amount

    def events(self, deployment: Deployment) -> list[Event]:
        """Everything that ever took effect at a gate, in order."""
        landed = self.sites[deployment.chain].landed(deployment.gate.address)
        done = [each for each in landed if each.outcome.error is None]
        return [event for each in done for event in events(each.outcome.logs, PROGRAM)]


def account(index: int) -> bytes:
    """The secret of a member's account."""
    return seed(f"account of member {index}")


def journalled(member: Member, chain: str) -> list[Entry]:
    """The transactions that the member has on a chain and that are not final."""
    return Outbox(member.store.journal(chain)).entries()


@asynccontextmanager
async def solana_committee(
    directory: Path, nats_url: str, routes: Mapping[str, Sequence[int]], collateral: int
) -> AsyncIterator[Members[SolanaGround]]:
    """A committee of four over real chains, none of whose members runs yet.

    `routes`: by name, the number of the chain of each of its gates. Every route has a vault of its own on the chain
    with the least number, and `collateral` in it.
    """
    public, keys = deal_committee([f"m{i}" for i in range(N)], THRESHOLD, "devnet", 1, os.urandom)
    key = GroupKey(1, bytes([2 + public.group.parity]) + public.group.px)
    numbers = sorted({number for of_route in routes.values() for number in of_route})
    async with AsyncExitStack() as stack:
        clock = await stack.enter_async_context(patient_clock())
        sites = {number: await stack.enter_async_context(new_site(number, clock)) for number in numbers}
        source, vaults, rows = sites[numbers[0]].local, dict[str, Table](), []
        for name, places in routes.items():
            vaults[name] = await new_vault(sites[numbers[0]])
            await source.lock(vaults[name], collateral)
            gates = [await sites[n].local.deploy_destination(name, 6, key, LONGEST_LEASE) for n in places]
            row = {"name": name, "decimals": 6, "deviation_bps": 1, "positions": [vaults[name]]}
            rows.append(row | {"deployments": [{**gate, "lease": LEASE} for gate in gates]})
        for site in sites.values():
            await site.local.fund([Key(account(i)).address for i in range(N)])
        tables = {
            site.chain: {**await site.local.committee_table(), "finality_lag": 8, "max_finality_lag": MOST_LAG}
            for site in sites.values()
        }
        members = [{"name": f"m{i}", "identity": k.verify_key.hex()} for i, k in enumerate(keys)]
        named = {"genesis": int(clock()) - 10 * SLOT, "members": members, "chains": tables, "routes": rows}
        document = {**_TIMES, **named}
        committee = parse_committee(document, directory / "committee.toml")
        ground = SolanaGround(committee, {site.chain: site for site in sites.values()}, document, vaults, clock)
        yield Members(committee.params(), public, keys, ground, directory, nats_url, clock)


_TIMES = {
    "name": "rounds", "network": "devnet", "epoch": 1, "faulty": FAULTY, "threshold": THRESHOLD,
    "slot": SLOT, "skew": 0, "staleness": STALENESS, "heartbeat": SLOT,
}  # fmt: skip
