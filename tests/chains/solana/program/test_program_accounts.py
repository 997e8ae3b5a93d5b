"""Each account of each instruction, substituted: every one is refused by the error that is meant, and nothing changes.

Complete by construction: the places are those of docs/solana-program.md, and each has its table.
"""

from collections.abc import Iterator

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.chains.solana.program.harness import World
from tests.chains.solana.program.slots import CALLS, SLOTS, Kind, Slot, fresh, scene
from tests.chains.solana.program.substitution_table import TABLE, substitutions
from tests.chains.solana.program.substitutions import CLOCK, ELSEWHERE, Stage, Substitution

PLACES = [slot for slots in SLOTS.values() for slot in slots]
MAY_BE_BOTH = {("initialize", 0, 1), ("initialize", 1, 0), ("register", 0, 1), ("register", 1, 0)}


def place(slot: Slot) -> str:
    return f"{slot.call}-{slot.name}"


@pytest.fixture
def stage(slot: Slot) -> Iterator[Stage]:
    made = Stage(scene(slot.call), slot)
    yield made
    made.restore()


def refused(stage: Stage, error: str) -> None:
    outcome, same = stage.send()
    assert outcome.error == error
    assert same


def test_table_is_complete() -> None:
    assert set(SLOTS) == set(CALLS)
    assert set(TABLE) == set(Kind)
    assert all(len(list(substitutions(slot))) >= 6 for slot in PLACES if slot.kind is not Kind.PAYER)


@pytest.mark.parametrize("call", CALLS)
def test_flags_are_the_documented_ones(call: str) -> None:
    flags = [(meta.is_signer, meta.is_writable) for meta in scene(call).instruction.accounts]
    assert flags == [(slot.signer, slot.writable) for slot in SLOTS[call]]


@pytest.mark.parametrize("call", CALLS)
def test_succeeds_with_the_right_accounts(call: str) -> None:
    """Otherwise nothing here would show anything."""
    made = fresh(call)
    before = made.world.everything()
    made.world.vm.send(made.instruction, signers=made.signers).done()
    assert made.world.everything() != before


SUBSTITUTED = [(slot, name, made) for slot in PLACES for name, made in substitutions(slot)]


@pytest.mark.parametrize(("slot", "name", "substitution"), SUBSTITUTED, ids=lambda x: _id(x))
def test_another_account(stage: Stage, name: str, substitution: Substitution) -> None:
    error = substitution(stage)
    assert error, "a substitution that is no fault"
    refused(stage, error)


def _id(part: object) -> str:
    return place(part) if isinstance(part, Slot) else part if isinstance(part, str) else ""


@pytest.mark.parametrize("slot", PLACES, ids=place)
def test_missing(stage: Stage) -> None:
    del stage.metas[stage.slot.index]
    refused(stage, "WrongAccountCount")


@pytest.mark.parametrize("slot", [slot for slot in PLACES if slot.signer], ids=place)
def test_not_signing(stage: Stage) -> None:
    stage.flag(signer=False, writable=stage.slot.writable)
    refused(stage, "NotSigner")


@pytest.mark.parametrize("slot", [slot for slot in PLACES if slot.writable], ids=place)
def test_not_writable(stage: Stage) -> None:
    stage.flag(signer=stage.slot.signer, writable=False)
    refused(stage, "NotWritable")


TWICE = [
    (slot, other.index)
    for slot in PLACES
    for other in SLOTS[slot.call]
    if other is not slot and (slot.call, slot.index, other.index) not in MAY_BE_BOTH
]


@pytest.mark.parametrize(("slot", "other"), TWICE, ids=lambda x: _id(x) or str(x))
def test_one_account_in_two_places(stage: Stage, other: int) -> None:
    named = stage.scene.instruction.accounts[other]
    stage.metas[stage.slot.index] = AccountMeta(named.pubkey, named.is_signer, named.is_writable)
    refused(stage, "DuplicateAccount")


@pytest.mark.parametrize("slot", [slots[0] for slots in SLOTS.values()], ids=place)
def test_extra_accounts(stage: Stage) -> None:
    """One more, whichever, or many; or none at all."""
    own = list(stage.metas)
    for more in (ELSEWHERE, CLOCK, *(meta.pubkey for meta in own)):
        stage.metas = [*own, AccountMeta(more, False, False)]
        refused(stage, "WrongAccountCount")
    stage.metas = [AccountMeta(CLOCK, False, False), *own]
    refused(stage, "WrongAccountCount")
    stage.metas = [*own, *(AccountMeta(Pubkey(bytes([n]) * 32), False, False) for n in range(1, 20))]
    refused(stage, "WrongAccountCount")
    stage.metas = []
    refused(stage, "WrongAccountCount")


@pytest.mark.parametrize(("call", "error"), [("initialize", "NotUpgradeAuthority"), ("register", "NotMintAuthority")])
def test_the_payer_is_not_the_authority_by_paying(call: str, error: str) -> None:
    made = Stage(scene(call), SLOTS[call][1])
    made.use(made.scene.instruction.accounts[0].pubkey)
    refused(made, error)


@pytest.mark.parametrize("call", ["initialize", "register"])
def test_the_payer_may_be_the_authority(call: str) -> None:
    made = fresh(call)
    metas = list(made.instruction.accounts)
    metas[0] = AccountMeta(metas[1].pubkey, True, True)
    altered = Instruction(made.instruction.program_id, made.instruction.data, metas)
    made.world.vm.send(altered, signers=made.signers[1:]).done()


@pytest.mark.parametrize("call", ["initialize", "register"])
def test_the_payer_may_not_be_a_third_account(call: str) -> None:
    """The exception is for the authority alone."""
    made = Stage(scene(call), SLOTS[call][0])
    made.metas[1] = AccountMeta(made.metas[0].pubkey, True, False)
    made.metas[2] = AccountMeta(made.metas[0].pubkey, False, False)
    refused(made, "DuplicateAccount")


def test_another_deployment_takes_its_own_accounts_only() -> None:
    """All accounts of one deployment, given to another."""
    for call in CALLS:
        made = scene(call)
        other = Pubkey.from_string(made.other.program)
        before = made.world.everything(), made.other.everything()
        wrong = Instruction(other, made.instruction.data, list(made.instruction.accounts))
        outcome = made.world.vm.send(wrong, signers=made.signers)
        assert outcome.error in ("WrongOwner", "WrongAddress"), call
        assert (made.world.everything(), made.other.everything()) == before


def test_scenes_are_left_as_they_were() -> None:
    """The shared scenes still work after all that was tried in them."""
    for call in CALLS:
        made: World = scene(call).world
        made.vm.send(scene(call).instruction, signers=scene(call).signers).done()
    scene.cache_clear()
