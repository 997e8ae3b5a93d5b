"""Minting and redeeming, under both token programs."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID

from chains.solana.addresses import TOKEN_PROGRAM
from chains.solana.events import Minted, Redeemed, StatementAccepted
from chains.solana.program_settings import rate_limit
from tests.chains.solana.program.harness import CAPACITY, LEASE, MAX_LEASE, MAX_U64, REFILL, World
from tests.chains.statements import flipped

YEAR = 365 * 86_400
shared = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""The world of such a test lives through all examples, so that rounds and supply go on rising."""


@pytest.fixture(params=[TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID], ids=["token", "token_2022"])
def world(request: pytest.FixtureRequest) -> World:
    return World(token_program=request.param)


def test_mints_exactly_the_headroom_and_not_one_more(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(1_001).error == "ExceedsCap"
    minted = world.mint(1_000).done()
    assert world.events(minted) == (
        Minted(world.gate, str(world.minter.pubkey()), str(world.account), 1_000),
    )  # fmt: skip
    assert (world.balance, world.supply) == (1_000, 1_000)
    assert world.mint(1).error == "ExceedsCap"


def test_refuses_without_statement(world: World) -> None:
    s = world.state
    assert (s.round, s.cap, s.collateral, s.supply, s.observed_at, s.expires_at) == (0, 0, 0, 0, 0, 0)
    assert world.mint(1).error == "NoStatement"


def test_refuses_from_the_second_of_expiry_on(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    end = world.state.expires_at
    world.vm.warp(end - 1)
    world.mint(1).done()
    for time in (end, end + 1, end + YEAR):
        world.vm.warp(time)
        assert world.mint(1).error == "CapExpired"
    assert world.supply == 1


def test_refuses_while_paused(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(10).done()
    world.pause().done()
    assert world.mint(1).error == "GatePaused"
    world.submit(world.statement(2, 1_000)).done()  # statements are taken all the same
    assert world.mint(1).error == "GatePaused"
    assert world.mint(1, world.statement(3, 1_000)).error == "GatePaused"
    assert world.state.round == 2
    world.redeem(5).done()  # and redeeming goes on
    world.unpause().done()
    world.mint(1).done()
    assert world.supply == 6


def test_refuses_who_is_no_minter(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    for somebody in (world.holder, world.issuer, world.guard, world.authority, world.deployer, world.stranger):
        assert world.mint(1, by=somebody).error == "NotMinter"
        assert world.mint(1, world.statement(2, 1_000), by=somebody).error == "NotMinter"
    assert world.state.round == 1


def test_refuses_nothing(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(0).error == "ZeroAmount"
    assert world.redeem(0).error == "ZeroAmount"


def test_refuses_an_amount_that_overflows(world: World) -> None:
    world.submit(world.statement(1, MAX_U64)).done()
    world.mint(1).done()
    assert world.mint(MAX_U64).error == "ExceedsCap"
    assert world.mint(MAX_U64 - 1).error == "ExceedsRateLimit"


def test_cap_below_supply_stops_mints_and_not_burns(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(800).done()
    world.submit(world.statement(2, 300)).done()
    assert world.mint(1).error == "ExceedsCap"
    world.redeem(700).done()
    assert (world.state.cap, world.supply) == (0, 100)
    assert world.mint(1).error == "ExceedsCap"


def test_cap_of_zero_is_no_unlimited_cap(world: World) -> None:
    world.submit(world.statement(1, 0)).done()
    assert world.mint(1).error == "ExceedsCap"


def test_redeeming_lowers_the_cap_so_that_reminting_waits_for_a_statement(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(1_000).done()
    redeemed = world.redeem(400).done()
    assert world.events(redeemed) == (Redeemed(world.gate, str(world.holder.pubkey()), 400, 600),)
    assert (world.state.cap, world.supply, world.balance) == (600, 600, 600)
    assert world.mint(1).error == "ExceedsCap"
    world.submit(world.statement(2, 1_000)).done()
    world.mint(400).done()
    assert world.supply == 1_000


def test_redeems_without_a_live_statement(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(10).done()
    world.vm.warp(world.vm.now + YEAR)
    world.pause().done()
    world.redeem(10).done()
    assert (world.supply, world.state.cap) == (0, 990)


def test_redeems_before_the_first_statement() -> None:
    world = World(handed=False)
    world.vm.mint_beside(world.mint_address, world.account, 30, world.authority).done()
    world.redeem(10).done()
    assert (world.supply, world.state.cap, world.state.round) == (20, 0, 0)


def test_redeems_no_more_than_the_holder_has(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(10).done()
    before = world.everything()
    assert world.redeem(11).error == "BurnMismatch"
    assert world.everything() == before


def test_redeems_nobody_elses_tokens(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(10).done()
    assert world.redeem(1, by=world.stranger).error == "BadTokenAccount"
    assert world.redeem(1, by=world.minter).error == "BadTokenAccount"
    theirs = world.vm.token_account(world.stranger.pubkey(), world.mint_address)
    assert world.redeem(1, source=theirs).error == "BadTokenAccount"
    assert world.supply == 10


def test_rate_limit_bounds_a_huge_cap(world: World) -> None:
    world.submit(world.statement(1, MAX_U64)).done()
    assert world.mint(CAPACITY + 1).error == "ExceedsRateLimit"
    world.mint(CAPACITY).done()
    assert world.mint(1).error == "ExceedsRateLimit"
    world.vm.warp(world.vm.now + 10)
    assert world.mint(10 * REFILL + 1).error == "ExceedsRateLimit"
    world.mint(10 * REFILL).done()
    world.vm.warp(world.vm.now + LEASE - 100)
    assert world.available == CAPACITY  # full, and no fuller
    assert world.mint(CAPACITY + 1).error == "ExceedsRateLimit"
    world.mint(CAPACITY).done()


def test_refused_mint_takes_nothing_from_the_rate_limit(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(1_001).error == "ExceedsCap"
    assert world.available == CAPACITY
    world.mint(1_000).done()
    assert world.available == CAPACITY - 1_000


def test_redeeming_gives_the_rate_limit_nothing_back(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(1_000).done()
    world.redeem(1_000).done()
    assert world.available == CAPACITY - 1_000


def test_the_largest_rate_limit_does_not_overflow(world: World) -> None:
    huge = World(world.vm, "huge", token_program=world.token_program, capacity=MAX_U64, refill=MAX_U64)
    huge.submit(huge.statement(1, MAX_U64)).done()
    huge.mint(7).done()
    huge.vm.warp(huge.vm.now + LEASE - 1)
    huge.mint(MAX_U64 - 7).done()
    assert huge.supply == MAX_U64
    assert huge.mint(1).error == "ExceedsCap"


def test_takes_a_statement_along_with_the_mint(world: World) -> None:
    both = world.mint(1_000, world.statement(1, 1_000)).done()
    assert [type(event) for event in world.events(both)] == [StatementAccepted, Minted]
    assert (world.state.round, world.supply) == (1, 1_000)
    world.mint(1, world.statement(2, 1_001)).done()
    assert (world.state.round, world.state.cap) == (2, 1_001)


def test_ignores_a_statement_along_that_somebody_submitted_before(world: World) -> None:
    statement = world.statement(1, 1_000)
    world.submit(statement).done()
    minted = world.mint(400, statement).done()
    assert [type(event) for event in world.events(minted)] == [Minted]
    world.submit(world.statement(3, 500)).done()
    world.mint(100, statement).done()  # the cap of round 3 counts, not the one brought along
    assert (world.state.round, world.state.cap) == (3, 500)
    assert world.mint(1, statement).error == "ExceedsCap"


def test_ignores_an_old_statement_along_whatever_it_says(world: World) -> None:
    """Not newer is not judged any further: it could have expired, or be another epoch's, since it was made."""
    world.submit(world.statement(5, 1_000)).done()
    expired = world.statement(4, 1_000, expires_at=world.vm.now)
    for old in (expired, world.statement(5, 9_000), world.statement(4, 9_000, epoch=6), world.statement(0, 9_000)):
        world.mint(1, old).done()
    assert (world.state.round, world.state.cap) == (5, 1_000)


def test_refuses_an_old_statement_along_that_is_malformed(world: World) -> None:
    world.submit(world.statement(2, 1_000)).done()
    old = world.statement(1, 1_000)
    assert world.mint(1, old + b"\0").error == "BadLength"
    assert world.mint(1, old[:-1]).error == "BadLength"
    assert world.mint(1, b"\1").error == "BadLength"
    assert world.mint(1, b"\2" + old[1:]).error == "WrongKind"
    assert world.mint(1, flipped(old, 177 + 1, 0x80)).error == "BadBranch"
    assert world.supply == 0


def test_refuses_a_newer_statement_along_that_is_invalid(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    newer = world.statement(2, 1_000)
    before = world.everything()
    assert world.mint(1, flipped(newer, len(newer) - 1)).error == "BadSignature"
    assert world.mint(1, world.statement(2, 1_000, expires_at=world.vm.now)).error == "StatementExpired"
    assert world.mint(1, world.statement(2, 1_000, domain=bytes(32))).error == "WrongDomain"
    assert world.everything() == before


def test_a_refused_mint_takes_no_statement_either(world: World) -> None:
    before = world.everything()
    assert world.mint(1_001, world.statement(1, 1_000)).error == "ExceedsCap"
    assert world.mint(0, world.statement(1, 1_000)).error == "ZeroAmount"
    assert world.everything() == before


def test_a_burn_outside_the_gate_lowers_nothing(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(1_000).done()
    gate = world.vm.data(Pubkey.from_string(world.gate))
    world.vm.burn_beside(world.mint_address, world.account, 300, world.holder).done()
    assert world.vm.data(Pubkey.from_string(world.gate)) == gate
    assert world.mint(301).error == "ExceedsCap"
    world.mint(300).done()
    assert world.supply == 1_000


def test_refuses_before_the_mints_authority_is_handed_over() -> None:
    world = World(handed=False)
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(1).error == "NotMintAuthority"
    world.vm.hand_mint_to(world.mint_address, world.authority, world.stranger.pubkey())
    assert world.mint(1).error == "NotMintAuthority"
    world.vm.hand_mint_to(world.mint_address, world.stranger, Pubkey.from_string(world.gate))
    world.mint(1).done()


def test_refuses_after_the_mints_authority_was_given_up() -> None:
    world = World(handed=False)
    world.submit(world.statement(1, 1_000)).done()
    world.vm.hand_mint_to(world.mint_address, world.authority, None)
    assert world.mint(1).error == "NotMintAuthority"


def test_nobody_mints_beside_the_gate(world: World) -> None:
    for somebody in (world.authority, world.issuer, world.minter, world.deployer):
        assert world.vm.mint_beside(world.mint_address, world.account, 1, somebody).error != ""
    assert world.supply == 0


def test_refuses_a_destination_that_cannot_hold_the_token(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    other = world.vm.mint("other", world.authority, world.token_program)
    account = world.vm.token_account(world.holder.pubkey(), other)
    assert world.mint(1, to=account).error == "BadTokenAccount"  # another mint's
    assert world.mint(1, to=world.holder.pubkey()).error == "WrongOwner"
    world.vm.freeze(world.mint_address, world.account, world.authority)
    assert world.mint(1).error == "BadTokenAccount"
    world.vm.thaw(world.mint_address, world.account, world.authority)
    world.mint(1).done()
    world.vm.freeze(world.mint_address, world.account, world.authority)
    assert world.redeem(1).error == "BadTokenAccount"


def test_refuses_an_uninitialised_destination(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    empty = world.vm.key("empty").pubkey()
    for size in (0, 82, 164, 165, 166, 355):
        world.vm.put(empty, bytes(size), world.token_program)
        assert world.mint(1, to=empty).error == "BadTokenAccount"


def test_refuses_an_account_that_only_looks_like_the_tokens(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.mint(5).done()
    twin = world.vm.key("twin").pubkey()
    wrong = Pubkey.from_string(world.program)
    world.vm.put(twin, world.vm.data(world.account), wrong)
    assert world.mint(1, to=twin).error == "WrongOwner"
    assert world.redeem(1, source=twin).error == "WrongOwner"
    other = TOKEN_2022_PROGRAM_ID if str(world.token_program) == TOKEN_PROGRAM else TOKEN_PROGRAM_ID
    world.vm.put(twin, world.vm.data(world.account), other)
    assert world.mint(1, to=twin).error == "WrongOwner"


@shared
@given(
    cap=st.integers(0, MAX_U64),
    collateral=st.integers(0, 2**128 - 1),
    supply=st.integers(0, 2**128 - 1),
    step=st.integers(1, 2**56),
    lease=st.integers(1, MAX_LEASE),
)
def test_keeps_what_the_statement_says(
    world: World, cap: int, collateral: int, supply: int, step: int, lease: int
) -> None:
    round_, expires_at = world.state.round + step, world.vm.now + lease
    world.submit(
        world.statement(round_, cap, collateral=collateral, supply=supply, expires_at=expires_at, observed_at=9)
    ).done()
    s = world.state
    assert (s.round, s.cap, s.collateral, s.supply) == (round_, cap, collateral, supply)
    assert (s.observed_at, s.expires_at) == (9, expires_at)


@shared
@given(extra=st.integers(0, 2 * CAPACITY), first=st.integers(1, 2 * CAPACITY), second=st.integers(1, 2 * CAPACITY))
def test_mint_passes_exactly_if_covered(world: World, extra: int, first: int, second: int) -> None:
    world.vm.warp(world.vm.now + LEASE)
    assume(world.supply < MAX_U64 // 2)
    world.submit(world.statement(world.state.round + 1, world.supply + extra)).done()
    left = min(extra, world.available)
    for amount in (first, second):
        outcome = world.mint(amount)
        assert outcome.ok == (amount <= left), outcome.error
        left -= amount if outcome.ok else 0


def test_a_rate_limit_of_zero_stops_minting(world: World) -> None:
    world.set(rate_limit(0, 0)).done()
    world.submit(world.statement(1, 1_000)).done()
    world.vm.warp(world.vm.now + 100)
    assert world.mint(1).error == "ExceedsRateLimit"


def test_a_clock_before_1970_is_none(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    world.vm.warp(-1)
    before = world.everything()
    assert world.mint(1).error == "BadState"
    assert world.submit(world.statement(2, 1_000, observed_at=0, expires_at=1)).error == "BadState"
    assert world.everything() == before


def test_a_clock_that_goes_back_gives_nothing(world: World) -> None:
    """Validators vote on the time, so it may."""
    world.submit(world.statement(1, MAX_U64)).done()
    world.mint(CAPACITY).done()
    start = world.vm.now
    world.vm.warp(start - 100)
    assert world.mint(1).error == "ExceedsRateLimit"
    world.vm.warp(start + 5)
    world.mint(5 * REFILL).done()
    for time in (start - 50, start, start + 5):
        world.vm.warp(time)
        assert world.mint(1).error == "ExceedsRateLimit"
