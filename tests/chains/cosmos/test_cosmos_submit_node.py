"""The way of a statement to the real contract, over HTTP, on a real node."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chains.cosmos import sending
from chains.cosmos.family import FAMILY
from chains.cosmos.outbox import Entry
from chains.cosmos.sender import Sender
from chains.devnet import account_secret
from chains.errors import Refused, Unreadable
from chains.types import GateState, Receipt
from tests.chains.cosmos.cluster import account
from tests.chains.cosmos.gates import Gated, gated
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.memory import Killed, MemoryJournal
from tests.chains.memory import Killing as KillingJournal
from tests.chains.polling import until
from tests.chains.statements import Committee, seed

pytestmark = needs_wasmd

BRISK = {"timeout": 2.0, "deadline": 2.0}
"""Seconds, after which it is told that nobody answers: for who tries again."""


@pytest.fixture
async def g(node: RunningNode) -> AsyncIterator[Gated]:
    async with gated(node) as made:
        yield made


async def unsent(g: Gated, statement: bytes, **options: Any) -> None:
    """Submits and ends between the journal and the sending: what is on disk then is the member's journal."""
    journal = KillingJournal()
    async with g.member(journal=journal, options=options) as chain:
        with pytest.raises(Killed):
            await chain.submit(g.deployment, statement, "r5")
    g.stage.journal = MemoryJournal(journal.stored)


def coins(g: Gated, secret: bytes) -> int:
    from chains.caip import AssetId
    from chains.cosmos.addresses import account_bytes
    from chains.cosmos.bech32 import encode

    held = AssetId(g.site.local.chain, "native", "stake")
    return g.site.balance(encode("wasm", account_bytes(FAMILY.account_address(secret))), held)


def rounds_taken(g: Gated) -> list[str]:
    """The rounds that the gate has taken, one for each transaction that brought one."""
    found = list[str]()
    for result in g.site.executions(g.deployment.gate.address):
        for event in result["events"]:
            attributes = {each["key"]: each["value"] for each in event["attributes"]}
            if event["type"] == "wasm-StatementAccepted" and attributes["route"] == g.deployment.route.hex():
                found.append(attributes["round"])
    return found


async def test_a_statement_lands_once_and_is_settled_at_finality(g: Gated) -> None:
    statement, other_secret = g.statement(5, 1_000), account(1)
    await g.site.local.fund([FAMILY.account_address(other_secret)])
    before = coins(g, account(0))
    async with g.member() as chain, g.member(account_secret=other_secret, journal=MemoryJournal()) as other:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert isinstance(receipt, Receipt)
        assert (receipt.ok, receipt.error) == (True, "")
        assert (g.site.gate(g.deployment).round, g.site.gate(g.deployment).cap) == (5, 1_000)
        assert before - coins(g, account(0)) == receipt.cost > 0
        held = coins(g, other_secret)
        assert await other.submit(g.deployment, statement, "r5") is None
        assert await other.submit(g.deployment, g.statement(4, 7), "r4") is None
        with pytest.raises(Refused, match="BadSignature"):
            await other.submit(g.deployment, g.statement(6, 7, Committee("another group")), "r6")
        with pytest.raises(Refused, match="LeaseTooLong"):
            await other.submit(g.deployment, g.statement(6, 7, lease=90_000), "r6")
        assert coins(g, other_secret) == held
        await g.settled(chain)
        (final,) = g.stage.log.named("transaction_final")
        assert (final["height"], final["ok"]) == (receipt.height, True)
        (found,) = await chain.deployments((g.deployment,), await chain.finalized())
        assert isinstance(found, GateState)
        assert (found.round, found.cap) == (5, 1_000)
    assert rounds_taken(g) == ["5"]


async def test_of_members_that_submit_at_once_one_has_the_effect_and_the_others_stop_cheaply(g: Gated) -> None:
    statement, other_secret = g.statement(5, 1_000), account(1)
    await g.site.local.fund([FAMILY.account_address(other_secret)])
    async with g.member() as one, g.member(account_secret=other_secret, journal=MemoryJournal()) as other:
        receipts = await asyncio.gather(
            one.submit(g.deployment, statement, "r5"),
            one.submit(g.deployment, statement, "r5"),
            other.submit(g.deployment, statement, "r5"),
        )
    assert receipts[0] == receipts[1] or receipts[1] is None
    assert [r.ok for r in receipts if r is not None].count(True) >= 1
    assert all(r.ok or r.error == "StaleRound" for r in receipts if r is not None)
    assert rounds_taken(g) == ["5"]


