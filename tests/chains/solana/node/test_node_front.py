"""The front can be stopped and started while the chain lives on; the clock moves slots by itself."""

import itertools
import socket
from contextlib import closing

import aiohttp
import pytest

from chains.solana.node.front import MOST_QUEUED, CannotListen
from chains.solana.node.node import LocalNode
from chains.solana.node.settings import Settings
from chains.solana.node.subscriptions import MOST_SUBSCRIPTIONS
from tests.chains.solana.node.node_support import ALICE, BOB, SOL, Rpc, funded, pay, signed

ENDED = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_the_chain_survives_its_front() -> None:
    async with LocalNode(Settings(finality_slots=2)) as node, aiohttp.ClientSession() as session:
        rpc = Rpc(session, node.url)
        await funded(node, rpc, ALICE)
        sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
        port, slot = node.port, node.ledger.blocks.open.slot
        async with session.ws_connect(node.websocket_url) as socket:
            await node.stop_front()
            assert (await socket.receive()).type in ENDED
        with pytest.raises(aiohttp.ClientConnectionError):
            await rpc.call("getHealth")
        node.finalize()
        await node.start_front()
        assert node.port == port
        found = await rpc.call("getTransaction", sent)
        assert found["slot"] == slot
        assert await rpc.value("getBalance", str(BOB.pubkey())) == SOL


async def test_a_front_that_is_away_keeps_its_ports() -> None:
    async with LocalNode() as node, aiohttp.ClientSession() as session:
        await node.stop_front()
        for port in (node.port, node.port + 1):
            with closing(socket.socket()) as stranger, pytest.raises(OSError, match="in use"):
                stranger.bind(("127.0.0.1", port))
        await node.start_front()
        assert await Rpc(session, node.url).call("getHealth") == "ok"


async def test_who_does_not_take_what_it_is_told_is_cut_off_and_nobody_else() -> None:
    async with LocalNode() as node, aiohttp.ClientSession() as session:
        async with session.ws_connect(node.websocket_url) as slow, session.ws_connect(node.url) as quick:
            for websocket, count in ((slow, MOST_SUBSCRIPTIONS), (quick, 1)):
                for _ in range(count):
                    await websocket.send_json({"jsonrpc": "2.0", "id": 1, "method": "slotSubscribe"})
                    assert "result" in await websocket.receive_json()
            # More than is kept for one connection, and nothing is sent before all of it is there.
            node.advance(MOST_QUEUED // MOST_SUBSCRIPTIONS + 1)
            assert node.subscribers == 1
            told = [(await quick.receive_json())["method"] for _ in range(MOST_QUEUED // MOST_SUBSCRIPTIONS + 1)]
            assert set(told) == {"slotNotification"}
            while (await slow.receive()).type not in ENDED:
                pass
        assert await Rpc(session, node.url).call("getHealth") == "ok"


async def test_taken_ports_are_named() -> None:
    async with LocalNode() as node:
        other = LocalNode()
        for port in (node.port, node.port - 1, node.port + 1):
            with pytest.raises(CannotListen, match=rf"cannot listen on 127\.0\.0\.1:({port}|{port + 1})\b"):
                await other.start(port)
    for port in (-1, 65_535):
        with pytest.raises(CannotListen, match="the port is 0 to 65534"):
            await LocalNode().start(port)


async def test_the_clock_moves_the_slots() -> None:
    times = itertools.count(1_800_000_000, 1)
    async with LocalNode(Settings(slot_ms=1000, finality_slots=2), lambda: next(times)) as node:
        async with aiohttp.ClientSession() as session:
            rpc = Rpc(session, node.url)
            while await rpc.call("getSlot") < 5:
                assert await rpc.call("getHealth") == "ok"
            assert await rpc.call("getBlockTime", 5) == 1_800_000_005
        await node.stop()
        slot = node.ledger.blocks.newest.slot
        assert next(times) > 0
        assert node.ledger.blocks.newest.slot == slot


async def test_nodes_of_one_number_are_one_chain_and_others_are_not() -> None:
    async with LocalNode(Settings(number=1)) as one, LocalNode(Settings(number=2)) as other:
        assert one.ledger.genesis_hash == LocalNode(Settings(number=1)).ledger.genesis_hash
        assert one.ledger.genesis_hash != other.ledger.genesis_hash
        assert one.port != other.port
