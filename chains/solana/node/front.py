"""The network side of a node: HTTP and websockets on one port, websockets on the next one too, where clients that only
know the HTTP port look for them.

It holds no state of the chain: it can be paused and started again while the ledger lives on.
"""

import asyncio
import socket
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from chains.solana.node import dispatch, methods
from chains.solana.node.ledger import Ledger
from chains.solana.node.subscriptions import Session, numbers

MOST_REQUEST = 50 * 1024
"""Bytes of a request, as validators take them."""

MOST_QUEUED = 10_000
"""Messages kept for one connection that does not take them as fast as they come."""

_JSON = "application/json"
_PORT_TRIES = 50
_LAST_PORT = 65_535
_STOP_SECONDS = 1.0

Pair = tuple[socket.socket, socket.socket]
"""Bound to neighbouring ports."""


class CannotListen(OSError):
    """The ports are taken, or may not be used."""


class Front:
    """Serves `ledger` on `host`. `port` is known once it has started; websockets are also on `port` + 1."""

    def __init__(self, ledger: Ledger, host: str = "127.0.0.1") -> None:
        self._ledger, self._host = ledger, host
        self.port = 0
        self._call = methods.over(ledger)
        self._numbers = numbers()
        self._sessions: dict[Session, web.WebSocketResponse] = {}
        self._cut_off = set[asyncio.Task[None]]()
        self._runner: web.AppRunner | None = None
        self._kept: Pair | None = None

    @property
    def sessions(self) -> int:
        """How many websockets are open."""
        return len(self._sessions)

    async def start(self, port: int = 0) -> None:
        """Port 0: any free one whose next one is free too. Raises `CannotListen`."""
        if port == self.port:
            self._give_up_ports()
        pair = _bound_pair(self._host, port)
        application = web.Application(client_max_size=MOST_REQUEST)
        application.router.add_route("*", "/{path:.*}", self._request)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS)
        await runner.setup()
        first = pair[0].getsockname()[1]
        try:
            for bound in pair:
                await web.SockSite(runner, bound).start()
        except OSError as error:
            await runner.cleanup()
            for bound in pair:
                bound.close()
            raise CannotListen(f"cannot listen on {self._host}:{first} and the next port: {error.strerror}") from error
        self._runner, self.port = runner, first

    async def stop(self) -> None:
        """Closes all connections. What was sent to the ledger stays there."""
        await self.pause()
        self._give_up_ports()

    async def pause(self) -> None:
        """As `stop`, but nobody else gets the ports until `start`."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        # At once, before anything else of this process runs. Where another one was faster, `start` says so.
        with suppress(CannotListen):
            self._kept = _bound_pair(self._host, self.port)
        for websocket in list(self._sessions.values()):
            await websocket.close(code=WSCloseCode.GOING_AWAY)
        await asyncio.gather(*self._cut_off)
        await runner.cleanup()

    def poll(self) -> None:
        """To be called after every slot: tells subscribers. Who does not take what it is told is cut off."""
        for session, websocket in list(self._sessions.items()):
            try:
                session.poll()
            except asyncio.QueueFull:
                del self._sessions[session]
                ending = asyncio.create_task(_ended(websocket))
                self._cut_off.add(ending)
                ending.add_done_callback(self._cut_off.discard)

    def _give_up_ports(self) -> None:
        kept, self._kept = self._kept, None
        for one in kept or ():
            one.close()

    async def _request(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(headers=_cors(request) | {"Allow": "OPTIONS, POST"})
        if request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        if request.method == "GET" and request.path == "/health":
            return web.Response(text="behind" if self._ledger.behind is not None else "ok")
        if request.method != "POST":
            return web.Response(status=405, text="Used HTTP Method is not allowed. POST or OPTIONS is required\n")
        if request.content_type != _JSON or "Content-Type" not in request.headers:
            text = "Supplied content type is not allowed. Content-Type: application/json is required\n"
            return web.Response(status=415, text=text)
        try:
            body = (await request.read()).decode()
        except UnicodeDecodeError as error:
            return web.Response(status=400, text=f"utf-8 encoding error at byte {error.start} in request body")
        answer = dispatch.handle(body, self._call)
        return web.Response(text=answer, content_type=_JSON, headers=_cors(request))

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(max_msg_size=MOST_REQUEST, timeout=_STOP_SECONDS)
        await websocket.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue(MOST_QUEUED)
        session = Session(self._ledger, queue.put_nowait, self._numbers)
        self._sessions[session] = websocket
        writer = asyncio.create_task(_write(queue, websocket))
        try:
            async for message in websocket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    continue
                text = message.data if isinstance(message.data, str) else message.data.decode(errors="replace")
                answer = dispatch.handle(text, session.call)
                if answer:
                    queue.put_nowait(answer)
                session.poll()
        except asyncio.QueueFull:
            await _ended(websocket)
        finally:
            self._sessions.pop(session, None)
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return websocket


async def _ended(websocket: web.WebSocketResponse) -> None:
    """Of a connection that is too slow: it may not even take that it is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            await websocket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too slow")


async def _write(queue: asyncio.Queue[str], websocket: web.WebSocketResponse) -> None:
    with suppress(ConnectionError):
        while True:
            await websocket.send_str(await queue.get())


def _cors(request: web.Request) -> dict[str, str]:
    """A browser's page may ask, as it may a validator."""
    if "Origin" not in request.headers:
        return {}
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "OPTIONS, POST",
        "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", "content-type"),
    }


def _bound_pair(host: str, port: int) -> Pair:
    """Two sockets on neighbouring ports. Raises `CannotListen`."""
    if not 0 <= port < _LAST_PORT:
        raise CannotListen(f"the port is 0 to {_LAST_PORT - 1}, for the next one is needed too; not {port}")
    any_port = port == 0
    for _ in range(_PORT_TRIES if any_port else 1):
        try:
            first = _bound(host, port, any_port)
        except OSError as error:
            raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}") from error
        second = first.getsockname()[1] + 1
        try:
            return first, _bound(host, second, any_port)
        except (OSError, OverflowError) as error:
            first.close()
            problem = error
    raise CannotListen(f"cannot listen on {host}:{second}, the websockets' port: {problem}")


def _bound(host: str, port: int, alone: bool) -> socket.socket:
    """`alone`: not where another socket is bound that may begin to listen later, or did listen a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if not alone:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # From now on for those that follow on this port.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except (OSError, OverflowError):
        bound.close()
        raise
    return bound
