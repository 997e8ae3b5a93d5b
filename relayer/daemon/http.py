"""The member's read-only HTTP service: liveness, readiness, metrics, status, certificates, rounds, statements."""

import asyncio
import json
from typing import Any, Protocol

from aiohttp import web

LONGEST_LIST = 200


class Source(Protocol):
    """What the service shows. Nothing here can be changed from outside."""

    def status(self) -> dict[str, Any]: ...

    def not_ready(self) -> list[str]: ...

    def metrics(self) -> bytes: ...

    def certificates(self, limit: int, before: int | None) -> list[dict[str, Any]]: ...

    def round(self, round_: int | None) -> dict[str, Any] | None:
        """The exported round, the newest for None; None where it is not kept. Called in a thread of its own."""
        ...

    def statement(self, domain: bytes, route: bytes) -> dict[str, Any] | None: ...


def application(source: Source) -> web.Application:
    """The routes. Every answer is JSON but /metrics."""
    app = web.Application(client_max_size=1024)
    exporting = asyncio.Lock()

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        reasons = source.not_ready()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=source.metrics(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def status(_: web.Request) -> web.Response:
        return web.json_response(source.status())

    async def certificates(request: web.Request) -> web.Response:
        limit = _number(request.query.get("limit", "20"), "limit")
        before = request.query.get("before")
        rows = source.certificates(min(limit, LONGEST_LIST), None if before is None else _number(before, "before"))
        return web.json_response({"version": 1, "certificates": rows})

    async def round_(request: web.Request) -> web.Response:
        name = request.match_info["round"]
        number = None if name == "latest" else _number(name, "round")

        def exported() -> str | None:
            document = source.round(number)
            return None if document is None else json.dumps(document)

        # An exported round is megabytes: made one at a time and beside the event loop, which has slots to keep.
        async with exporting:
            text = await asyncio.to_thread(exported)
        if text is None:
            return _problem(404, f"round {name} is not kept here")
        return web.json_response(text=text)

    async def statement(request: web.Request) -> web.Response:
        found = {}
        for name in ("domain", "route"):
            try:
                found[name] = bytes.fromhex(request.match_info[name].removeprefix("0x"))
            except ValueError:
                found[name] = b""
            if len(found[name]) != 32:
                return _problem(400, f"{name}: 32 bytes in hex expected")
        return _found(source.statement(**found), "no statement for this gate and route is known")

    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/v1/status", status)
    app.router.add_get("/v1/certificates", certificates)
    app.router.add_get("/v1/rounds/{round}", round_)
    app.router.add_get("/v1/statements/{domain}/{route}", statement)
    return app


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) >= 1 << 63:
        problem = json.dumps({"error": f"{name}: a whole number expected"})
        raise web.HTTPBadRequest(text=problem, content_type="application/json")
    return int(text)


def _found(document: dict[str, Any] | None, missing: str) -> web.Response:
    return _problem(404, missing) if document is None else web.json_response(document)


def _problem(code: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=code)


class HttpError(Exception):
    """The service could not be started."""


class HttpService:
    """`async with HttpService(source, host, port) as service: service.port`."""

    def __init__(self, source: Source, host: str, port: int) -> None:
        self._source = source
        self._host = host
        self.port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "HttpService":
        self._runner = web.AppRunner(application(self._source), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            why = f"cannot listen on {self._host}:{self.port}: {error.strerror or error}; choose another [http] listen"
            raise HttpError(why) from error
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
