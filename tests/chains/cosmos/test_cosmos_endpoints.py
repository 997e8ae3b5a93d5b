"""How Cosmos endpoints lie and lag: rules against answers in the shapes of CometBFT's RPC, and before a real node."""

import asyncio
import base64
import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from chains.cosmos.misbehaviour import CosmosDialect, Rule
from chains.cosmos.stores import supply_key
from chains.misbehaviour import Behaviour, lag, lie
from chains.proxies import program
from chains.proxy import Proxy, switch
from tests.chains.cosmos.nodes import DEVNET, RunningNode, needs_wasmd

DIALECT = CosmosDialect()
KEY = "0214" + "ab" * 20 + "75757364"
BALANCE = {"store": "bank", "key": KEY}
SIGNED_HEADER = {
    "header": {"height": "12", "app_hash": "A0" * 32},
    "commit": {"signatures": [{"signature": base64.b64encode(bytes(64)).decode()}]},
}


def call(method: str, *given: Any, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(given) or params}


def answer(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "result": result}


def shown(value: bytes | None) -> dict[str, Any]:
    """The answer of abci_query."""
    text = None if value is None else base64.b64encode(value).decode()
    ops = [{"type": "ics23:iavl", "data": "AAEC"}, {"type": "ics23:simple", "data": "AwQF"}]
    return answer({"response": {"code": 0, "value": text, "proofOps": {"ops": ops}, "height": "12"}})


def query(key: str = KEY, store: str = "bank", height: int = 12) -> dict[str, Any]:
    return call("abci_query", path=f"/store/{store}/key", data=key, height=str(height), prove=True)


def lied(asked: dict[str, Any], honest: dict[str, Any], **rule: Any) -> Any:
    """What a liar tells; what was honest stays as it was."""
    told = copy.deepcopy(honest)
    before = told["result"]
    unaltered = copy.deepcopy(before)
    lie(DIALECT, asked, told, [Rule(**rule)])
    assert before == unaltered
    return told["result"]


def value(result: Any) -> bytes | None:
    text = result["response"]["value"]
    return None if text is None else base64.b64decode(text)


# Values


@pytest.mark.parametrize(
    ("raw", "rule", "told"),
    [
        (b"1000", {"add": 234}, b"1234"),
        (b"1000", {"add": -1000}, b"0"),
        (b"0", {"add": -1}, str(2**128 - 1).encode()),
        (b'"1000"', {"add": 234}, b'"1234"'),
        (b'{"name":"x","total_supply":"5"}', {"field": "total_supply", "add": 7}, b'{"name":"x","total_supply":"12"}'),
        (b"\x01" + bytes(15) + b"\x05\xff", {"offset": 1, "add": 2}, b"\x01" + bytes(15) + b"\x07\xff"),
        (b"1000", {"result": base64.b64encode(b"77").decode()}, b"77"),
        (b"1000", {"result": None}, None),
        (None, {"result": base64.b64encode(b"77").decode()}, b"77"),
        # What is not there, or is no such number, stays.
        (None, {"add": 1}, None),
        (b"1.5", {"add": 1}, b"1.5"),
        (b'"10', {"add": 1}, b'"10'),
        (b"not JSON", {"field": "total_supply", "add": 7}, b"not JSON"),
        (b'{"name":"x"}', {"field": "total_supply", "add": 7}, b'{"name":"x"}'),
        (bytes(16), {"offset": 1, "add": 2}, bytes(16)),
    ],
)
def test_a_value_of_a_store_is_altered(raw: bytes | None, rule: dict[str, Any], told: bytes | None) -> None:
    assert value(lied(query(), shown(raw), **BALANCE, **rule)) == told
    positional = call("abci_query", "/store/bank/key", KEY.upper(), "12", True)
    assert value(lied(positional, shown(raw), **BALANCE, **rule)) == told


