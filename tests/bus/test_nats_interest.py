"""What is subscribed or served is known to the server when the call returns, not some time afterwards."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from nats.aio.client import Client

from relayer.bus.nats import NatsTransport
from relayer.bus.server import NatsServer
from tests.bus.bus_rig import LOG, PATIENCE, Front, fronted, options, until


@contextlib.asynccontextmanager
async def tapped() -> AsyncIterator[tuple[Front, NatsTransport]]:
    async with NatsServer() as server, fronted(server.port) as front:
        transport = await NatsTransport.connect(options(front.url), LOG)
        try:
            yield front, transport
        finally:
            await transport.close()


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


async def test_a_subscription_has_the_patience_of_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    given = list[int]()
    flush = Client.flush

    async def noting(client: Client, timeout: int) -> None:  # noqa: ASYNC109 - nats-py's own name
        given.append(timeout)
        await flush(client, timeout)

    monkeypatch.setattr(Client, "flush", noting)
    async with NatsServer() as server:
        transport = await NatsTransport.connect(options(server.url, connect_seconds=5), LOG)
        given.clear()
        await transport.subscribe("news")
        await transport.serve("ask", echo)
        assert set(given) == {PATIENCE}
        await transport.close()
