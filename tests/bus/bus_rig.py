"""What the bus tests share: a committee, and a network that is either the in-memory hub or a real nats-server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from nacl.signing import SigningKey
from tenacity import wait_none

from chains.hashing import keccak256
from chains.types import Log
from relayer.bus.access import NatsOptions
from relayer.bus.bus import Bounds, Bus, Incoming
from relayer.bus.envelope import INLINE_LIMIT, Limits, seal
from relayer.bus.memory import MemoryHub
from relayer.bus.nats import NatsTransport
from relayer.bus.server import NatsServer
from relayer.bus.transport import Transport

GROUP = keccak256(b"committee")
KEYS = [SigningKey(bytes([i + 1]) * 32) for i in range(4)]
MEMBERS = [key.verify_key for key in KEYS]
SMALL, LARGE = 1, 2
LIMITS = Limits({SMALL: INLINE_LIMIT, LARGE: 1 << 20})
SUBJECT = f"ballast.{GROUP[:8].hex()}.m"
LOG: Log = structlog.get_logger()


def blob_subject(member: int) -> str:
    return f"ballast.{GROUP[:8].hex()}.blob.{member}"


class Network(Protocol):
    async def transport(self, name: str) -> Transport: ...


class MemoryNetwork:
    def __init__(self) -> None:
        self.hub = MemoryHub()

    async def transport(self, name: str) -> Transport:
        return self.hub.connect(name)


class NatsNetwork:
    def __init__(self, server: NatsServer) -> None:
        self.server = server

    async def transport(self, name: str) -> Transport:
        return await NatsTransport.connect(NatsOptions((self.server.url,)), LOG)


@contextlib.asynccontextmanager
async def network(kind: str) -> AsyncIterator[Network]:
    if kind == "memory":
        yield MemoryNetwork()
        return
    async with NatsServer() as server:
        yield NatsNetwork(server)


@dataclass
class Clock:
    """Microseconds, moved by hand; every reading is a little later than the last."""

    now: int = 1_700_000_000_000_000
    step: int = 1

    def __call__(self) -> int:
        self.now += self.step
        return self.now


@dataclass
class Rig:
    """Members' buses over one network, all on one clock."""

    network: Network
    stack: contextlib.AsyncExitStack
    clock: Clock = field(default_factory=Clock)

    async def bus(
        self, me: int, *, instance: int | None = None, transport: Transport | None = None, **bounds: Any
    ) -> Bus:
        bounds = {"fetch_wait": wait_none()} | bounds
        bus = Bus(
            transport or await self.transport(f"member {me}"),
            KEYS[me],
            MEMBERS,
            me,
            GROUP,
            LIMITS,
            self.clock,
            instance=1000 + me if instance is None else instance,
            bounds=Bounds(**bounds),
        )
        await self.stack.enter_async_context(bus)
        return bus

    async def transport(self, name: str) -> Transport:
        transport = await self.network.transport(name)
        self.stack.push_async_callback(transport.close)
        return transport

    def sealed(
        self,
        sender: int,
        body: bytes = b"body",
        *,
        to: int | None = None,
        kind: int = SMALL,
        instance: int | None = None,
        sequence: int | None = None,
        key: SigningKey | None = None,
    ) -> bytes:
        return seal(
            key or KEYS[sender],
            group=GROUP,
            kind=kind,
            sender=sender,
            recipient=to,
            epoch=0,
            round=1,
            instance=1000 + sender if instance is None else instance,
            sequence=self.clock() if sequence is None else sequence,
            body=body,
        )


@contextlib.asynccontextmanager
async def rig(kind: str) -> AsyncIterator[Rig]:
    async with network(kind) as net, contextlib.AsyncExitStack() as stack:
        yield Rig(net, stack)


async def take(bus: Bus, count: int) -> list[Incoming]:
    """The next `count` messages."""
    got: list[Incoming] = []
    messages = bus.messages()
    while len(got) < count:
        got.append(await anext(messages))
    return got


async def until(condition: Callable[[], bool]) -> None:
    """Returns once `condition` holds; the test's own time-out ends it otherwise."""
    while not condition():  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0.005)
