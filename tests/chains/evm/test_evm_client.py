"""What a user and a client do at one node, and how refusals are named."""

from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from chains.errors import ChainError, Refused
from chains.evm.abi import error_name, interface
from chains.evm.client import Client
from chains.evm.submit import with_y
from chains.hashing import keccak256
from chains.types import GateState
from tests.chains.evm.evm_support import CHAIN, PATIENT, UNIT, USER, Signer, patient, world
from tests.chains.serving import served


async def test_a_refused_mint_is_a_mined_transaction_that_shows_the_gates_error() -> None:
    async with world() as w:
        c, to = w.client, "0x" + "ab" * 20
        none = await w.mined(c.mint(w.gate, to, 1))
        assert (none.ok, none.error) == (False, "NoStatement")
        assert none.cost > 0
        brought = w.statement(5, 60 * UNIT, await w.now())
        assert (await w.mined(c.mint(w.gate, to, 50 * UNIT, brought))).ok
        above = await w.mined(c.mint(w.gate, to, 10 * UNIT + 1))
        assert (above.ok, above.error) == (False, "ExceedsCap")
        assert (await w.mined(c.mint(w.gate, to, 10 * UNIT))).ok
        assert await c.balance(w.token, to) == 60 * UNIT == await c.supply(w.token)
        async with patient(w.node, USER) as user:
            stranger = await w.mined(user.mint(w.gate, to, 1))
            assert (stranger.ok, stranger.error) == (False, "NotMinter")


async def test_of_two_mints_in_one_block_the_refused_one_shows_its_error() -> None:
    async with world() as w:
        c, to = w.client, "0x" + "ab" * 20
        await w.mined(c.submit(w.gate, w.statement(5, 60 * UNIT, await w.now())))
        one, other = await c.send_mint(w.gate, to, 40 * UNIT), await c.send_mint(w.gate, to, 40 * UNIT)
        await w.node.mine()
        receipts = [await c.executed(one), await c.executed(other)]
        assert receipts[0].height == receipts[1].height
        assert [(r.ok, r.error) for r in receipts] == [(True, ""), (False, "ExceedsCap")]


async def test_a_user_locks_redeems_and_drains() -> None:
    async with world() as w:
        c = w.client
        await w.mined(c.mint(w.gate, c.address, 50 * UNIT, w.statement(5, 60 * UNIT, await w.now())))
        await w.mined(c.approve(w.token, w.gate, 20 * UNIT))
        assert (await w.mined(c.redeem(w.gate, 20 * UNIT))).ok
        state = await w.client.gate_state(w.gate, w.token)
        assert state == GateState(30 * UNIT, 5, 40 * UNIT, state.expires_at)
        assert (await w.mined(c.transfer(w.token, "0x" + "cd" * 20, UNIT))).ok
        assert (await w.mined(c.drain(w.vault, c.address))).ok
        assert await c.balance(w.collateral, w.vault) == 0
        with pytest.raises(ChainError, match="no code"):
            await c.code_hash("0x" + "cd" * 20)


async def test_a_client_refuses_another_chain() -> None:
    other = replace(CHAIN, reference="5")
    async with world(contracts=False) as w, Client(other, w.node.url, USER, limits=PATIENT) as client:
        with pytest.raises(Refused, match="serves chain id 31337, not 5"):
            await client.native_balance(client.address)


@pytest.mark.parametrize("executed", [False, True])
async def test_a_transaction_is_sent_though_the_first_answer_is_lost(executed: bool) -> None:
    lost = list[int]()
    async with world(contracts=False) as w, aiohttp.ClientSession() as session:

        async def losing(request: web.Request) -> web.Response:
            body = await request.json()
            async with session.post(w.node.url, json=body) as response:
                answer = await response.json()
            if body[0]["method"] == "eth_sendRawTransaction" and not lost:
                lost.append(await w.pending())
                if executed:
                    await w.node.mine()
                return web.Response(status=502)
            return web.json_response(answer)

        async with served(losing) as url, Client(CHAIN, url, USER, poll=0.02, limits=PATIENT) as client:
            sent = await client.send(client.address, b"", 21_000)
            assert lost == [1]
            assert (await w.mined(client.executed(sent))).ok
            with pytest.raises(ChainError, match="the node refuses the transaction"):
                await client.send(client.address, b"", 21_000, value=10**30)


def test_submissions_must_decode_and_r_must_be_a_point() -> None:
    signer = Signer()
    for wrong in (b"", b"\x00" * 400, b"\x01" + bytes(321)):
        with pytest.raises(ChainError):
            with_y(wrong)
    assert signer.parity in (0, 1)


def test_errors_are_named_through_the_artifacts() -> None:
    assert error_name(b"") == "reverted"
    assert error_name(keccak256(b"NoStatement()")[:4]) == "NoStatement"
    assert error_name(bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big")) == "Panic(0x11)"
    assert error_name(b"\x12\x34\x56\x78") == "0x12345678"
    text = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (3).to_bytes(32, "big") + b"odd".ljust(32, b"\0")
    assert error_name(text) == "odd"
    assert error_name(text[:40]) == "reverted"
    assert interface("Gate").call("lastRound") == keccak256(b"lastRound()")[:4]
