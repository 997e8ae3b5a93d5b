"""Controllable endpoints, whatever the family: every failure as it stands on the wire, lies, lags, switching."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chains.errors import ChainError
from chains.misbehaviour import FAILURES, HONEST, Ask, Behaviour, Model
from chains.proxies import program
from chains.proxy import Proxy, switch
from tests.chains.serving import served, silent

CALLS = [{"jsonrpc": "2.0", "id": i, "method": "echo", "params": [10 * i]} for i in (1, 2, 3)]
RESULTS = [{"jsonrpc": "2.0", "id": i, "result": 10 * i} for i in (1, 2, 3)]


class More(Model):
    """Adds to what `method` answers."""

    method: str
    add: int


class Toy:
    """Numbers are told, and those of a lagging endpoint are lower."""

    behaviour = Behaviour[More]

    def lie(self, call: dict[str, Any], result: Any, rule: More) -> Any:
        return result + rule.add if call["method"] == rule.method else result

    async def lag(self, calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
        return [{**one, "result": one["result"] - behind} for one in await ask(list(calls))]


async def _node(request: web.Request) -> web.Response:
    body = json.loads(await request.read())
    answers = [
        {"jsonrpc": "2.0", "id": call["id"], "result": call["params"][0]}
        for call in (body if isinstance(body, list) else [body])
    ]
    return web.json_response(answers if isinstance(body, list) else answers[0])


@asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[Proxy[More], aiohttp.ClientSession]]:
    async with (
        served(_node) as url,
        Proxy(url, Toy()) as proxy,
        aiohttp.ClientSession() as session,
    ):
        yield proxy, session


async def told(session: aiohttp.ClientSession, url: str, body: Any) -> Any:
    async with session.post(url, json=body) as response:
        assert response.status == 200
        return await response.json()


async def _status(session: aiohttp.ClientSession, url: str) -> int:
    async with session.post(url, json=CALLS, allow_redirects=False) as response:
        return response.status


async def _text(session: aiohttp.ClientSession, url: str) -> str:
    async with session.post(url, json=CALLS) as response:
        assert response.status == 200
        return await response.text()


async def _no_json(session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises(ValueError):
        json.loads(await _text(session, url))


async def _hangs(session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises(TimeoutError):
        async with session.post(url, json=CALLS, timeout=aiohttp.ClientTimeout(total=0.2)):
            pass


async def _breaks_off(session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises((aiohttp.ClientError, OSError)):
        await _text(session, url)


async def _is_large(session: aiohttp.ClientSession, url: str) -> None:
    assert len(await _text(session, url)) > 1 << 24


async def _is_deep(session: aiohttp.ClientSession, url: str) -> None:
    assert (await _text(session, url)).count("[") == 20_000


def _answers(status: int) -> Callable[[aiohttp.ClientSession, str], Awaitable[None]]:
    async def look(session: aiohttp.ClientSession, url: str) -> None:
        assert await _status(session, url) == status

    return look


def _says(expected: Any) -> Callable[[aiohttp.ClientSession, str], Awaitable[None]]:
    async def look(session: aiohttp.ClientSession, url: str) -> None:
        assert await told(session, url, CALLS) == expected

    return look


first, second, third = RESULTS
SEEN: dict[str, Callable[[aiohttp.ClientSession, str], Awaitable[None]]] = {
    "500": _answers(500),
    "429": _answers(429),
    "timeout": _hangs,
    "reset": _breaks_off,
    "garbage": _no_json,
    "oversized": _is_large,
    "deep": _is_deep,
    "partial": _says([first, second]),
    "reordered": _says([third, second, first]),
    "duplicate": _says([first, first, second]),
    "null": _says([None, second, third]),
    "wrong_id": _says([{**first, "id": 1_000_001}, second, third]),
    "error_body": _says(
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "internal trouble"}},
    ),
    "redirect": _answers(307),
}


@pytest.mark.parametrize("how", FAILURES)
async def test_every_failure_is_seen_by_the_caller_until_it_is_switched_off(how: str) -> None:
    async with endpoint() as (proxy, session):
        proxy.behave(Toy.behaviour.model_validate({"mode": "failing", "how": how}))
        await SEEN[how](session, proxy.url)
        proxy.behave(HONEST)
        assert await told(session, proxy.url, CALLS) == RESULTS


async def test_a_limit_says_when_to_come_again() -> None:
    async with endpoint() as (proxy, session):
        proxy.behave(Toy.behaviour(mode="failing", how="429", retry_after=2))
        async with session.post(proxy.url, json=CALLS) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "2")


async def test_a_liar_alters_what_its_rules_name_and_only_that() -> None:
    async with endpoint() as (proxy, session):
        proxy.behave(Toy.behaviour(mode="lying", rules=(More(method="echo", add=7), More(method="other", add=1000))))
        assert await told(session, proxy.url, CALLS[0]) == {**first, "result": 17}
        assert [one["result"] for one in await told(session, proxy.url, CALLS)] == [17, 27, 37]
        assert proxy.served == 2


async def test_a_lagging_endpoint_is_behind_in_a_batch_and_in_a_single_call() -> None:
    async with endpoint() as (proxy, session):
        proxy.behave(Toy.behaviour(mode="lagging", behind=5))
        assert await told(session, proxy.url, CALLS[1]) == {**second, "result": 15}
        assert [one["result"] for one in await told(session, proxy.url, CALLS)] == [5, 15, 25]


async def test_after_so_many_requests_it_is_honest_again() -> None:
    async with endpoint() as (proxy, session):
        proxy.behave(Toy.behaviour(mode="failing", times=2))
        assert [await _status(session, proxy.url) for _ in range(3)] == [500, 500, 200]


async def test_endpoints_in_one_process_are_switched_one_by_one() -> None:
    async with served(_node) as url, aiohttp.ClientSession() as session:
        port = int(url.rpartition(":")[2])
        source = f"import sys; sys.path[:0] = {sys.path!r}; from chains import proxies; "
        source += f"from {__name__} import Toy; proxies.main(sys.argv[1:], Toy())"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", source, f"0={port}", f"0={port}"), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            one, two = [json.loads(await process.stdout.readline()) for _ in range(2)]
            assert one["upstream"] == two["upstream"] == port
            liar = Toy.behaviour(mode="lying", rules=(More(method="echo", add=1),))
            await switch(one["url"], liar)
            assert (await told(session, one["url"], CALLS[0]))["result"] == 11
            assert await told(session, two["url"], CALLS[0]) == first
            async with session.get(one["control"]) as response:
                assert await response.json() == {"behaviour": liar.model_dump(mode="json"), "served": 1}
            async with session.post(one["control"], json={"mode": "lying", "rules": [{"method": 1}]}) as response:
                assert response.status == 400
            await switch(one["url"], HONEST)
            assert await told(session, one["url"], CALLS[0]) == first
        finally:
            process.terminate()
            await process.communicate()
            assert process.returncode == 0


async def test_switching_what_cannot_be_switched_or_is_not_there_is_an_error() -> None:
    async with served(_node) as url:
        with pytest.raises(ChainError, match="cannot be switched"):
            await switch(url, HONEST)
    with silent() as url, pytest.raises(ChainError, match="cannot be switched: ClientConnectorError"):
        await switch(url, HONEST)


def test_the_program_of_a_family_is_told_every_pair() -> None:
    made = program("endpoints-toy", "toy.endpoints", {4001: 8545, 4002: 8545})
    assert made.name == "endpoints-toy"
    assert made.argv == (sys.executable, "-m", "toy.endpoints", "4001=8545", "4002=8545")
