"""The way of a statement over HTTP, with the real program: on our node, and on a validator where one is on PATH."""

import asyncio
from typing import Any

import pytest

from chains.errors import Refused, Unreadable
from chains.misbehaviour import Behaviour
from chains.solana import sending
from chains.solana.addresses import to_text
from chains.solana.misbehaviour import Rule
from chains.solana.outbox import Entry, Outbox
from chains.solana.sending import signature_text
from chains.solana.transactions import Key
from chains.types import GateState, Receipt
from tests.chains.memory import Killed, Killing, MemoryJournal, Recorder
from tests.chains.polling import until
from tests.chains.solana.stage import MEMBER, OTHER, OurNode, Stage, going_on
from tests.chains.statements import Committee, seed

ADDRESS = Key(MEMBER).address


def ours(stage: Stage) -> OurNode:
    assert isinstance(stage.node, OurNode)
    return stage.node


async def unsent(s: Stage, statement: bytes, **options: Any) -> tuple[MemoryJournal, Entry]:
    """Submits and ends between the journal and the sending: what is on disk then."""
    journal = Killing()
    async with s.opened(journal=journal, options=options) as chain:
        with pytest.raises(Killed):
            await chain.submit(s.deployment, statement, "r5")
    ours(s).node.advance()
    (entry,) = Outbox(journal).entries()
    return MemoryJournal(journal.stored), entry


async def settled(s: Stage, chain: Any, journal: MemoryJournal) -> None:
    """Settles until the journal is empty."""
    while Outbox(journal).entries():
        await s.node.advance()
        await chain.settle()


async def test_a_statement_lands_once_and_is_settled_at_finality(anywhere: Stage) -> None:
    s, journal, recorder = anywhere, MemoryJournal(), Recorder()
    before = await s.lamports(ADDRESS)
    statement = await s.statement(5, 1_000)
    async with s.opened(journal=journal, log=recorder) as chain, s.opened(account_secret=OTHER) as other:
        receipt = await s.going_on(chain.submit(s.deployment, statement, "r5"))
        assert isinstance(receipt, Receipt)
        assert (receipt.ok, receipt.error) == (True, "")
        route = await s.route()
        assert (route.round, route.cap) == (5, 1_000)
        assert before - await s.lamports(ADDRESS) == receipt.cost == 5_000
        held = await s.lamports(Key(OTHER).address)
        assert await other.submit(s.deployment, statement, "r5") is None
        assert await other.submit(s.deployment, await s.statement(4, 7), "r4") is None
        with pytest.raises(Refused, match="BadSignature"):
            await other.submit(s.deployment, await s.statement(6, 7, Committee("another group")), "r6")
        with pytest.raises(Refused, match="LeaseTooLong"):
            await other.submit(s.deployment, await s.statement(6, 7, lease=90_000), "r6")
        assert await s.lamports(Key(OTHER).address) == held
        await settled(s, chain, journal)
        (final,) = recorder.named("transaction_final")
        assert (final["slot"], final["ok"]) == (receipt.height, True)
        (found,) = await chain.deployments((s.deployment,), await chain.finalized())
        assert isinstance(found, GateState)
        assert (found.round, found.cap) == (5, 1_000)


async def test_of_members_that_submit_at_once_one_has_the_effect_and_the_others_stop_cheaply(stage: Stage) -> None:
    s = stage
    statement = await s.statement(5, 1_000)
    async with s.opened() as one, s.opened(account_secret=OTHER) as other:
        receipts = await s.going_on(
            asyncio.gather(
                one.submit(s.deployment, statement, "r5"),
                one.submit(s.deployment, statement, "r5"),
                other.submit(s.deployment, statement, "r5"),
            )
        )
    assert receipts[0] == receipts[1] or receipts[1] is None
    assert [r.ok for r in receipts if r is not None].count(True) >= 1
    assert all(r.ok or r.error == "StaleRound" for r in receipts if r is not None)
    assert all(r.cost == 5_000 for r in receipts if r is not None)
    assert (await s.route()).round == 5


async def test_a_crash_between_the_journal_and_the_sending_loses_nothing(stage: Stage) -> None:
    s, statement = stage, await stage.statement(5, 1_000)
    journal, entry = await unsent(s, statement)
    assert (await s.route()).round == 0
    async with s.opened(journal=journal) as chain:
        receipt = await s.going_on(chain.submit(s.deployment, statement, "r5"))
        assert receipt is not None
        assert receipt.transaction == signature_text(entry.signed.signature)
        await settled(s, chain, journal)


