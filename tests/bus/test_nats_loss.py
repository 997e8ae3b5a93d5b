"""However a connection ends, or whatever a server says, the transport notices, and connects anew."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from nats.aio.client import Client

from relayer.bus import nats
from relayer.bus.access import AccessRefused
from relayer.bus.errors import BusDown
from relayer.bus.nats import NatsTransport
from relayer.bus.server import CONFIG, NatsServer
from tests.bus.bus_rig import LOG, PATIENCE, fronted, options, until


async def echo(payload: bytes) -> bytes:
    return payload


async def heard(server: NatsServer, transport: NatsTransport) -> None:
    """A subscription from before still hears what others say."""
    other = await NatsTransport.connect(options(server.url), LOG)
    assert await other.request("ask", b"still there?", PATIENCE) == b"still there?"
    await other.close()


async def test_a_call_that_is_given_up_leaves_no_connection_that_hears_nothing() -> None:
    """The answer that it waited for comes when nobody awaits it any more, which ends nats-py's reading."""
    async with NatsServer() as server, fronted(server.port) as front:
        transport = await NatsTransport.connect(options(front.url), LOG)
        await transport.serve("ask", echo)
        front.silent = True
        calling = asyncio.create_task(transport.subscribe("news"))
        await until(lambda: b"SUB news" in front.sent[-1])
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        front.silent = False
        await until(lambda: transport.connected)
        await heard(server, transport)
        await transport.close()


async def test_a_connection_that_is_reset_while_something_is_sent_is_noticed() -> None:
    """nats-py's own notice does not come then."""
    async with NatsServer() as server, fronted(server.port) as front:
        transport = await NatsTransport.connect(options(front.url), LOG)
        await transport.serve("ask", echo)
        for _ in range(20):
            before = len(front.sent)
            front.cut(reset=True)
            while len(front.sent) == before:
                with contextlib.suppress(BusDown):
                    await transport.publish("news", bytes(100))
                await asyncio.sleep(0)
            await until(lambda: transport.connected)
        await heard(server, transport)
        await transport.close()


@pytest.mark.parametrize("greeting", [b"INFO []\r\n", b"INFO {}\r\n", b"INFO {\r\n", b"\xff" * 70_000, b"\r\n", b""])
async def test_what_no_server_says_is_one_clear_error_and_ends_no_reconnecting(greeting: bytes) -> None:
    async with NatsServer() as server, fronted(server.port) as front:
        transport = await NatsTransport.connect(options(front.url), LOG)
        await transport.serve("ask", echo)
        front.greeting = greeting
        with pytest.raises(BusDown, match="cannot be used"):
            await NatsTransport.connect(options(front.url), LOG)
        front.cut()
        greeted = front.greeted
        await until(lambda: front.greeted > greeted + 2)
        assert not transport.connected
        front.greeting = None
        await until(lambda: transport.connected)
        await heard(server, transport)
        await transport.close()


async def test_a_greeting_that_is_broken_off_is_none() -> None:
    """nats-py takes the end of the stream for the server's PONG."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"max_payload": 1048576}\r\n')
        await reader.readuntil(b"PING\r\n")
        writer.write(b'INFO {"max_payload": 1048576}\r\n')
        await reader.read()
        writer.close()

    async with await asyncio.start_server(half, "127.0.0.1", 0) as server:
        url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(BusDown, match="broke off the greeting"):
            await NatsTransport.connect(options(url), LOG)


async def test_a_secret_that_cannot_be_read_for_a_while_is_waited_for(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("s3cret")
    config = f"{CONFIG}authorization {{ user: member, password: s3cret, timeout: {PATIENCE} }}\n"
    async with NatsServer(config=config) as server, fronted(server.port) as front:
        given = options(front.url, user="member", password_file=password)
        transport = await NatsTransport.connect(given, LOG)
        password.chmod(0o644)
        front.cut()
        await until(lambda: not transport.connected)
        with pytest.raises(AccessRefused):
            await NatsTransport.connect(given, LOG)
        password.chmod(0o600)
        await until(lambda: transport.connected)
        await transport.close()


async def test_a_connection_that_does_not_close_in_time_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats, "CLOSE_SECONDS", 0)
    async with NatsServer() as server, fronted(server.port) as front:
        before = asyncio.all_tasks()
        transport = await NatsTransport.connect(options(front.url), LOG)
        await transport.serve("ask", echo)
        assert asyncio.all_tasks() > before
        await transport.close()
        await until(lambda: asyncio.all_tasks() <= before)


async def test_what_nobody_expects_ends_no_reconnecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where another release of nats-py lacks what is ended here."""
    close, failed = nats._close, list[object]()

    async def failing(client: Client) -> None:
        await close(client)
        if not failed:
            failed.append(client)
            raise AttributeError("'Client' object has no attribute '_subs'")

    async with NatsServer() as server, fronted(server.port) as front:
        transport = await NatsTransport.connect(options(front.url), LOG)
        await transport.serve("ask", echo)
        monkeypatch.setattr(nats, "_close", failing)
        front.cut()
        keeper = transport._keeper
        assert keeper is not None
        await until(lambda: (bool(failed) and transport.connected) or keeper.done())
        assert not keeper.done()
        await heard(server, transport)
        await transport.close()


async def test_a_cancellation_that_a_library_swallows_is_raised_behind_it() -> None:
    waiting = asyncio.Event()

    async def swallowing() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            waiting.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(nats._heeding(swallowing()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