async def test_several_gates_at_once_have_consecutive_sequences(g: Gated) -> None:
    gates = [g.deployment, await g.new_gate(), await g.new_gate()]
    async with g.member() as chain:
        receipts = await asyncio.gather(
            *(chain.submit(gate, g.statement(5, 1_000, of=gate), f"r5 {i}") for i, gate in enumerate(gates))
        )
        assert all(receipt is not None and receipt.ok for receipt in receipts)
        sequences = sorted(entry.sequence for entry in g.entries())
        assert sequences == list(range(sequences[0], sequences[0] + 3))
        assert all(entry.times == 1 for entry in g.entries())
        await g.settled(chain)


async def test_a_crash_between_the_journal_and_the_sending_loses_nothing(g: Gated) -> None:
    statement = g.statement(5, 1_000)
    await unsent(g, statement)
    (entry,) = g.entries()
    assert g.site.gate(g.deployment).round == 0
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert receipt is not None
        assert receipt.transaction == entry.newest.signed.name
        await g.settled(chain)
    assert rounds_taken(g) == ["5"]


async def test_a_restart_between_the_sending_and_the_block_sends_nothing_twice(g: Gated) -> None:
    statement = g.statement(5, 1_000)
    async with g.member(options={"submit_timeout": 1e-6}) as chain:
        task = asyncio.ensure_future(chain.submit(g.deployment, statement, "r5"))
        await until(lambda: bool(g.entries()) or task.done())
        await asyncio.gather(task, return_exceptions=True)
    (entry,) = g.entries()
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert receipt is not None
        assert (receipt.ok, receipt.transaction) == (True, entry.newest.signed.name)
        await g.settled(chain)
    assert rounds_taken(g) == ["5"]


async def test_what_is_too_late_is_signed_anew_once(g: Gated) -> None:
    statement = g.statement(5, 1_000)
    await unsent(g, statement, timeout_blocks=2)
    (first,) = g.entries()
    await g.site.node.reaches(first.timeout_height)
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert receipt is not None
        assert receipt.ok
        (again,) = g.entries()
        assert (again.times, again.sequence) == (2, first.sequence)
        assert receipt.transaction == again.newest.signed.name != first.newest.signed.name
        await g.settled(chain)
    assert rounds_taken(g) == ["5"]


async def test_a_sequence_that_something_else_has_used_is_replaced(g: Gated) -> None:
    statement = g.statement(5, 1_000)
    await unsent(g, statement, timeout_blocks=4)
    (first,) = g.entries()
    gate = await g.new_gate()
    # The same account, as another copy of the key would use it: the journal knows nothing of it.
    async with g.member(journal=MemoryJournal()) as copy:
        assert (await copy.submit(gate, g.statement(5, 7, of=gate), "r5 elsewhere")) is not None
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert receipt is not None
        assert receipt.ok
        assert g.entries()[0].sequence == first.sequence + 1
        await g.settled(chain)
    assert g.stage.log.named("sequence_used")
    assert rounds_taken(g) == ["5"]


async def test_too_little_gas_is_paid_for_and_tried_again_with_more(g: Gated) -> None:
    before = coins(g, account(0))
    # A simulation does not count all that a real signature and a real fee cost.
    async with g.member(options={"gas_margin": 0}) as chain:
        receipt = await chain.submit(g.deployment, g.statement(5, 1_000), "r5")
        assert receipt is not None
        assert receipt.ok
        (entry,) = g.entries()
        assert (entry.times, entry.spent > 0) == (2, True)
        assert before - coins(g, account(0)) == receipt.cost == entry.spent + entry.newest.fee
        await g.settled(chain)
    assert rounds_taken(g) == ["5"]


async def test_a_price_below_the_nodes_is_raised_within_the_most_and_not_beyond(g: Gated) -> None:
    prices = {"gas_price": "0.001stake", "max_gas_price": "0.025"}
    async with g.member(options=prices) as chain:
        receipt = await chain.submit(g.deployment, g.statement(5, 1_000), "r5")
        assert receipt is not None
        assert receipt.ok
        assert [a.fee for a in g.entries()[0].attempts][1] == receipt.cost
        await g.settled(chain)
    async with g.member(options={**prices, "max_gas_price": "0.024"}) as chain:
        with pytest.raises(Unreadable, match=r"max_gas_price allows .*: raise it"):
            await chain.submit(g.deployment, g.statement(6, 1_000), "r6")
    g.stage.journal.stored.clear()
    async with g.member(options={"gas_price": "0.025ufoo"}) as chain:
        with pytest.raises(Unreadable, match="take no fees in ufoo, but in stake: set gas_price"):
            await chain.submit(g.deployment, g.statement(6, 1_000), "r6")


