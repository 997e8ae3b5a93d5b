"""The committee's account: who may begin it, and how its key changes hands."""

from typing import Any

import pytest
from solders.pubkey import Pubkey

from chains.encoding import Branch
from chains.solana.addresses import domain
from chains.solana.events import HandedOver
from tests.chains.solana.program.harness import MAX_U64, REFERENCE, World
from tests.chains.statements import EPOCH, EVIDENCE, Committee, Planted, flipped, planted, proof

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977
NEXT = Committee("next")
LATER = Committee("later")
ROUND = 10
BAD_KEYS = {
    "zero": 0,
    "no point": 5,
    "order": ORDER,
    "above the order": ORDER + 2,
    "field": FIELD,
    "largest": 2**256 - 1,
}
"""There is no point above 5; above the order there is one, so that nothing but its size speaks against it."""


@pytest.fixture
def new() -> World:
    return World(initialized=False)


def refused(world: World, error: str, statement: bytes, proof_: bytes) -> None:
    before = world.everything()
    assert world.hand_over(statement, proof_).error == error
    assert world.everything() == before


# The beginning


def test_starts_with_its_first_key(new: World) -> None:
    outcome = new.initialize().done()
    assert new.events(outcome) == (HandedOver(new.committee, EPOCH, new.group.px, new.group.parity, 0),)
    s = new.committee_state
    assert (s.px, s.parity, s.epoch, s.since_round) == (new.group.px, new.group.parity, EPOCH, 0)
    assert (s.reference, s.domain) == (REFERENCE, domain(REFERENCE, new.committee))


def test_begins_once(world: World) -> None:
    before = world.everything()
    assert world.initialize().error == "AlreadyInitialized"
    assert world.initialize(px=NEXT.px, parity=NEXT.parity, epoch=EPOCH + 1).error == "AlreadyInitialized"
    assert world.everything() == before


def test_begins_by_the_upgrade_authority_alone(new: World) -> None:
    for by in (new.stranger, new.authority, new.issuer, new.vm.payer):
        assert new.initialize(by=by).error == "NotUpgradeAuthority"
        assert new.initialize(payer=by, by=by).error == "NotUpgradeAuthority"
    assert not new.vm.exists(Pubkey.from_string(new.committee))
    new.initialize(payer=new.deployer).done()  # who deployed it may pay as well


def test_who_gave_the_authority_away_cannot_begin(new: World) -> None:
    new.vm.set_upgrade_authority(new.program_data, new.stranger.pubkey())
    assert new.initialize().error == "NotUpgradeAuthority"
    new.initialize(by=new.stranger).done()


def test_an_immutable_program_never_begins(new: World) -> None:
    new.vm.set_upgrade_authority(new.program_data, None)
    assert new.initialize().error == "NotUpgradeAuthority"
    # The loader leaves the old key's bytes where they were: they count for nothing.
    data = new.vm.data(new.program_data)
    new.vm.put(new.program_data, data[:12] + b"\0" + bytes(new.deployer.pubkey()) + data[45:], _owner(new))
    assert new.initialize().error == "NotUpgradeAuthority"


def test_lamports_sent_beforehand_are_no_obstacle(new: World) -> None:
    rent = new.vm.svm.minimum_balance_for_rent_exemption(162)
    for amount in (1, rent - 1, rent, rent + 5):
        world = World(new.vm, f"funded {amount} ", initialized=False)
        world.vm.svm.airdrop(Pubkey.from_string(world.committee), amount)
        world.initialize().done()
        account = world.vm.svm.get_account(Pubkey.from_string(world.committee))
        assert account is not None
        assert account.lamports == max(amount, rent)


@pytest.mark.parametrize("name", BAD_KEYS)
def test_refuses_a_first_key_that_is_none(new: World, name: str) -> None:
    assert new.initialize(px=BAD_KEYS[name].to_bytes(32, "big"), parity=0).error == "BadKey"
    assert new.initialize(px=BAD_KEYS[name].to_bytes(32, "big"), parity=1).error == "BadKey"


def test_refuses_a_first_parity_that_is_none(new: World) -> None:
    for parity in (2, 3, 255):
        assert new.initialize(parity=parity).error == "BadKey"


# Handover


def test_hands_over(world: World) -> None:
    outcome = world.hand_over(*world.handing(NEXT, ROUND)).done()  # anyone may bring it
    assert world.events(outcome) == (HandedOver(world.committee, EPOCH + 1, NEXT.px, NEXT.parity, ROUND),)
    s = world.committee_state
    assert (s.px, s.parity, s.epoch, s.since_round) == (NEXT.px, NEXT.parity, EPOCH + 1, ROUND)
    assert (s.reference, s.domain) == (REFERENCE, domain(REFERENCE, world.committee))


