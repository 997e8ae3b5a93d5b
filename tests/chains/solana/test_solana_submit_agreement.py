"""What no single endpoint can make of a transaction: executed, final, expired, paid for too dearly, never executed.

And at random: whatever is dropped, forked away, expired or killed, of one key at most one transaction is ever alive.
"""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.errors import ChainError, Unreadable
from chains.solana.addresses import to_text
from chains.solana.outbox import Outbox
from chains.solana.sender import Executed
from chains.solana.transactions import Failure
from tests.chains.scripted import fails
from tests.chains.solana.ledger import FINALITY, LIFE, Lie, World, context, gate_error, statement
from tests.chains.solana.submit_support import landed, stuck
from tests.chains.statements import seed

BOGUS = to_text(seed("a blockhash of no block"))


def told(height: int, failure: Any = None, level: str = "finalized") -> Lie:
    return context([{"slot": height, "confirmations": None, "err": failure, "confirmationStatus": level}])


def blockhash(height: int, text: str = BOGUS) -> Lie:
    return context({"blockhash": text, "lastValidBlockHeight": height})


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("getSignatureStatuses", told(900)),
        ("getSignatureStatuses", told(1_001, gate_error(34))),
        ("getSignatureStatuses", context([None])),
        ("getMultipleAccounts", context([None])),
        ("getBlockHeight", lambda true, params: 1 << 63),
        ("getBalance", context(0)),
        ("getRecentPrioritizationFees", lambda true, params: [{"slot": 1, "prioritizationFee": 10**12}]),
        ("isBlockhashValid", lambda true, params: true | {"value": not true["value"]}),
        ("getLatestBlockhash", blockhash(1 << 63)),
        ("getLatestBlockhash", blockhash(0)),
        ("getLatestBlockhash", blockhash(1_000 + LIFE)),
        ("simulateTransaction", context({"err": gate_error(34), "unitsConsumed": 1, "logs": []})),
        ("simulateTransaction", context({"err": None, "unitsConsumed": 10**9, "logs": []})),
        ("simulateTransaction", context({"err": None, "unitsConsumed": 1, "logs": []})),
        ("sendTransaction", lambda true, params: "1" * 64),
    ],
)
@pytest.mark.parametrize("liar", range(3))
async def test_one_lying_endpoint_changes_nothing(method: str, lie: Lie, liar: int) -> None:
    w = World()
    w.nodes[liar].lies[method] = lie
    receipt = await landed(w, w.opened(), statement(5))
    assert receipt is not None
    assert (receipt.ok, receipt.error, receipt.height, receipt.cost) == (True, "", 1_001, 5_000)
    entry = w.entry()
    assert (entry.times, entry.last_valid, entry.blockhash) == (1, 1_000 + LIFE, w.ledger.blockhash(1_000))
    assert entry.limit == 36_000
    await w.opened().settle()
    assert w.entry() == entry


async def test_an_expired_or_endless_height_of_a_true_blockhash_makes_no_second_transaction() -> None:
    for wrong in (0, 1_000 + LIFE - 60, 1 << 63):
        w = World()
        # Only two endpoints answer, one of which lies about the height, not about the blockhash.
        w.lie("getLatestBlockhash", blockhash(wrong, to_text(w.ledger.blockhash(1_000))))
        w.nodes[2].lies["getLatestBlockhash"] = fails()
        await stuck(w)
        assert w.entry().last_valid <= 1_000 + LIFE
        w.ledger.mine(LIFE)
        await w.opened().settle()
        assert w.entry().times == 1
        w.ledger.mine(FINALITY + 1)
        w.nodes[0].lies.clear()
        await w.opened().settle()
        assert w.entry().times == 2


async def test_without_a_blockhash_that_a_quorum_takes_nothing_is_signed() -> None:
    w = World()
    w.lie("isBlockhashValid", context(False), 2)
    with pytest.raises(Unreadable, match="no recent blockhash"):
        await w.opened().submit(w.deployment, statement(5), "r5")
    assert (w.ledger.pool, Outbox(w.journal).entries()) == ({}, [])


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("getBlockHeight", lambda true, params: 1_000 + LIFE),
        ("getSignatureStatuses", told(1_001, level="processed")),
        ("isBlockhashValid", context(True)),
    ],
)
async def test_expired_is_what_a_quorum_cannot_execute_and_does_not_know(method: str, lie: Lie) -> None:
    w = World()
    await stuck(w)
    sender = w.sender()
    w.ledger.mine(LIFE + FINALITY)
    assert not await sender.expired(w.entry())
    w.ledger.mine()
    assert await sender.expired(w.entry())
    w.lie(method, lie)
    assert await sender.expired(w.entry())
    w.lie(method, lie, 2)
    assert not await sender.expired(w.entry())


