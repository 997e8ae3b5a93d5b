"""Statements on their way to a gate: one effect, journalled, resent, signed anew when too late, seen to until final.

Against endpoints that a test holds in its hand; test_cosmos_submit_node.py does the same with a real node.
"""

import asyncio
import base64
from typing import Any

import pytest

from chains.errors import ChainError, Refused, Unreadable
from chains.types import Receipt
from tests.chains.cosmos.member import World, landed, statement, stuck
from tests.chains.cosmos.mempool import ADDRESS, BLOCKS, MEMBER, Landed, answers, record, refuses, told
from tests.chains.memory import Killed, Killing, MemoryJournal
from tests.chains.polling import until
from tests.chains.scripted import fails
from tests.chains.statements import seed

STALE = "failed to execute message; message index: 0: ballast error 23 StaleRound: not newer than the last round"


def refusal(name: str) -> str:
    return (
        f"failed to execute message; message index: 0: ballast error {name}: of some kind: execute wasm contract failed"
    )


async def test_a_statement_is_submitted_once_and_settled_at_finality() -> None:
    w = World()
    submitter = w.opened()
    receipt = await landed(w, submitter)
    (sent,) = w.ledger.sent
    assert receipt == Receipt(sent.hex().upper(), 1_001, True, "", 3_000)
    with pytest.raises(Unreadable, match="no checkpoint yet"):
        await submitter.settle()
    w.ledger.final = 1_000
    await submitter.settle()
    assert w.entry().newest.signed.hash == sent
    w.ledger.final = 1_001
    await submitter.settle()
    assert w.entries() == []
    assert w.log.named("transaction_final") == [{"key": "r5", "height": 1_001, "ok": True}]
    assert await submitter.submit(w.deployment, statement(5), "r5") is None
    assert await submitter.submit(w.deployment, statement(4), "r4") is None
    assert w.ledger.sent == [sent]


async def test_what_is_signed_is_a_statement_for_the_gate_with_a_limit_a_fee_and_an_end() -> None:
    w = World()
    signed = await stuck(w)
    tx = w.tx()
    assert (tx.sequence, tx.gas, tx.fees, tx.signed) == (4, 120_000, {"ustake": 3_000}, True)
    assert tx.timeout_height == w.ledger.height + BLOCKS
    assert signed.hash == tx.hash
    assert list(w.ledger.pool) == [tx.hash]


async def test_two_calls_with_one_key_are_one_transaction() -> None:
    w = World()
    submitter = w.opened()
    tasks = [asyncio.ensure_future(submitter.submit(w.deployment, statement(5), "r5")) for _ in range(2)]
    await until(lambda: bool(w.ledger.sent))
    w.ledger.land(w.ledger.sent[0])
    w.ledger.round = 5
    first, second = await asyncio.gather(*tasks)
    assert first == second
    assert len(w.ledger.sent) == 1


async def test_a_statement_that_the_gate_would_not_take_after_another_members_costs_nothing() -> None:
    w = World()
    w.ledger.refusal = STALE
    assert await w.opened().submit(w.deployment, statement(5), "r5") is None
    w.ledger.refusal, w.ledger.round = "", 5
    assert await w.opened().submit(w.deployment, statement(5), "r5") is None
    assert (w.ledger.sent, w.entries()) == ([], [])


@pytest.mark.parametrize(
    ("log", "kind", "text"),
    [
        (refusal("26 StatementExpired"), Refused, "StatementExpired$"),
        (refusal("34 BadSignature"), Refused, "BadSignature$"),
        (refusal("26 StaleRound"), Refused, "ballast error 26 StaleRound"),
        ("ballast error 99 Whatever: it", Refused, "ballast error 99"),
        ("address wasm1xyz: no such contract", Refused, "no such contract$"),
        (
            "spendable balance 0ufoo is smaller than 1ufoo: insufficient funds",
            Unreadable,
            f"{ADDRESS} cannot pay.*0ufoo",
        ),
        ("fee payer address: hV does not exist: unknown address", Unreadable, "cannot pay.* send ustake to it"),
    ],
)
async def test_what_would_fail_is_not_sent(log: str, kind: type[ChainError], text: str) -> None:
    w = World()
    w.ledger.refusal = log
    with pytest.raises(kind, match=text):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert (w.ledger.sent, w.entries()) == ([], [])


