"""Both artifacts in a real validator: each outcome is compared with the virtual machine's, see `twin`.

Statements are made for the validator's own clock, and nothing waits for a time.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from chains.hashing import keccak256
from chains.solana import instructions
from chains.solana.program_data import decode_program, decode_program_data
from chains.solana.state import Route
from tests.chains.solana.program.harness import ARTIFACT, World
from tests.chains.solana.program.slots import CALLS, SLOTS, Scene, minted
from tests.chains.solana.program.substitution_table import substitutions
from tests.chains.solana.program.substitutions import Stage
from tests.chains.solana.program.twin import Cluster, Twin
from tests.chains.solana.validator import needed
from tests.chains.statements import EPOCH, Committee
from tests.chains.vectors import NAMES, taken
from tests.encoding.vector_files import number, raw

ARTIFACTS = {"v3": ARTIFACT, "v0": ARTIFACT.with_name("ballast-v0.so")}
STATES = ("new", "bare", "begun", "minted")
CALLED_IN = {
    "initialize": "bare",
    "register": "begun",
    "submit": "minted",
    "mint": "minted",
    "redeem": "minted",
    "handover": "minted",
    "pause": "minted",
    "set": "minted",
    "transfer_ownership": "minted",
}
"""The world in which an instruction would succeed. Nothing is changed there in the validator."""
FROST = taken("frost.json")
SUBMISSIONS = [case for case in taken("certificates.json") if case["error"] in ("bad_kind", "bad_length", "bad_branch")]
"""Those that are refused before any account or clock matters."""

pytestmark = needed


class Worlds:
    """The worlds of both artifacts in one machine, each with a program of its own. `new` and `bare` have no committee,
    `begun` has no route, `minted` has a live gate."""

    def __init__(self) -> None:
        self.vm = Twin()
        # Before the validator's genesis, so that nothing in it is of the future.
        self.vm.warp(int(time.time()) - 60)
        self.made = {(which, state): self._world(which, state) for which in ARTIFACTS for state in STATES}
        self.seconds = {key: self._second(*key) for key in self.made}
        for label in ("funder", "passer-by", "rival"):
            self.vm.key(label)

    def _world(self, which: str, state: str) -> World:
        initialized, registered = state in ("begun", "minted"), state == "minted"
        # Without a refill what is left of the rate limit follows from the mints alone, whatever the clocks say.
        world = World(
            self.vm,
            f"{which} {state} ",
            initialized=initialized,
            registered=registered,
            refill=0,
            artifact=ARTIFACTS[which],
        )
        return minted(world) if registered else world

    def _second(self, which: str, state: str) -> Pubkey:
        """Another mint, with its gate where there is a committee, and with accounts of those who are named."""
        world = self.made[which, state]
        mint = self.vm.mint(f"{which} {state} second", world.authority)
        if state in ("begun", "minted"):
            rival = str(self.vm.key("rival").pubkey())
            world.register(mint=mint, owner=rival, guardian=rival, minters=(rival,)).done()
        self.vm.token_account(world.holder.pubkey(), mint)
        self.vm.token_account(world.stranger.pubkey(), world.mint_address)
        return mint

    def scene(self, which: str, call: str) -> Scene:
        """As in `slots`; the other deployment is of the other artifact."""
        key, (other,) = (which, CALLED_IN[call]), (name for name in ARTIFACTS if name != which)
        world, made = self.made[key], CALLS[call].make(self.made[key])
        funder = (self.vm.key("funder"),) if made.accounts[0].is_signer else ()
        signers = (*funder, *(getattr(world, role) for role in CALLS[call].signers))
        return Scene(world, self.made[other, "minted"], self.seconds[key], made, signers)


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    return Worlds()


@pytest.fixture(scope="module")
def cluster(worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    programs = {world.program: (ARTIFACTS[which], world.deployer) for (which, _), world in worlds.made.items()}
    with worlds.vm.followed(programs, tmp_path_factory.mktemp("validator")) as running:
        yield running


@pytest.fixture(params=ARTIFACTS)
def which(request: pytest.FixtureRequest, cluster: Cluster) -> str:
    name: str = request.param
    return name


@pytest.fixture
def new(worlds: Worlds, which: str) -> World:
    return worlds.made[which, "new"]


@pytest.fixture
def gate(worlds: Worlds, which: str) -> World:
    return worlds.made[which, "minted"]


def test_the_genesis_has_the_artifacts(new: World, cluster: Cluster, which: str) -> None:
    assert decode_program(cluster.account(new.program).data) == str(new.program_data)
    found = decode_program_data(cluster.account(str(new.program_data)).data)
    assert found.upgrade_authority == str(new.deployer.pubkey())
    assert found.code == ARTIFACTS[which].read_bytes()


def test_the_whole_way(new: World, cluster: Cluster) -> None:
    """What succeeds is a transaction that landed; what is refused is simulated when all before it has landed."""
    world, following = new, Committee("following")
    assert world.initialize(by=world.stranger).error == "NotUpgradeAuthority"
    assert world.initialize(by=world.vm.payer).error == "NotUpgradeAuthority"
    world.initialize().done()
    assert world.initialize().error == "AlreadyInitialized"
    assert world.register(by=world.stranger).error == "NotMintAuthority"
    world.register().done()
    assert world.register().error == "AlreadyInitialized"

    first = world.statement(1, 1_000)
    assert world.mint(1).error == "NotMintAuthority"
    world.vm.hand_mint_to(world.mint_address, world.authority, Pubkey.from_string(world.gate))
    assert world.mint(1).error == "NoStatement"
    world.submit(first).done()
    assert world.submit(world.statement(1, 2_000)).error == "StaleRound"
    assert world.mint(1_001).error == "ExceedsCap"
    assert world.mint(1_000, by=world.stranger).error == "NotMinter"
    world.mint(1_000).done()
    assert world.mint(1).error == "ExceedsCap"
    assert world.redeem(1, by=world.stranger).error == "BadTokenAccount"
    world.redeem(300).done()
    assert world.mint(1).error == "ExceedsCap"
    same_in_both(world, cluster)

    world.pause().done()
    assert world.mint(1, world.statement(2, 1_500)).error == "GatePaused"
    assert world.unpause(by=world.guard).error == "NotOwner"
    world.unpause().done()
    assert world.hand_over(*world.handing(following, 3, proved_by=world.group)).error == "BadSignature"
    world.hand_over(*world.handing(following, 3)).done()
    assert world.submit(world.statement(4, 1_500)).error == "WrongEpoch"
    renewed = world.statement(4, 1_500, by=following, epoch=EPOCH + 1)
    assert world.mint(801, renewed).error == "ExceedsCap"
    world.mint(800, renewed).done()
    assert (world.supply, world.balance) == (1_500, 1_500)
    same_in_both(world, cluster)


def same_in_both(world: World, cluster: Cluster) -> None:
    for address in (world.committee, str(world.mint_address), str(world.account)):
        assert cluster.account(address).data == world.vm.data(Pubkey.from_string(address))
    # Only the time of the last change is the validator's own.
    route = Route.decode(cluster.account(world.gate).data)
    assert replace(route, updated_at=world.state.updated_at) == world.state


@pytest.mark.parametrize("call", CALLED_IN)
def test_succeeds_with_the_right_accounts(worlds: Worlds, which: str, call: str) -> None:
    scene = worlds.scene(which, call)
    assert worlds.vm.would_succeed(scene.instruction, signers=scene.signers)


@pytest.mark.parametrize("call", CALLED_IN)
def test_other_accounts(worlds: Worlds, which: str, call: str) -> None:
    """Every substitution that names another account; no transaction could make the altered ones."""
    tried = 0
    for slot in SLOTS[call]:
        for name, substitution in substitutions(slot):
            stage = Stage(worlds.scene(which, call), slot)
            error = substitution(stage)
            if stage.alters:
                stage.restore()
                continue
            tried += 1
            outcome, same = stage.send()
            assert (outcome.error, same) == (error, True), f"{slot.name}: {name}"
    assert tried >= 6


def test_other_flags_and_numbers_of_accounts(worlds: Worlds, which: str) -> None:
    for call in CALLED_IN:
        for slot in SLOTS[call]:
            scene = worlds.scene(which, call)
            left_out, unsigned, unwritten = (Stage(scene, slot) for _ in range(3))
            del left_out.metas[slot.index]
            unsigned.flag(signer=False, writable=slot.writable)
            unwritten.flag(signer=slot.signer, writable=False)
            tried = [(left_out, "WrongAccountCount")]
            tried += [(unsigned, "NotSigner")] if slot.signer else []
            tried += [(unwritten, "NotWritable")] if slot.writable else []
            for stage, error in tried:
                outcome, same = stage.send()
                assert (outcome.error, same) == (error, True), f"{call}: {slot.name}"


def test_malformed_submissions(gate: World) -> None:
    """The vectors whose first fault is one that neither clock nor state of a gate can change."""
    assert {case["error"] for case in SUBMISSIONS} == {"bad_kind", "bad_length", "bad_branch"}
    for case in SUBMISSIONS:
        assert gate.submit(raw(case, "statement")).error == NAMES[case["error"]], case["name"]


def test_signatures(worlds: Worlds, gate: World) -> None:
    """The vectors in the place of a certificate's signature; valid ones are over something else."""
    statement = gate.statement(2, 1_000)
    assert worlds.vm.would_succeed(instructions.submit(gate.program, gate.gate, statement), signers=())
    for case in FROST:
        if case["error"] != "bad_key":
            outcome = gate.submit(statement[:-65] + raw(case, "r") + raw(case, "z"))
            assert outcome.error == (NAMES[case["error"]] or "BadSignature"), case["name"]
    beside = gate.group.sign_beside(keccak256(b"ballast/round/v1" + statement[-145:-65]))
    assert gate.submit(statement[:-65] + beside).error == "BadSignature"


