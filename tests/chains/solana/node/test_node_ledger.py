"""The ledger without a network: time, commitments, versions of accounts, sysvars, skipped slots, what is forgotten."""

import struct
from dataclasses import replace
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chains.solana.node import sysvars
from chains.solana.node.blocks import Block
from chains.solana.node.ledger import Ledger
from chains.solana.node.settings import Settings
from tests.chains.solana.node.node_support import ALICE, BOB, SOL, pay, signed

START = 1_700_000_000


def made(**settings: Any) -> Ledger:
    return Ledger(replace(Settings(finality_slots=3, slot_ms=1000), **settings), START)


def rich(**settings: Any) -> Ledger:
    """With 100 SOL for Alice in its final block."""
    ledger = made(**settings)
    ledger.airdrop(ALICE.pubkey(), 100 * SOL, ledger.blocks.newest.blockhash)
    closed(ledger, 6)
    return ledger


def closed(ledger: Ledger, slots: int) -> None:
    for _ in range(slots):
        ledger.advance()


def lamports(ledger: Ledger, address: Pubkey, block: Block) -> int:
    account = ledger.account(address, block)
    return 0 if account is None else account.lamports


def seen(ledger: Ledger, address: Pubkey) -> tuple[int, int, int]:
    processed, confirmed, finalized = (
        lamports(ledger, address, block)
        for block in (
            ledger.blocks.at("processed"),
            ledger.blocks.at("confirmed"),
            ledger.blocks.at("finalized"),
        )
    )
    return processed, confirmed, finalized


def sent(ledger: Ledger, amount: int = SOL) -> bool:
    return ledger.submit(signed([pay(amount)], Hash(ledger.blocks.newest.blockhash))) is not None


def test_a_write_is_seen_commitment_by_commitment() -> None:
    ledger = rich()
    assert sent(ledger)
    assert seen(ledger, BOB.pubkey()) == (0, 0, 0)
    told = []
    for _ in range(5):
        ledger.advance()
        told.append(seen(ledger, BOB.pubkey()))
    assert told == [(SOL, 0, 0), (SOL, SOL, 0), (SOL, SOL, 0), (SOL, SOL, SOL), (SOL, SOL, SOL)]


def test_each_slot_keeps_its_own_state_until_it_is_final() -> None:
    ledger = rich()
    for _ in range(8):
        assert sent(ledger)
        ledger.advance()
        newest, final = ledger.blocks.newest, ledger.blocks.at("finalized")
        for block in ledger.blocks.between(final.slot, newest.slot):
            assert lamports(ledger, BOB.pubkey(), block) == (block.total - 1) * SOL
            clock = ledger.account(sysvars.CLOCK, block)
            assert clock is not None
            assert struct.unpack("<QqQQq", clock.data) == (block.slot, START, 0, 1, block.time)


def test_a_closed_account_lives_on_until_that_is_final() -> None:
    ledger, heir = rich(), Keypair()
    assert ledger.submit(signed([pay(SOL, heir.pubkey())], Hash(ledger.blocks.newest.blockhash)))
    closed(ledger, 5)
    assert ledger.submit(signed([pay(SOL - 5000, BOB.pubkey(), heir)], Hash(ledger.blocks.newest.blockhash), heir))
    ledger.advance()
    assert seen(ledger, heir.pubkey()) == (0, SOL, SOL)
    closed(ledger, 3)
    assert seen(ledger, heir.pubkey()) == (0, 0, 0)
    assert ledger.account(heir.pubkey(), ledger.blocks.newest) is None


def test_a_trial_runs_on_the_state_of_its_block_and_leaves_no_trace() -> None:
    ledger = rich()
    old = ledger.blocks.newest
    assert sent(ledger, 60 * SOL)
    ledger.advance()
    again = signed([pay(50 * SOL)], Hash(old.blockhash))
    assert ledger.trial(again, old).error is None
    assert ledger.trial(again, ledger.blocks.newest).error == {"InstructionError": [0, {"Custom": 1}]}
    assert ledger.trial(again, old).after[1] == 50 * SOL
    assert seen(ledger, BOB.pubkey()) == (60 * SOL, 0, 0)
    clock = ledger.account(sysvars.CLOCK, ledger.blocks.newest)
    assert clock is not None
    assert struct.unpack("<Q", clock.data[:8]) == (ledger.blocks.newest.slot,)


def test_a_failed_transaction_pays_its_fee_and_changes_nothing_else() -> None:
    ledger = rich()
    assert sent(ledger, 1000 * SOL)
    ledger.advance()
    assert seen(ledger, ALICE.pubkey()) == (100 * SOL - 5000, 100 * SOL, 100 * SOL)
    assert seen(ledger, BOB.pubkey()) == (0, 0, 0)


def test_slots_follow_the_clock() -> None:
    ledger = made(slot_ms=400)
    assert ledger.tick(START + 0.1) == 0
    assert ledger.blocks.open.slot == 1
    assert ledger.tick(START + 0.85) == 1
    assert ledger.tick(START + 0.85) == 0
    assert ledger.tick(START + 4) == 8
    assert ledger.blocks.open.slot == 10
    assert ledger.next_time() == pytest.approx(START + 4.4)
    assert [block.time - START for block in ledger.blocks.between(0, 10)] == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
    assert ledger.tick(START - 1000) == 0


def test_a_long_pause_skips_slots() -> None:
    ledger = made()
    ledger.tick(START + 1_000_000)
    assert ledger.blocks.open.slot == 1_000_000
    assert ledger.blocks.open.height < 1100
    assert ledger.blocks.newest.time == START + 999_999
    clock = ledger.account(sysvars.CLOCK, ledger.blocks.newest)
    assert clock is not None
    assert struct.unpack("<QqQQq", clock.data) == (999_999, START + 999_001, 2, 3, START + 999_999)


