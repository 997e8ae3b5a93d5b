"""A member's HTTP service in a thread of its own, so that commands can be run against it as functions."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from relayer.daemon.http import application


@dataclass
class Shown:
    """`relayer.daemon.http.Source` over fixed answers."""

    document: dict[str, Any] = field(default_factory=dict)
    rounds: Mapping[int | None, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    statements: Mapping[tuple[bytes, bytes], dict[str, Any]] = field(default_factory=dict)

    def status(self) -> dict[str, Any]:
        return self.document

    def not_ready(self) -> list[str]:
        return []

    def metrics(self) -> bytes:
        return b""

    def certificates(self, limit: int, before: int | None) -> list[dict[str, Any]]:
        return [row for row in self.rows if before is None or row["round"] < before][:limit]

    def round(self, round_: int | None) -> dict[str, Any] | None:
        return self.rounds.get(round_)

    def statement(self, domain: bytes, route: bytes) -> dict[str, Any] | None:
        return self.statements.get((domain, route))


@contextmanager
def serving(app: web.Application) -> Iterator[str]:
    """The URL at which `app` is served on a free port of 127.0.0.1."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def done(step: Awaitable[Any]) -> Any:
        async def run() -> Any:
            return await step

        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    runner = web.AppRunner(app, access_log=None)
    try:
        done(runner.setup())
        done(web.TCPSite(runner, "127.0.0.1", 0).start())
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        done(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def member(shown: Shown) -> Iterator[str]:
    """A member that answers what `shown` says."""
    with serving(application(shown)) as url:
        yield url


@contextmanager
def answering(answer: Callable[[web.Request], web.StreamResponse]) -> Iterator[str]:
    """Something that gives `answer` to whatever it is asked."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_get("/{anything:.*}", handle)
    with serving(app) as url:
        yield url


@contextmanager
def nobody() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses every connection, and that nobody else can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but not listening
        yield held.getsockname()[1]
