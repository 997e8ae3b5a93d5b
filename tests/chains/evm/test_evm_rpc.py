"""One endpoint that misbehaves in every way, and the quorum of three of which one does."""

import asyncio
import functools
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions
from chains.errors import Unreadable
from chains.evm.client import Client
from chains.evm.rpc import Reverted, judge
from chains.evm.values import data, quantity
from chains.jsonrpc import Call, Endpoint, EndpointError, Fault, Limits, Transport, parse_json
from chains.misbehaviour import FAILURES, HONEST, Behaviour
from chains.secrets import target
from tests.chains.evm.evm_support import CHAIN, MEMBER, PATIENT, world
from tests.chains.memory import Recorder
from tests.chains.polling import until_read
from tests.chains.readers import healths
from tests.chains.serving import answering

KEY = "k3y-of-the-operator"
CHAIN_ID = Call("eth_chainId", (), quantity)
NUMBER = Call("eth_blockNumber", (), quantity)


@asynccontextmanager
async def endpoint(handler: Callable[[list[Any]], Any], **limits: Any) -> AsyncIterator[Endpoint]:
    """An endpoint whose answers a function of the batch makes: a JSON value, or a whole response. It has all the time
    in the world where the test says nothing else."""
    limits = {"timeout": PATIENT.timeout, "deadline": PATIENT.deadline} | limits
    async with answering(handler, f"/v2/{KEY}") as url:
        transport, headers = Transport(), {"Authorization": SecretStr(f"Bearer {KEY}")}
        described = EndpointOptions(name="one", url=SecretStr(url), headers=headers)
        try:
            yield Endpoint(target(described), transport, Limits(**limits), judge)
        finally:
            await transport.close()


def results(batch: list[Any], *values: Any) -> list[Any]:
    return [{"jsonrpc": "2.0", "id": c["id"], "result": v} for c, v in zip(batch, values, strict=True)]


def errors(batch: list[Any], code: int, message: str, **more: Any) -> list[Any]:
    return [{"jsonrpc": "2.0", "id": c["id"], "error": {"code": code, "message": message, **more}} for c in batch]


async def failing(handler: Callable[[list[Any]], Any], *calls: Call, **limits: Any) -> EndpointError:
    async with endpoint(handler, **limits) as one:
        with pytest.raises(EndpointError) as caught:
            await one.once(calls or (CHAIN_ID, NUMBER), time.monotonic() + PATIENT.deadline)
        assert KEY not in repr(one) + str(caught.value)
        assert one.standing.counts[caught.value.kind] > 0
        return caught.value


@pytest.mark.parametrize(
    "broken",
    [
        lambda b: results(b, "0x1", "0x2")[:1],
        lambda b: results(b, "0x1", "0x2")[::-1],
        lambda b: [results(b, "0x1", "0x2")[0]] * 2,
        lambda b: [*results(b, "0x1", "0x2"), results(b, "0x1", "0x2")[0]],
        lambda b: [None, results(b, "0x1", "0x2")[1]],
        lambda b: [{**r, "id": r["id"] + 1} for r in results(b, "0x1", "0x2")],
        lambda b: [{**r, "id": str(r["id"])} for r in results(b, "0x1", "0x2")],
        lambda b: [{**r, "id": None} for r in results(b, "0x1", "0x2")],
        lambda b: [{**r, "error": None} for r in results(b, "0x1", "0x2")],
        lambda b: [{"jsonrpc": "2.0", "id": c["id"]} for c in b],
        lambda b: {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "trouble"}},
        lambda b: {"error": "trouble"},
        lambda b: [],
        lambda b: None,
        lambda b: results(b, "0x01", "0x2"),
        lambda b: results(b, 1, 2),
        lambda b: errors(b, -32000, "trouble"),
        lambda b: [{"jsonrpc": "2.0", "id": c["id"], "error": "trouble"} for c in b],
        lambda b: web.Response(text="<html>", content_type="application/json"),
        lambda b: web.Response(text="NaN"),
        lambda b: web.Response(text="9" * 5000),
        lambda b: web.Response(status=500),
        lambda b: web.Response(status=403),
        lambda b: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
)
async def test_a_batch_with_anything_wrong_counts_for_nothing(broken: Callable[[list[Any]], Any]) -> None:
    assert (await failing(broken)).kind == "failing"


