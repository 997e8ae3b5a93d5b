"""Who may change what of a gate, within which bounds, and how it changes hands."""

from collections.abc import Callable

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chains.solana.events import OwnershipTransferred, Paused, Unpaused
from chains.solana.instructions import Tag
from chains.solana.program_settings import (
    LONGEST_DELAY,
    LONGEST_LEASE,
    NO_ADDRESS,
    SHORTEST_DELAY,
    Kind,
    Setting,
    guardian,
    longest_lease,
    loosen_delay,
    minter,
    rate_limit,
)
from tests.chains.solana.program.harness import DELAY, MAX_LEASE, MAX_U64, World
from tests.chains.solana.program.vm import Outcome

LOOSER = longest_lease(MAX_LEASE + 1)


BAD = [
    longest_lease(0),
    longest_lease(LONGEST_LEASE + 1),
    longest_lease(2**32 + 100),
    longest_lease(MAX_U64),
    loosen_delay(0),
    loosen_delay(SHORTEST_DELAY - 1),
    loosen_delay(LONGEST_DELAY + 1),
    loosen_delay(2**32 + SHORTEST_DELAY),
    Setting(Kind.MINTER, NO_ADDRESS, a=1),
    Setting(Kind.MINTER, NO_ADDRESS, a=0),
    Setting(Kind.GUARDIAN, NO_ADDRESS),
    # What is not used is zero.
    Setting(Kind.LONGEST_LEASE, a=100, b=1),
    Setting(Kind.LOOSEN_DELAY, a=SHORTEST_DELAY, b=1),
]


@pytest.mark.parametrize("setting", BAD, ids=str)
def test_refuses_settings_out_of_bounds(world: World, setting: Setting) -> None:
    before = world.everything()
    assert world.set(setting).error == "BadSetting"
    assert world.everything() == before


def test_refuses_values_where_none_belong(world: World) -> None:
    account = str(world.minter.pubkey())
    for setting in (
        Setting(Kind.RATE_LIMIT, account, 1, 1),
        Setting(Kind.LONGEST_LEASE, account, 100),
        Setting(Kind.LOOSEN_DELAY, account, DELAY + 1),
        Setting(Kind.MINTER, account, 2),
        Setting(Kind.MINTER, account, 0, 1),
        Setting(Kind.MINTER, account, MAX_U64),
        Setting(Kind.GUARDIAN, account, 1),
        Setting(Kind.GUARDIAN, account, 0, 1),
    ):
        assert world.set(setting).error == "BadSetting", setting


def test_refuses_settings_that_are_not_known(world: World) -> None:
    value = bytes(world.minter.pubkey()) + bytes(16)
    accounts = [(world.gate, False, True), (str(world.issuer.pubkey()), True, False)]
    for tag in (Tag.SET, Tag.EXECUTE, Tag.CANCEL):
        for number in (5, 6, 128, 255):
            outcome = world.call(tag, bytes([number]) + value, accounts, [world.issuer])
            assert outcome.error == ("BadSetting" if tag is Tag.SET else outcome.error)
            assert not outcome.ok


def test_takes_the_bounds_themselves(world: World) -> None:
    world.set(longest_lease(1)).done()
    world.set(loosen_delay(LONGEST_DELAY)).done()
    world.loosen(longest_lease(LONGEST_LEASE))
    world.loosen(loosen_delay(SHORTEST_DELAY))
    world.loosen(rate_limit(MAX_U64, MAX_U64))
    assert (world.state.max_lease, world.state.loosen_delay) == (LONGEST_LEASE, SHORTEST_DELAY)


OWNERS: dict[str, Callable[[World, Keypair], Outcome]] = {
    "rate limit": lambda w, by: w.set(rate_limit(0, 0), by=by),
    "lease": lambda w, by: w.set(longest_lease(1), by=by),
    "delay": lambda w, by: w.set(loosen_delay(DELAY + 1), by=by),
    "minter": lambda w, by: w.set(minter(str(w.minter.pubkey()), False), by=by),
    "guardian": lambda w, by: w.set(guardian(str(by.pubkey())), by=by),
    "loosening": lambda w, by: w.set(longest_lease(MAX_LEASE + 9), by=by),
    "execute": lambda w, by: w.execute(LOOSER, by=by),
    "unpause": lambda w, by: w.unpause(by=by),
    "transfer": lambda w, by: w.transfer_ownership(by.pubkey(), by=by),
    "accept": lambda w, by: w.accept_ownership(by),
}


