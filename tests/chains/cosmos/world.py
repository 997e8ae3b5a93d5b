"""The chain of the tests of readings behind three endpoints, and what a member has of it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from chains.cosmos.chain import open_chain
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.opened import OpenedChain
from chains.types import ChainSetup, Deployment, Position
from tests.chains.cosmos import blocks, scene
from tests.chains.cosmos.ledger import Front, Ledger
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.readers import closing, endpoints
from tests.chains.serving import served

POWERS = {"a": 10, "b": 10, "c": 10, "d": 10}


@dataclass
class World:
    """A chain behind endpoints. The member's clock stands at the newest block's time."""

    ledger: Ledger
    fronts: list[Front]
    positions: tuple[Position, ...] = (scene.BANK_POSITION, scene.CW20_POSITION, scene.KEPT_POSITION)
    deployments: tuple[Deployment, ...] = (scene.DEPLOYMENT, scene.GOLD_DEPLOYMENT)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)

    @property
    def now(self) -> float:
        return self.ledger.blocks[self.ledger.height].header.time / blocks.SECOND

    def options(self, **changes: Any) -> MemberOptions:
        root = {"trust_height": 1, "trust_hash": self.ledger.blocks[1].header.hash.hex()}
        settings: dict[str, Any] = {
            "endpoints": endpoints(front.url for front in self.fronts),
            "timeout": 120.0,
            "deadline": 600.0,
            "set_aside": 600.0,
        }
        return MemberOptions(**(settings | root | changes))

    def setup(self, **changes: Any) -> ChainSetup:
        options = changes.pop("options", None) or self.options()
        chain = {"chain_id": blocks.CHAIN, "prefix": "wasm", "trust_period": 86_400} | changes.pop("chain", {})
        default = ChainSetup(
            scene.ID, ChainOptions(**chain), options, self.positions, self.deployments, self.journal, self.log
        )
        return replace(default, **changes)

    def opened(self, **changes: Any) -> AbstractAsyncContextManager[OpenedChain]:
        return closing(open_chain(self.setup(**changes), lambda: self.now))

    def impatient(self, **changes: Any) -> MemberOptions:
        """Options of a member that gives up soon, for tests of what never comes. To a slow machine nothing may come."""
        return self.options(**({"timeout": 0.4, "deadline": 0.4} | changes))


@asynccontextmanager
async def world(fronts: int = 3, **changes: Any) -> AsyncIterator[World]:
    """A chain with everything in place."""
    ledger = Ledger(scene.everything(), changes.pop("powers", POWERS))
    ledger.queries = scene.answers()
    async with AsyncExitStack() as stack:
        made = [Front(ledger) for _ in range(fronts)]
        for front in made:
            front.url = await stack.enter_async_context(served(front.handle))
        yield World(ledger, made, **changes)