async def test_null_and_unknown_blocks_are_signs_of_lagging() -> None:
    assert (await failing(lambda b: results(b, "0x1", None))).kind == "lagging"
    for message in ("header not found", "Unknown block", "missing trie node 12ab"):
        said = functools.partial(errors, code=-32000, message=message)
        assert (await failing(said)).kind == "lagging"
    assert (await failing(lambda b: errors(b, -32001, "Resource not found"))).kind == "lagging"


async def test_limits_are_told_apart() -> None:
    assert (await failing(lambda b: web.Response(status=429))).kind == "limiting"
    assert (await failing(lambda b: errors(b, -32005, "daily request count exceeded"))).kind == "limiting"
    assert (await failing(lambda b: errors(b, -32000, "Too Many Requests"))).kind == "limiting"


async def test_oversized_and_deep_responses_are_cut_off() -> None:
    big = await failing(lambda b: results(b, "0x" + "1" * 4000, "0x2"), max_response=2000)
    assert "more than 2000 bytes" in str(big)
    deep: Any = []
    for _ in range(20):
        deep = [deep]
    assert "nested deeper" in str(await failing(lambda b: results(b, deep, "0x2")))
    text = "[" * 100_000 + "]" * 100_000
    assert (await failing(lambda b: web.Response(text=text))).kind == "failing"


@settings(deadline=None)
@given(
    value=st.recursive(
        st.text(max_size=6) | st.integers(),
        lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=6), v, max_size=3),
    )
)
def test_nesting_is_counted_as_the_parser_sees_it(value: Any) -> None:
    levels = depth_of(value)
    raw = json.dumps(value, ensure_ascii=False).encode()
    assert parse_json(raw, levels) == value
    if levels:
        with pytest.raises(EndpointError, match="nested deeper"):
            parse_json(raw, levels - 1)


