"""The issuer's side of a gate: tightening at once, loosening later, and who may do what."""

import pytest
from solders.keypair import Keypair

from chains.solana.events import (
    LooseningCancelled,
    LooseningQueued,
    SettingChanged,
)
from chains.solana.program_settings import (
    LONGEST_DELAY,
    OPEN_FOR,
    SHORTEST_DELAY,
    Setting,
    guardian,
    longest_lease,
    loosen_delay,
    minter,
    rate_limit,
)
from chains.solana.state import Loosening
from tests.chains.solana.program.harness import CAPACITY, DELAY, MAX_LEASE, MAX_U64, REFILL, World

LOOSER = longest_lease(MAX_LEASE + 1)
SLOT = 8


def somebody(world: World, label: str = "newcomer") -> Keypair:
    return world.vm.key(label)


def waits(world: World, setting: Setting) -> None:
    """`setting` is queued, changes nothing a second too early, and then it can be executed, once."""
    ready = world.vm.now + world.state.loosen_delay
    queued = world.set(setting).done()
    assert world.events(queued) == (LooseningQueued(world.gate, setting, ready),)
    assert Loosening(setting, ready) in world.state.queue
    world.vm.warp(ready - 1)
    before = world.everything()
    assert world.execute(setting).error == "TooEarly"
    assert world.everything() == before
    world.vm.warp(ready)
    executed = world.execute(setting).done()
    assert world.events(executed) == (SettingChanged(world.gate, setting),)
    assert world.execute(setting).error == "NotQueued"


def at_once(world: World, setting: Setting) -> None:
    assert world.events(world.set(setting).done()) == (SettingChanged(world.gate, setting),)
    assert world.state.queue == ()


def test_starts_as_registered(world: World) -> None:
    s = world.state
    assert (s.owner, s.guardian, s.pending_owner) == (str(world.issuer.pubkey()), str(world.guard.pubkey()), None)
    assert (s.max_lease, s.loosen_delay, s.paused, s.queue) == (MAX_LEASE, DELAY, False, ())
    assert s.minters == (str(world.minter.pubkey()),)
    assert (s.capacity, s.refill_per_second, s.level, s.updated_at) == (CAPACITY, REFILL, CAPACITY, world.vm.now)


# Tightening: at once


