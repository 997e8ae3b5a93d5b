"""What was not executed at once: too late, overtaken, out of order; nodes without an index of transactions."""

import asyncio
from typing import Any

import pytest
from cosmpy.protos.cosmos.auth.v1beta1.query_pb2 import QueryAccountInfoRequest

from chains.errors import Refused, Unreadable
from tests.chains.cosmos.member import World, landed, statement, stuck
from tests.chains.cosmos.mempool import ADDRESS, BLOCKS, refuses
from tests.chains.polling import until
from tests.chains.scripted import fails

EXPIRED = "failed to execute message; message index: 0: ballast error 26 StatementExpired: its expiry has come"
NO_INDEX = "transaction indexing is disabled"


async def test_what_is_too_late_is_signed_anew_once_and_not_a_block_before() -> None:
    w = World()
    first = await stuck(w)
    w.ledger.mine(BLOCKS - 1)
    settler = w.opened(max_gas_price="0.03")
    await settler.settle()
    assert w.entry().newest.signed == first  # the next block may still take it
    w.ledger.mine()
    await settler.settle()
    second = w.entry()
    assert second.newest.signed != first
    assert (second.times, second.sequence, w.tx().fees) == (2, 4, {"ustake": 3_600})
    await settler.settle()
    assert w.entry() == second
    w.ledger.land(second.newest.signed.hash)
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert receipt.cost == 3_600


async def test_one_endpoint_cannot_make_a_transaction_late_and_two_can() -> None:
    w = World()
    first = await stuck(w)
    w.lie("AccountInfo", lambda truth, params: {"response": truth()["response"] | {"height": "5000"}})
    await w.opened().settle()
    assert w.entry().newest.signed == first
    w.lie("AccountInfo", lambda truth, params: {"response": truth()["response"] | {"height": "5000"}}, 2)
    await w.opened().settle()
    assert w.entry().times == 2


@pytest.mark.parametrize("why", ["refused", "overtaken", "newer"])
async def test_what_the_gate_would_refuse_by_now_is_not_signed_again(why: str) -> None:
    w = World()
    await stuck(w)
    w.ledger.mine(BLOCKS)
    if why == "newer":
        w.ledger.round = 6
    else:
        w.ledger.refusal = EXPIRED if why == "refused" else EXPIRED.replace("26 StatementExpired", "23 StaleRound")
    await w.opened().settle()
    assert w.entries() == []
    assert len(w.ledger.sent) == 1
    assert bool(w.log.named("not_resubmitted")) == (why == "refused")