@pytest.mark.parametrize("unit", [b'\\"', b'"', b"\\", b'"[', b"\\\\", b'"\\"'])
def test_hostile_text_of_full_size_is_looked_at_once(unit: bytes) -> None:
    with pytest.raises(EndpointError):
        parse_json(b'["' + unit * ((1 << 23) // len(unit)), 16)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


async def test_retry_after_beyond_the_deadline_ends_at_once_and_within_it_is_honoured() -> None:
    asked: list[int] = []

    def limited(batch: list[Any]) -> Any:
        asked.append(1)
        return web.Response(status=429, headers={"Retry-After": "3600"})

    async with endpoint(limited) as one:
        with pytest.raises(EndpointError) as caught:
            await one.ask([CHAIN_ID])
        assert caught.value.kind == "limiting"
    assert len(asked) == 1

    def once(batch: list[Any]) -> Any:
        asked.append(1)
        return web.Response(status=429, headers={"Retry-After": "1"}) if len(asked) == 1 else results(batch, "0x5")

    asked.clear()
    async with endpoint(once) as one:
        assert await one.ask([CHAIN_ID]) == (5,)
        assert one.standing.counts["limiting"] == 1
        assert one.standing.state == "ok"


async def test_passing_failures_are_retried_within_the_deadline() -> None:
    replies = iter([web.Response(status=500), web.Response(status=502), web.Response(text="oops")])

    async with endpoint(lambda b: next(replies, None) or results(b, "0x5")) as one:
        assert await one.ask([CHAIN_ID]) == (5,)
        assert one.standing.counts["failing"] == 3


async def test_an_endpoint_that_repeats_the_key_does_not_get_it_into_a_log() -> None:
    error = await failing(lambda b: errors(b, -32000, f"project {KEY} is unknown, token Bearer {KEY}"))
    assert "[redacted]" in str(error)
    async with endpoint(lambda b: errors(b, -32000, f"no such project: {KEY}")) as one:
        (fault,) = await one.ask([Call("eth_call", (), data, faults=True)])
        assert isinstance(fault, Fault)
        assert KEY not in fault.message


async def test_large_batches_go_out_in_parts() -> None:
    sizes: list[int] = []

    def count(batch: list[Any]) -> Any:
        sizes.append(len(batch))
        return results(batch, *(hex(c["params"][0]) for c in batch))

    async with endpoint(count, batch=4) as one:
        asked = [Call("n", (i,), quantity) for i in range(10)]
        assert await one.ask(asked) == tuple(range(10))
    assert sizes == [4, 4, 2]


async def test_a_revert_is_an_answer() -> None:
    call = Call("eth_call", (), data)
    async with endpoint(lambda b: errors(b, 3, "execution reverted", data="0x12345678")) as one:
        (answer,) = await one.ask([call])
        assert isinstance(answer, Reverted)
        assert answer.data == bytes.fromhex("12345678")
        assert answer == Reverted(b"")


@pytest.mark.parametrize("how", FAILURES)
async def test_the_quorum_lives_with_one_endpoint_that_fails(how: str) -> None:
    # A hanging endpoint costs one time-out, the others nothing.
    limits = {"timeout": 1.0} if how == "timeout" else {}
    async with world(contracts=False) as w, w.opened(options=w.member_options(**limits)) as chain:
        w.proxies[0].behave(Behaviour.model_validate({"mode": "failing", "how": how}))
        at = await until_read(chain.finalized)
        assert at == await until_read(chain.finalized)
        found = (await chain.locked((), at), healths(chain)["a"])
        assert found[0] == ()
        assert found[1].failing + found[1].limiting > 0
        assert found[1].lying == 0


@pytest.mark.parametrize("how", ["500", "429", "timeout", "reset", "partial", "null"])
async def test_without_a_quorum_the_chain_abstains_and_recovers(how: str) -> None:
    async with world(contracts=False) as w, w.opened(options=w.member_options(timeout=3.0, deadline=3.0)) as chain:
        at = await until_read(chain.finalized)
        for proxy in w.proxies[1:]:
            proxy.behave(Behaviour.model_validate({"mode": "failing", "how": how}))
        with pytest.raises(Unreadable):
            await chain.finalized()
        for proxy in w.proxies[1:]:
            proxy.behave(HONEST)
        await w.node.mine(3)
        assert (await until_read(chain.finalized)).height == at.height + 3


async def test_the_proxy_runs_alone_and_is_switched_over_http() -> None:
    async with world(proxies=0, contracts=False) as w:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chains.evm.endpoints", f"0={w.node.port}"), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            told = json.loads(await process.stdout.readline())
            async with (
                Client(CHAIN, told["url"], MEMBER, limits=PATIENT) as client,
                aiohttp.ClientSession() as session,
            ):
                honest = await client.native_balance(client.address)
                rule = {"method": "eth_getBalance", "add": 1}
                async with session.post(told["control"], json={"mode": "lying", "rules": [rule]}) as response:
                    assert response.status == 200
                assert await client.native_balance(client.address) == honest + 1
                async with session.post(told["control"], json={"mode": "odd"}) as response:
                    assert response.status == 400
                async with session.post(
                    told["control"], json={"mode": "failing", "how": "500", "times": 1}
                ) as response:
                    assert response.status == 200
                assert await client.native_balance(client.address) == honest
                async with session.get(told["control"]) as response:
                    assert (await response.json())["behaviour"]["mode"] == "failing"
        finally:
            process.terminate()
            await process.communicate()
            assert process.returncode == 0


async def test_a_log_of_failures_names_endpoints_by_label_only() -> None:
    recorder = Recorder()
    async with world(contracts=False) as w, w.opened(log=recorder) as chain:
        # Not asked again, so that the failure is told at once.
        w.proxies[0].behave(Behaviour(mode="failing", how="redirect"))
        await chain.finalized()
        assert {event["endpoint"] for event in recorder.named("endpoint_failing")} == {"a"}
        logged = str(recorder.events)
        assert all(text not in logged for proxy in w.proxies for text in (proxy.url, f":{proxy.port}", proxy.host))