@pytest.mark.parametrize(
    "asked",
    [
        query(key=KEY + "00"),
        query(store="wasm"),
        call("abci_query", path="/cosmos.bank.v1beta1.Query/Balance", data=KEY),
        call("status"),
    ],
)
def test_another_value_is_left_alone(asked: dict[str, Any]) -> None:
    assert lied(asked, shown(b"1000"), **BALANCE, add=1) == shown(b"1000")["result"]


def test_a_lie_may_be_about_one_height_alone() -> None:
    assert value(lied(query(height=12), shown(b"1"), **BALANCE, add=1, height=12)) == b"2"
    assert value(lied(query(height=13), shown(b"1"), **BALANCE, add=1, height=12)) == b"1"
    newest = call("abci_query", path="/store/bank/key", data=KEY)
    assert value(lied(newest, shown(b"1"), **BALANCE, add=1, height=12)) == b"1"


def test_a_batch_of_one_may_be_answered_without_a_list() -> None:
    for told in (shown(b"1000"), [shown(b"1000")]):
        lie(DIALECT, [query()], told, [Rule(**BALANCE, add=1)])
        (one,) = told if isinstance(told, list) else [told]
        assert value(one["result"]) == b"1001"


# Parts of results


def test_parts_of_a_result_are_altered() -> None:
    asked, honest = call("commit", height="12"), answer({"signed_header": SIGNED_HEADER})
    header = lied(asked, honest, method="commit", at=("signed_header", "header", "app_hash"), flip="hex")
    assert header["signed_header"]["header"]["app_hash"] == "A0" * 16 + "A1" + "A0" * 15
    place = ("signed_header", "commit", "signatures", 0, "signature")
    forged = lied(asked, honest, method="commit", at=place, flip="base64")
    signature = base64.b64decode(forged["signed_header"]["commit"]["signatures"][0]["signature"])
    assert (len(signature), sum(signature)) == (64, 1)
    higher = lied(asked, honest, method="commit", at=("signed_header", "header", "height"), add=1)
    assert higher["signed_header"]["header"]["height"] == "13"
    without = lied(asked, honest, method="commit", at=("signed_header", "commit", "signatures"), result=[])
    assert without["signed_header"]["commit"]["signatures"] == []
    assert lied(asked, honest, method="commit", result={"signed_header": None}) == {"signed_header": None}


@pytest.mark.parametrize("at", [("signed_header", "seal"), ("commit",), ("signed_header", "commit", "signatures", 1)])
def test_a_part_that_is_not_there_is_not_made(at: tuple[str | int, ...]) -> None:
    honest = answer({"signed_header": SIGNED_HEADER})
    assert lied(call("commit", height="12"), honest, method="commit", at=at, result="x") == honest["result"]


def test_a_proof_is_forged() -> None:
    at = ("response", "proofOps", "ops", 1, "data")
    told = lied(query(), shown(b"1"), method="abci_query", at=at, flip="base64", height=12)
    assert [op["data"] for op in told["response"]["proofOps"]["ops"]] == ["AAEC", "AwUF"]
    assert value(told) == b"1"


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"store": "bank", "add": 1},
        {"key": KEY, "add": 1},
        {**BALANCE, "method": "status"},
        {**BALANCE, "field": "total_supply"},
        {**BALANCE, "offset": 1},
        {**BALANCE, "offset": -1, "add": 1},
        {**BALANCE, "offset": 1, "field": "total_supply", "add": 1},
        {**BALANCE, "flip": "hex"},
        {**BALANCE, "at": ("x",), "add": 1},
        {"store": "bank", "key": "0x02", "add": 1},
        {"method": "status", "offset": 1, "add": 1},
        {"method": "status", "field": "x", "add": 1},
        {"method": "status", "at": ("x",), "add": 1, "flip": "hex"},
        {"method": "status", "height": 0},
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule(**rule)


# Lagging


