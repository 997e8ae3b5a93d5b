"""Statements on their way to a gate: one effect, journalled, bumped within a cap, resumed, seen to until final."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chains.errors import ChainError, Refused, Unreadable
from chains.evm.chain import open_chain
from chains.evm.misbehaviour import Rule
from chains.evm.outbox import Outbox
from chains.hashing import keccak256
from chains.misbehaviour import HONEST, Behaviour
from chains.opened import OpenedChain
from chains.types import ChainSetup, GateState, Receipt
from tests.chains.evm.evm_support import MEMBER, UNIT, USER, Signer, World, patient, world
from tests.chains.memory import Killed, Killing, MemoryJournal, Recorder
from tests.chains.readers import healths


class Clock:
    """Unix seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


async def opened(w: World, journal: MemoryJournal, clock: Clock | None = None, **options: Any) -> OpenedChain:
    setup: ChainSetup = w.setup(journal=journal, options=w.member_options(**options))
    return open_chain(setup, clock=clock or Clock())


async def sent(w: World, account: bytes = MEMBER) -> int:
    """How many transactions of the member's account are executed."""
    async with patient(w.node, account) as client:
        return int(await w.node.call("eth_getTransactionCount", client.address, "latest"), 16)


async def state(w: World) -> GateState:
    return await w.client.gate_state(w.gate, w.token)


async def test_a_statement_is_submitted_once_and_settled_at_finality() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            statement = w.statement(5, 60 * UNIT, await w.now())
            receipt = await w.mined(chain.submit(w.deployment, statement, "r5"))
            assert isinstance(receipt, Receipt)
            assert receipt.ok
            assert receipt.cost > 0
            assert (await state(w)).cap == 60 * UNIT
            await chain.settle()
            assert Outbox(journal).get("r5") is not None
            at = await w.final(chain)
            (found,) = await chain.deployments((w.deployment,), at)
            assert isinstance(found, GateState)
            assert (found.round, found.cap) == (5, 60 * UNIT)
            await chain.settle()
            assert Outbox(journal).entries() == []
            assert await chain.submit(w.deployment, statement, "r5") is None
            assert await chain.submit(w.deployment, w.statement(4, UNIT, await w.now()), "r4") is None
            assert await sent(w) == 1


async def test_of_members_that_submit_at_once_one_has_the_effect_and_the_others_stop_cheaply() -> None:
    async with world() as w:
        statement = w.statement(5, 60 * UNIT, await w.now())
        async with w.opened() as one, w.opened(account_secret=USER) as other, w.opened() as third:
            both = await w.mined(
                asyncio.gather(
                    one.submit(w.deployment, statement, "r5"),
                    one.submit(w.deployment, statement, "r5"),
                    other.submit(w.deployment, statement, "r5"),
                )
            )
            # Two calls with one key are one transaction; of two accounts one may lose after its simulation.
            assert both[0] == both[1] or both[1] is None
            assert [r.ok for r in both if r is not None].count(True) >= 1
            assert all(r.ok or r.error == "StaleRound" for r in both if r is not None)
            assert await sent(w) <= 1
            before = await sent(w) + await sent(w, USER)
            assert await third.submit(w.deployment, statement, "again") is None
            assert await sent(w) + await sent(w, USER) == before
        assert (await state(w)).round == 5


async def test_what_the_gate_would_refuse_is_not_sent() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            now = await w.now()
            for wrong, error in (
                (w.statement(5, UNIT, now - 7200), "StatementExpired"),
                (w.statement(5, UNIT, now, lease=86400 * 3), "LeaseTooLong"),
                (w.statement(5, UNIT, now + 3600), "ObservedInFuture"),
            ):
                with pytest.raises(Refused, match=error):
                    await chain.submit(w.deployment, wrong, "r5")
            forged = w.statement(5, UNIT, now, signer=Signer(9))
            with pytest.raises(Refused):
                await chain.submit(w.deployment, forged, "r5")
            elsewhere = replace(w.deployment, route=b"\x22" * 32)
            with pytest.raises(ChainError, match="not meant for the gate"):
                await chain.submit(elsewhere, w.statement(5, UNIT, now), "r5")
        assert journal.items("tx/") == []
        assert await sent(w) == 0