async def test_one_endpoint_that_fails_and_limits_does_not_matter_and_two_do(g: Gated) -> None:
    g.stage.behave("failing")
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, g.statement(5, 1_000), "r5")
        assert receipt is not None
        assert receipt.ok
        await g.settled(chain)
    g.stage.behave("failing", at=(0, 1))
    async with g.member(options={"timeout": 1.0, "deadline": 1.0}) as chain:
        with pytest.raises(Unreadable):
            await chain.submit(g.deployment, g.statement(6, 1_000), "r6")
    assert g.entries() == []


async def test_an_account_without_coins_is_named(g: Gated) -> None:
    async with g.member(account_secret=seed("poor cosmos member")) as chain:
        with pytest.raises(Unreadable, match=r"wasm1.* has no coins yet: send some stake to wasm1"):
            await chain.submit(g.deployment, g.statement(5, 1_000), "r5")


async def test_an_account_is_needed_to_submit(g: Gated) -> None:
    async with g.member(account_secret=None) as chain:
        with pytest.raises(Refused, match="no account"):
            await chain.submit(g.deployment, g.statement(5, 1_000), "r5")
        await chain.settle()


async def test_a_statement_that_was_overtaken_on_its_way_is_a_failure_on_the_chain(g: Gated) -> None:
    statement = g.statement(5, 1_000)
    await unsent(g, statement)
    other_secret = account_secret("another cosmos member")
    await g.site.local.fund([FAMILY.account_address(other_secret)])
    async with g.member(account_secret=other_secret, journal=MemoryJournal()) as other:
        assert (await other.submit(g.deployment, g.statement(6, 900), "r6")) is not None
    async with g.member() as chain:
        receipt = await chain.submit(g.deployment, statement, "r5")
        assert receipt is not None
        assert (receipt.ok, receipt.error) == (False, "StaleRound")
        assert receipt.cost > 0
        await g.settled(chain)
    assert rounds_taken(g) == ["6"]


async def test_the_node_is_killed_in_mid_submission_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the transaction, in its mempool or already in a block; with the node its mempool is gone."""
    killing = Killing(monkeypatch)
    with RunningNode(1, tmp_path) as node:
        node.start()
        await node.ready()
        async with gated(node) as g:
            for round_ in itertools.count(5):
                if await killed_and_started_again(g, killing, round_):
                    break
            assert rounds_taken(g) == [str(round_)]


class Killing:
    """Kills the node as soon as it has taken a transaction, once for each time it is armed."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.armed: RunningNode | None = None
        self.taken: Entry | None = None
        original = Sender.broadcast

        async def broadcast(sender: Sender, entry: Entry) -> Entry:
            found = await original(sender, entry)
            if self.armed is not None and not sender.refusal(entry.key):
                self.armed.kill()
                self.armed, self.taken = None, found
            return found

        patched.setattr(Sender, "broadcast", broadcast)


async def killed_and_started_again(g: Gated, killing: Killing, round_: int) -> bool:
    """False where the node was killed between a block's execution and its entry in the index of transactions, which it
    then lacks for ever: another one has to be tried."""
    node, key, statement = g.site.node, f"r{round_}", g.statement(round_, 1_000)
    g.stage.journal, told = MemoryJournal(), list[Unreadable]()
    async with g.member(options=BRISK) as chain:

        async def insisting() -> Receipt | None:
            """As whoever submits does: again until it is there."""
            while True:
                try:
                    return await chain.submit(g.deployment, statement, key)
                except Unreadable as error:
                    told.append(error)

        killing.armed, killing.taken = node, None
        task = asyncio.ensure_future(insisting())
        await until(lambda: killing.taken is not None)
        told.clear()
        (entry,) = g.entries()
        assert entry == killing.taken
        # Whoever submits is told that nothing can be read now.
        await until(lambda: bool(told))
        assert not task.done()
        node.start()
        await node.ready()
        if await forgotten(g, entry):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return False
        receipt = await task
        assert receipt is not None
        assert receipt.ok
        assert receipt.transaction == entry.newest.signed.name
        while g.entries():
            with suppress(Unreadable):
                await chain.settle()
    return True


async def forgotten(g: Gated, entry: Entry) -> bool:
    """Whether the node has executed a transaction and does not know it."""
    (of_member,) = await g.site.issuer.ask(sending.account(entry.sender))
    return of_member.sequence > entry.sequence and await g.site.issuer.found(entry.newest.signed.hash) is None
