"""A member that reads one chain through several endpoints, whatever the family."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions
from chains.opened import OpenedChain
from chains.types import EndpointHealth, Locked, Position


class World(Protocol):
    """What the member reads."""

    @property
    def positions(self) -> tuple[Position, ...]: ...


def endpoints(urls: Iterable[str]) -> tuple[EndpointOptions, ...]:
    """The options of endpoints that are called a, b, c and so on."""
    return tuple(EndpointOptions(name=name, url=SecretStr(url)) for name, url in zip("abcdefg", urls, strict=False))


@asynccontextmanager
async def closing(chain: OpenedChain) -> AsyncIterator[OpenedChain]:
    try:
        yield chain
    finally:
        await chain.close()


async def answered(chain: OpenedChain) -> None:
    """Waits until every endpoint has answered what it was asked: a reading ends when enough of them have."""
    quorum = chain._ground.quorum
    while quorum._late:
        await asyncio.wait(list(quorum._late))


def healths(chain: OpenedChain) -> dict[str, EndpointHealth]:
    return {health.name: health for health in chain.health()}


async def amounts(chain: OpenedChain, w: World) -> list[Any]:
    """What is locked at the newest checkpoint; an `Unreadable` in the place of what is not read."""
    found = await chain.locked(w.positions, await chain.finalized())
    return [one.amount if isinstance(one, Locked) else one for one in found]