async def test_an_account_that_nobody_paid_is_told_what_to_do() -> None:
    w = World()
    w.ledger.coins = None
    with pytest.raises(Unreadable, match=f"{ADDRESS} has no coins yet: send some ustake to {ADDRESS}"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.entries() == []


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


async def test_a_restart_resumes_the_journalled_transaction() -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.pool.clear()
    w.ledger.cache.clear()
    task = asyncio.ensure_future(w.opened().submit(w.deployment, statement(5), "r5"))
    await until(lambda: bool(w.ledger.pool))
    w.ledger.land(signed.hash)
    receipt = await task
    assert receipt is not None
    assert receipt.transaction == signed.name
    assert set(w.ledger.sent) == {signed.hash}


@pytest.mark.parametrize("by", ["submit", "settle"])
async def test_a_crash_between_the_journal_and_the_sending_loses_nothing(by: str) -> None:
    w = World(journal=(journal := Killing()))
    with pytest.raises(Killed):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.ledger.pool == {}
    w.journal = MemoryJournal(journal.stored)
    signed = w.entry().newest.signed
    resumed = w.opened()
    if by == "settle":
        await resumed.settle()
    else:
        await stuck(w)
    assert list(w.ledger.pool) == [signed.hash]
    w.ledger.land(signed.hash)
    w.ledger.final = w.ledger.height
    await resumed.settle()
    assert w.entries() == []


async def test_a_transaction_that_went_into_a_block_while_the_member_was_away_is_not_sent_again() -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.land(signed.hash)
    w.ledger.round = 5
    w.ledger.mine(BLOCKS + 5)
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.ok, receipt.height, receipt.cost) == (True, 1_001, 3_000)
    assert w.ledger.sent == [signed.hash]


async def test_a_dropped_transaction_is_sent_again_with_the_same_bytes() -> None:
    w = World()
    task = asyncio.ensure_future(w.opened().submit(w.deployment, statement(5), "r5"))
    for _ in range(3):
        await until(lambda: bool(w.ledger.pool))
        (hash_,) = w.ledger.pool
        assert w.entry().newest.signed.hash == hash_
        w.ledger.pool.clear()
        w.ledger.cache.clear()
    await until(lambda: bool(w.ledger.pool))
    w.ledger.land(hash_)
    receipt = await task
    assert receipt is not None
    assert receipt.ok
    assert set(w.ledger.sent) == {hash_}


async def test_an_executed_failure_is_a_receipt_with_the_gates_error() -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.land(signed.hash, 5, refusal("24 WrongDomain"))
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.ok, receipt.error, receipt.cost) == (False, "WrongDomain", 3_000)
    w.ledger.final = w.ledger.height
    await w.opened().settle()
    assert w.entries() == []


@pytest.mark.parametrize(
    ("code", "codespace", "log", "error"),
    [
        (5, "wasm", "out of cheese: execute wasm contract failed", "wasm error 5"),
        (5, "wasm", refusal("24 StaleRound"), "wasm error 5"),
        (7, "", "", "unnamed error 7"),
        (12, "sdk", "memo", "memo too large"),
    ],
)
async def test_an_error_that_is_not_known_is_never_a_success(code: int, codespace: str, log: str, error: str) -> None:
    w = World()
    signed = await stuck(w)
    w.ledger.land(signed.hash, code, log, codespace)
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.ok, receipt.error) == (False, error)


async def test_one_failing_or_limiting_endpoint_does_not_stop_a_submission_and_two_do() -> None:
    for kind in ("failing", "limiting"):
        for what in ("AccountInfo", "Simulate", "key", "broadcast_tx_sync", "tx"):
            w = World()
            w.lie(what, fails(kind))
            assert (await landed(w, w.opened())) is not None
    for what in ("AccountInfo", "Simulate", "key"):
        w = World()
        w.lie(what, fails("limiting"), 2)
        with pytest.raises(Unreadable):
            await w.opened().submit(w.deployment, statement(5), "r5")
        assert (w.ledger.sent, w.entries()) == ([], [])


@pytest.mark.parametrize("value", [b"", record(9)[:-1], b"\2" + record(9)[1:]])
async def test_what_is_no_statements_record_says_nothing_about_the_round(value: bytes) -> None:
    w = World()
    w.ledger.round = None
    assert await landed(w, w.opened()) is not None
    w = World()
    w.nodes[0].lies["key"] = lambda truth, params: w.nodes[0]._answer(value, key=truth()["response"]["key"])
    assert await landed(w, w.opened()) is not None


