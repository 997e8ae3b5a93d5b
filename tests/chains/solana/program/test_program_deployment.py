"""Both artifacts, deployed by the real loader: who may begin, and the whole way of a gate."""

from pathlib import Path

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana.events import (
    HandedOver,
    LooseningCancelled,
    LooseningQueued,
    Minted,
    OwnershipTransferred,
    Paused,
    Redeemed,
    Registered,
    SettingChanged,
    StatementAccepted,
    Unpaused,
)
from chains.solana.program_data import decode_program, decode_program_data
from chains.solana.program_settings import longest_lease, minter
from tests.chains.solana.program import loader
from tests.chains.solana.program.harness import ARTIFACT, DELAY, MAX_LEASE, ROUTE, World
from tests.chains.solana.program.vm import Vm
from tests.chains.statements import EPOCH, Committee

ARTIFACTS = [ARTIFACT, ARTIFACT.with_name("ballast-v0.so")]


class Deployed(Vm):
    """Where programs are deployed by transactions."""

    def deploy(self, program: Pubkey, elf: bytes, authority: Pubkey | None) -> Pubkey:
        target, deployer = self.key("program"), self.key("deployer")
        assert (target.pubkey(), deployer.pubkey()) == (program, authority)
        self.svm.set_account(program, Account(0, b"", Pubkey.default()))  # it was funded and must be new
        self._deployed.add(str(program))
        return loader.deploy(self, target, elf, deployer)


@pytest.fixture(params=ARTIFACTS, ids=lambda path: path.stem)
def new(request: pytest.FixtureRequest) -> World:
    artifact: Path = request.param
    return World(Deployed(), initialized=False, artifact=artifact)


def test_is_deployed_as_the_loader_does(new: World) -> None:
    program = new.vm.data(Pubkey.from_string(new.program))
    assert decode_program(program) == str(new.program_data)
    found = decode_program_data(new.vm.data(new.program_data))
    assert found.upgrade_authority == str(new.deployer.pubkey())
    assert found.code in [path.read_bytes() for path in ARTIFACTS]


def test_whoever_deployed_begins(new: World) -> None:
    assert new.initialize(by=new.stranger).error == "NotUpgradeAuthority"
    assert new.initialize(by=new.vm.payer).error == "NotUpgradeAuthority"
    new.initialize().done()
    assert new.initialize().error == "AlreadyInitialized"


def test_whoever_was_given_the_program_begins(new: World) -> None:
    loader.hand_over(new.vm, new.program_data, new.deployer, new.stranger.pubkey())
    assert new.initialize().error == "NotUpgradeAuthority"
    new.initialize(by=new.stranger).done()


def test_an_immutable_program_never_begins(new: World) -> None:
    """The loader leaves the old authority's bytes where they were."""
    loader.make_immutable(new.vm, new.program_data, new.deployer)
    assert bytes(new.deployer.pubkey()) in new.vm.data(new.program_data)[:45]
    assert decode_program_data(new.vm.data(new.program_data)).upgrade_authority is None
    assert new.initialize().error == "NotUpgradeAuthority"


def test_goes_on_when_it_is_made_immutable(new: World) -> None:
    new.initialize().done()
    loader.make_immutable(new.vm, new.program_data, new.deployer)
    new.register().done()
    assert new.initialize().error == "NotUpgradeAuthority"


@pytest.mark.parametrize("lamports", [1, 10**6, 10**10])
def test_lamports_sent_beforehand_are_no_obstacle(new: World, lamports: int) -> None:
    for address in (new.committee, new.gate):
        new.vm.svm.airdrop(Pubkey.from_string(address), lamports)
    new.initialize().done()
    new.register().done()
    for address, size in ((new.committee, 162), (new.gate, 1248)):
        account = new.vm.svm.get_account(Pubkey.from_string(address))
        assert account is not None
        assert len(account.data) == size
        assert account.lamports == max(lamports, new.vm.svm.minimum_balance_for_rent_exemption(size))


def test_the_whole_way(new: World) -> None:
    """From the first key to a mint under the second, with what each step logs."""
    world, following = new, Committee("following")
    begun = world.initialize().done()
    assert world.events(begun) == (HandedOver(world.committee, EPOCH, world.group.px, world.group.parity, 0),)
    issuer, guard = str(world.issuer.pubkey()), str(world.guard.pubkey())
    registered = world.register().done()
    assert world.events(registered) == (Registered(world.gate, str(world.mint_address), ROUTE, issuer, guard),)
    leaf = world.leaf(1_000)
    taken = world.submit(world.statement(1, 1_000)).done()
    totals = (leaf.collateral, leaf.supply, leaf.observed_at, leaf.expires_at)
    assert world.events(taken) == (StatementAccepted(world.gate, 1, 1_000, *totals),)
    assert world.mint(1).error == "NotMintAuthority"
    world.vm.hand_mint_to(world.mint_address, world.authority, Pubkey.from_string(world.gate))

    assert world.mint(1_001).error == "ExceedsCap"
    by, holder, account = (str(x) for x in (world.minter.pubkey(), world.holder.pubkey(), world.account))
    assert world.events(world.mint(1_000).done()) == (Minted(world.gate, by, account, 1_000),)
    assert (world.supply, world.balance) == (1_000, 1_000)
    assert world.mint(1).error == "ExceedsCap"
    assert world.events(world.redeem(300).done()) == (Redeemed(world.gate, holder, 300, 700),)
    assert world.mint(1).error == "ExceedsCap"

    world.pause().done()
    assert world.mint(1, world.statement(2, 1_500)).error == "GatePaused"
    world.unpause().done()
    world.set(longest_lease(3_600)).done()
    assert world.state.max_lease == 3_600
    world.hand_over(*world.handing(following, 3)).done()
    assert (world.committee_state.epoch, world.committee_state.px) == (EPOCH + 1, following.px)
    assert world.submit(world.statement(4, 1_500)).error == "WrongEpoch"
    renewed = world.statement(4, 1_500, by=following, epoch=EPOCH + 1)
    assert [type(event) for event in world.events(world.mint(800, renewed).done())] == [StatementAccepted, Minted]
    assert (world.supply, world.state.cap, world.state.round) == (1_500, 1_500, 4)


def test_what_is_changed_is_logged(new: World) -> None:
    """The issuer's and the guardian's instructions, each with its event."""
    world, gate = new, new.gate
    world.initialize().done()
    world.register().done()
    issuer, guard, stranger = (str(key.pubkey()) for key in (world.issuer, world.guard, world.stranger))
    looser, tighter = longest_lease(MAX_LEASE + 1), minter(str(world.minter.pubkey()), False)
    assert world.events(world.pause().done()) == (Paused(gate, guard),)
    assert world.events(world.unpause().done()) == (Unpaused(gate, issuer),)
    assert world.events(world.set(tighter).done()) == (SettingChanged(gate, tighter),)
    queued = LooseningQueued(gate, looser, world.vm.now + DELAY)
    assert world.events(world.set(looser).done()) == (queued,)
    assert world.events(world.cancel(looser, by=world.guard).done()) == (LooseningCancelled(gate, looser),)
    world.set(looser).done()
    world.vm.warp(world.vm.now + DELAY)
    assert world.events(world.execute(looser).done()) == (SettingChanged(gate, looser),)
    assert world.events(world.transfer_ownership(world.stranger.pubkey()).done()) == ()
    assert world.events(world.accept_ownership(world.stranger).done()) == (
        OwnershipTransferred(gate, issuer, stranger),
    )
    assert (world.state.owner, world.state.pending_owner, world.state.max_lease) == (stranger, None, MAX_LEASE + 1)