def test_old_key_and_old_rounds_are_refused_afterwards(world: World) -> None:
    """K1, K2: after the handover only the new key counts, and only for rounds after it."""
    world.submit(world.statement(9, 1_000)).done()
    in_flight = world.statement(11, 2_000)
    world.hand_over(*world.handing(NEXT, ROUND)).done()

    assert world.submit(in_flight).error == "WrongEpoch"
    # The old key under the new epoch's number.
    assert world.submit(world.statement(12, 2_000, epoch=EPOCH + 1)).error == "BadSignature"
    assert world.submit(world.statement(ROUND, 2_000, epoch=EPOCH + 1, by=NEXT)).error == "RoundBeforeEpoch"

    assert world.state.round == 9  # the statement taken before lives on until it expires
    world.mint(1_000).done()
    world.submit(world.statement(ROUND + 1, 3_000, epoch=EPOCH + 1, by=NEXT)).done()
    assert world.state.cap == 3_000


def test_a_gate_that_took_nothing_yet_refuses_rounds_before_the_epoch(world: World) -> None:
    world.hand_over(*world.handing(NEXT, ROUND)).done()
    for round_ in (1, ROUND - 1, ROUND):
        assert world.submit(world.statement(round_, 1, epoch=EPOCH + 1, by=NEXT)).error == "RoundBeforeEpoch"
    assert world.submit(world.statement(0, 1, epoch=EPOCH + 1, by=NEXT)).error == "StaleRound"
    world.submit(world.statement(ROUND + 1, 1, epoch=EPOCH + 1, by=NEXT)).done()


def test_refuses_a_handover_twice(world: World) -> None:
    handing = world.handing(NEXT, ROUND)
    world.hand_over(*handing).done()
    refused(world, "WrongEpoch", *handing)


def test_refuses_a_handover_by_an_earlier_committee(world: World) -> None:
    world.hand_over(*world.handing(NEXT, ROUND)).done()
    # The old key tries to take the new epoch's number, and its own.
    refused(world, "BadSignature", *world.handing(world.group, ROUND + 1, epoch=EPOCH + 1))
    refused(world, "WrongEpoch", *world.handing(world.group, ROUND + 1))
    refused(world, "RoundBeforeEpoch", *world.handing(LATER, ROUND, epoch=EPOCH + 1, by=NEXT))
    world.hand_over(*world.handing(LATER, ROUND + 1, epoch=EPOCH + 1, by=NEXT)).done()
    assert (world.committee_state.epoch, world.committee_state.since_round) == (EPOCH + 2, ROUND + 1)


def test_refuses_round_zero(world: World) -> None:
    refused(world, "RoundBeforeEpoch", *world.handing(NEXT, 0))


@pytest.mark.parametrize("epoch", [EPOCH, EPOCH - 1, EPOCH + 2, 0, MAX_U64])
def test_refuses_an_epoch_that_is_not_the_next(world: World, epoch: int) -> None:
    refused(world, "WrongEpoch", *world.handing(NEXT, ROUND, new_epoch=epoch))


def test_has_no_epoch_after_the_last(new: World) -> None:
    new.initialize(epoch=MAX_U64).done()
    for epoch in (0, 1, MAX_U64):
        before = new.vm.data(Pubkey.from_string(new.committee))
        assert new.hand_over(*new.handing(NEXT, ROUND, epoch=MAX_U64, new_epoch=epoch)).error == "WrongEpoch"
        assert new.vm.data(Pubkey.from_string(new.committee)) == before


def test_refuses_a_handover_for_another_committee_or_cluster(world: World) -> None:
    other = World(world.vm, "other ")
    for elsewhere in (
        domain(REFERENCE, other.committee),
        domain(REFERENCE, world.gate),
        domain("EtWTRABZaYq6iMfeYKouRu166VU2xqa1", world.committee),
        bytes(32),
    ):
        refused(world, "WrongDomain", *world.handing(NEXT, ROUND, domain=elsewhere))


