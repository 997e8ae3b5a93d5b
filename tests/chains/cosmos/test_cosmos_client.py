"""Transactions at one node that does not do as it should; a test holds it in its hand."""

import asyncio
from typing import Any, cast

import pytest
from pydantic import SecretStr

from chains.cosmos import messages, sending
from chains.cosmos.client import Client
from chains.cosmos.transactions import execution
from chains.cosmos.transactions import sending as paying
from chains.cosmos.user import CosmosUser
from chains.errors import ChainError, Refused, Unreadable
from chains.jsonrpc import Call, EndpointError
from chains.node import Node as OneNode
from tests.chains.cosmos.member import World
from tests.chains.cosmos.mempool import ADDRESS, CHAIN, MEMBER, PREFIX, answers, checked, refuses, taken_apart, told
from tests.chains.polling import until


class Held:
    """The first endpoint of a world, as `chains.node.Node`."""

    def __init__(self, world: World) -> None:
        self._node = world.nodes[0]

    async def ask(self, *asked: Call) -> tuple[Any, ...]:
        return await self._node.ask(asked)

    async def close(self) -> None:
        pass


def client(w: World) -> Client:
    made = Client(CHAIN, "http://a.example", MEMBER, PREFIX, poll=0.001, clock=w.clock)
    made._node = cast(OneNode, Held(w))
    return made


PAYMENT = paying(ADDRESS, ADDRESS, {"ustake": 1})


async def test_a_transaction_is_sent_again_until_a_block_takes_it() -> None:
    w = World()
    task = asyncio.ensure_future(client(w).transact([PAYMENT]))
    for _ in range(3):
        await until(lambda: bool(w.ledger.pool))
        (hash_,) = w.ledger.pool
        w.ledger.pool.clear()
        w.ledger.cache.clear()
    await until(lambda: bool(w.ledger.pool))
    w.ledger.land(hash_)
    paid = taken_apart(w.ledger.landed[hash_].raw).fees["ustake"]
    receipt = await task
    assert 3_250 <= paid < 3_400
    assert (receipt.ok, receipt.transaction, receipt.cost) == (True, hash_.hex().upper(), paid)
    assert set(w.ledger.sent) == {hash_}


async def test_a_transaction_that_no_block_took_in_time_has_not_happened() -> None:
    w = World()
    one = client(w)
    sent = await one.send([PAYMENT])
    w.ledger.mine(200)
    with pytest.raises(Unreadable, match="in no block in time; nothing has happened"):
        await one.executed(sent)
    assert (await one.send([PAYMENT])).sequence == sent.sequence


async def test_nothing_is_signed_for_another_chain_than_the_configured_one() -> None:
    # A node that was admitted could have a signature for any chain on which the account has coins.
    w = World()
    one = client(w)
    w.lie("status", lambda truth, params: truth() | {"node_info": {"network": "cosmoshub-4"}})
    with pytest.raises(Refused, match="serves the chain 'cosmoshub-4'"):
        await one.send([PAYMENT])
    assert not w.ledger.sent


async def test_a_used_sequence_without_a_trace_is_no_proof_that_nothing_has_happened() -> None:
    w = World()
    one = client(w)
    sent = await one.send([PAYMENT])
    w.ledger.land(sent.signed.hash)
    w.ledger.mine(200)
    w.lie("tx", refuses("tx (AB) not found"))
    with pytest.raises(Unreadable, match="not executed after 9 s; it may still be"):
        await one.executed(sent, 9)


async def test_what_stands_in_a_block_without_having_been_executed_is_not_done() -> None:
    w = World()
    one = client(w)
    sent = await one.send([PAYMENT])
    w.ledger.land(sent.signed.hash, 5, "insufficient funds", "sdk", executed=False)
    w.ledger.cache.clear()
    task = asyncio.ensure_future(one.executed(sent))
    await until(lambda: bool(w.ledger.pool) or task.done())
    w.ledger.land(sent.signed.hash)
    assert (await task).ok


async def test_what_waits_in_the_mempool_comes_first() -> None:
    w = World()
    one, copy = client(w), client(w)
    assert [(await one.send([PAYMENT])).sequence for _ in range(2)] == [4, 5]
    assert (await copy.send([PAYMENT])).sequence == 6
    assert await copy.refusal([PAYMENT]) == ""


