"""What nodes do not take, or blocks not execute: for the fee, for the gas, for a full mempool; and what they forget."""

import asyncio
from typing import Any

import pytest

from chains.cosmos import fees
from chains.errors import Unreadable
from tests.chains.cosmos.member import World, landed, statement, stuck
from tests.chains.cosmos.mempool import ADDRESS, checked, refuses
from tests.chains.polling import until

OUT_OF_GAS = "out of gas in location: WritePerByte; gasWanted: 120000, gasUsed: 120062: out of gas"


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


async def test_one_endpoint_cannot_raise_the_fee() -> None:
    w = World()
    w.lie("broadcast_tx_sync", checked(20, "full"), 3)
    w.lie("broadcast_tx_sync", checked(13, "insufficient fees; got: 1ustake required: 3500ustake: insufficient fee"))
    await stuck(w, max_gas_price="0.04")
    assert [a.fee for a in w.entry().attempts] == [3_000]


async def test_a_transaction_that_a_fork_took_away_after_its_receipt_is_sent_again() -> None:
    """No chain of this family should do that; what is not at or below a checkpoint is not relied on all the same."""
    w = World()
    submitter = w.opened()
    signed = await stuck(w)
    sequence, round_ = w.ledger.sequence, w.ledger.round
    w.ledger.land(signed.hash)
    first = await submitter.submit(w.deployment, statement(5), "r5")
    assert first is not None
    assert first.ok
    w.ledger.landed.clear()
    w.ledger.cache.clear()
    w.ledger.sequence, w.ledger.round, w.ledger.final = sequence, round_, w.ledger.height
    await submitter.settle()
    assert list(w.ledger.pool) == [signed.hash]
    assert w.entry().newest.signed == signed
    w.ledger.mine(2)
    w.ledger.land(signed.hash)
    w.ledger.final = w.ledger.height
    await submitter.settle()
    assert (w.entries(), set(w.ledger.sent)) == ([], {signed.hash})
    assert w.log.named("transaction_final") == [{"key": "r5", "height": w.ledger.height, "ok": True}]
