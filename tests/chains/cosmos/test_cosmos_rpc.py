"""CometBFT's RPC as endpoints speak it, well and badly, and what else may stand behind a URL that is configured."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from chains.cosmos import rpc, stores
from chains.cosmos.admission import admission, chain_admission
from chains.cosmos.blocks_json import ValidatorsPage
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.rpc import EXPECTED, QueryError, QueryResult, Status, judge
from chains.endpoint_options import EndpointOptions
from chains.errors import Refused, Unreadable
from chains.jsonrpc import Call, Endpoint, EndpointError, Fault, Limits, NotJsonRpc, Transport
from chains.node import Node
from chains.quorum import Quorum
from chains.secrets import target
from tests.chains.cosmos import blocks
from tests.chains.cosmos.cluster import PATIENT
from tests.chains.cosmos.ledger import commit_json, header_json, validator_json
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.cosmos.tellers import FOUR
from tests.chains.memory import Recorder
from tests.chains.serving import answering

KEY = "k3y-of-the-operator"
PATIENCE = 600.0
"""Seconds. No test fails because the machine is slow."""
TOLD = blocks.chain([FOUR] * 4)
GATEWAY = {"code": 12, "message": f"Not Implemented {KEY}", "details": []}


def served(handler: Callable[[Any], Any]) -> AbstractAsyncContextManager[str]:
    return answering(handler, f"/{KEY}")


async def asked(url: str, *calls: Call, batch: int = 100) -> list[Any]:
    transport, limits = Transport(), Limits(timeout=PATIENCE, deadline=PATIENCE, batch=batch)
    described = EndpointOptions(name="one", url=SecretStr(url))
    try:
        return await Endpoint(target(described), transport, limits, judge).once(calls, time.monotonic() + PATIENCE)
    finally:
        await transport.close()


async def answer(call: Call, result: Any) -> Any:
    async with served(lambda body: {"jsonrpc": "2.0", "id": body[0]["id"], "result": result}) as url:
        return (await asked(url, call))[0]


async def failure(call: Call, result: Any = None, **fault: Any) -> EndpointError:
    told = {"error": fault} if fault else {"result": result}
    async with served(lambda body: {"jsonrpc": "2.0", "id": body[0]["id"], **told}) as url:
        with pytest.raises(EndpointError) as caught:
            await asked(url, call)
    assert KEY not in str(caught.value)
    return caught.value


def status_json(**changes: Any) -> Any:
    sync = {"latest_block_height": "9", "earliest_block_height": "2", "catching_up": False, **changes}
    return {"node_info": {"network": "chain-1"}, "sync_info": sync}


def commit_result(header_height: int, commit_height: int | None = None) -> Any:
    header, commit = TOLD[header_height].header, TOLD[commit_height or header_height].commit
    return {"signed_header": {"header": header_json(header), "commit": commit_json(commit)}, "canonical": True}


def response(**changes: Any) -> Any:
    told = {"code": 0, "log": "", "codespace": "", "key": "AQI=", "value": "Aw==", "proofOps": None, "height": "7"}
    return {"response": {**told, **changes}}


OPS = {"ops": [{"type": "ics23:iavl", "key": "AQI=", "data": "AA=="}]}
STORE = rpc.store_query("bank", b"\x01\x02", 7, lambda found: found)
QUERY = rpc.abci_query("/cosmos.bank.v1beta1.Query/Params", b"\x01\x02", 7, lambda found: found)


# Answers


async def test_what_a_node_says_of_itself() -> None:
    assert await answer(rpc.status(), status_json()) == Status("chain-1", 9, 2, False)
    assert (await answer(rpc.status(), status_json(catching_up=True))).catching_up


@pytest.mark.parametrize(
    "changes", [{"latest_block_height": 9}, {"latest_block_height": "-1"}, {"catching_up": "false"}, {"catching_up": 0}]
)
async def test_a_status_that_is_none(changes: dict[str, Any]) -> None:
    assert (await failure(rpc.status(), status_json(**changes))).kind == "failing"


async def test_a_header_comes_with_its_own_commit() -> None:
    header, commit = await answer(rpc.commit(3), commit_result(3))
    assert (header, commit) == (TOLD[3].header, TOLD[3].commit)
    assert (await failure(rpc.commit(2), commit_result(3))).kind == "failing"
    assert (await failure(rpc.commit(3), commit_result(3, 2))).kind == "lying"
    assert (await failure(rpc.commit(3), None)).kind == "lagging"
    assert await answer(rpc.commit(3, absent=True), None) is None


async def test_a_page_of_validators_is_whole_and_of_its_height() -> None:
    found = TOLD[3].validators.validators
    listed = [validator_json(validator) for validator in found]
    told = {"block_height": "3", "validators": listed, "count": "4", "total": "4"}
    assert await answer(rpc.validators(3), told) == ValidatorsPage(3, 4, found)
    for changes in (
        {"block_height": "2"},
        {"total": "5"},
        {"total": "3"},
        {"total": "104"},
        {"total": "2000", "validators": listed * 25},
        {"validators": listed[:3]},
    ):
        assert (await failure(rpc.validators(3), {**told, **changes})).kind == "failing", changes
    assert await answer(rpc.validators(3, 2), {**told, "total": "104"}) == ValidatorsPage(3, 104, found)


async def test_a_query_is_about_what_was_asked() -> None:
    found = await answer(QUERY, response(key=None))
    assert found == QueryResult(7, b"", b"\x03", ())
    proven = await answer(STORE, response(proofOps=OPS))
    assert (proven.key, proven.value, [op.data for op in proven.ops]) == (b"\x01\x02", b"\x03", [b"\x00"])
    wrongs: list[Any] = [
        response(proofOps=OPS, height="8"),
        response(proofOps=OPS, height="0"),
        response(proofOps=OPS, key="AQM="),
        response(proofOps=OPS, key=None),
        response(proofOps=None),
        response(proofOps=OPS, code="0"),
        response(proofOps=OPS, value="!"),
        {},
    ]
    for wrong in wrongs:
        assert (await failure(STORE, wrong)).kind == "failing", wrong
    newest = rpc.abci_query("/x", b"", None, lambda found: found.height)
    assert await answer(newest, response(height="8")) == 8


async def test_an_error_of_the_application_is_no_value() -> None:
    refused = response(code=22, codespace="sdk", log=f"not found {KEY}", key=None, value=None, height="0")
    error = await failure(QUERY, refused)
    assert (error.kind, error.again) == ("failing", False)
    assert "not found [redacted] (sdk 22)" in str(error)
    as_answer = rpc.abci_query("/x", b"", 7, lambda found: found, errors=True)
    found = await answer(as_answer, refused)
    assert isinstance(found, QueryError)
    assert found == QueryError("sdk", 22, "in other words")
    assert found != QueryError("sdk", 18, found.log)


@pytest.mark.parametrize(
    ("codespace", "code", "log"),
    [
        ("sdk", 26, "cannot query with height in the future; please provide a valid height: invalid height"),
        ("sdk", 38, "failed to load state at height 5; version does not exist (latest height: 90): not found"),
        ("sdk", 18, "failed to load state at height 5; version does not exist (latest height: 90): invalid request"),
        ("store", 7, "proof is unexpectedly empty; ensure height has not been pruned: invalid request"),
    ],
)
@pytest.mark.parametrize("errors", [True, False])
async def test_a_state_that_the_node_has_not_got_is_no_answer(
    codespace: str, code: int, log: str, errors: bool
) -> None:
    call = rpc.abci_query("/x", b"", 5, lambda found: found, errors=errors)
    error = await failure(call, response(codespace=codespace, code=code, log=log, height="0", value=None))
    assert (error.kind, error.again) == ("lagging", False)
    assert "no state of height 5" in str(error)


async def test_a_forgotten_height_does_not_look_like_nothing_stored() -> None:
    # Without a proof a store answers like this: code 0 and no value.
    call = rpc.abci_query("/store/bank/key", b"\x01\x02", 7, lambda found: found.value)
    assert await answer(call, response(value=None)) == b""
    error = await failure(call, response(value=None, log="version does not exist"))
    assert "no state of height 7" in str(error)


# Errors


@pytest.mark.parametrize(
    ("code", "data", "kind", "again", "text"),
    [
        (-32603, "height 9 must be less than or equal to the current blockchain height 8", "lagging", False, "behind"),
        (-32603, "height 2 is not available, lowest height is 5", "failing", False, "lowest height is 5: the node has"),
        (-32603, "could not find validator set for height #2", "failing", False, "pruned"),
        (-32601, "", "failing", False, "-32601"),
        (-32602, "error converting json params to arguments", "failing", False, "params"),
        (-32603, f"some trouble with {KEY}", "failing", True, "some trouble with [redacted]"),
        (-32603, "a\nb", "failing", True, r"'a\nb'"),
        (-32603, "too many requests", "limiting", True, "too many"),
        (429, "", "limiting", True, ""),
    ],
)
async def test_errors_are_told_apart(code: int, data: str, kind: str, again: bool, text: str) -> None:
    error = await failure(rpc.commit(9), code=code, message="Internal error", data=data)
    assert (error.kind, error.again) == (kind, again)
    assert text in str(error)


async def test_what_a_node_has_not_got_is_an_answer_to_who_asks_for_it() -> None:
    async def ask(call: Call, data: str) -> Any:
        error = {"code": -32603, "message": "Internal error", "data": data}
        async with served(lambda body: [{"jsonrpc": "2.0", "id": body[0]["id"], "error": error}]) as url:
            return (await asked(url, call))[0]

    for gone in (
        "height 9 must be less than or equal to the current blockchain height 8",
        "height 2 is not available, lowest height is 5",
    ):
        assert await ask(rpc.commit(9, absent=True), gone) is None
    with pytest.raises(EndpointError):
        await ask(rpc.commit(9, absent=True), "database is closed")
    fault = await ask(Call("tx", (), lambda value: value, faults=True), f"tx (AB) not found {KEY}")
    assert isinstance(fault, Fault)
    assert "tx (AB) not found [redacted]" in fault.message
    with pytest.raises(EndpointError):
        await ask(Call("tx", (), lambda value: value, faults=True), "Too Many Requests")


async def test_a_batch_that_is_too_large_says_what_to_set() -> None:
    error = {"code": -32600, "message": "Invalid Request", "data": "batch request exceeds maximum (10) allowed"}
    async with served(lambda body: {"jsonrpc": "2.0", "error": error}) as url:
        with pytest.raises(EndpointError, match="it allows 10 calls in a request: set batch to that") as caught:
            await asked(url, rpc.status(), rpc.commit(2))
    assert not caught.value.again


# Not the RPC


@pytest.mark.parametrize("status", [200, 404, 501])
@pytest.mark.parametrize("body", [GATEWAY, {"error": "Not Implemented", **GATEWAY}], ids=["v2", "v1"])
@pytest.mark.parametrize("batch", [1, 10])
async def test_a_rest_gateway_is_recognized(status: int, body: Any, batch: int) -> None:
    async with served(lambda _: web.Response(status=status, text=json.dumps(body))) as url:
        with pytest.raises(NotJsonRpc, match="gRPC gateway") as caught:
            await asked(url, rpc.status(), batch=batch)
        assert not caught.value.again
        assert KEY not in str(caught.value)
        patient = Limits(timeout=PATIENCE, deadline=PATIENCE, batch=batch)
        node = Node(url, None, patient, judge, chain_admission("chain-1"))
        try:
            with pytest.raises(Refused, match="CometBFT's RPC"):
                await node.ask(rpc.status())
        finally:
            await node.close()


@pytest.mark.parametrize(
    "body",
    [{"code": 429, "message": "slow down"}, {"jsonrpc": "2.0", "result": {}, **GATEWAY}, [GATEWAY], "<html>", {}],
)
async def test_other_nonsense_is_a_failure_that_may_pass(body: Any) -> None:
    async with served(lambda _: body) as url:
        with pytest.raises(EndpointError) as caught:
            await asked(url, rpc.status())
        assert not isinstance(caught.value, NotJsonRpc)
        assert caught.value.kind == "failing"


async def test_a_grpc_port_is_recognized() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The settings that an HTTP/2 server begins with; then it ends what is no HTTP/2.
        await reader.readuntil(b"\r\n\r\n")
        writer.write(bytes.fromhex("000006040000000000000500004000"))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(NotJsonRpc, match="as on a gRPC port"):
            await asked(url, rpc.status())


async def opened(urls: list[str], chain_id: str, trust_hash: str = "00" * 32) -> tuple[Quorum, Transport]:
    listed = [{"name": name, "url": url} for name, url in zip("abc", urls, strict=False)]
    root = {"trust_height": 1, "trust_hash": trust_hash}
    options = MemberOptions.model_validate({"endpoints": listed, **PATIENT, **root})
    chain = ChainOptions.model_validate({"chain_id": chain_id, "prefix": "wasm", "trust_period": 600})
    transport = Transport()
    endpoints = [Endpoint(target(e), transport, Limits.of(options), judge) for e in options.endpoints]
    return Quorum(endpoints, admission(chain, options), options, Recorder()), transport


async def test_the_start_says_which_url_is_wrong_and_what_it_should_be() -> None:
    async with served(lambda _: GATEWAY) as url:
        quorum, transport = await opened([url, url + "?b"], "chain-1")
        try:
            with pytest.raises(Refused) as caught:
                await quorum.admit_all()
        finally:
            await transport.close()
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["endpoint a", "endpoint b"]
    assert all(line.endswith(EXPECTED) for line in lines)


# The real node


@needs_wasmd
async def test_a_real_node_answers_all_of_it(node: RunningNode) -> None:
    await node.reaches(4)
    status, (header, commit), page = await asked(node.url, rpc.status(), rpc.commit(3), rpc.validators(3))
    assert status.chain_id == node.chain.reference == header.chain_id
    assert (status.height >= 4, status.earliest, status.catching_up) == (True, 1, False)
    assert (commit.block_id.hash, page.total) == (header.hash, 1)
    (alone,) = await asked(node.url, rpc.commit(3))
    assert alone[0] == header, "a batch of one is answered without its array"
    (one,) = await asked(node.url, rpc.commit(3), batch=1)
    assert one[0] == header
    key = stores.supply_key("stake")
    (found,) = await asked(node.url, rpc.store_query(stores.BANK, key, 3, lambda found: found))
    assert (found.height, found.key, len(found.ops)) == (3, key, 2)
    assert found.value


@needs_wasmd
async def test_a_real_node_has_its_own_words_for_what_it_has_not_got(node: RunningNode) -> None:
    await node.reaches(4)
    far, key = node.height() + 10_000, stores.supply_key("stake")
    for call in (
        rpc.commit(far),
        rpc.validators(far),
        rpc.store_query(stores.BANK, key, far, lambda found: found),
        rpc.abci_query("/cosmos.bank.v1beta1.Query/Params", b"", far, lambda found: found),
    ):
        with pytest.raises(EndpointError) as caught:
            await asked(node.url, call)
        assert (caught.value.kind, caught.value.again) == ("lagging", False), str(caught.value)
    assert await asked(node.url, rpc.commit(far, absent=True)) == [None]
    assert await asked(node.url, rpc.validators(3, 2, absent=True)) == [None]
    for path, code in (("/no.such.Query/Thing", 6), ("/cosmos.auth.v1beta1.Query/AccountInfo", 18)):
        (error,) = await asked(node.url, rpc.abci_query(path, b"", 3, lambda found: found, errors=True))
        assert (error.codespace, error.code) == ("sdk", code)
    with pytest.raises(EndpointError, match="no such store: nothing"):
        await asked(node.url, rpc.store_query("nothing", key, 3, lambda found: found))
    with pytest.raises(EndpointError, match="set batch to that"):
        await asked(node.url, *[rpc.status()] * 11)
    with pytest.raises(EndpointError, match=r"Method not found.* \(error -32601\)"):
        await asked(node.url, Call("eth_chainId", (), lambda value: value))


@needs_wasmd
async def test_the_other_ports_of_a_real_node_are_not_its_rpc(node: RunningNode) -> None:
    grpc, rest = (f"http://127.0.0.1:{node.port + i}" for i in (1, 2))
    with pytest.raises(NotJsonRpc, match="gRPC gateway"):
        await asked(rest, rpc.status())
    quorum, transport = await opened([grpc, rest, node.url], node.chain.reference)
    try:
        with pytest.raises(Refused) as caught:
            await quorum.admit_all()
    finally:
        await transport.close()
    a, b, c = str(caught.value).splitlines()
    assert a.startswith("endpoint a: no HTTP/1.1 is spoken there, as on a gRPC port; its URL has to be CometBFT's RPC")
    assert b.startswith("endpoint b: a gRPC gateway (REST) answers there")
    assert c.startswith("endpoint c: its block 1 is ")


@needs_wasmd
async def test_a_real_node_of_another_chain_is_refused(node: RunningNode) -> None:
    quorum, transport = await opened([node.url, node.url + "?b"], "ballast-local-9")
    try:
        with pytest.raises(
            Refused, match=f"serves the chain '{node.chain.reference}', configured is 'ballast-local-9'"
        ):
            await quorum.admit_all()
        (found,) = await quorum.agree([rpc.status()], "the status")
        assert isinstance(found, Unreadable)
    finally:
        await transport.close()