@pytest.mark.parametrize("what", OWNERS)
def test_refuses_everyone_else(world: World, what: str) -> None:
    world.set(LOOSER).done()
    world.pause().done()
    world.vm.warp(world.vm.now + DELAY)
    before = world.everything()
    for by in (world.stranger, world.guard, world.minter, world.authority, world.deployer, world.holder):
        assert OWNERS[what](world, by).error == "NotOwner"
    assert world.everything() == before


def test_refuses_everyone_else_to_pause_and_to_cancel(world: World) -> None:
    world.set(LOOSER).done()
    for by in (world.stranger, world.minter, world.authority, world.deployer, world.holder):
        assert world.pause(by=by).error == "NotGuardian"
        assert world.cancel(LOOSER, by=by).error == "NotGuardian"
    assert not world.state.paused
    assert len(world.state.queue) == 1


def test_a_name_without_its_signature_is_nobodys(world: World) -> None:
    owner = (str(world.issuer.pubkey()), False, False)
    for tag, data in ((Tag.SET, longest_lease(1).encode()), (Tag.UNPAUSE, b""), (Tag.PAUSE, b"")):
        assert world.call(tag, data, [(world.gate, False, True), owner]).error == "NotSigner"


def test_pauses_by_guardian_and_owner_and_unpauses_by_owner(world: World) -> None:
    guard, issuer = str(world.guard.pubkey()), str(world.issuer.pubkey())
    assert world.events(world.pause().done()) == (Paused(world.gate, guard),)
    assert world.state.paused
    world.pause().done()  # once more is no error
    assert world.unpause(by=world.guard).error == "NotOwner"
    assert world.events(world.unpause().done()) == (Unpaused(world.gate, issuer),)
    assert not world.state.paused
    assert world.events(world.pause(by=world.issuer).done()) == (Paused(world.gate, issuer),)
    assert world.state.paused


def test_ownership_moves_in_two_steps_and_never_away(world: World) -> None:
    newcomer, issuer = world.vm.key("newcomer"), world.issuer
    world.transfer_ownership(newcomer.pubkey()).done()
    assert (world.state.owner, world.state.pending_owner) == (str(issuer.pubkey()), str(newcomer.pubkey()))
    assert world.set(longest_lease(1), by=newcomer).error == "NotOwner"
    assert world.accept_ownership(world.stranger).error == "NotOwner"
    assert world.accept_ownership(issuer).error == "NotOwner"
    accepted = world.accept_ownership(newcomer).done()
    assert world.events(accepted) == (OwnershipTransferred(world.gate, str(issuer.pubkey()), str(newcomer.pubkey())),)
    assert (world.state.owner, world.state.pending_owner) == (str(newcomer.pubkey()), None)
    assert world.set(longest_lease(1), by=issuer).error == "NotOwner"
    assert world.accept_ownership(newcomer).error == "NotOwner"  # once
    world.set(longest_lease(1), by=newcomer).done()


def test_an_offer_of_ownership_can_be_taken_back(world: World) -> None:
    world.transfer_ownership(world.vm.key("newcomer").pubkey()).done()
    world.transfer_ownership(Pubkey.default()).done()
    assert world.state.pending_owner is None
    assert world.accept_ownership(world.vm.key("newcomer")).error == "NotOwner"
    assert world.state.owner == str(world.issuer.pubkey())


def test_owner_cannot_move_the_cap(world: World) -> None:
    """No setting touches what the statements say."""
    gate = Pubkey.from_string(world.gate)
    world.submit(world.statement(1, 100)).done()
    stated = world.vm.data(gate)[248:312]
    for setting in (rate_limit(MAX_U64, MAX_U64), LOOSER, loosen_delay(SHORTEST_DELAY)):
        world.loosen(setting)
    for outcome in (world.pause(), world.unpause(), world.transfer_ownership(world.vm.key("newcomer").pubkey())):
        outcome.done()
    assert world.vm.data(gate)[248:312] == stated
    world.submit(world.statement(2, 100)).done()
    assert world.mint(101).error == "ExceedsCap"
