"""Servers that stand for a node, on free ports of 127.0.0.1."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, path: str = "") -> AsyncIterator[str]:
    """The URL of a server that answers what is posted to `path`, which begins with a slash."""
    app = web.Application()
    app.router.add_post(path or "/", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def answering(made: Callable[[Any], Any], path: str = "") -> AsyncIterator[str]:
    """The same for answers that a function of the request's JSON makes: a JSON value, or a whole response."""

    async def answer(request: web.Request) -> web.StreamResponse:
        answered = made(await request.json())
        return answered if isinstance(answered, web.StreamResponse) else web.json_response(answered)

    async with served(answer, path) as url:
        yield url


@contextmanager
def silent() -> Iterator[str]:
    """A URL where nobody listens: its port is taken as long as this lasts, so that nobody else can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
