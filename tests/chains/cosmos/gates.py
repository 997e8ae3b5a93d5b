"""A gate on a real node with a committee's key, statements for it, and who submits them: for the tests of writing."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from chains.cosmos.demo import PATIENT
from chains.cosmos.outbox import Entry, Outbox
from chains.cosmos.user import CosmosUser
from chains.devnet import Committee as GroupKey
from chains.encoding import MintCap
from chains.opened import OpenedChain
from chains.types import Deployment
from tests.chains.cosmos.cluster import Stage, staged
from tests.chains.cosmos.nodes import RunningNode
from tests.chains.cosmos.sites import DECIMALS, Site, deployment, opened_site
from tests.chains.memory import MemoryJournal
from tests.chains.statements import EPOCH, Committee, planted

GROUP = Committee("group")
"""One contract holds all gates of a local chain, so all tests on it have one committee."""

LEASE, MAX_LEASE = 3_600, 86_400
SEEN = 3_600
"""Seconds ago: when statements were observed. A chain's time is that of its last block, and may be behind the clock."""

LATER, LONGER = 1_000, 100_000.0
"""Blocks, and seconds: longer than any test takes."""


@dataclass
class Gated:
    """A site, a member before it, and a new gate."""

    site: Site
    stage: Stage
    deployment: Deployment
    kept: list[MemoryJournal] = field(default_factory=list)

    def statement(
        self, round_: int, cap: int, by: Committee = GROUP, lease: int = LEASE, of: Deployment | None = None
    ) -> bytes:
        gate, now = of or self.deployment, int(time.time())
        leaf = MintCap(gate.domain, gate.route, cap, cap, 0, now - SEEN, now + lease)
        return planted(leaf).certified(by, EPOCH, round_)

    @asynccontextmanager
    async def member(self, **changes: Any) -> AsyncIterator[OpenedChain]:
        """The member starts, with its journal unless another is given. Neither is what it signs too late as soon as a
        test has to wait, nor does it give up, unless its options say so."""
        own = {"timeout_blocks": LATER, "submit_timeout": LONGER, **changes.pop("options", {})}
        async with self.stage.opened(options=own, **changes) as chain:
            yield chain

    @asynccontextmanager
    async def holder(self, secret: bytes) -> AsyncIterator[CosmosUser]:
        """Another holder than the user, who may mint."""
        user = CosmosUser(self.site.local.chain, SecretStr(self.site.node.url), secret, PATIENT)
        try:
            yield user
        finally:
            await user.close()

    def entries(self) -> list[Entry]:
        """What the member's journal holds."""
        return Outbox(self.stage.journal).entries()

    async def settled(self, chain: OpenedChain) -> None:
        """Settles until the journal is empty."""
        while self.entries():
            await chain.settle()

    async def new_gate(self) -> Deployment:
        return await new_gate(self.site)


async def new_gate(site: Site) -> Deployment:
    # The token is named after it, and a cw20's symbol has letters only.
    route = "".join(chr(ord("a") + byte % 26) for byte in os.urandom(8))
    key = GroupKey(EPOCH, bytes([2 + GROUP.parity]) + GROUP.px)
    return deployment(await site.local.deploy_destination(route, DECIMALS, key, MAX_LEASE), route)


@asynccontextmanager
async def gated(node: RunningNode) -> AsyncIterator[Gated]:
    """A new gate on a node that runs."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(opened_site(node))
        gate = await new_gate(site)
        stage = await stack.enter_async_context(staged(site, (), (gate,)))
        yield Gated(site, stage, gate)
