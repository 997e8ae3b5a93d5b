"""Statements on their way to a gate: one effect, journalled, resent, signed anew when expired, seen to until final.

Against endpoints that a test holds in its hand; test_solana_submit_node.py does the same over HTTP with the program.
"""

import asyncio
from typing import Any

import pytest

from chains.errors import ChainError, Refused, Unreadable
from chains.solana.outbox import Outbox
from chains.solana.sending import signature_text
from chains.types import Receipt
from tests.chains.memory import Killed, Killing, MemoryJournal
from tests.chains.polling import until
from tests.chains.scripted import fails
from tests.chains.solana.ledger import FINALITY, MEMBER, World, account, context, gate_error, refuses, statement
from tests.chains.solana.submit_support import budget, landed, stuck
from tests.chains.statements import seed


async def test_a_statement_is_submitted_once_and_settled_at_finality() -> None:
    w = World()
    submitter = w.opened()
    receipt = await landed(w, submitter, statement(5))
    (signature,) = w.ledger.pool
    assert receipt == Receipt(signature_text(signature), w.ledger.height, True, "", 5_000)
    await submitter.settle()
    assert w.entry().signed.signature == signature
    w.ledger.mine(FINALITY)
    await submitter.settle()
    assert Outbox(w.journal).entries() == []
    assert await submitter.submit(w.deployment, statement(5), "r5") is None
    assert await submitter.submit(w.deployment, statement(4), "r4") is None
    assert list(w.ledger.pool) == [signature]


async def test_of_members_that_submit_at_once_one_has_the_effect_and_the_others_stop_cheaply() -> None:
    w = World()
    one, other = w.opened(), w.opened(seed("other"), MemoryJournal())
    tasks = [asyncio.ensure_future(s.submit(w.deployment, statement(5), "r5")) for s in (one, one, other)]
    await until(lambda: len(w.ledger.pool) == 2)
    first, second = w.ledger.signatures()
    w.ledger.land(first)
    w.ledger.round = 5
    w.ledger.land(second, gate_error(23))
    receipts = await asyncio.gather(*tasks)
    # Two calls with one key are one transaction; of two accounts the later one meets the round of the first.
    assert receipts[0] == receipts[1]
    assert sorted((r.ok, r.error) for r in receipts[1:] if r is not None) == [(False, "StaleRound"), (True, "")]
    late = w.opened(seed("late"), MemoryJournal())
    assert await late.submit(w.deployment, statement(5), "r5") is None
    w.ledger.round, w.ledger.simulation = 0, {"err": gate_error(23), "unitsConsumed": 900, "logs": []}
    assert await late.submit(w.deployment, statement(5), "r5") is None
    assert len(w.ledger.pool) == 2


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (gate_error(26), Refused, "StatementExpired"),
        (gate_error(34), Refused, "BadSignature"),
        (gate_error(99), Refused, "Custom 99 of instruction 2"),
        ({"InstructionError": [2, "ComputationalBudgetExceeded"]}, Refused, "ComputationalBudgetExceeded"),
        ("ProgramAccountNotFound", Refused, "ProgramAccountNotFound"),
        ("AccountNotFound", Unreadable, "cannot pay"),
        ("InsufficientFundsForFee", Unreadable, "cannot pay"),
        ({"InsufficientFundsForRent": {"account_index": 0}}, Unreadable, "cannot pay"),
    ],
)
async def test_what_would_fail_is_not_sent(error: Any, kind: type[ChainError], text: str) -> None:
    w = World()
    w.ledger.simulation = {"err": error, "logs": None}
    with pytest.raises(kind, match=text):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert (w.ledger.pool, Outbox(w.journal).entries()) == ({}, [])


