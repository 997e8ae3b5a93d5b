"""Subscriptions over websockets, on both ports."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from solders.keypair import Keypair

from chains.solana.node.front import MOST_REQUEST
from chains.solana.node.node import LocalNode
from chains.solana.node.subscriptions import MOST_SUBSCRIPTIONS
from tests.chains.solana.node.conftest import FINALITY_SLOTS
from tests.chains.solana.node.node_support import (
    ALICE,
    BOB,
    CONFIRMED,
    FINALIZED,
    PROCESSED,
    SOL,
    Rpc,
    pay,
    signed,
)


class Talk:
    """One websocket; `told` are the notifications that came with or before the last reply."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: list[tuple[str, int, Any]] = []

    async def ask(self, method: str, *params: Any) -> Any:
        await self.socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        while True:
            message = await self.socket.receive_json()
            if "id" in message:
                return message["result"] if "result" in message else message["error"]["code"]
            params_told = message["params"]
            self.told.append((message["method"], params_told["subscription"], params_told["result"]))

    async def news(self) -> list[tuple[str, int, Any]]:
        """What has been told by now: a request's reply comes after it."""
        await self.ask("slotUnsubscribe", 10**9)
        told, self.told = self.told, []
        return told


@pytest.fixture(params=["the port of HTTP", "the next port"])
async def talk(node: LocalNode, rpc: Rpc, request: pytest.FixtureRequest) -> AsyncIterator[Talk]:
    url = node.websocket_url if request.param == "the next port" else node.url.replace("http", "ws")
    async with rpc.session.ws_connect(url) as socket:
        yield Talk(socket)


async def test_a_signature_is_told_once_at_its_commitment(node: LocalNode, rpc: Rpc, talk: Talk) -> None:
    transaction = signed([pay(SOL)], await rpc.blockhash())
    failing = signed([pay(10_000 * SOL)], await rpc.blockhash())
    subscriptions = {}
    for config in (PROCESSED, CONFIRMED, FINALIZED):
        subscriptions[config["commitment"]] = await talk.ask(
            "signatureSubscribe", str(transaction.signatures[0]), config
        )
    failed = await talk.ask("signatureSubscribe", str(failing.signatures[0]), PROCESSED)
    await rpc.send(transaction)
    await rpc.send(failing, skipPreflight=True)
    slot = node.ledger.blocks.open.slot
    assert await talk.news() == []
    error = {"InstructionError": [0, {"Custom": 1}]}

    def told(number: int, at: int, err: Any = None) -> tuple[str, int, Any]:
        return ("signatureNotification", number, {"context": {"slot": at}, "value": {"err": err}})

    node.advance()
    assert await talk.news() == [told(subscriptions["processed"], slot), told(failed, slot, error)]
    node.advance()
    assert await talk.news() == [told(subscriptions["confirmed"], slot)]
    node.advance(FINALITY_SLOTS - 2)
    assert await talk.news() == []
    node.advance()
    assert await talk.news() == [told(subscriptions["finalized"], slot)]
    node.advance(5)
    assert await talk.news() == []
    assert await talk.ask("signatureUnsubscribe", failed) == -32602


async def test_a_signature_that_has_landed_is_told_at_once(node: LocalNode, rpc: Rpc, talk: Talk) -> None:
    sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
    node.finalize()
    number = await talk.ask("signatureSubscribe", sent)
    assert [each[:2] for each in await talk.news()] == [("signatureNotification", number)]


async def test_an_account_is_told_when_it_changes(node: LocalNode, rpc: Rpc, talk: Talk) -> None:
    heir = Keypair()
    form = {"encoding": "base64"}
    processed = await talk.ask("accountSubscribe", str(heir.pubkey()), {**form, **PROCESSED})
    finalized = await talk.ask("accountSubscribe", str(heir.pubkey()), form)
    gone = await talk.ask("accountSubscribe", str(heir.pubkey()), {**form, **PROCESSED})
    await talk.ask("accountUnsubscribe", gone)
    await rpc.send(signed([pay(SOL, heir.pubkey())], await rpc.blockhash()))
    slot = node.ledger.blocks.open.slot
    node.advance(FINALITY_SLOTS + 3)
    told = await talk.news()
    assert [(number, result["context"]["slot"]) for _, number, result in told] == [(processed, slot), (finalized, slot)]
    assert all(result["value"]["lamports"] == SOL for _, _, result in told)
    await rpc.send(signed([pay(SOL - 5000, BOB.pubkey(), heir)], await rpc.blockhash(), heir))
    node.advance()
    ((_, number, result),) = await talk.news()
    assert (number, result["value"]["lamports"], result["value"]["data"]) == (processed, 0, ["", "base64"])


async def test_slots_and_roots_are_told(node: LocalNode, talk: Talk) -> None:
    slots, roots = await talk.ask("slotSubscribe"), await talk.ask("rootSubscribe")
    newest = node.ledger.blocks.newest.slot
    node.advance(3)
    root = newest - FINALITY_SLOTS
    expected: list[Any] = []
    for slot in range(newest + 1, newest + 4):
        final = slot - FINALITY_SLOTS
        expected.append(("slotNotification", slots, {"slot": slot, "parent": slot - 1, "root": final}))
        expected.append(("rootNotification", roots, final))
    assert root < expected[1][2]
    assert await talk.news() == expected
    assert await talk.ask("slotUnsubscribe", slots) is True
    assert await talk.ask("rootUnsubscribe", roots) is True
    node.advance()
    assert await talk.news() == []


async def test_malformed_messages(talk: Talk) -> None:
    for method, params, code in (
        ("accountSubscribe", [], -32602),
        ("accountSubscribe", ["x"], -32602),
        ("accountSubscribe", [str(ALICE.pubkey()), {"encoding": "hex"}], -32602),
        ("signatureSubscribe", ["x"], -32602),
        ("accountUnsubscribe", ["x"], -32602),
        ("getSlot", [], -32601),
    ):
        assert await talk.ask(method, *params) == code
    await talk.socket.send_str("[]")
    for text, code in (("{", -32700), ('{"jsonrpc":"2.0","id":1}', -32600)):
        await talk.socket.send_str(text)
        assert (await talk.socket.receive_json())["error"]["code"] == code
    await talk.socket.send_bytes(b"\xff")
    assert (await talk.socket.receive_json())["error"]["code"] == -32700


async def test_subscriptions_are_limited(talk: Talk) -> None:
    batch = [{"jsonrpc": "2.0", "id": number, "method": "slotSubscribe"} for number in range(500)]
    for _ in range(MOST_SUBSCRIPTIONS // 500):
        await talk.socket.send_json(batch)
        assert all("result" in each for each in await talk.socket.receive_json())
    assert await talk.ask("slotSubscribe") == -32603


async def test_a_message_that_is_too_large_ends_the_connection(talk: Talk) -> None:
    await talk.socket.send_str(json.dumps("x" * MOST_REQUEST))
    assert (await talk.socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_connection_that_ends_is_forgotten(node: LocalNode, rpc: Rpc, talk: Talk) -> None:
    await talk.ask("slotSubscribe")
    await talk.socket.close()
    while node.subscribers:
        assert await rpc.call("getHealth") == "ok"
    node.advance()
    assert await rpc.call("getHealth") == "ok"