def test_keys(worlds: Worlds, which: str) -> None:
    for case in FROST:
        if case["error"] == "bad_key":
            outcome = worlds.made[which, "bare"].initialize(px=raw(case, "px"), parity=number(case, "parity"))
            assert outcome.error == "BadKey", case["name"]


STATEMENTS: dict[str, dict[str, Any]] = {
    "StaleRound": {"round_": 1},
    "WrongDomain": {"domain": bytes(32)},
    "WrongRoute": {"route": bytes(32)},
    "StatementExpired": {"expires_at": 1},
    "LeaseTooLong": {"expires_at": 2**63},
    "ObservedInFuture": {"observed_at": 2**63},
    "DoesNotFit": {"mint_cap": 2**64},
    "WrongEpoch": {"epoch": EPOCH + 1},
    "BadSignature": {"by": Committee("strangers")},
    "WrongRoot": {"header": {"root": bytes(32)}},
}


@pytest.mark.parametrize("error", STATEMENTS)
def test_statements(gate: World, error: str) -> None:
    statement = gate.statement(**{"round_": 2, "cap": 1_000} | STATEMENTS[error])
    assert gate.submit(statement).error == error
    if error != "StaleRound":  # a minter may bring along what the gate has taken already
        assert gate.mint(1, statement).error == error
