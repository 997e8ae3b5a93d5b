"""Proofs that travel: what they show to anybody, offline, and that nothing else is taken for one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.caip import AccountId, AssetId, ChainId
from chains.cosmos import blocks as successors
from chains.cosmos import evidence, multistore, plan, protobuf, stores
from chains.cosmos.blocks import Anchored
from chains.cosmos.commits import CommitSig
from chains.cosmos.family import FAMILY
from chains.cosmos.light import LightBlock
from chains.cosmos.multistore import ProofOp
from chains.cosmos.plan import Entry
from chains.errors import ProofError
from chains.types import Checkpoint, Position
from relayer.daemon.root import BLOB_BASE
from tests.chains.cosmos import blocks, layouts
from tests.chains.cosmos.ledger import CHAIN, Ledger
from tests.chains.cosmos.scene import (
    BANK_POSITION,
    COLLATERAL,
    CW20_CODE,
    CW20_POSITION,
    HELD,
    KEEPER,
    KEPT_POSITION,
    LOCKED,
    OWNER,
    THIEF,
    VAULT,
    account,
    bank,
    checksum,
    code,
    cw20_balance,
    everything,
    with_options,
)

POWERS = {"a": 10, "b": 10, "c": 10, "d": 10}
HEIGHT = 2
NOBODY = replace(BANK_POSITION, account=AccountId(BANK_POSITION.account.chain, account("nobody")))
NO_HOLDER = replace(CW20_POSITION, account=AccountId(CW20_POSITION.account.chain, account("nobody")))
POSITIONS = [(BANK_POSITION, HELD), (CW20_POSITION, LOCKED), (KEPT_POSITION, 41), (NOBODY, 0), (NO_HOLDER, 0)]


def ledger(**changes: Any) -> Ledger:
    return Ledger(everything(), changes.pop("powers", POWERS), **changes)


@cache
def common() -> Ledger:
    return ledger()


def entries_of(position: Position, made: Ledger, height: int = HEIGHT) -> list[tuple[ProofOp, ...]]:
    facts: plan.Facts = dict(made.states[height].items())
    entries = plan.of_position(position, facts)
    return [tuple(made.ops(entry.store, entry.key, height)) for entry in entries]


def proof_of(position: Position, made: Ledger, height: int = HEIGHT) -> bytes:
    return evidence.encode(evidence.anchor(made.anchored(height)), entries_of(position, made, height))


def refused(position: Position, at: Checkpoint, amount: int, proof: bytes, text: str | None = None) -> None:
    with pytest.raises(ProofError, match=text):
        FAMILY.check_proof(position, at, amount, proof)


@pytest.mark.parametrize(("position", "amount"), POSITIONS)
def test_a_proof_shows_the_amount_and_no_other(position: Position, amount: int) -> None:
    made = common()
    at, proof = made.at(HEIGHT), proof_of(position, made)
    FAMILY.check_proof(position, at, amount, proof)
    for claimed in {0, amount - 1, amount + 1} - {amount}:
        refused(position, at, claimed, proof, f"{claimed} is claimed, but {amount} is proven")
    for other in (
        replace(at, chain="cosmos:other-1"),
        replace(at, height=at.height + 1),
        replace(at, time=at.time + 1),
        replace(at, block_hash=bytes(32)),
        made.at(HEIGHT - 1),
        made.at(HEIGHT + 1),
    ):
        refused(position, other, amount, proof)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, (1 << 256) - 1), st.integers(0, (1 << 128) - 1), st.integers(0, (1 << 256) - 1))
def test_any_amount_is_proven_and_no_other(coins: int, tokens: int, claimed: int) -> None:
    made = ledger()
    at = made.change(
        {bank("balance", VAULT, "uatom"): b"%d" % coins, cw20_balance(COLLATERAL, VAULT): b'"%d"' % tokens}
    )
    for position, amount in ((BANK_POSITION, coins), (CW20_POSITION, tokens)):
        proof = proof_of(position, made, at.height)
        FAMILY.check_proof(position, at, amount, proof)
        if claimed != amount:
            refused(position, at, claimed, proof, "is claimed, but")


def test_a_proof_is_demanded_where_the_options_say_so() -> None:
    made = common()
    at = made.at(HEIGHT)
    refused(BANK_POSITION, at, HELD, b"", "the proof is missing")
    refused(BANK_POSITION, Checkpoint(CHAIN, 0, bytes(32), 0), 0, b"", "the proof is missing")
    unproven = with_options(BANK_POSITION, proof=False)
    FAMILY.check_proof(unproven, at, 123, b"")
    refused(unproven, at, HELD, proof_of(BANK_POSITION, made), "a proof where none is configured")


def test_proofs_of_other_positions_heights_and_chains_are_refused() -> None:
    made = common()
    at = made.at(HEIGHT)
    for position, amount in POSITIONS:
        for other, _ in POSITIONS:
            if other is not position:
                refused(position, at, amount, proof_of(other, made))
    refused(BANK_POSITION, made.at(HEIGHT), HELD, proof_of(BANK_POSITION, made)[:-1])
    # Entries of one height under the blocks of another.
    made = ledger()
    later = made.change({bank("balance", VAULT, "uatom"): b"1"})
    mixed = evidence.encode(evidence.anchor(made.anchored(later.height)), entries_of(BANK_POSITION, made))
    refused(BANK_POSITION, later, HELD, mixed, "does not lead to the root")
    FAMILY.check_proof(BANK_POSITION, later, 1, proof_of(BANK_POSITION, made, later.height))


def test_the_chain_in_the_header_must_be_the_positions_own() -> None:
    made = common()
    elsewhere = ChainId("cosmos", "elsewhere-1")
    position = replace(
        BANK_POSITION,
        account=AccountId(elsewhere, VAULT),
        asset=AssetId(elsewhere, BANK_POSITION.asset.kind, BANK_POSITION.asset.asset),
    )
    # Two chains may well have the same prefix, and so the same addresses.
    refused(position, made.at(HEIGHT), HELD, proof_of(BANK_POSITION, made), "a checkpoint of cosmos:chain-1")
    at = replace(made.at(HEIGHT), chain=str(elsewhere))
    refused(
        position, at, HELD, proof_of(BANK_POSITION, made), "a block of the chain 'chain-1', not of cosmos:elsewhere"
    )


@pytest.mark.parametrize(
    ("signers", "enough"), [(["a", "b", "c", "d"], True), (["a", "b", "c"], True), (["a", "b"], False), ([], False)]
)
def test_the_successor_must_be_signed_by_more_than_two_thirds(signers: Sequence[str], enough: bool) -> None:
    _judged_with(POWERS, signers, enough)


def test_exactly_two_thirds_are_not_enough() -> None:
    _judged_with({"a": 10, "b": 10, "c": 10}, ["a", "b"], False)
    _judged_with({"a": 10, "b": 11, "c": 10}, ["a", "b"], True)


def _judged_with(powers: dict[str, int], signers: Sequence[str], enough: bool) -> None:
    made = ledger(powers=powers)
    child = blocks.signed(made.blocks[HEIGHT + 1].header, powers, signers)
    proof = _assembled(made, child)
    if enough:
        FAMILY.check_proof(BANK_POSITION, made.at(HEIGHT), HELD, proof)
    else:
        refused(BANK_POSITION, made.at(HEIGHT), HELD, proof, "is signed by")


def test_forged_blocks_are_refused() -> None:
    made = common()
    child, own = made.blocks[HEIGHT + 1], made.blocks[HEIGHT]
    thieves = {"x": 10, "y": 10}
    set_of_thieves = blocks.validator_set(thieves)
    forged = {
        "an app hash of its own": replace(child, header=replace(child.header, app_hash=bytes(32))),
        "an app hash of its own, signed by others": blocks.signed(
            replace(child.header, app_hash=bytes(32), validators_hash=set_of_thieves.hash), thieves
        ),
        "another block before it": blocks.signed(replace(child.header, last_block_id=own.header.last_block_id), POWERS),
        "not the next height": blocks.signed(replace(child.header, height=HEIGHT + 2), POWERS),
        "not later": blocks.signed(replace(child.header, time=own.header.time), POWERS),
        "another chain": blocks.signed(replace(child.header, chain_id="chain-2"), POWERS),
        "the checkpoint's own block": own,
        "votes for another block": replace(child, commit=own.commit),
    }
    believed = list[str]()
    for what, block in forged.items():
        with suppress(ProofError):
            FAMILY.check_proof(BANK_POSITION, made.at(HEIGHT), HELD, _assembled(made, block))
            believed.append(what)
    assert not believed


def _assembled(made: Ledger, child: LightBlock) -> bytes:
    """A proof over a successor that need not be one."""
    header = made.blocks[HEIGHT].header
    head = protobuf.uint(1, 1) + protobuf.message(2, header.encode()) + protobuf.message(3, child.encode())
    return evidence.encode(head, entries_of(BANK_POSITION, made))


SAID: list[tuple[dict[Entry, bytes | None], Position, str]] = [
    ({bank("supply", "uatom"): None, bank("balance", VAULT, "uatom"): None}, BANK_POSITION, "no denomination uatom"),
    ({bank("supply", "uatom"): b"many"}, BANK_POSITION, "is no amount"),
    ({bank("balance", VAULT, "uatom"): b"-1"}, BANK_POSITION, "is no amount"),
    ({code(CW20_CODE): layouts.code_info(checksum("evil"))}, CW20_POSITION, "checksum: pinned is"),
    ({code(CW20_CODE): None}, CW20_POSITION, "which the chain does not have"),
    ({plan.contract(COLLATERAL): layouts.contract_info(CW20_CODE, THIEF)}, CW20_POSITION, "admin: pinned is"),
    ({plan.contract(COLLATERAL): layouts.contract_info(CW20_CODE)}, CW20_POSITION, f"{OWNER}, the token .* has none"),
    ({plan.contract(COLLATERAL): None}, CW20_POSITION, "there is no contract"),
    ({plan.contract(COLLATERAL): b"\xff"}, CW20_POSITION, "contract info"),
    ({plan.token_info(COLLATERAL): None}, CW20_POSITION, "no cw20-base token"),
    ({plan.token_info(COLLATERAL): b"{}"}, CW20_POSITION, "no total_supply"),
    ({plan.token_info(COLLATERAL): layouts.token_info(1, 18)}, CW20_POSITION, "6 is declared, the token .* has 18"),
    ({cw20_balance(COLLATERAL, VAULT): b"1"}, CW20_POSITION, "no Uint128"),
    ({plan.contract(KEEPER): layouts.contract_info(CW20_CODE)}, KEPT_POSITION, "vault_checksum: pinned is"),
    ({plan.contract(KEEPER): None}, KEPT_POSITION, "there is no contract"),
]


@pytest.mark.parametrize(("changes", "position", "text"), SAID)
def test_what_is_not_to_be_counted_is_not_proven(
    changes: dict[Entry, bytes | None], position: Position, text: str
) -> None:
    made = ledger()
    at = made.change(changes)
    for amount in (0, HELD, LOCKED, 41):
        refused(position, at, amount, proof_of(position, made, at.height), text)


def test_positions_that_pin_nothing_or_name_no_contract_are_refused() -> None:
    made = common()
    at, proof = made.at(HEIGHT), proof_of(CW20_POSITION, made)
    refused(with_options(CW20_POSITION, checksum=None), at, LOCKED, proof, "checksum is missing")
    refused(with_options(CW20_POSITION, admin=None), at, LOCKED, proof, "admin is missing")
    short = replace(CW20_POSITION, asset=AssetId(CW20_POSITION.asset.chain, "cw20", account("short")))
    refused(short, at, LOCKED, proof, "32 bytes")


def test_entries_that_are_missing_swapped_or_too_many_are_refused() -> None:
    made = common()
    at, anchor = made.at(HEIGHT), evidence.anchor(made.anchored(HEIGHT))
    entries = entries_of(CW20_POSITION, made)
    assert len(entries) == 4
    refuse = partial(refused, CW20_POSITION, at, LOCKED)
    for count in range(len(entries)):
        refuse(evidence.encode(anchor, entries[:count]))
    refuse(evidence.encode(anchor, [*entries, entries[0]]), "more entries")
    refuse(evidence.encode(anchor, entries * 5))
    refuse(evidence.encode(anchor, entries[::-1]), "another key")
    refuse(evidence.encode(anchor, [entries[0], entries[1], entries[0], entries[3]]), "another key")
    refuse(evidence.encode(anchor, [entry[:1] for entry in entries]))
    # A balance that is left out is not one that is absent.
    other = tuple(made.ops(stores.WASM, cw20_balance(COLLATERAL, account("nobody")).key, HEIGHT))
    refuse(evidence.encode(anchor, [*entries[:2], other, *entries[3:]]), "another key")


def test_entries_keep_their_places_whatever_is_known() -> None:
    """The order of a proof's entries does not hang on the order of answers."""
    position = with_options(
        replace(CW20_POSITION, account=KEPT_POSITION.account), vault_checksum=checksum("keeper").hex()
    )
    known: plan.Facts = dict(common().states[HEIGHT].items())
    whole = plan.of_position(position, known)
    assert len(whole) == 6
    for subset in range(1 << len(whole)):
        facts: plan.Facts = {entry: known.get(entry) for i, entry in enumerate(whole) if subset >> i & 1}
        found = plan.of_position(position, facts)
        assert found == whole[: len(found)]