async def test_an_error_that_is_not_known_is_never_a_success() -> None:
    w = World()
    one = client(w)
    for code, log, error in ((5, "out of cheese", "out of cheese"), (5, "", "wasm error 5")):
        sent = await one.send([execution(ADDRESS, ADDRESS, messages.redeem_hook())])
        w.ledger.land(sent.signed.hash, code, log)
        receipt = await one.executed(sent)
        assert (receipt.ok, receipt.error) == (False, error)


async def test_a_node_without_an_index_is_named() -> None:
    w = World()
    w.lie("tx", refuses("transaction indexing is disabled"))
    with pytest.raises(Unreadable, match=r"keeps no index of transactions \(tx_index\).*: ask another node"):
        await client(w).transact([PAYMENT])


async def test_a_fee_that_the_node_does_not_name_beforehand_is_learned_from_its_refusal() -> None:
    w = World()
    w.lie("Config", lambda truth, params: w.nodes[0]._answer(b""))
    w.ledger.price = (40, "uother")
    sent = await client(w).send([PAYMENT], 100_000)
    assert 4_000 <= sent.fee < 4_200
    assert list(w.ledger.pool) == [sent.signed.hash]


async def test_a_node_that_has_just_started_takes_no_signature_before_its_next_block() -> None:
    w = World()
    w.lie("broadcast_tx_sync", checked(4, "signature verification failed"))
    task = asyncio.ensure_future(client(w).send([PAYMENT]))
    await until(lambda: w.nodes[0].asked.count("AccountInfo") > 4)
    w.nodes[0].lies.clear()
    w.ledger.mine()
    assert (await task).signed.hash in w.ledger.pool


async def test_what_took_too_long_to_get_to_the_node_is_signed_for_later_blocks() -> None:
    w = World()
    late = list[bool]()

    def slow(truth: Any, params: Any) -> Any:
        if not late:
            late.append(True)
            w.ledger.mine(200)
        return truth()

    w.lie("broadcast_tx_sync", slow)
    sent = await client(w).send([PAYMENT])
    assert list(w.ledger.pool) == [sent.signed.hash] == w.ledger.sent
    assert sent.timeout_height > w.ledger.height


async def test_what_a_node_refuses_is_said() -> None:
    w = World()
    w.lie("broadcast_tx_sync", checked(21, "tx too large"))
    with pytest.raises(ChainError, match="the node refuses the transaction: tx too large"):
        await client(w).send([PAYMENT])
    w.ledger.refusal = "no such contract"
    assert await client(w).refusal([PAYMENT]) == "no such contract"


@pytest.mark.parametrize(
    ("what", "lie", "text"),
    [
        ("Simulate", {"value": ""}, "a simulation that used 0 gas"),
        ("AccountInfo", {"value": "CgUKA2FiYw=="}, "the account of 'abc'"),
        ("Config", {"value": "CgNhYmM="}, "not a price of gas"),
    ],
)
async def test_a_node_that_answers_something_else_is_not_believed(what: str, lie: dict[str, str], text: str) -> None:
    w = World()
    w.lie(what, lambda truth, params: {"response": truth()["response"] | lie})
    with pytest.raises(EndpointError, match=text):
        await client(w).send([PAYMENT])
    assert w.ledger.sent == []


async def test_another_transaction_under_the_hash_is_not_believed() -> None:
    w = World()
    one = client(w)
    sent, other = await one.send([PAYMENT]), await one.send([PAYMENT])
    w.ledger.land(sent.signed.hash)
    w.ledger.land(other.signed.hash)
    w.lie("tx", answers(told(w.ledger.landed[other.signed.hash])))
    with pytest.raises(EndpointError, match=f"another transaction under the hash {sent.signed.name}"):
        await one.executed(sent)
    with pytest.raises(EndpointError, match=f"another transaction under the hash {sent.signed.name}"):
        await one.found(sent.signed.hash)


async def test_secrets_stand_in_no_text() -> None:
    user = CosmosUser(CHAIN, SecretStr("http://a.example/key"), MEMBER)
    texts = [repr(user), repr(client(World())), repr(client(World()).key), repr(sending.account(ADDRESS))]
    for secret in (MEMBER.hex(), str(MEMBER)[2:-1], str(int.from_bytes(MEMBER, "big"))):
        assert all(secret not in text for text in texts)