def test_refuses_an_expired_handover(world: World) -> None:
    handing = world.handing(NEXT, ROUND)
    end = world.handover_leaf(NEXT).expires_at
    for time in (end, end + 1, MAX_U64 // 4):
        world.vm.warp(time)
        refused(world, "HandoverExpired", *handing)
    world.vm.warp(end - 1)
    world.hand_over(*handing).done()


@pytest.mark.parametrize("name", BAD_KEYS)
def test_refuses_keys_that_cannot_be_verified_with(world: World, name: str) -> None:
    refused(world, "BadKey", *world.handing(NEXT, ROUND, px=BAD_KEYS[name].to_bytes(32, "big")))


def test_refuses_a_parity_that_is_none(world: World) -> None:
    leaf = world.handover_leaf(NEXT).encode()
    for parity in (2, 3, 255):
        odd = leaf[:-9] + bytes([parity]) + leaf[-8:]
        place = Planted(odd, Branch(0, ()), _hash(odd))
        statement = place.certified(world.group, EPOCH, ROUND)
        refused(world, "BadKey", statement, proof(world.handover_leaf(NEXT), NEXT))


def test_refuses_a_handover_that_the_new_key_did_not_sign(world: World) -> None:
    statement, right = world.handing(NEXT, ROUND)
    refused(world, "BadSignature", *world.handing(NEXT, ROUND, proved_by=world.group))
    # The group's signature of the round does not stand for the new key's over its leaf.
    refused(world, "BadSignature", statement, statement[-65:])
    # Nor does the new key's signature of another leaf, or of the round.
    refused(world, "BadSignature", statement, world.handing(NEXT, ROUND, expires_at=world.vm.now + 9)[1])
    refused(world, "BadSignature", statement, world.handing(NEXT, ROUND, by=NEXT)[0][-65:])
    # The wrong half of the key.
    refused(world, "BadSignature", *world.handing(NEXT, ROUND, parity=NEXT.parity ^ 1))
    world.hand_over(statement, right).done()


def test_refuses_every_single_byte_flipped(world: World) -> None:
    statement, right = world.handing(NEXT, ROUND)
    whole = statement + right
    before = world.everything()
    for at in range(len(whole)):
        for mask in (0x01, 0x80):
            altered = flipped(whole, at, mask)
            assert not world.hand_over(altered[:-65], altered[-65:]).ok, f"byte {at}, mask {mask:#x}"
    assert world.everything() == before
    world.hand_over(statement, right).done()


def test_refuses_every_other_length(world: World) -> None:
    statement, right = world.handing(NEXT, ROUND)
    whole = statement + right
    for length in range(len(whole)):
        assert world.hand_over(whole[:length], b"").error in ("BadLength", "BadInstruction")
    for longer in (b"\0", bytes(32), bytes(65)):
        assert world.hand_over(whole, longer).error == "BadLength"
    world.hand_over(statement, right).done()


def test_refuses_a_mint_cap_as_handover(world: World) -> None:
    _, right = world.handing(NEXT, ROUND)
    refused(world, "WrongKind", world.statement(1, 1_000), right)
    for kind in {0, 1, 3, 255}:
        statement = bytes([kind]) + world.handing(NEXT, ROUND)[0][1:]
        refused(world, "WrongKind", statement, right)


def test_refuses_another_root(world: World) -> None:
    refused(world, "WrongRoot", *world.handing(NEXT, ROUND, header={"root": bytes(32)}))
    refused(world, "WrongRoot", *world.handing(NEXT, ROUND, header={"root": EVIDENCE}))


def test_a_handover_stands_anywhere_in_a_tree(world: World) -> None:
    committees = [Committee(f"committee {i}") for i in range(10)]
    by, epoch = world.group, EPOCH
    for i, to in enumerate(committees):
        leaf = world.handover_leaf(to, epoch + 1)
        statement = planted(leaf, leaves=i + 1, index=i // 2).certified(by, epoch, ROUND + i)
        world.hand_over(statement, proof(leaf, to)).done()
        by, epoch = to, epoch + 1
        assert world.committee_state.px == to.px


ORDERED: list[tuple[str, dict[str, Any]]] = [
    ("WrongDomain", {"domain": bytes(32)}),
    ("HandoverExpired", {"expires_at": 0}),
    ("WrongEpoch", {"header": {"epoch": EPOCH + 1}}),
    ("RoundBeforeEpoch", {"round_": 0}),
    ("BadSignature", {"by": LATER}),
    ("WrongRoot", {"header": {"root": bytes(32)}}),
    ("WrongEpoch", {"new_epoch": EPOCH + 5}),
    ("BadKey", {"px": bytes(32)}),
    ("BadSignature", {"proved_by": LATER}),
]


def test_names_the_first_fault_in_the_documented_order(world: World) -> None:
    for i, (name, fault) in enumerate(ORDERED):
        for _, second in ORDERED[i + 1 :]:
            if fault.keys().isdisjoint(second):
                faults = {"round_": ROUND} | fault | second
                refused(world, name, *world.handing(NEXT, faults.pop("round_"), **faults))


def test_a_forgotten_statement_cannot_come_back_with_an_epoch(world: World) -> None:
    """A key that once was in force is a key like any other when its turn comes again: rounds still rise."""
    world.submit(world.statement(5, 1_000)).done()
    old = world.statement(6, 9_000)
    world.hand_over(*world.handing(NEXT, ROUND)).done()
    world.hand_over(*world.handing(world.group, ROUND + 1, epoch=EPOCH + 1, by=NEXT)).done()
    assert world.submit(old).error == "WrongEpoch"
    assert world.submit(world.statement(ROUND + 1, 9_000, epoch=EPOCH + 2)).error == "RoundBeforeEpoch"
    world.submit(world.statement(ROUND + 2, 9_000, epoch=EPOCH + 2)).done()


def _owner(world: World) -> Pubkey:
    account = world.vm.svm.get_account(world.program_data)
    assert account is not None
    return account.owner


def _hash(leaf: bytes) -> bytes:
    return Branch(0, ()).root(leaf)