def test_the_encoding_has_one_form() -> None:
    made = common()
    at, proof = made.at(HEIGHT), proof_of(CW20_POSITION, made)
    anchor, entries = evidence.anchor(made.anchored(HEIGHT)), entries_of(CW20_POSITION, made)
    rest = anchor[len(protobuf.uint(1, 1)) :]
    refuse = partial(refused, CW20_POSITION, at, LOCKED)
    assert proof == anchor + b"".join(protobuf.message(4, multistore.encode(ops)) for ops in entries)
    refuse(evidence.encode(protobuf.uint(1, 2) + rest, entries), "version 2, not 1")
    refuse(evidence.encode(rest, entries), "version 0, not 1")
    refuse(proof + b"\0")
    refuse(proof + protobuf.uint(5, 1))
    refuse(proof + protobuf.data(2, b"x"))
    refuse(bytes(evidence.MOST_PROOF_BYTES + 1), "at most")
    padded = bytes([proof[0], proof[1] | 0x80, 0]) + proof[2:]
    refuse(padded, "not minimal")
    with pytest.raises(ProofError, match="at most"):
        evidence.encode(anchor, [entries[0]] * 2000)


def test_every_flipped_bit_of_a_proof_is_noticed() -> None:
    """None shows another amount, and what is still a proof differs in votes that do not count."""
    made = common()
    at, proof = made.at(HEIGHT), proof_of(BANK_POSITION, made)
    for place in range(len(proof)):
        altered = bytearray(proof)
        altered[place] ^= 1 << place % 8
        refused(BANK_POSITION, at, HELD, bytes(altered))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_no_proof(proof: bytes) -> None:
    at = common().at(HEIGHT)
    for position, amount in POSITIONS:
        refused(position, at, amount, proof)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_arbitrary_parts_are_no_proof(data: st.DataObject) -> None:
    """Cuts and bytes of others' making within a good proof."""
    made = common()
    proof = proof_of(CW20_POSITION, made)
    start = data.draw(st.integers(0, len(proof) - 1))
    end = data.draw(st.integers(start, min(len(proof), start + 80)))
    altered = proof[:start] + data.draw(st.binary(max_size=80)) + proof[end:]
    if altered != proof:
        refused(CW20_POSITION, made.at(HEIGHT), LOCKED, altered)


