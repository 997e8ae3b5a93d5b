"""Who may put a gate in front of a mint, and of which mint."""

import struct
from typing import Any

import pytest
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID
from spl.token.models import AuthorityType

from chains.encoding import route_id
from chains.solana.addresses import SYSTEM_PROGRAM, domain, route_address
from chains.solana.events import Registered
from chains.solana.program_settings import LONGEST_DELAY, LONGEST_LEASE, SHORTEST_DELAY
from tests.chains.solana.program.harness import CAPACITY, DELAY, MAX_LEASE, MAX_U64, REFERENCE, REFILL, ROUTE, World
from tests.chains.solana.program.tokens import (
    MINT_SIZE,
)


@pytest.fixture
def new() -> World:
    return World(registered=False)


def test_registers_by_the_mints_authority(new: World) -> None:
    outcome = new.register().done()
    owner, guard = str(new.issuer.pubkey()), str(new.guard.pubkey())
    assert new.events(outcome)[0] == Registered(new.gate, str(new.mint_address), ROUTE, owner, guard)
    s = new.state
    assert (s.route, s.domain, s.mint) == (ROUTE, domain(REFERENCE, new.gate), str(new.mint_address))
    assert (s.owner, s.guardian, s.max_lease, s.loosen_delay) == (owner, guard, MAX_LEASE, DELAY)
    assert (s.capacity, s.refill_per_second, s.level) == (CAPACITY, REFILL, CAPACITY)
    assert (s.round, s.cap, s.expires_at, s.paused, s.queue) == (0, 0, 0, False, ())


def test_refuses_a_stranger(new: World) -> None:
    for by in (new.stranger, new.issuer, new.deployer, new.minter, new.vm.payer):
        assert new.register(by=by).error == "NotMintAuthority"
    assert not new.vm.exists(_key(new.gate))


def test_the_mints_authority_may_pay(new: World) -> None:
    new.vm.hand_mint_to(new.mint_address, new.authority, new.vm.payer.pubkey())
    new.register(by=new.vm.payer).done()


def test_the_freeze_authority_is_not_the_mints(new: World) -> None:
    new.vm.hand_mint_to(new.mint_address, new.authority, new.stranger.pubkey(), AuthorityType.FREEZE_ACCOUNT)
    assert new.register(by=new.stranger).error == "NotMintAuthority"


def test_refuses_a_mint_that_nobody_may_mint(new: World) -> None:
    new.vm.hand_mint_to(new.mint_address, new.authority, None)
    assert new.register().error == "NotMintAuthority"
    assert new.register(by=new.stranger).error == "NotMintAuthority"


def test_registers_once(world: World) -> None:
    assert world.register().error in ("AlreadyInitialized", "NotMintAuthority")
    other = World(world.vm, "other ", handed=False)
    other.submit(other.statement(1, 1_000)).done()
    before = other.everything()
    assert other.register(owner=str(other.stranger.pubkey())).error == "AlreadyInitialized"
    assert other.everything() == before


def test_lamports_sent_beforehand_are_no_obstacle(new: World) -> None:
    for i, amount in enumerate((1, 10**6, 10**9)):
        mint = new.vm.mint(f"funded {i}", new.authority)
        new.vm.svm.airdrop(_key(route_address(new.program, str(mint))), amount)
        new.register(mint=mint).done()


def test_two_mints_have_two_gates(world: World) -> None:
    mint = world.vm.mint("second", world.authority)
    world.register(mint=mint, route=route_id("second")).done()
    assert route_address(world.program, str(mint)) != world.gate


@pytest.mark.parametrize(
    "terms",
    [
        {"route": bytes(32)},
        {"owner": SYSTEM_PROGRAM},
        {"guardian": SYSTEM_PROGRAM},
        {"minters": (SYSTEM_PROGRAM,)},
        {"max_lease": 0},
        {"max_lease": LONGEST_LEASE + 1},
        {"max_lease": 2**32 - 1},
        {"loosen_delay": 0},
        {"loosen_delay": SHORTEST_DELAY - 1},
        {"loosen_delay": LONGEST_DELAY + 1},
    ],
    ids=str,
)
def test_refuses_to_be_registered_wrongly(new: World, terms: dict[str, Any]) -> None:
    assert new.register(**terms).error == "BadSetting"
    assert not new.vm.exists(_key(new.gate))