def test_tightens_the_rate_limit_at_once(world: World) -> None:
    at_once(world, rate_limit(CAPACITY // 2, REFILL))
    assert (world.state.capacity, world.available) == (CAPACITY // 2, CAPACITY // 2)
    at_once(world, rate_limit(CAPACITY // 2, REFILL))  # what it is already
    at_once(world, rate_limit(CAPACITY // 2, 0))
    at_once(world, rate_limit(0, 0))  # nothing may be minted: 0 is no "off"
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(1).error == "ExceedsRateLimit"


def test_tightens_the_lease_at_once(world: World) -> None:
    at_once(world, longest_lease(1_800))
    assert world.state.max_lease == 1_800
    assert world.submit(world.statement(1, 1_000)).error == "LeaseTooLong"
    at_once(world, longest_lease(1))
    world.submit(world.statement(1, 1_000, expires_at=world.vm.now + 1)).done()


def test_lengthens_the_delay_at_once(world: World) -> None:
    at_once(world, loosen_delay(DELAY + 1))
    at_once(world, loosen_delay(LONGEST_DELAY))
    assert world.state.loosen_delay == LONGEST_DELAY


def test_removes_a_minter_at_once(world: World) -> None:
    world.submit(world.statement(1, 1_000)).done()
    at_once(world, minter(str(world.minter.pubkey()), False))
    assert world.state.minters == ()
    assert world.mint(1).error == "NotMinter"


def test_removing_who_is_no_minter_changes_nothing(world: World) -> None:
    at_once(world, minter(str(somebody(world).pubkey()), False))
    assert world.state.minters == (str(world.minter.pubkey()),)


# Loosening: later


def test_loosens_the_rate_limit_later(world: World) -> None:
    waits(world, rate_limit(CAPACITY + 1, REFILL))
    assert world.state.capacity == CAPACITY + 1
    assert world.available == CAPACITY  # was full before; the new room fills at the rate
    world.vm.warp(world.vm.now + 1)
    assert world.available == CAPACITY + 1


@pytest.mark.parametrize("setting", [rate_limit(0, REFILL + 1), rate_limit(CAPACITY + 1, 0), rate_limit(0, MAX_U64)])
def test_a_rate_limit_that_is_tighter_in_one_part_only_waits(world: World, setting: Setting) -> None:
    waits(world, setting)
    assert (world.state.capacity, world.state.refill_per_second) == (setting.a, setting.b)


def test_a_raised_limit_counts_the_time_before_at_the_old_rate(world: World) -> None:
    world.submit(world.statement(1, 10**6)).done()
    world.set(rate_limit(CAPACITY, REFILL + 100)).done()
    ready = world.vm.now + DELAY
    world.vm.warp(ready - 20)
    world.submit(world.statement(2, 10**6)).done()
    world.mint(CAPACITY).done()
    world.vm.warp(ready)
    world.execute(rate_limit(CAPACITY, REFILL + 100)).done()
    assert world.available == 20 * REFILL
    assert world.mint(20 * REFILL + 1).error == "ExceedsRateLimit"


def test_loosens_the_lease_later(world: World) -> None:
    waits(world, LOOSER)
    assert world.state.max_lease == MAX_LEASE + 1
    world.submit(world.statement(1, 1_000, expires_at=world.vm.now + MAX_LEASE + 1)).done()


def test_shortens_the_delay_later(world: World) -> None:
    waits(world, loosen_delay(SHORTEST_DELAY))
    assert world.state.loosen_delay == SHORTEST_DELAY


def test_adds_a_minter_later(world: World) -> None:
    newcomer = somebody(world)
    world.submit(world.statement(1, 1_000, expires_at=world.vm.now + MAX_LEASE)).done()
    world.set(minter(str(newcomer.pubkey()), True)).done()
    assert world.mint(1, by=newcomer).error == "NotMinter"
    world.cancel(minter(str(newcomer.pubkey()), True)).done()
    waits(world, minter(str(newcomer.pubkey()), True))
    world.submit(world.statement(2, 1_000)).done()
    world.mint(1, by=newcomer).done()
    world.mint(1).done()
    assert len(world.state.minters) == 2


def test_a_minter_stands_there_once(world: World) -> None:
    waits(world, minter(str(world.minter.pubkey()), True))
    assert world.state.minters == (str(world.minter.pubkey()),)


def test_replaces_the_guardian_later(world: World) -> None:
    newcomer = somebody(world)
    waits(world, guardian(str(newcomer.pubkey())))
    assert world.state.guardian == str(newcomer.pubkey())
    assert world.pause(by=world.guard).error == "NotGuardian"
    world.pause(by=newcomer).done()


def test_a_loosening_closes_after_a_while(world: World) -> None:
    world.set(LOOSER).done()
    ready = world.vm.now + DELAY
    world.vm.warp(ready + OPEN_FOR)
    assert world.execute(LOOSER).error == "NotQueued"
    assert world.state.max_lease == MAX_LEASE
    world.set(LOOSER).done()  # and can be queued again
    world.vm.warp(world.vm.now + DELAY + OPEN_FOR - 1)
    world.execute(LOOSER).done()
    assert world.execute(LOOSER).error == "NotQueued"  # once


def test_a_shorter_delay_does_not_hasten_what_waits(world: World) -> None:
    setting = minter(str(somebody(world).pubkey()), True)
    world.set(loosen_delay(SHORTEST_DELAY)).done()
    world.vm.warp(world.vm.now + DELAY - 10)
    world.set(setting).done()
    queued = world.vm.now
    world.vm.warp(queued + 10)
    world.execute(loosen_delay(SHORTEST_DELAY)).done()
    world.vm.warp(queued + DELAY - 1)
    assert world.execute(setting).error == "TooEarly"
    world.vm.warp(queued + DELAY)
    world.execute(setting).done()


def test_a_loosening_that_became_out_of_date_is_taken_as_it_says(world: World) -> None:
    """What was a loosening when it was queued may be a tightening by the time: it is executed all the same."""
    world.set(rate_limit(CAPACITY + 10, REFILL)).done()
    world.set(rate_limit(CAPACITY + 20, REFILL)).done()
    world.vm.warp(world.vm.now + DELAY)
    world.execute(rate_limit(CAPACITY + 20, REFILL)).done()
    world.execute(rate_limit(CAPACITY + 10, REFILL)).done()
    assert world.state.capacity == CAPACITY + 10


def test_refuses_to_execute_what_is_not_queued(world: World) -> None:
    assert world.execute(rate_limit(MAX_U64, 0)).error == "NotQueued"
    world.set(LOOSER).done()
    world.vm.warp(world.vm.now + DELAY)
    assert world.execute(longest_lease(MAX_LEASE + 2)).error == "NotQueued"  # not with another number
    assert world.execute(loosen_delay(MAX_LEASE + 1)).error == "NotQueued"  # nor as another setting
    assert world.state.max_lease == MAX_LEASE


def test_refuses_to_queue_twice(world: World) -> None:
    world.set(LOOSER).done()
    assert world.set(LOOSER).error == "AlreadyQueued"
    world.vm.warp(world.vm.now + DELAY + OPEN_FOR - 1)
    assert world.set(LOOSER).error == "AlreadyQueued"
    world.vm.warp(world.vm.now + 1)
    world.set(LOOSER).done()
    assert len(world.state.queue) == 1


def test_the_queue_holds_eight_that_wait(world: World) -> None:
    for i in range(SLOT):
        world.set(longest_lease(MAX_LEASE + 1 + i)).done()
    before = world.everything()
    assert world.set(longest_lease(MAX_LEASE + 100)).error == "QueueFull"
    assert world.everything() == before
    world.set(longest_lease(MAX_LEASE - 1)).done()  # tightening needs no place
    world.cancel(longest_lease(MAX_LEASE + 3)).done()
    world.set(longest_lease(MAX_LEASE + 100)).done()
    assert world.set(longest_lease(MAX_LEASE + 101)).error == "QueueFull"
    world.vm.warp(world.vm.now + DELAY)
    world.execute(longest_lease(MAX_LEASE + 5)).done()
    world.set(longest_lease(MAX_LEASE + 101)).done()
    waiting = {entry.setting.a for entry in world.state.queue}
    assert waiting == {MAX_LEASE + n for n in (1, 2, 4, 6, 7, 8, 100, 101)}


def test_what_lapsed_makes_room(world: World) -> None:
    for i in range(SLOT):
        world.set(longest_lease(MAX_LEASE + 1 + i)).done()
    world.vm.warp(world.vm.now + DELAY + OPEN_FOR - 1)
    assert world.set(longest_lease(MAX_LEASE + 100)).error == "QueueFull"
    world.vm.warp(world.vm.now + 1)
    for i in range(SLOT):
        world.set(longest_lease(MAX_LEASE + 100 + i)).done()
    assert world.set(longest_lease(MAX_LEASE + 200)).error == "QueueFull"
    assert {entry.setting.a for entry in world.state.queue} == {MAX_LEASE + 100 + i for i in range(SLOT)}


def test_allows_eight_minters(world: World) -> None:
    keys = [str(somebody(world, f"minter {i}").pubkey()) for i in range(SLOT)]
    for key in keys[:-1]:
        world.set(minter(key, True)).done()
    world.vm.warp(world.vm.now + DELAY)
    for key in keys[:-1]:
        world.execute(minter(key, True)).done()
    assert len(world.state.minters) == SLOT
    world.set(minter(keys[-1], True))
    world.vm.warp(world.vm.now + DELAY)
    assert world.execute(minter(keys[-1], True)).error in ("TooManyMinters", "NotQueued")
    assert len(world.state.minters) == SLOT
    world.set(minter(keys[3], False)).done()
    assert set(world.state.minters) == {str(world.minter.pubkey()), *keys[:-1]} - {keys[3]}


# Cancelling


def test_cancels_by_owner_or_guardian(world: World) -> None:
    for by in (world.issuer, world.guard):
        world.set(LOOSER).done()
        cancelled = world.cancel(LOOSER, by=by).done()
        assert world.events(cancelled) == (LooseningCancelled(world.gate, LOOSER),)
        assert world.state.queue == ()
    assert world.cancel(LOOSER).error == "NotQueued"


def test_cancels_the_one_that_is_named(world: World) -> None:
    others = [rate_limit(CAPACITY + 1, 0), minter(str(somebody(world).pubkey()), True), longest_lease(MAX_LEASE + 2)]
    for setting in (others[0], LOOSER, *others[1:]):
        world.set(setting).done()
    world.cancel(LOOSER, by=world.guard).done()
    assert {entry.setting for entry in world.state.queue} == set(others)


def test_a_guardian_cannot_keep_itself_in_office(world: World) -> None:
    setting = guardian(str(somebody(world).pubkey()))
    world.set(setting).done()
    assert world.cancel(setting, by=world.guard).error == "NotGuardian"
    world.cancel(setting, by=world.issuer).done()
    assert world.state.queue == ()