@pytest.mark.parametrize(
    ("what", "lie"),
    [
        ("AccountInfo", {"code": 22, "codespace": "sdk", "log": "key not found"}),
        ("AccountInfo", {"code": 18, "codespace": "sdk", "log": "invalid Bech32 prefix"}),
        ("AccountInfo", {"value": "AA=="}),
        ("AccountInfo", {"height": "900000000"}),
        ("Simulate", {"code": 6, "codespace": "sdk", "log": refusal("26 StatementExpired")}),
        ("Simulate", {"value": ""}),
        ("Simulate", {"code": 6, "codespace": "sdk", "log": "account sequence mismatch, expected 77, got 4"}),
        ("key", {"value": "AQ=="}),
    ],
)
async def test_one_lying_endpoint_does_not_stop_a_submission(what: str, lie: dict[str, Any]) -> None:
    w = World()
    w.lie(what, lambda truth, params: {"response": truth()["response"] | lie})
    receipt = await landed(w, w.opened())
    assert receipt is not None
    assert (receipt.ok, receipt.cost) == (True, 3_000)
    assert w.tx().timeout_height == 1_000 + BLOCKS


@pytest.mark.parametrize("lie", ["invented", "hidden", "failed", "another", "nonsense"])
async def test_one_endpoint_can_neither_invent_nor_hide_nor_alter_what_became_of_a_transaction(lie: str) -> None:
    w = World()
    signed = await stuck(w)
    altered = signed.raw[:-1] + bytes([signed.raw[-1] ^ 1])
    raw = altered if lie == "another" else signed.raw
    shown = told(Landed(raw, 999, 5 * (lie == "failed"), "wasm", "", True, f"{ADDRESS}/4"))
    w.lie("tx", refuses("tx (AB) not found") if lie == "hidden" else answers({} if lie == "nonsense" else shown))
    with pytest.raises(Unreadable, match="not executed yet"):
        await w.opened(submit_timeout=1e-9).submit(w.deployment, statement(5), "r5")
    w.ledger.land(signed.hash)
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert (receipt.ok, receipt.height) == (True, 1_001)


async def test_simulations_without_a_quorum_either_way_send_nothing() -> None:
    w = World()
    w.ledger.refusal = refusal("26 StatementExpired")
    w.nodes[0].lies["Simulate"] = fails()
    true = World().nodes[0]
    w.nodes[1].lies["Simulate"] = lambda truth, params: true._simulate(*params)
    with pytest.raises(Unreadable, match="no quorum: StatementExpired"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert w.ledger.sent == []


async def test_what_goes_wrong_with_one_transaction_does_not_keep_the_others_waiting() -> None:
    w = World()
    first, second = await stuck(w, 5, "r5"), await stuck(w, 6, "r6")
    w.ledger.land(first.hash)
    w.ledger.land(second.hash)
    w.ledger.final = w.ledger.height
    hidden = base64.b64encode(first.hash).decode()
    w.lie("tx", lambda truth, params: fails()(truth, params) if params[0] == hidden else truth(), 2)
    with pytest.raises(Unreadable, match="only 1 endpoints answer"):
        await w.opened().settle()
    assert [e.key for e in w.entries()] == ["r5"]


async def test_secrets_stand_in_no_text() -> None:
    w = World()
    sender = w.sender()
    await landed(w, w.opened())
    texts = [repr(sender), repr(vars(sender)), repr(w.log.events), repr(w.entry()), repr(sender._key)]
    for secret in (MEMBER.hex(), str(MEMBER)[2:-1], str(int.from_bytes(MEMBER, "big")), str(list(MEMBER))[1:-1]):
        assert all(secret not in text for text in texts)
    with pytest.raises(Refused, match="no secp256k1 private key") as raised:
        w.opened(b"\x07" * 31)
    assert "07" not in str(raised.value)


async def test_a_gas_price_is_needed_to_submit() -> None:
    with pytest.raises(Refused, match=r'gas_price is missing.* set it, such as "0.025uatom"'):
        World().opened(gas_price=None)


async def test_another_account_than_the_one_that_signed_follows_what_was_signed() -> None:
    w = World()
    signed = await stuck(w)
    other = w.opened(seed("another"))
    w.ledger.land(signed.hash)
    receipt = await other.submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    assert receipt.transaction == signed.name
    assert len(w.entries()) == 1