async def test_an_account_is_needed_to_submit() -> None:
    async with world() as w, w.opened(account_secret=None) as chain:
        with pytest.raises(Refused, match="no account"):
            await chain.submit(w.deployment, w.statement(5, UNIT, await w.now()), "r5")
        await chain.settle()


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "eth_estimateGas", "add": -30_000},
        {"method": "eth_call", "data": "0x" + keccak256(b"lastRound()")[:4].hex(), "add": 99},
        {"method": "eth_getTransactionCount", "add": 5},
        {"method": "eth_getTransactionReceipt", "path": "status", "result": "0x0"},
    ],
)
async def test_one_lying_endpoint_does_not_stop_a_submission(rule: dict[str, Any]) -> None:
    async with world() as w, w.opened() as chain:
        w.proxies[0].behave(Behaviour(mode="lying", rules=(Rule(**rule),)))
        receipt = await w.mined(chain.submit(w.deployment, w.statement(5, UNIT, await w.now()), "r5"))
        assert receipt is not None
        assert receipt.ok
        assert (await state(w)).round == 5


async def test_without_a_quorum_nothing_is_sent() -> None:
    async with world() as w:
        chain = await opened(w, journal := MemoryJournal(), timeout=2.0, deadline=2.0)
        for proxy in w.proxies[1:]:
            proxy.behave(Behaviour(mode="failing", how="500"))
        with pytest.raises(Unreadable):
            await chain.submit(w.deployment, w.statement(5, UNIT, await w.now()), "r5")
        await chain.close()
        assert journal.items("tx/") == []


async def stuck(w: World, journal: MemoryJournal, statement: bytes, clock: Clock | None = None) -> None:
    """Submits without a block being mined, and ends as a process does."""
    chain = await opened(w, journal, clock, submit_timeout=0.01)
    with pytest.raises(Unreadable, match="not executed yet"):
        await chain.submit(w.deployment, statement, "r5")
    await chain.close()


async def test_a_restart_resumes_the_journalled_transaction_even_if_the_pool_forgot_it() -> None:
    async with world() as w:
        journal = MemoryJournal()
        statement = w.statement(5, UNIT, await w.now())
        await stuck(w, journal, statement)
        entry = Outbox(journal).get("r5")
        assert entry is not None
        await w.node.call("anvil_dropTransaction", "0x" + entry.attempts[0].hash.hex())
        chain = await opened(w, journal)
        receipt = await w.mined(chain.submit(w.deployment, statement, "r5"))
        assert receipt is not None
        assert receipt.transaction == "0x" + entry.attempts[0].hash.hex()
        assert await sent(w) == 1
        await chain.close()


async def test_a_crash_between_the_journal_and_the_broadcast_loses_nothing() -> None:
    async with world() as w:
        journal = Killing()
        statement = w.statement(5, UNIT, await w.now())
        chain = await opened(w, journal)
        with pytest.raises(Killed):
            await chain.submit(w.deployment, statement, "r5")
        await chain.close()
        assert await w.pending() == 0
        survived = MemoryJournal()
        survived.stored = journal.stored
        async with w.opened(journal=survived) as resumed:
            await resumed.settle()
            await w.node.mine(4)
            await resumed.settle()
            assert Outbox(survived).entries() == []
        assert (await state(w)).round == 5
        assert await sent(w) == 1


async def test_a_stuck_transaction_is_bumped_within_the_cap_and_has_one_effect() -> None:
    async with world() as w:
        journal, clock = MemoryJournal(), Clock()
        statement = w.statement(5, UNIT, await w.now())
        await stuck(w, journal, statement, clock)
        first = Outbox(journal).entries()[0].attempts[0]
        await w.node.call("anvil_setNextBlockBaseFeePerGas", hex(first.bid.max_fee * 3))
        await w.node.mine()
        assert await sent(w) == 0
        chain = await opened(w, journal, clock, bump_after=60.0)
        await chain.settle()
        assert len(Outbox(journal).entries()[0].attempts) == 1
        clock.now += 61
        await chain.settle()
        attempts = Outbox(journal).entries()[0].attempts
        assert len(attempts) == 2
        assert attempts[1].bid.max_fee > first.bid.max_fee * 9 // 8
        assert attempts[1].bid.tip >= first.bid.tip * 9 // 8
        await w.node.mine(4)
        assert await sent(w) == 1
        assert (await state(w)).round == 5
        await chain.settle()
        assert Outbox(journal).entries() == []
        await chain.close()


