"""What is subscribed or served is known to the server when the call returns, not some time afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from relayer.bus.access import NatsOptions
from relayer.bus.nats import NatsTransport
from relayer.bus.server import NatsServer
from tests.bus.bus_rig import LOG, until


class Tap:
    """Forwards connections to a server and keeps what clients sent, connection by connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self.sent: list[bytearray] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, to_server]
        self.sent.append(kept := bytearray())
        with contextlib.suppress(OSError):
            await asyncio.gather(self._copy(reader, to_server, kept), self._copy(from_server, writer, bytearray()))

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
        while data := await reader.read(65536):
            kept += data
            writer.write(data)
        writer.close()


@contextlib.asynccontextmanager
async def tapped() -> AsyncIterator[tuple[Tap, NatsTransport]]:
    async with NatsServer() as server:
        tap = Tap(int(server.url.rsplit(":", 1)[1]))
        async with await asyncio.start_server(tap.accept, "127.0.0.1", 0) as front:
            url = f"nats://127.0.0.1:{front.sockets[0].getsockname()[1]}"
            transport = await NatsTransport.connect(NatsOptions((url,), first_wait=0.01, longest_wait=0.05), LOG)
            try:
                yield tap, transport
            finally:
                await transport.close()
                tap.cut()


async def echo(payload: bytes) -> bytes:
    return payload


def answered_after(sent: bytes | bytearray, subject: bytes) -> bool:
    """Whether a PING followed the subscription; the call that made both has seen its PONG."""
    _, found, rest = sent.partition(b"SUB " + subject)
    return bool(found) and b"PING\r\n" in rest


Attach = Callable[[NatsTransport], Awaitable[object]]


@pytest.mark.parametrize(
    "attach", [lambda it: it.subscribe("news"), lambda it: it.serve("news", echo)], ids=["subscribe", "serve"]
)
async def test_interest_is_known_when_the_call_returns(attach: Attach) -> None:
    async with tapped() as (tap, transport):
        await attach(transport)
        assert answered_after(tap.sent[-1], b"news")


async def test_interest_is_known_again_before_a_new_connection_counts() -> None:
    async with tapped() as (tap, transport):
        await transport.serve("news", echo)
        tap.cut()
        await until(lambda: len(tap.sent) > 1 and transport.connected)
        assert answered_after(tap.sent[-1], b"news")