async def test_who_cannot_pay_is_told_which_account_to_fill() -> None:
    w = World()
    w.ledger.balance = 4_999
    address = w.sender().address
    with pytest.raises(Unreadable, match=f"{address} cannot pay.* 5000 lamports"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.ledger.pool == {}


async def test_a_submission_for_another_gate_or_of_another_form_is_no_transaction() -> None:
    w = World()
    raw = statement(5)
    for wrong, text in (
        (b"", "does not decode"),
        (raw[:-1], "does not decode"),
        (raw + b"\0", "does not decode"),
        (raw[:1] + bytes(32) + raw[33:], "not meant for the gate"),
    ):
        with pytest.raises(ChainError, match=text):
            await w.opened().submit(w.deployment, wrong, "r5")
    assert all(node.asked == [] for node in w.nodes)


async def test_a_statement_that_fits_no_transaction_is_refused_before_it_is_simulated() -> None:
    w = World()
    deep = statement(5)[:177] + b"\x14" + bytes(4) + bytes(32 * 20) + statement(5)[182:]
    with pytest.raises(ChainError, match=r"1256 bytes.* at most 1232"):
        await w.opened().submit(w.deployment, deep, "r5")
    assert all("simulateTransaction" not in node.asked for node in w.nodes)
    deepest = statement(5)[:177] + b"\x13" + bytes(4) + bytes(32 * 19) + statement(5)[182:]
    assert (await landed(w, w.opened(), deepest)) is not None
    assert len(next(iter(w.ledger.pool.values()))) == 1224


async def test_a_restart_resumes_the_journalled_transaction() -> None:
    w = World()
    signature = await stuck(w)
    w.ledger.pool.clear()
    resumed = w.opened()
    task = asyncio.ensure_future(resumed.submit(w.deployment, statement(5), "r5"))
    await until(lambda: bool(w.ledger.pool))
    w.ledger.land(signature)
    receipt = await task
    assert receipt is not None
    assert receipt.transaction == signature_text(signature)
    assert list(w.ledger.pool) == [signature]


@pytest.mark.parametrize("by", ["submit", "settle"])
async def test_a_crash_between_the_journal_and_the_sending_loses_nothing(by: str) -> None:
    w = World(journal=(journal := Killing()))
    with pytest.raises(Killed):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.ledger.pool == {}
    w.journal = MemoryJournal(journal.stored)
    signature = w.entry().signed.signature
    resumed = w.opened()
    if by == "settle":
        await resumed.settle()
    else:
        await stuck(w)
    assert list(w.ledger.pool) == [signature]
    w.ledger.land(signature)
    w.ledger.mine(FINALITY)
    await resumed.settle()
    assert Outbox(w.journal).entries() == []


async def test_a_dropped_transaction_is_sent_again_with_the_same_bytes() -> None:
    w = World()
    task = asyncio.ensure_future(w.opened().submit(w.deployment, statement(5), "r5"))
    for _ in range(3):
        await until(lambda: bool(w.ledger.pool))
        ((signature, raw),) = w.ledger.pool.items()
        assert raw == w.entry().signed.raw
        w.ledger.pool.clear()
        w.ledger.mine()
    await until(lambda: bool(w.ledger.pool))
    w.ledger.land(signature)
    receipt = await task
    assert receipt is not None
    assert receipt.ok


async def test_the_compute_limit_is_what_is_used_and_a_margin_within_the_configured_most() -> None:
    w = World()
    await stuck(w, compute_margin=10)
    assert budget(w.entry().signed.raw)[0] == 33_000
    await stuck(w, statement(6), "r6", max_compute_units=31_000)
    assert budget(w.entry("r6").signed.raw)[0] == 31_000


async def test_an_executed_failure_is_a_receipt_with_the_gates_error() -> None:
    w = World()
    signature = await stuck(w)
    w.ledger.land(signature, gate_error(24))
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.ok, receipt.error, receipt.cost) == (False, "WrongDomain", 5_000)
    w.ledger.mine(FINALITY)
    await w.opened().settle()
    assert Outbox(w.journal).entries() == []


async def test_one_failing_or_limiting_endpoint_does_not_stop_a_submission_and_two_do() -> None:
    for kind in ("failing", "limiting"):
        for method in ("sendTransaction", "getSignatureStatuses", "getLatestBlockhash", "getMultipleAccounts"):
            w = World()
            w.lie(method, fails(kind))
            assert (await landed(w, w.opened(), statement(5))) is not None
    for method in ("getLatestBlockhash", "getMultipleAccounts", "isBlockhashValid"):
        w = World()
        w.lie(method, fails("limiting"), 2)
        with pytest.raises(Unreadable):
            await w.opened().submit(w.deployment, statement(5), "r5")
        assert (w.ledger.pool, Outbox(w.journal).entries()) == ({}, [])


async def test_simulations_without_a_quorum_either_way_send_nothing() -> None:
    w = World()
    w.lie("simulateTransaction", refuses(-32601, "Method not found"), 2)
    with pytest.raises(Unreadable, match="no quorum: Method not found"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.ledger.pool == {}


@pytest.mark.parametrize(
    "account_", [None, account(9, owner="11111111111111111111111111111111"), account(9, data=["", "base64"])]
)
async def test_an_account_that_is_not_the_gates_says_nothing_about_its_round(account_: Any) -> None:
    w = World()
    w.lie("getMultipleAccounts", context([account_]), 3)
    assert await landed(w, w.opened(), statement(5)) is not None


async def test_secrets_stand_in_no_text() -> None:
    w = World()
    sender = w.sender()
    await landed(w, w.opened(), statement(5))
    texts = [repr(sender), repr(vars(sender)), repr(w.log.events), repr(w.entry())]
    pair = sender._key._pair
    for secret in (MEMBER.hex(), str(MEMBER)[2:-1], str(pair), str(list(MEMBER))[1:-1]):
        assert all(secret not in text for text in texts)
    with pytest.raises(Refused, match="no Ed25519 seed") as raised:
        w.opened(b"\x07" * 31)
    assert "07" not in str(raised.value)