def test_takes_the_bounds_themselves(new: World) -> None:
    eight = tuple(str(new.vm.key(f"m{i}").pubkey()) for i in range(8))
    terms: dict[str, Any] = {"max_lease": LONGEST_LEASE, "loosen_delay": SHORTEST_DELAY, "capacity": MAX_U64}
    new.register(**terms, refill_per_second=MAX_U64, minters=eight).done()
    assert new.state.minters == eight
    mint = new.vm.mint("second", new.authority)
    assert new.register(mint=mint, minters=(*eight, str(new.minter.pubkey()))).error == "TooManyMinters"
    new.register(mint=mint, max_lease=1, loosen_delay=LONGEST_DELAY, capacity=0, refill_per_second=0, minters=()).done()


def test_needs_a_committee() -> None:
    world = World(initialized=False)
    assert world.register().error == "WrongOwner"


def test_refuses_what_is_no_mint(new: World) -> None:
    mint, good = new.mint_address, new.vm.data(new.mint_address)
    account = new.vm.data(new.account)
    for data in (
        b"",
        bytes(MINT_SIZE),
        good[:-1],
        good + b"\0",
        good[:45] + b"\0" + good[46:],  # not initialised
        account,
        bytes(165),
        bytes(355),
    ):
        new.vm.put(mint, data, TOKEN_PROGRAM_ID)
        assert new.register().error == "BadMint", len(data)


def test_refuses_what_is_no_mint_of_token_2022() -> None:
    new = World(registered=False, token_program=TOKEN_2022_PROGRAM_ID, extensions=("InterestBearingConfig",))
    good = new.vm.data(new.mint_address)
    for data in (
        good[:165] + b"\2" + good[166:],  # an account
        good[:165] + b"\0" + good[166:],
        good[:165],
        good[:100],
        good[:MINT_SIZE] + b"\1" + good[MINT_SIZE + 1 :],  # padding
        good[:45] + b"\0" + good[46:],  # not initialised
        new.vm.data(new.account),
    ):
        new.vm.put(new.mint_address, data, TOKEN_2022_PROGRAM_ID)
        assert new.register().error == "BadMint", len(data)


def test_refuses_a_multisig_that_reads_like_a_mint() -> None:
    """A multisig has no byte that says what it is; its size does."""
    new = World(registered=False, token_program=TOKEN_2022_PROGRAM_ID)
    data = new.vm.data(new.mint_address)
    twin = data + bytes(165 - len(data)) + b"\1" + bytes(355 - 166)
    new.vm.put(new.mint_address, twin, TOKEN_2022_PROGRAM_ID)
    assert new.register().error == "BadMint"


def test_refuses_a_mint_of_no_token_program(new: World) -> None:
    data = new.vm.data(new.mint_address)
    payer, authority = str(new.vm.payer.pubkey()), str(new.authority.pubkey())
    for owner in (Pubkey.default(), _key(new.program)):
        new.vm.put(new.mint_address, data, owner)
        for program in (TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID, owner):
            accounts = [
                (payer, True, True),
                (authority, True, False),
                (new.committee, False, False),
                (str(new.mint_address), False, False),
                (new.gate, False, True),
                (str(program), False, False),
                (SYSTEM_PROGRAM, False, False),
            ]
            outcome = new.call(1, _terms(new), accounts, [new.authority])
            assert outcome.error in ("WrongProgram", "WrongOwner", "DuplicateAccount")
    assert not new.vm.exists(_key(new.gate))


def _terms(world: World) -> bytes:
    """`register`'s data without its first byte."""
    t = world.terms
    owner, guard, minter = (bytes(_key(a)) for a in (t.owner, t.guardian, t.minters[0]))
    limits = struct.pack("<IIQQB", t.max_lease, t.loosen_delay, t.capacity, t.refill_per_second, 1)
    return t.route + owner + guard + limits + minter


def _key(text: str) -> Pubkey:
    return Pubkey.from_string(text)
