"""A controllable reverse proxy before a node: honest, lying, lagging or failing, switched while it runs.

JSON-RPC goes to "/". GET /control tells the behaviour and how many requests were served; POST /control sets it, for
example:

    {"mode": "honest"}
    {"mode": "lying", "rules": [..]}
    {"mode": "lagging", "behind": 20}
    {"mode": "failing", "how": "429", "retry_after": 2, "times": 3}

What a rule of a liar says, and what it means to lag, is the family's own (`chains.misbehaviour.Dialect`). For tests and
demonstrations: it serves 127.0.0.1 and authenticates nobody.
"""

import json
from typing import Any, Generic, Self

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from chains.errors import ChainError
from chains.misbehaviour import HONEST, Behaviour, Dialect, R, fail, lag, lie

_SWITCH_SECONDS = 60


class Proxy(Generic[R]):
    """One proxy, as an async context manager. `url` is where its JSON-RPC is."""

    def __init__(self, upstream: str, dialect: Dialect[R], host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.served = 0
        """Requests (batches) that reached it."""
        self._upstream, self._dialect = upstream, dialect
        self._behaviour: Behaviour[R] = HONEST
        self._left = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def behave(self, behaviour: Behaviour[R]) -> None:
        """Switches the behaviour at once, as POST /control does."""
        self._behaviour, self._left = behaviour, behaviour.times

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/", self._rpc)
        app.router.add_get("/control", self._told)
        app.router.add_post("/control", self._set)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        assert self._runner.addresses
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _told(self, request: web.Request) -> web.Response:
        return web.json_response({"behaviour": self._behaviour.model_dump(), "served": self.served})

    async def _set(self, request: web.Request) -> web.Response:
        try:
            self.behave(self._dialect.behaviour.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"error": error.errors(include_url=False, include_context=False)}, status=400)
        return await self._told(request)

    async def _rpc(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        # Both at one moment: who has seen it counted knows how it will be answered.
        self.served += 1
        behaviour = self._now()
        if behaviour.mode == "failing":
            return await fail(request, behaviour, body, self._ask)
        if behaviour.mode == "lagging":
            return web.json_response(await lag(self._dialect, body, behaviour.behind, self._ask))
        answer = await self._ask(body)
        if behaviour.mode == "lying":
            lie(self._dialect, body, answer, behaviour.rules)
        return web.json_response(answer)

    def _now(self) -> Behaviour[R]:
        if self._behaviour.times:
            if not self._left:
                return HONEST
            self._left -= 1
        return self._behaviour

    async def _ask(self, body: Any) -> Any:
        assert self._session is not None
        async with self._session.post(self._upstream, json=body) as response:
            return await response.json()


async def switch(endpoint: str, behaviour: Behaviour[Any]) -> None:
    """Tells the controllable endpoint at this URL how to behave. Raises `ChainError` if it refuses or is not there."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SWITCH_SECONDS)) as session,
            session.post(f"{endpoint}/control", json=behaviour.model_dump()) as response,
        ):
            if response.status != 200:
                raise ChainError(f"the endpoint {endpoint} cannot be switched: {await response.text()}")
    except (aiohttp.ClientError, OSError) as error:
        raise ChainError(f"the endpoint {endpoint} cannot be switched: {type(error).__name__}") from None
