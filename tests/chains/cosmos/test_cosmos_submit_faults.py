"""What was not taken or not executed at once: fees, gas, sequences, time-outs, nodes without an index."""

import asyncio
from typing import Any

import pytest

from chains.cosmos import fees
from chains.errors import Refused, Unreadable
from tests.chains.cosmos.mempool import (
    ADDRESS,
    BLOCKS,
    World,
    checked,
    fails,
    landed,
    refuses,
    statement,
    stuck,
    until,
)

OUT_OF_GAS = "out of gas in location: WritePerByte; gasWanted: 120000, gasUsed: 120062: out of gas"
EXPIRED = "failed to execute message; message index: 0: ballast error 26 StatementExpired: its expiry has come"
NO_INDEX = "transaction indexing is disabled"


async def test_a_price_that_is_too_low_is_raised_to_what_is_asked_for_within_the_most() -> None:
    w = World()
    w.ledger.price = (40, "ustake")
    w.lie("broadcast_tx_sync", checked(13, "insufficient fees; got: 1ustake required: 9999999ustake: insufficient fee"))
    signed = await stuck(w, max_gas_price="0.04")
    assert [a.fee for a in w.entry().attempts] == [3_000, 4_800]
    assert w.tx().fees == {"ustake": 4_800}
    assert {a.signed.hash for a in w.entry().attempts} > set(w.ledger.sent) == {signed.hash}
    assert len({w.tx().sequence, w.entry().sequence}) == 1
    w.ledger.land(signed.hash)
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.transaction, receipt.cost) == (signed.name, 4_800)


async def test_a_price_above_the_most_is_not_paid_and_said() -> None:
    w = World()
    w.ledger.price = (41, "ustake")
    submitter = w.opened(max_gas_price="0.04")
    for _ in range(2):
        with pytest.raises(Unreadable, match="ask for 4920ustake for 120000 gas, max_gas_price allows 4800: raise it"):
            await submitter.submit(w.deployment, statement(5), "r5")
    assert len(w.entry().attempts) == 1
    w.ledger.price = (25, "ustake")
    assert await landed(w, submitter) is not None