async def test_expired_is_told_by_endpoints_that_have_come_far_enough_themselves() -> None:
    w = World()
    signature = await stuck(w)
    w.ledger.land(signature)
    w.ledger.mine(LIFE + FINALITY + 1)
    liar, _, behind = w.nodes
    liar.lies |= {"getSignatureStatuses": context([None]), "isBlockhashValid": context(False)}
    assert not await w.sender().expired(w.entry())
    # It has not seen the block with the transaction yet, and has none that is too high for it.
    behind.lies |= {"getSignatureStatuses": context([None]), "getBlockHeight": lambda true, params: 999}
    assert not await w.sender().expired(w.entry())


async def test_executed_and_final_are_what_a_quorum_says_alike() -> None:
    w = World()
    signature = await stuck(w)
    sender, entry = w.sender(), w.entry()
    assert await sender.executed(entry) is None
    w.ledger.land(signature, gate_error(23))
    height = w.ledger.height
    failure = Failure("Custom", 2, 23)
    assert await sender.executed(entry) == Executed(height, failure, False)
    for lie in (told(height), told(height + 1, gate_error(23)), told(height, gate_error(23), "processed")):
        w.nodes[0].lies["getSignatureStatuses"] = lie
        assert await sender.executed(entry) == Executed(height, failure, False)
        w.nodes[1].lies["getSignatureStatuses"] = context([None])
        assert await sender.executed(entry) is None
        w.nodes[1].lies.clear()
    w.lie("getSignatureStatuses", told(height, gate_error(23)))
    assert await sender.executed(entry) == Executed(height, failure, False)
    w.ledger.mine(FINALITY)
    assert await sender.executed(entry) == Executed(height, failure, True)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["settle", "submit", "restart", "land", "fork", "drop", "round"]), st.just(0)),
        st.tuples(st.just("mine"), st.integers(1, LIFE + 2 * FINALITY)),
        st.tuples(st.just("down"), st.integers(0, 2)),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(actions=ACTIONS)
async def test_of_one_key_at_most_one_transaction_is_ever_alive(actions: list[tuple[str, int]]) -> None:
    w = World()
    submitter = w.opened(submit_timeout=1e-9)
    last_valid: dict[bytes, int] = {}
    for action, number in actions:
        newest = w.ledger.signatures()[-1:]
        if action == "settle":
            await attempted(submitter.settle())
        elif action == "submit":
            await attempted(submitter.submit(w.deployment, statement(5), "r5"))
        elif action == "restart":
            submitter = w.opened(submit_timeout=1e-9)
        elif action == "mine":
            w.ledger.mine(number)
        elif action == "down":
            method = ["sendTransaction", "getBlockHeight", "getSignatureStatuses"][number]
            for node in w.nodes[:2]:
                node.lies = {} if node.lies else {method: fails()}
        elif action == "drop":
            w.ledger.pool = {s: raw for s, raw in w.ledger.pool.items() if s in w.ledger.landed}
        elif action == "round":
            w.ledger.round = 5 if w.ledger.landed else 0
        elif newest and action == "land" and newest[0] not in w.ledger.landed:
            if w.ledger.height < last_valid[newest[0]]:
                w.ledger.land(newest[0])
        elif newest and action == "fork" and forkable(w, newest[0]):
            w.ledger.fork(newest[0])
            w.ledger.round = 0
        if any(not forkable(w, signature) for signature in w.ledger.landed):
            # What is final has had its effect on the gate, which all nodes know by then.
            w.ledger.round = 5
        for entry in Outbox(w.journal).entries():
            last_valid[entry.signed.signature] = entry.last_valid
        # A block of any fork that is not final may still be given up, and what it took may be executed anew.
        alive = [s for s, height in last_valid.items() if w.ledger.final < height and s not in w.ledger.landed]
        assert len(alive) <= 1
        assert len(w.ledger.landed) <= 1


def forkable(w: World, signature: bytes) -> bool:
    found = w.ledger.landed.get(signature)
    return found is not None and found.height > w.ledger.final


async def attempted(work: Any) -> None:
    with contextlib.suppress(ChainError):
        await work