async def lagged(
    *calls: dict[str, Any], behind: int = 10, honest: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """The answers of an endpoint that lags behind a node which stands at block 102; it echoes what it is asked, unless
    `honest` says what it answers."""

    async def ask(body: Any) -> Any:
        if body["method"] == "status":
            own = {"latest_block_height": "102", "latest_app_hash": "own", "catching_up": False}
            return {"jsonrpc": "2.0", "id": body["id"], "result": {"sync_info": own}}
        if body["method"] == "commit" and honest is None:
            height = int(body["params"]["height"])
            if height > 102:
                return {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32603, "message": "Internal error"}}
            header = {"time": f"t{height}", "app_hash": f"state of {height - 1}", "height": str(height)}
            signed = {"header": header, "commit": {"block_id": {"hash": f"block {height}"}}}
            return {"jsonrpc": "2.0", "id": body["id"], "result": {"signed_header": signed}}
        found = answer({"asked": body.get("params")}) if honest is None else honest(body)
        return {**found, "id": body["id"]}

    return await lag(DIALECT, list(calls), behind, ask)


async def test_a_lagging_endpoint_tells_the_state_of_an_older_block() -> None:
    (told,) = await lagged(call("status"))
    assert told["result"]["sync_info"] == {
        "latest_block_height": "92",
        "latest_block_hash": "block 92",
        "latest_app_hash": "state of 92",
        "latest_block_time": "t92",
        "catching_up": False,
    }
    (first,) = await lagged(call("status"), behind=1000)
    assert first["result"]["sync_info"]["latest_block_height"] == "1"


async def test_an_endpoint_that_lags_by_nothing_tells_what_the_node_tells() -> None:
    (told,) = await lagged(call("status"), behind=0)
    assert told["result"]["sync_info"] == {
        "latest_block_height": "102",
        "latest_app_hash": "own",
        "catching_up": False,
    }


async def test_a_lagging_endpoint_takes_its_own_newest_block_for_the_newest() -> None:
    newest = [call("block"), call("validators", height=None), call("abci_query", path="/store/bank/key", data=KEY)]
    for told in await lagged(*newest, call("abci_query", path="/store/bank/key", data=KEY, height="0")):
        assert told["result"]["asked"]["height"] == "92"
    (commit,) = await lagged(call("commit"))
    assert commit["result"]["signed_header"]["header"]["height"] == "92"
    (headers,) = await lagged(call("blockchain", minHeight="90", maxHeight="100"))
    assert headers["result"]["asked"] == {"minHeight": "90", "maxHeight": "92"}


async def test_a_lagging_endpoint_has_what_it_has_reached() -> None:
    for asked in (query(height=92), call("validators", "92", "1", "100"), call("block", height="92")):
        (told,) = await lagged(asked)
        assert told["result"]["asked"]["height"] == "92"


async def test_a_lagging_endpoint_has_not_seen_the_newest_transactions() -> None:
    old, new = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (0xA1, 0xB2))

    def honest(body: dict[str, Any]) -> Any:
        return answer({"height": "92" if body["params"]["hash"] == old else "93"})

    seen, unseen = await lagged(call("tx", hash=old), call("tx", hash=new, prove=False), honest=honest)
    assert seen["result"] == {"height": "92"}
    assert unseen["error"]["data"] == f"tx ({'B2' * 32}) not found"


async def test_errors_of_the_node_are_passed_on() -> None:
    error = {"jsonrpc": "2.0", "id": 7, "error": {"code": -32603, "message": "Internal error", "data": "no"}}
    for asked in (call("tx", hash="AAAA"), call("block", height="3"), call("broadcast_tx_sync", tx="AA==")):
        (told,) = await lagged(asked, honest=lambda _: error)
        assert told == error


# Before a real node


async def asked(url: str, body: Any) -> Any:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return await response.json()