def test_the_owner_may_move_the_clock_on_but_not_back() -> None:
    ledger = made()
    ledger.advance(START + 500)
    assert ledger.blocks.open.time == START + 500
    ledger.advance(START)
    assert ledger.blocks.open.time == START + 501


def test_the_slot_history_goes_round() -> None:
    history, size = sysvars.SlotHistory(), 2**20
    for slot in (1, 2, 3, size + 1, size + 3):
        history.add(slot)
    raw = bytes(history)
    assert len(raw) == 131_097
    assert raw[:9] == b"\x01" + struct.pack("<Q", size // 64)
    assert raw[9] == 0b1010
    assert struct.unpack("<QQ", raw[-16:]) == (size, size + 4)
    history.add(3 * size)
    assert bytes(history)[9:-16].strip(b"\0") == b"\x01"


@pytest.mark.parametrize("every", [2, 5])
def test_skipped_slots_have_no_block(every: int) -> None:
    ledger = made(skip_every=every)
    closed(ledger, 12)
    slots = [block.slot for block in ledger.blocks.between(0, 100)]
    assert slots == [slot for slot in range(slots[-1] + 1) if slot % every or slot == 0]
    assert [block.height for block in ledger.blocks.between(0, 100)] == list(range(len(slots)))
    history = ledger.account(sysvars.SLOT_HISTORY, ledger.blocks.newest)
    assert history is not None
    assert [slot for slot in range(slots[-1]) if history.data[9 + slot // 8] >> slot % 8 & 1] == slots[:-1]


def test_a_blockhash_is_good_for_as_many_blocks_as_configured() -> None:
    ledger = rich(blockhash_slots=3)
    block = ledger.blocks.newest
    transactions = [signed([pay(amount)], Hash(block.blockhash)) for amount in (SOL, 2 * SOL)]
    closed(ledger, 2)
    assert ledger.blocks.open.height == ledger.last_valid_height(block)
    assert ledger.submit(transactions[0]) is not None
    ledger.advance()
    assert ledger.valid(block.blockhash, ledger.blocks.newest.height)
    assert ledger.submit(transactions[1]) is None
    ledger.advance()
    assert ledger.refusal(transactions[1], ledger.blocks.newest) == "BlockhashNotFound"
    assert not ledger.valid(block.blockhash, ledger.blocks.newest.height)


def test_a_blockhash_is_unknown_to_older_blocks() -> None:
    ledger = rich()
    transaction = signed([pay(SOL)], Hash(ledger.blocks.newest.blockhash))
    assert ledger.refusal(transaction, ledger.blocks.newest) is None
    assert ledger.refusal(transaction, ledger.blocks.at("finalized")) == "BlockhashNotFound"


def test_a_transaction_lands_once() -> None:
    ledger = rich()
    transaction = signed([pay(SOL)], Hash(ledger.blocks.newest.blockhash))
    assert ledger.submit(transaction) is not None
    assert ledger.submit(transaction) is None
    assert ledger.refusal(transaction, ledger.blocks.newest) is None
    ledger.advance()
    assert ledger.refusal(transaction, ledger.blocks.newest) == "AlreadyProcessed"
    assert seen(ledger, BOB.pubkey())[0] == SOL


def test_blockhashes_differ_from_chain_to_chain() -> None:
    one, other = made(number=1), made(number=2)
    closed(one, 3)
    closed(other, 3)
    mine, others = ({block.blockhash for block in each.blocks.between(0, 3)} for each in (one, other))
    assert len(mine) == len(others) == 4
    assert not mine & others


def test_the_sysvars_know_the_blocks_before() -> None:
    ledger = made()
    closed(ledger, 200)
    block, past = ledger.blocks.newest, ledger.blocks.between(0, ledger.blocks.newest.slot - 1)[::-1]
    hashes, recent = (ledger.account(address, block) for address in (sysvars.SLOT_HASHES, sysvars.RECENT_BLOCKHASHES))
    assert hashes is not None
    assert recent is not None
    assert struct.unpack("<Q", hashes.data[:8]) == (200,)
    assert hashes.data[8:48] == struct.pack("<Q", past[0].slot) + past[0].blockhash
    assert struct.unpack("<Q", recent.data[:8]) == (150,)
    assert recent.data[8:48] == past[0].blockhash + struct.pack("<Q", 5000)
    assert (len(hashes.data), len(recent.data)) == (20_488, 6008)


def test_old_blocks_are_forgotten_with_their_transactions() -> None:
    ledger = rich(history_slots=5)
    transaction = signed([pay(SOL)], Hash(ledger.blocks.newest.blockhash))
    landed = ledger.submit(transaction)
    assert landed is not None
    closed(ledger, 8)
    assert ledger.landed(landed.signature, ledger.blocks.newest.slot) is not None
    closed(ledger, 2)
    assert ledger.blocks.oldest.slot == landed.slot + 1
    assert ledger.landed(landed.signature, ledger.blocks.newest.slot) is None
    assert list(ledger.landed_with(BOB.pubkey(), ledger.blocks.newest.slot)) == []
    assert seen(ledger, BOB.pubkey()) == (SOL, SOL, SOL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", -1),
        ("slot_ms", 0),
        ("finality_slots", 0),
        ("blockhash_slots", 301),
        ("skip_every", 1),
        ("history_slots", 0),
    ],
)
def test_settings_that_make_no_chain_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        replace(Settings(), **{name: value})