@pytest.mark.parametrize("count", [4, 150])
def test_only_the_votes_that_are_needed_are_carried(count: int) -> None:
    powers = {f"v{i}": 10 for i in range(count)}
    made = ledger(powers=powers)
    anchored = made.anchored(HEIGHT)
    proof = evidence.anchor(anchored)
    child = LightBlock.decode(protobuf.decode(proof, "proof", evidence._PROOF).required(3))
    assert child.header == anchored.child.header
    carried = sum(vote.flag == "commit" for vote in child.commit.signatures)
    assert carried == 2 * count // 3 + 1
    successors.follows(anchored.header, child)
    FAMILY.check_proof(CW20_POSITION, made.at(HEIGHT), LOCKED, proof_of(CW20_POSITION, made))


def test_votes_that_do_not_count_are_not_carried() -> None:
    made = ledger()
    full = made.blocks[HEIGHT + 1]
    first, *others = full.commit.signatures
    wrong = CommitSig("commit", first.address, first.time, bytes(64))
    child = replace(full, commit=replace(full.commit, signatures=(wrong, *others)))
    proof = evidence.anchor(Anchored(made.blocks[HEIGHT].header, child))
    kept = LightBlock.decode(protobuf.decode(proof, "proof", evidence._PROOF).required(3)).commit.signatures
    assert [vote.flag for vote in kept] == ["absent", "commit", "commit", "commit"]