@needs_wasmd
async def test_a_lagging_endpoint_errs_as_the_node_does_itself(node: RunningNode) -> None:
    """About blocks that are far ahead of both, both say the same, but for the height that they have reached."""
    far, bank = "1000000", {"path": "/store/bank/key", "data": "0075757364", "height": "1000000"}
    calls = [
        call("commit", far),
        call("commit", height=far),
        call("block", far),
        call("block_results", far),
        call("header", far),
        call("validators", far, "1", "100"),
        call("validators", height=far, page="1", per_page="10"),
        call("consensus_params", far),
        call("blockchain", minHeight=far, maxHeight=far),
        call("abci_query", **bank, prove=True),
        call("abci_query", **bank, prove=False),
        call("abci_query", "/store/bank/key", "0075757364", far, True),
        call("abci_query", path="/cosmos.bank.v1beta1.Query/Params", data="", height=far),
    ]
    numbered = [{**each, "id": number} for number, each in enumerate(calls)]
    async with Proxy(node.url, DIALECT) as proxy:
        proxy.behave(Behaviour(mode="lagging", behind=1))
        for each in numbered:
            own, lagging = await asked(node.url, each), await asked(proxy.url, each)
            assert reached(lagging) == reached(own), each
            # In a batch, as one by one.
        assert [reached(one) for one in await asked(proxy.url, numbered[:10])] == [
            reached(await asked(node.url, each)) for each in numbered[:10]
        ]


def reached(told: Any) -> Any:
    """The answer without the height that the node has reached."""
    if "error" not in told:
        return told
    data = re.sub(r"(current blockchain|max) height \d+", "", told["error"]["data"])
    return {**told, "error": {**told["error"], "data": data}}


@needs_wasmd
async def test_a_lagging_endpoint_stands_at_an_older_block(node: RunningNode) -> None:
    behind = 3
    await node.reaches(behind + 3)
    async with Proxy(node.url, DIALECT) as proxy:
        proxy.behave(Behaviour(mode="lagging", behind=behind))
        before = node.height()
        status = (await asked(proxy.url, call("status")))["result"]
        after = node.height()
        height = int(status["sync_info"]["latest_block_height"])
        assert before - behind <= height <= after - behind
        at = node.ask("commit", height=str(height))["signed_header"]
        told = (await asked(proxy.url, call("commit", height=str(height))))["result"]["signed_header"]
        assert told == at
        assert status["sync_info"]["latest_block_hash"] == at["commit"]["block_id"]["hash"]
        assert status["sync_info"]["latest_block_time"] == at["header"]["time"]
        child = node.ask("commit", height=str(height + 1))["signed_header"]["header"]
        assert status["sync_info"]["latest_app_hash"] == child["app_hash"]
        newest = await asked(proxy.url, call("abci_query", path="/store/bank/key", data="00", height="0", prove=True))
        assert height <= int(newest["result"]["response"]["height"]) < node.height()


@needs_wasmd
async def test_a_program_serves_endpoints_that_are_switched_while_they_run(node: RunningNode, tmp_path: Path) -> None:
    made = DEVNET.endpoints({0: node.port}, tmp_path)
    assert made == program(made.name, "chains.cosmos.endpoints", {0: node.port})
    process = await asyncio.create_subprocess_exec(*made.argv, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = json.loads(await process.stdout.readline())["url"]
        supply = call("abci_query", path="/store/bank/key", data=supply_key("ueur").hex(), height="2", prove=True)
        await node.reaches(3)
        honest = await asked(url, supply)
        assert honest == await asked(node.url, supply)
        rule = Rule(store="bank", key=supply_key("ueur").hex(), add=5)
        await switch(url, CosmosDialect.behaviour(mode="lying", rules=(rule,)))
        lying = await asked(url, supply)
        assert int(value(lying["result"]) or b"") == int(value(honest["result"]) or b"") + 5
        await switch(url, CosmosDialect.behaviour(mode="honest"))
        assert await asked(url, supply) == honest
    finally:
        process.terminate()
        assert await process.wait() == 0