async def test_an_expired_transaction_is_signed_anew_once_within_the_cap(stage: Stage) -> None:
    s, statement, cap = stage, await stage.statement(5, 1_000), {"max_priority_fee": 700}
    journal, entry = await unsent(s, statement, **cap)
    ours(s).node.advance(150 + 5)
    before = await s.lamports(ADDRESS)
    async with s.opened(journal=journal, options=cap) as chain:
        receipt = await s.going_on(chain.submit(s.deployment, statement, "r5"))
        assert isinstance(receipt, Receipt)
        assert receipt.ok
        assert receipt.transaction != signature_text(entry.signed.signature)
        again = Outbox(journal).get("r5")
        assert again is not None
        assert (again.times, again.price) == (2, 700)
        assert receipt.cost == again.fee == 5_000 + -(-again.limit * 700 // 10**6)
        assert before - await s.lamports(ADDRESS) == receipt.cost
        await settled(s, chain, journal)


async def test_nothing_is_signed_anew_before_the_last_block_that_could_take_it_is_final(stage: Stage) -> None:
    s = stage
    journal, first = await unsent(s, await s.statement(5, 1_000))
    (height,) = await s.reading.ask(sending.final_height())
    ours(s).node.advance(first.last_valid - height)
    async with s.opened(journal=journal) as chain:
        await chain.settle()
        assert Outbox(journal).entries() == [first]
        ours(s).node.advance()
        await chain.settle()
        (again,) = Outbox(journal).entries()
        assert (again.times, again.statement) == (2, first.statement)
        await settled(s, chain, journal)
    assert (await s.route()).round == 5


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "getSignatureStatuses", "result": {"context": {"slot": 1}, "value": [None]}},
        {
            "method": "getSignatureStatuses",
            "result": {
                "context": {"slot": 1},
                "value": [{"slot": 1, "confirmations": None, "err": None, "confirmationStatus": "finalized"}],
            },
        },
        {
            "method": "getSignatureStatuses",
            "result": {
                "context": {"slot": 1},
                "value": [{"slot": 1, "confirmations": 1, "err": "Failed", "confirmationStatus": "confirmed"}],
            },
        },
        {"method": "getBlockHeight", "add": 10**6},
        {"method": "getBalance", "result": {"context": {"slot": 1}, "value": 0}},
        {"method": "isBlockhashValid", "result": {"context": {"slot": 1}, "value": False}},
        {
            "method": "getLatestBlockhash",
            "result": {
                "context": {"slot": 1},
                "value": {"blockhash": to_text(seed("no block")), "lastValidBlockHeight": 10**9},
            },
        },
        {
            "method": "simulateTransaction",
            "result": {
                "context": {"slot": 1},
                "value": {"err": {"InstructionError": [2, {"Custom": 26}]}, "logs": [], "unitsConsumed": 10},
            },
        },
        {"method": "getRecentPrioritizationFees", "result": [{"slot": 1, "prioritizationFee": 10**12}]},
        {"method": "sendTransaction", "result": "1" * 64},
    ],
)
async def test_one_lying_endpoint_does_not_stop_a_submission(stage: Stage, rule: dict[str, Any]) -> None:
    s, journal = stage, MemoryJournal()
    s.proxies[0].behave(Behaviour(mode="lying", rules=(Rule(**rule),)))
    async with s.opened(journal=journal) as chain:
        receipt = await s.going_on(chain.submit(s.deployment, await s.statement(5, 1_000), "r5"))
        assert isinstance(receipt, Receipt)
        assert (receipt.ok, receipt.cost) == (True, 5_000)
        assert len(Outbox(journal).entries()) == 1
        await settled(s, chain, journal)
    assert (await s.route()).round == 5


async def test_limits_and_failures_pass_and_without_a_quorum_nothing_is_sent(stage: Stage) -> None:
    s, journal = stage, MemoryJournal()
    s.proxies[0].behave(Behaviour(mode="failing", how="500"))
    for proxy in s.proxies[1:]:
        proxy.behave(Behaviour(mode="failing", how="429", retry_after=0.05, times=2))
    async with s.opened(journal=journal) as chain:
        receipt = await s.going_on(chain.submit(s.deployment, await s.statement(5, 1_000), "r5"))
        assert isinstance(receipt, Receipt)
        assert receipt.ok
        await settled(s, chain, journal)
    for proxy in s.proxies[1:]:
        proxy.behave(Behaviour(mode="failing", how="429"))
    async with s.opened(journal=journal, options={"timeout": 1.0, "deadline": 1.0}) as chain:
        with pytest.raises(Unreadable):
            await chain.submit(s.deployment, await s.statement(6, 1_000), "r6")
    assert journal.items("tx/") == []


async def test_the_front_restarts_in_mid_submit_while_the_chain_lives_on(stage: Stage) -> None:
    s, journal = stage, MemoryJournal()
    node = ours(s).node
    async with s.opened(journal=journal) as chain:
        task = asyncio.ensure_future(chain.submit(s.deployment, await s.statement(5, 1_000), "r5"))
        await until(lambda: bool(Outbox(journal).entries()))
        await node.stop_front()
        node.advance(3)
        await asyncio.sleep(0)
        await node.start_front()
        receipt = await going_on(s.node, task)
        assert isinstance(receipt, Receipt)
        assert receipt.ok
        await settled(s, chain, journal)
    assert (await s.route()).round == 5


async def test_an_account_without_lamports_is_named(stage: Stage) -> None:
    s = stage
    poor = seed("poor")
    async with s.opened(account_secret=poor) as chain:
        with pytest.raises(Unreadable, match=f"{Key(poor).address} cannot pay"):
            await chain.submit(s.deployment, await s.statement(5, 1_000), "r5")


async def test_an_account_is_needed_to_submit(stage: Stage) -> None:
    s = stage
    async with s.opened(account_secret=None) as chain:
        with pytest.raises(Refused, match="no account"):
            await chain.submit(s.deployment, await s.statement(5, 1_000), "r5")
        await chain.settle()


async def test_a_statement_that_was_overtaken_on_its_way_is_a_failure_on_the_chain(stage: Stage) -> None:
    s = stage
    journal, entry = await unsent(s, await s.statement(5, 1_000))
    async with s.opened(account_secret=OTHER) as other:
        assert await s.going_on(other.submit(s.deployment, await s.statement(6, 900), "r6")) is not None
    async with s.opened(journal=journal) as chain:
        receipt = await s.going_on(chain.submit(s.deployment, entry.statement, "r5"))
        assert receipt is not None
        assert (receipt.ok, receipt.error, receipt.cost) == (False, "StaleRound", 5_000)
        await settled(s, chain, journal)
    assert (await s.route()).round == 6
