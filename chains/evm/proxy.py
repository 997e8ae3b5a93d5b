"""A controllable reverse proxy before a node: honest, lying, lagging or failing, switched while it runs.

    python -m chains.evm.proxy --listen 127.0.0.1:0 --upstream http://127.0.0.1:8545

prints one JSON line {"url": .., "port": .., "control": ..} and serves until it is ended. JSON-RPC goes to "/".
GET /control tells the behaviour and how many requests were served; POST /control sets it, for example:

    {"mode": "honest"}
    {"mode": "lying", "rules": [{"method": "eth_call", "to": "0x..", "data": "0x18160ddd", "add": 1000}]}
    {"mode": "lagging", "blocks": 20}
    {"mode": "failing", "how": "429", "retry_after": 2, "times": 3}

A rule of a liar alters the result of calls with its `method` and, where given, `to` (the address called or asked
about) and the beginning of `data`: `result` replaces it, `add` adds to it as a 256-bit number, and with `path` (a
field's name) both do so to that field of an object. For tests and demonstrations: it serves 127.0.0.1 and authenticates
nobody.
"""

import argparse
import asyncio
import contextlib
import copy
import json
import signal
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from chains.evm.misbehaviour import HONEST, Behaviour, fail, lie

_TAGS = ("latest", "pending", "safe", "finalized")
_UNKNOWN_BLOCK = {"code": -32001, "message": "Resource not found"}
_BLOCK_PARAMETER = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getProof": 2,
    "eth_getStorageAt": 2,
    "eth_getBlockByNumber": 0,
}


@dataclass(slots=True)
class _State:
    behaviour: Behaviour
    left: int
    served: int = 0


class Proxy:
    """One proxy, as an async context manager. `url` is where its JSON-RPC is."""

    def __init__(self, upstream: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self._upstream = upstream
        self._state = _State(HONEST, 0)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def served(self) -> int:
        """Requests (batches) that reached it."""
        return self._state.served

    def behave(self, behaviour: Behaviour) -> None:
        """Switches the behaviour at once, as POST /control does."""
        self._state.behaviour, self._state.left = behaviour, behaviour.times

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

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _told(self, request: web.Request) -> web.Response:
        told = {"behaviour": self._state.behaviour.model_dump(), "served": self._state.served}
        return web.json_response(told)

    async def _set(self, request: web.Request) -> web.Response:
        try:
            self.behave(Behaviour.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"error": error.errors(include_url=False, include_context=False)}, status=400)
        return await self._told(request)

    async def _rpc(self, request: web.Request) -> web.StreamResponse:
        self._state.served += 1
        body = json.loads(await request.read())
        behaviour = self._now()
        if behaviour.mode == "failing":
            return await fail(request, behaviour, body, self._forward)
        if behaviour.mode == "lagging":
            return web.json_response(await self._lagging(body, behaviour.blocks))
        answer = await self._forward(body)
        if behaviour.mode == "lying":
            lie(body, answer, behaviour.rules)
        return web.json_response(answer)

    def _now(self) -> Behaviour:
        behaviour = self._state.behaviour
        if behaviour.times:
            if not self._state.left:
                return HONEST
            self._state.left -= 1
        return behaviour

    async def _forward(self, body: Any) -> Any:
        assert self._session is not None
        async with self._session.post(self._upstream, json=body) as response:
            return await response.json()

    async def _one(self, method: str, *params: Any) -> Any:
        answer = await self._forward({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
        return answer.get("result")

    async def _lagging(self, body: Any, behind: int) -> Any:
        newest = max(0, int(await self._one("eth_blockNumber"), 16) - behind)
        final = await self._one("eth_getBlockByNumber", "finalized", False)
        finalized = max(0, int(final["number"], 16) - behind)
        calls = body if isinstance(body, list) else [body]
        answers = [await self._older(call, newest, finalized) for call in calls]
        return answers if isinstance(body, list) else answers[0]

    async def _older(self, call: dict[str, Any], newest: int, finalized: int) -> Any:
        # As a node would answer that has not seen the newer blocks yet.
        call = copy.deepcopy(call)
        method, params = call["method"], call["params"]
        at = _BLOCK_PARAMETER.get(method)
        envelope = {"jsonrpc": "2.0", "id": call["id"]}
        if method == "eth_blockNumber":
            return {**envelope, "result": hex(newest)}
        if method == "eth_getBlockByHash" and await self._height({"blockHash": params[0]}) > newest:
            return {**envelope, "result": None}
        if method == "eth_getTransactionReceipt":
            receipt = await self._one(method, *params)
            seen = receipt is not None and int(receipt["blockNumber"], 16) <= newest
            return {**envelope, "result": receipt if seen else None}
        if at is not None and len(params) > at:
            if params[at] in _TAGS:
                params[at] = hex(finalized if params[at] in ("finalized", "safe") else newest)
            elif await self._height(params[at]) > newest:
                missing = {"result": None} if method == "eth_getBlockByNumber" else {"error": _UNKNOWN_BLOCK}
                return {**envelope, **missing}
        return await self._forward(call)

    async def _height(self, block: Any) -> int:
        if isinstance(block, dict):
            found = await self._one("eth_getBlockByHash", block["blockHash"], False)
            return int(found["number"], 16) if found else 0
        return int(block, 16) if block not in ("earliest",) else 0


async def _serve(upstream: str, host: str, port: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    async with Proxy(upstream, host, port) as proxy:
        line = {"url": proxy.url, "port": proxy.port, "control": f"{proxy.url}/control"}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `python -m chains.evm.proxy`."""
    parser = argparse.ArgumentParser(prog="python -m chains.evm.proxy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--listen", default="127.0.0.1:0", help="host:port; port 0 takes a free one")
    parser.add_argument("--upstream", required=True, help="URL of the node")
    given = parser.parse_args(arguments)
    host, _, port = given.listen.rpartition(":")
    asyncio.run(_serve(given.upstream, host, int(port)))


if __name__ == "__main__":
    main()