async def test_another_denomination_than_the_chains_is_named() -> None:
    w = World()
    w.ledger.price = (25, "uother")
    with pytest.raises(Unreadable, match="take no fees in ustake, but in uother: set gas_price"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    # An account that has nothing of it does not even get through the simulation.
    w = World()
    w.ledger.price = (25, "uother")
    w.ledger.refusal = "spendable balance 0ustake is smaller than 1ustake: insufficient funds"
    with pytest.raises(Unreadable, match="take no fees in ustake, but in uother: set gas_price"):
        await w.opened().submit(w.deployment, statement(5), "r5")


async def test_an_account_that_cannot_pay_is_named() -> None:
    w = World()
    w.ledger.coins = 2_999
    with pytest.raises(Unreadable, match=f"{ADDRESS} cannot pay for a transaction: spendable balance 2999ustake"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    w.ledger.coins = 3_000
    assert await landed(w, w.opened()) is not None


async def test_a_signature_that_nodes_do_not_take_yet_is_said_and_tried_again() -> None:
    w = World()
    w.lie("broadcast_tx_sync", checked(4, "signature verification failed; please verify account number (0)"), 3)
    with pytest.raises(Unreadable, match=r"goes on \(the endpoints: signature verification failed.*\(0\)\)"):
        await w.opened(submit_timeout=1e-9).submit(w.deployment, statement(5), "r5")
    assert w.log.named("broadcast_refused")
    for node in w.nodes:
        node.lies.clear()
    assert await landed(w, w.opened()) is not None
    assert w.entry().times == 1


@pytest.mark.parametrize("lie", [refuses("tx already exists in cache"), checked(19, "tx already in mempool")])
async def test_what_a_node_has_already_is_no_failure(lie: Any) -> None:
    w = World()
    w.lie("broadcast_tx_sync", lie, 3)
    await stuck(w)
    assert w.log.named("broadcast_refused") == []


@pytest.mark.parametrize("lie", [refuses("mempool is full: number of txs 5000 (max: 5000)"), checked(20, "full")])
async def test_a_full_mempool_is_tried_again(lie: Any) -> None:
    w = World()
    w.lie("broadcast_tx_sync", lie, 3)
    task = asyncio.ensure_future(w.opened().submit(w.deployment, statement(5), "r5"))
    await until(lambda: sum(node.asked.count("broadcast_tx_sync") for node in w.nodes) > 6)
    assert w.ledger.sent == []
    for node in w.nodes:
        node.lies.clear()
    await until(lambda: bool(w.ledger.sent))
    w.ledger.land(w.ledger.sent[0])
    assert (await task) is not None
    assert len(w.ledger.sent) == 1
    assert w.log.named("broadcast_refused") == []


async def test_a_sending_that_all_endpoints_refuse_is_logged_and_goes_on() -> None:
    w = World()
    w.lie("broadcast_tx_sync", checked(2, "tx parse error"), 3)
    signed = await stuck(w)
    assert w.log.named("broadcast_refused")[0]["reasons"] == ["tx parse error"]
    for node in w.nodes:
        node.lies.clear()
    await w.opened().settle()
    assert list(w.ledger.pool) == [signed.hash]


async def test_gas_is_what_is_used_and_a_margin_and_never_above_the_most() -> None:
    w = World()
    await stuck(w, gas_margin=15)
    assert w.tx().gas == 115_000
    w.ledger.used = 350_000
    with pytest.raises(Unreadable, match="would need 420000 gas with gas_margin, max_gas is 400000"):
        await w.opened().submit(w.deployment, statement(6), "r6")
    assert [e.key for e in w.entries()] == ["r5"]


async def test_what_ran_out_of_gas_is_tried_again_with_more_up_to_the_most() -> None:
    w = World()
    submitter = w.opened(max_gas=200_000)
    task = asyncio.ensure_future(submitter.submit(w.deployment, statement(5), "r5"))
    for count in range(1, 4):
        await until(lambda count=count: len(w.ledger.sent) == count)  # type: ignore[misc]
        w.ledger.land(w.ledger.sent[-1], 11, OUT_OF_GAS, "sdk")
    receipt = await task
    assert receipt is not None
    assert (receipt.ok, receipt.error) == (False, "out of gas")
    assert receipt.cost == fees.price("0.025ustake").fee(120_000 + 180_000 + 200_000) == 12_500
    assert (w.entry().sequence, w.entry().times, w.tx().gas) == (6, 3, 200_000)


async def test_settling_gives_more_gas_too_and_not_where_the_gate_has_the_statement_by_now() -> None:
    for round_ in (0, 5):
        w = World()
        signed = await stuck(w)
        w.ledger.land(signed.hash, 11, OUT_OF_GAS, "sdk")
        w.ledger.round = round_
        w.ledger.final = w.ledger.height
        await w.opened().settle()
        assert [e.newest.gas for e in w.entries()] == ([] if round_ else [180_000])


async def test_too_little_gas_for_the_mempool_is_raised_under_the_same_sequence() -> None:
    w = World()
    lies = checked(11, "out of gas in location: ReadFlat; gasWanted: 30000, gasUsed: 30534: out of gas")
    gas = 120_000
    w.lie("broadcast_tx_sync", lambda truth, params: truth() if w.tx().gas > gas else lies(truth, params), 3)
    await stuck(w)
    assert [a.gas for a in w.entry().attempts] == [120_000, 180_000]
    assert w.tx().fees == {"ustake": 4_500}
    gas = 400_000
    with pytest.raises(Unreadable, match="runs out of gas at max_gas, 400000"):
        await w.opened().submit(w.deployment, statement(6), "r6")


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