def test_a_proof_of_a_great_chain_fits() -> None:
    """150 validators, and trees as deep as those of the greatest chains: what a member may be sent is far more."""
    made = ledger(powers={f"v{i}": 10 for i in range(150)})
    step = protobuf.message(4, protobuf.uint(1, 1) + protobuf.data(2, bytes(5)) + protobuf.data(3, bytes(33)))
    anchor = evidence.anchor(made.anchored(HEIGHT))
    side = protobuf.data(1, bytes(60)) + protobuf.data(2, bytes(100)) + step * 30
    deep = ProofOp("ics23:iavl", bytes(60), protobuf.message(2, protobuf.message(2, side) + protobuf.message(3, side)))
    proof = evidence.encode(anchor, [(deep, ProofOp("ics23:simple", b"wasm", bytes(400)))] * 6)
    assert len(proof) < evidence.MOST_PROOF_BYTES / 2
    assert evidence.MOST_PROOF_BYTES < BLOB_BASE


def test_a_set_of_1024_validators_fits() -> None:
    """All of them needed but a few: the room is for the greatest set that is read at all."""
    powers = {f"v{i}": 10 for i in range(1024)}
    made = blocks.chain([powers, powers])
    anchor = evidence.anchor(Anchored(made[1].header, made[2]))
    assert len(anchor) < evidence.MOST_PROOF_BYTES - 6 * 16_384