async def test_submitting_raises_what_the_gate_says_by_now() -> None:
    w = World()
    await stuck(w)
    w.ledger.mine(BLOCKS)
    w.ledger.refusal = EXPIRED
    with pytest.raises(Refused, match="StatementExpired"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.entries() == []


async def test_a_sequence_that_another_has_used_is_followed_by_the_right_one() -> None:
    w = World()
    first = await stuck(w)
    w.ledger.spend(2)
    settler = w.opened()
    await settler.settle()
    assert w.entry().newest.signed == first  # its block may not be in the index yet
    w.ledger.mine(BLOCKS)
    await settler.settle()
    assert w.log.named("sequence_used") == [{"key": "r5", "sequence": 4, "account": ADDRESS}]
    assert (w.entry().sequence, w.entry().times) == (6, 2)
    w.ledger.land(w.entry().newest.signed.hash)
    receipt = await settler.submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert receipt.ok


async def test_what_stands_in_a_block_without_having_been_executed_is_not_done() -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.land(signed.hash, 32, "account sequence mismatch, expected 3, got 4", "sdk", executed=False)
    w.ledger.cache.clear()
    submitter = w.opened()
    await submitter.settle()
    assert w.entry().newest.signed == signed
    assert list(w.ledger.pool) == [signed.hash]
    w.ledger.land(signed.hash)
    receipt = await submitter.submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert receipt.ok


async def test_several_go_out_with_consecutive_sequences() -> None:
    w = World()
    submitter = w.opened()
    tasks = [asyncio.ensure_future(submitter.submit(w.deployment, statement(n), f"r{n}")) for n in (5, 6, 7)]
    await until(lambda: len(w.ledger.sent) == 3)
    assert sorted(e.sequence for e in w.entries()) == [4, 5, 6]
    for hash_ in list(w.ledger.sent):
        w.ledger.land(hash_)
    assert all(r is not None and r.ok for r in await asyncio.gather(*tasks))
    assert len(set(w.ledger.sent)) == 3


async def test_a_new_transaction_fills_the_gap_of_one_that_was_lost() -> None:
    w = World()
    await stuck(w, 5, "r5")
    w.ledger.mine(BLOCKS // 2)
    await stuck(w, 6, "r6")
    assert [e.sequence for e in w.entries()] == [4, 5]
    w.ledger.mine(BLOCKS // 2)
    assert w.ledger.pool == {}  # the first is too late, and the second stands behind a gap
    third = await stuck(w, 7, "r7")
    assert w.tx("r7").sequence == 4
    assert list(w.ledger.pool) == [third.hash]
    await w.opened().settle()
    assert {e.key: e.sequence for e in w.entries()} == {"r5": 6, "r6": 5, "r7": 4}
    await w.opened().settle()
    for key in ("r7", "r6", "r5"):
        w.ledger.land(w.entry(key).newest.signed.hash)
    w.ledger.final = w.ledger.height
    await w.opened().settle()
    assert w.entries() == []


async def test_what_stands_behind_a_gap_that_nothing_fills_is_signed_anew_from_the_gap_on() -> None:
    w = World()
    await stuck(w, 5, "r5")
    w.ledger.mine(BLOCKS // 2)
    await stuck(w, 6, "r6")
    w.ledger.mine(BLOCKS // 2)
    w.ledger.round = 5  # by another member, so that the first is not sent again
    await w.opened().settle()
    assert {e.key: e.sequence for e in w.entries()} == {"r6": 5}
    assert w.ledger.pool == {}
    w.ledger.mine(BLOCKS // 2)
    await w.opened().settle()
    assert (w.entry("r6").sequence, w.entry("r6").times) == (4, 2)
    assert list(w.ledger.pool) == [w.entry("r6").newest.signed.hash]


async def test_an_endpoint_that_is_behind_does_not_give_a_sequence_twice() -> None:
    w = World()
    submitter = w.opened()
    behind = World().nodes[0]
    assert await landed(w, submitter) is not None
    w.ledger.final = w.ledger.height
    await submitter.settle()
    behind._ledger.height = w.ledger.height
    # Both endpoints that answer now have not seen the last block.
    w.lie("AccountInfo", lambda truth, params: behind._accountinfo(*params), 2)
    w.nodes[2].lies["AccountInfo"] = fails()
    await until_sent(w, submitter, 6)
    assert w.tx("r6").sequence == 5


async def until_sent(w: World, submitter: Any, round_: int) -> None:
    task = asyncio.ensure_future(submitter.submit(w.deployment, statement(round_), f"r{round_}"))
    known = len(w.ledger.sent)
    await until(lambda: len(w.ledger.sent) > known or task.done())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_nodes_simulate_on_top_of_what_waits_and_each_is_asked_for_its_own_sequence() -> None:
    w = World()
    await stuck(w, 5, "r5")
    fresh = World().nodes[0]
    w.nodes[2].lies["Simulate"] = lambda truth, params: fresh._simulate(*params)  # has not heard of the first
    await stuck(w, 6, "r6")
    assert w.tx("r6").sequence == 5
    endless = {"code": 6, "codespace": "sdk", "log": "account sequence mismatch, expected 77, got 4"}
    w.lie("Simulate", lambda truth, params: {"response": truth()["response"] | endless}, 3)
    with pytest.raises(Unreadable, match="no quorum: account sequence mismatch, expected 77"):
        await w.opened().submit(w.deployment, statement(7), "r7")


@pytest.mark.parametrize("round_", [0, 5])
async def test_without_an_index_the_sequence_and_the_gates_round_say_what_happened(round_: int) -> None:
    w = World()
    w.lie("tx", refuses(NO_INDEX), 2)
    signed = await stuck(w)
    w.ledger.land(signed.hash)
    w.ledger.round = round_
    submitter = w.opened()
    if round_:
        assert await submitter.submit(w.deployment, statement(5), "r5") is None
        assert (w.entries(), w.ledger.sent) == ([], [signed.hash])
    else:
        await submitter.settle()
        assert (w.entry().sequence, w.entry().times, w.entry().newest.gas) == (5, 2, 180_000)
    assert w.log.named("sequence_used")[0]["sequence"] == 4


async def test_one_node_without_an_index_does_not_matter() -> None:
    w = World()
    w.lie("tx", refuses(NO_INDEX))
    receipt = await landed(w, w.opened())
    assert receipt is not None
    assert receipt.ok


async def test_an_index_that_is_late_is_waited_for() -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.land(signed.hash)
    w.ledger.round = 5
    w.lie("tx", refuses("tx (AB) not found"), 3)
    submitter = w.opened()
    task = asyncio.ensure_future(submitter.submit(w.deployment, statement(5), "r5"))
    await until(lambda: sum(node.asked.count("tx") for node in w.nodes) > 12)
    assert not task.done()
    for node in w.nodes:
        node.lies.clear()
    receipt = await task
    assert receipt is not None
    assert (receipt.ok, receipt.transaction) == (True, signed.name)
    assert w.ledger.sent == [signed.hash]


async def test_one_liar_and_one_that_is_behind_cannot_make_an_executed_transaction_late() -> None:
    w = World()
    signed = await stuck(w)
    behind = World().nodes[0]  # has neither the block nor those after it
    w.ledger.land(signed.hash)
    w.ledger.mine(BLOCKS)
    w.lie("tx", refuses("tx (AB) not found"), 3)
    late = {"value": behind._accountinfo("", _asked(), "", False)["response"]["value"]}
    w.lie("AccountInfo", lambda truth, params: {"response": truth()["response"] | late})
    w.nodes[1].lies["AccountInfo"] = lambda truth, params: behind._accountinfo(*params)
    await w.opened().settle()
    assert w.entry().newest.signed == signed
    assert w.ledger.sent == [signed.hash]


async def test_one_endpoint_cannot_make_a_sequence_used() -> None:
    w = World()
    signed = await stuck(w)
    ahead = World()
    ahead.ledger.sequence = 99
    used = {"value": ahead.nodes[0]._accountinfo("", _asked(), "", False)["response"]["value"]}
    w.lie("AccountInfo", lambda truth, params: {"response": truth()["response"] | used})
    w.ledger.pool.clear()
    w.ledger.cache.clear()
    await w.opened().settle()
    assert list(w.ledger.pool) == [signed.hash]
    w.ledger.mine(BLOCKS)
    await w.opened().settle()
    assert (w.entry().sequence, w.entry().times, w.log.named("sequence_used")) == (4, 2, [])


def _asked() -> str:
    raw: bytes = QueryAccountInfoRequest(address=ADDRESS).SerializeToString()
    return raw.hex()
