"""What the bus tests share: a committee, and a network that is either the in-memory hub or a real nats-server."""

import asyncio
import contextlib
import socket
import struct
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
PATIENCE = 1200
"""Seconds, for whatever must come: on a machine that stands still meanwhile, nothing but the test's own time limit ends
the wait."""


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
        return await NatsTransport.connect(options(self.server.url), LOG)


def options(url: str, **more: Any) -> NatsOptions:
    """One server, with patience, and quick in coming back to it."""
    return NatsOptions(
        (url,),
        **{"start_seconds": PATIENCE, "connect_seconds": PATIENCE, "first_wait": 0.01, "longest_wait": 0.05} | more,
    )


class Front:
    """An address before a NATS server that stays while servers come and go. Keeps what clients sent, connection by
    connection. `port`: where the server is, None while there is none."""

    def __init__(self, port: int | None) -> None:
        self.port = port
        self.sent: list[bytearray] = []
        self.silent = False
        """Whether what the server says is held back."""
        self.greeting: bytes | None = None
        """What a new client is told instead of what the server says, before the connection ends."""
        self.greeted = 0
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[None]] = set()

    def cut(self, *, reset: bool = False) -> None:
        """Breaks every connection, with an end or with a reset (RST)."""
        for writer in self._writers:
            if reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        self._writers.clear()

    async def ended(self) -> None:
        """Breaks every connection, and returns when nothing is forwarded any more."""
        while self._serving:
            self.cut()
            await asyncio.wait(self._serving)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if self.greeting is not None:
            self.greeted += 1
            writer.write(self.greeting)
            writer.close()
            return
        if self.port is None:
            writer.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(to_server)
        self.sent.append(kept := bytearray())
        await asyncio.gather(self._forward(reader, to_server, kept), self._back(from_server, writer))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                kept += data
                writer.write(data)
        writer.transport.abort()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await until(lambda: not self.silent or writer.is_closing())
                writer.write(data)
        writer.transport.abort()


@contextlib.asynccontextmanager
async def fronted(port: int | None) -> AsyncIterator[Front]:
    front = Front(port)
    async with await asyncio.start_server(front.accept, "127.0.0.1", 0) as server:
        front.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield front
        finally:
            server.close()
            await front.ended()


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
        patient: dict[str, Any] = {
            "fetch_wait": wait_none(),
            "request_seconds": PATIENCE,
            "fetch_seconds": PATIENCE,
        }
        bus = Bus(
            transport or await self.transport(f"member {me}"),
            KEYS[me],
            MEMBERS,
            me,
            GROUP,
            LIMITS,
            self.clock,
            instance=1000 + me if instance is None else instance,
            bounds=Bounds(**patient | bounds),
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
