"""What was not executed at once: dropped, expired, forked away, overtaken. At the ledger of the tests."""

from typing import Any

import pytest

from chains.errors import Unreadable
from chains.solana.outbox import Outbox
from tests.chains.solana.ledger import FINALITY, LIFE, World, gate_error, refuses, statement
from tests.chains.solana.submit_support import budget, landed, landed_entry, stuck


async def test_an_expired_transaction_is_signed_anew_once_at_a_higher_price() -> None:
    w = World()
    first = await stuck(w)
    w.ledger.mine(LIFE + FINALITY)
    settler = w.opened()
    await settler.settle()
    assert w.entry().signed.signature == first  # the last block that could take it may not be final yet
    w.ledger.mine()
    await settler.settle()
    second = w.entry()
    assert second.signed.signature != first
    assert (second.times, second.price) == (2, 1_000)
    await settler.settle()
    assert w.entry() == second
    assert w.ledger.signatures() == [first, second.signed.signature]
    receipt = await landed_entry(w)
    assert receipt.cost == 5_000 + -(-second.limit * 1_000 // 10**6)


async def test_the_price_follows_the_others_and_rises_within_the_cap_and_never_beyond() -> None:
    w = World()
    w.ledger.fees = (0, 300, 700, 900, 5_000)
    await stuck(w, priority_fee=100, max_priority_fee=2_000)
    prices = [w.entry().price]
    for _ in range(4):
        w.ledger.mine(LIFE + FINALITY + 1)
        await w.opened(priority_fee=100, max_priority_fee=2_000).settle()
        prices.append(w.entry().price)
    assert prices == [700, 1_700, 2_000, 2_000, 2_000]
    assert budget(w.entry().signed.raw) == (36_000, 2_000)
    w.ledger.fees = (10**9,)
    assert not w.log.named("fee_cap_reached")
    await stuck(w, statement(6), "r6", max_priority_fee=2_000)
    assert w.entry("r6").price == 2_000
    assert w.log.named("fee_cap_reached")


async def test_an_expired_statement_that_the_gate_has_or_refuses_is_not_signed_again() -> None:
    for error in (gate_error(26), gate_error(23), None):
        w = World()
        await stuck(w)
        w.ledger.mine(LIFE + FINALITY + 1)
        if error is None:
            w.ledger.round = 6
        else:
            w.ledger.simulation = {"err": error, "unitsConsumed": 900, "logs": []}
        await w.opened().settle()
        assert Outbox(w.journal).entries() == []
        assert len(w.ledger.pool) == 1
        assert bool(w.log.named("not_resubmitted")) == (error == gate_error(26))


async def test_a_transaction_that_a_fork_took_away_after_its_receipt_is_sent_again() -> None:
    w = World()
    submitter = w.opened()
    assert await landed(w, submitter, statement(5)) is not None
    (signature,) = w.ledger.pool
    w.ledger.fork(signature)
    w.ledger.round = 0
    w.ledger.pool.clear()
    await submitter.settle()
    assert list(w.ledger.pool) == [signature]
    w.ledger.mine(LIFE + FINALITY + 1)
    await submitter.settle()
    assert w.entry().times == 2
    await landed_entry(w)
    w.ledger.mine(FINALITY)
    await submitter.settle()
    assert Outbox(w.journal).entries() == []


async def test_what_goes_wrong_with_one_transaction_does_not_keep_the_others_waiting() -> None:
    w = World()
    await stuck(w, statement(5), "r5")
    w.ledger.mine(LIFE + FINALITY + 1)
    await stuck(w, statement(6), "r6")
    w.ledger.land(w.entry("r6").signed.signature)
    w.ledger.mine(FINALITY)
    w.ledger.balance = 0
    with pytest.raises(Unreadable, match="cannot pay"):
        await w.opened().settle()
    assert [e.key for e in Outbox(w.journal).entries()] == ["r5"]


async def test_settling_looks_at_what_is_journalled_when_it_comes_to_it() -> None:
    w = World()
    await stuck(w, statement(5), "r5")
    await stuck(w, statement(6), "r6")
    w.ledger.mine(LIFE + FINALITY + 1)

    def meanwhile(true: Any, params: Any) -> Any:
        # While the first entry is looked at, another task of this process is done with the second.
        Outbox(w.journal).delete("r6")
        return true

    w.lie("getSignatureStatuses", meanwhile)
    await w.opened().settle()
    assert [(e.key, e.times) for e in Outbox(w.journal).entries()] == [("r5", 2)]
    assert len(w.ledger.pool) == 3


async def test_a_sending_that_all_endpoints_refuse_is_logged_and_goes_on() -> None:
    w = World()
    w.lie("sendTransaction", refuses(-32002, "no"), 3)
    signature = await stuck(w)
    assert w.log.named("broadcast_refused")[0]["reasons"] == ["no"]
    for node in w.nodes:
        node.lies.clear()
    await w.opened().settle()
    assert signature in w.ledger.pool