async def test_fees_above_the_cap_stop_bumps_and_new_transactions() -> None:
    async with world() as w:
        journal, clock, recorder = MemoryJournal(), Clock(), Recorder()
        statement = w.statement(5, UNIT, await w.now())
        await stuck(w, journal, statement, clock)
        bid = Outbox(journal).entries()[0].attempts[0].bid
        await w.node.call("anvil_setNextBlockBaseFeePerGas", hex(bid.max_fee * 3))
        await w.node.mine()
        clock.now += 4000
        low = w.member_options(max_fee_per_gas=bid.max_fee + 1)
        chain = open_chain(w.setup(journal=journal, options=low, log=recorder), clock=clock)
        await chain.settle()
        assert len(Outbox(journal).entries()[0].attempts) == 1
        assert recorder.named("fee_cap_reached")
        with pytest.raises(Unreadable, match="above the cap"):
            await chain.submit(w.deployment, w.statement(6, UNIT, await w.now()), "r6")
        assert Outbox(journal).get("r6") is None
        await chain.close()


async def test_a_nonce_gap_is_filled() -> None:
    async with world() as w:
        journal = MemoryJournal()
        before = await w.node.call("evm_snapshot")
        async with patient(w.node, MEMBER) as client:
            await w.mined(client.executed(await client.send(client.address, b"", 21_000)))
        statement = w.statement(5, UNIT, await w.now())
        await stuck(w, journal, statement)
        assert Outbox(journal).entries()[0].nonce == 1
        await w.node.call("evm_revert", before)
        assert await sent(w) == 0
        async with w.opened(journal=journal) as chain:
            await chain.settle()
            await w.node.mine(4)
            assert await sent(w) == 2
            assert (await state(w)).round == 5
            await chain.settle()
        assert Outbox(journal).entries() == []


async def test_a_transaction_that_a_reorg_took_away_is_sent_again() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            await w.node.mine(3)
            before = await w.node.call("evm_snapshot")
            receipt = await w.mined(chain.submit(w.deployment, w.statement(5, UNIT, await w.now()), "r5"))
            assert receipt is not None
            await w.node.call("evm_revert", before)
            assert (await state(w)).round == 0
            await chain.settle()
            await w.node.mine(4)
            assert (await state(w)).round == 5
            await chain.settle()
        assert Outbox(journal).entries() == []


async def test_a_nonce_that_another_transaction_took_is_not_the_end_of_a_statement() -> None:
    async with world() as w:
        journal, recorder = MemoryJournal(), Recorder()
        statement = w.statement(5, UNIT, await w.now())
        await stuck(w, journal, statement)
        entry = Outbox(journal).entries()[0]
        await w.node.call("anvil_dropTransaction", "0x" + entry.attempts[0].hash.hex())
        async with patient(w.node, MEMBER) as client:
            # Exactly one block: the nonce is taken, and not finally yet.
            await w.mined(client.executed(await client.send(client.address, b"", 21_000)))
        async with w.opened(journal=journal, log=recorder) as chain:
            await chain.settle()
            await w.node.mine(4)
            for proxy in w.proxies[1:]:
                proxy.behave(Behaviour(mode="lying", rules=(Rule(method="eth_estimateGas", result=None),)))
            with pytest.raises(Unreadable, match="no quorum"):
                await chain.settle()
            assert Outbox(journal).entries() == [entry]
            for proxy in w.proxies[1:]:
                proxy.behave(HONEST)
            await chain.settle()
            assert recorder.named("nonce_used_elsewhere")
            assert Outbox(journal).entries()[0].nonce == entry.nonce + 1
            await w.node.mine(4)
            assert (await state(w)).round == 5
            await chain.settle()
        assert Outbox(journal).entries() == []


async def test_settling_waits_for_finality_and_does_not_guess_it() -> None:
    async with world() as w, w.opened() as chain:
        await w.mined(chain.submit(w.deployment, w.statement(5, UNIT, await w.now()), "r5"))
        for proxy in w.proxies:
            rule = Rule(method="eth_getBlockByNumber", result=None)
            proxy.behave(Behaviour(mode="lying", rules=(rule,)))
        with pytest.raises(Unreadable):
            await chain.settle()
        assert healths(chain)["a"].lying == 0
