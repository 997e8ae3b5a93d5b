"""The NATS transport, over nats-py: connects anew for ever, keeps subscriptions over reconnections, bounds what waits.

nats-py's own reconnection gives up for good on some answers of the server (an authorization that is refused once, too
many connections) and keeps publications of an outage for later. Here each connection is a new client, and what cannot
be sent now is refused: on this bus an old message is worth nothing.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError, SlowConsumerError

from chains.types import Log
from relayer.bus.access import NatsOptions
from relayer.bus.envelope import LARGEST
from relayer.bus.errors import BusDown, BusError, NoAnswer
from relayer.bus.transport import Handler, Inbox

CLOSE_SECONDS = 1.0
_LOST = (NatsError, OSError, asyncio.TimeoutError)

T = TypeVar("T")


class NatsTransport:
    """Use `connect`. `messages` and `size` (bytes) bound what waits for each subscriber."""

    def __init__(self, options: NatsOptions, log: Log, *, messages: int = 4096, size: int = 64 << 20) -> None:
        self._options = options
        self._seconds = options.start_seconds
        self._log = log
        self._limits = (messages, size)
        self._client: Client | None = None
        self._lost = asyncio.Event()
        self._inboxes: list[tuple[str, Inbox]] = []
        self._handlers: list[tuple[str, Handler]] = []
        self._slow = 0
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, options: NatsOptions, log: Log, *, messages: int = 4096, size: int = 64 << 20
    ) -> "NatsTransport":
        """A connected transport. Raises `BusDown`, once, where no server can be reached or none lets this member in;
        after that, lost connections are its own business. Raises `AccessRefused` for unusable secret files."""
        transport = cls(options, log, messages=messages, size=size)
        log.info("bus.connecting", servers=options.where)  # addresses that answer nothing take their time
        await transport._open()
        transport._seconds = options.connect_seconds
        transport._keeper = asyncio.get_running_loop().create_task(transport._keep())
        return transport

    @property
    def connected(self) -> bool:
        return self._client is not None and not self._lost.is_set()

    @property
    def dropped(self) -> int:
        return self._slow + sum(inbox.dropped for _, inbox in self._inboxes)

    async def publish(self, subject: str, payload: bytes) -> None:
        client = self._current()
        try:
            await _heeding(client.publish(subject, payload))
        except _LOST as error:
            raise BusDown(f"NATS: {error}") from error

    async def subscribe(self, subject: str) -> AsyncIterator[bytes]:
        inbox = Inbox(*self._limits)
        await self._attached(lambda client: self._listen(client, subject, inbox))
        self._inboxes.append((subject, inbox))
        return inbox

    async def serve(self, subject: str, handler: Handler) -> None:
        await self._attached(lambda client: self._answer(client, subject, handler))
        self._handlers.append((subject, handler))

    async def request(self, subject: str, payload: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - as the protocol has it
        client = self._current()
        try:
            reply = await _heeding(client.request(subject, payload, timeout=timeout))
        except NoRespondersError:
            raise NoAnswer(f"nobody serves {subject}") from None
        except TimeoutError:
            raise NoAnswer(f"{subject}: no answer within {timeout} s") from None
        except _LOST as error:
            raise BusDown(f"NATS: {error}") from error
        return reply.data

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for _, inbox in self._inboxes:
            inbox.close()
        if self._client is not None:
            client, self._client = self._client, None
            await _close(client)

    def _current(self) -> Client:
        if self._client is None or self._lost.is_set():
            raise BusDown(f"not connected to NATS at {self._options.where}; trying again by itself")
        return self._client

    async def _attached(self, attach: Callable[[Client], Coroutine[None, None, None]]) -> None:
        client = self._current()
        try:
            await attach(client)
            # Members subscribe at their start, which a machine that stands still for some seconds must not end.
            await _settled(client, self._options.start_seconds)
        except BaseException as error:
            # With this half done the connection is given up. Besides, a PONG that nobody awaits any more would end
            # nats-py's reading.
            await _close(client)
            if isinstance(error, _LOST):
                raise BusDown(f"NATS: {error}") from error
            raise
        if client is not self._client or self._lost.is_set():
            raise BusDown(f"NATS: the connection to {self._options.where} was lost meanwhile")

    async def _listen(self, client: Client, subject: str, inbox: Inbox) -> None:
        async def take(message: Msg) -> None:
            inbox.put(message.data)

        messages, size = self._limits
        await client.subscribe(subject, cb=take, pending_msgs_limit=messages, pending_bytes_limit=size)

    async def _answer(self, client: Client, subject: str, handler: Handler) -> None:
        async def take(message: Msg) -> None:
            try:
                reply = await handler(message.data)
                # An empty answer spares the asker the time-out; it is malformed in every exchange of this bus.
                await message.respond(b"" if reply is None else reply)
            except _LOST as error:
                self._log.debug("bus.answer_lost", subject=subject, error=str(error))
            except Exception as error:  # as the protocol says: it costs this request its answer
                self._log.warning("bus.request_refused", subject=subject, error=str(error))
                with contextlib.suppress(*_LOST):
                    await message.respond(b"")

        messages, size = self._limits
        await client.subscribe(subject, cb=take, pending_msgs_limit=messages, pending_bytes_limit=size)

    async def _open(self) -> None:
        """Connects a new client to any of the servers, each tried twice. Raises `BusDown`, `AccessRefused`."""
        client = Client()
        errors: dict[str, None] = {}  # in order, each once

        async def on_error(error: Exception) -> None:
            if isinstance(error, SlowConsumerError):
                self._slow += 1
                return
            if len(errors) < 2 * len(self._options.urls):
                errors[str(error) or type(error).__name__] = None
            self._log.debug("bus.nats_error", error=str(error))

        try:
            await self._greet(client, on_error)
            for subject, inbox in self._inboxes:
                await self._listen(client, subject, inbox)
            for subject, handler in self._handlers:
                await self._answer(client, subject, handler)
            await _settled(client, self._seconds)
            lost = _end_of(client)
        except BaseException as error:
            await _close(client)
            if isinstance(error, BusError) or not isinstance(error, Exception):
                raise
            # Of any kind: what nats-py makes of bytes that no NATS server sends is whatever its parsing raises.
            errors.setdefault(str(error) or type(error).__name__)
            why = "; ".join(errors)
            raise BusDown(
                f"NATS at {self._options.where} cannot be used: {why}. Is the server running, and are address and "
                "credentials those of member.toml?"
            ) from error
        self._client, self._lost = client, lost

    async def _greet(self, client: Client, on_error: Callable[[Exception], Awaitable[None]]) -> None:
        await _heeding(
            client.connect(
                servers=list(self._options.urls),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=self._seconds,
                error_cb=on_error,
                **self._options.arguments(client),
            )
        )
        self._options.require_tls(client)
        if not client.is_connected:  # nats-py takes anything but an error for the end of the greeting
            raise BusDown(f"NATS at {self._options.where} broke off the greeting")
        if client.max_payload < LARGEST:
            raise BusDown(
                f"NATS at {self._options.where} takes payloads of {client.max_payload} bytes, {LARGEST} are "
                "needed: raise max_payload in its configuration"
            )

    async def _keep(self) -> None:
        """Waits for the connection to be lost, then connects anew, for ever, with growing, jittered pauses."""
        while True:
            await self._lost.wait()
            self._log.warning("bus.disconnected", servers=self._options.where)
            pause = self._options.first_wait
            while True:
                try:
                    if self._client is not None:
                        await _close(self._client)
                    await self._open()
                    break
                except Exception as error:
                    # A file with a secret may be unreadable only for now. Whatever it is, nobody else connects anew.
                    self._client = None
                    why = str(error) if isinstance(error, BusError) else f"{type(error).__name__}: {error}"
                    self._log.warning("bus.unreachable", error=why, retry_seconds=round(pause, 2))
                    await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                    pause = min(pause * 2, self._options.longest_wait)
            self._log.info("bus.reconnected", servers=self._options.where)


def _end_of(client: Client) -> asyncio.Event:
    """Set once the client reads nothing any more. nats-py's own callback does not come where the connection breaks
    while something is left to be written, nor where its reading ends by an error of its own."""
    lost, reading, writing = asyncio.Event(), client._reading_task, client._flusher_task
    assert reading is not None, "nats-py reads from the end of its greeting on"
    assert writing is not None, "and writes"

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            task.exception()  # of no interest: that the connection is lost is told, and asyncio need not complain
        if task is reading:
            lost.set()

    reading.add_done_callback(ended)
    writing.add_done_callback(ended)
    return lost


async def _settled(client: Client, seconds: int) -> None:
    """Returns once the server has everything that was sent before. nats-py's PING overtakes what it still holds
    back, so that one PONG proves nothing; until it comes the rest is written, and a second PING goes after that."""
    for _ in range(2):
        await _heeding(client.flush(seconds))


async def _heeding(work: Awaitable[T]) -> T:
    """nats-py, and `asyncio.wait_for` of Python 3.11 below it, may swallow a cancellation: it is raised behind them."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


async def _close(client: Client) -> None:
    """Throws the client away, whatever state it is in. After a TLS handshake that failed, nats-py waits for ever for
    the end of a connection that it has closed, and elsewhere as long as nobody reads what is left to be written: hence
    the time-out, and the hard end of all that it has then not ended itself."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    for subscription in client._subs.values():
        if subscription._wait_for_msgs_task is not None:
            subscription._wait_for_msgs_task.cancel()
    if (connection := client._transport) is not None:
        connection.close()  # type: ignore[no-untyped-call]
        if (writer := getattr(connection, "_bare_io_writer", None)) is not None:
            writer.transport.abort()
    await asyncio.sleep(0)  # in which the socket is closed
