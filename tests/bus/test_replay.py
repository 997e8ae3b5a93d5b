"""The replay guard: each envelope once, within bounds; the second copy of oneself is met, old runs are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relayer.bus.errors import Drop, Replayed, SecondCopy
from relayer.bus.replay import SECOND, ReplayGuard

NOW = 1_700_000_000 * SECOND
ME, OTHER = 0, 1


def guard(window: int = 4) -> ReplayGuard:
    return ReplayGuard(3, ME, instance=77, started=NOW, window=window)


def refused(g: ReplayGuard, sender: int, instance: int, sequence: int, now: int = NOW) -> Drop:
    with pytest.raises(Replayed) as caught:
        g.accept(sender, instance, sequence, now)
    return caught.value.reason


def test_rising_is_accepted_and_duplicates_are_not() -> None:
    g = guard()
    for i in range(20):
        assert not g.known(OTHER, 1, NOW + i)
        g.accept(OTHER, 1, NOW + i, NOW)
        assert g.known(OTHER, 1, NOW + i)
        assert refused(g, OTHER, 1, NOW + i) is Drop.DUPLICATE


def test_reordering_within_the_window_only() -> None:
    g = guard(window=4)
    for i in (10, 30, 20, 40):
        g.accept(OTHER, 1, NOW + i, NOW)
    g.accept(OTHER, 1, NOW + 50, NOW)  # 10 leaves the window
    assert refused(g, OTHER, 1, NOW + 10) is Drop.OLD
    assert refused(g, OTHER, 1, NOW + 5) is Drop.OLD
    g.accept(OTHER, 1, NOW + 15, NOW)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=200))
def test_nothing_is_ever_accepted_twice_and_the_state_is_bounded(arrivals: list[tuple[int, int]]) -> None:
    g = guard(window=4)
    accepted: set[tuple[int, int]] = set()
    for instance, offset in arrivals:
        try:
            g.accept(OTHER, instance, NOW + offset, NOW)
        except Replayed:
            continue
        assert (instance, offset) not in accepted
        accepted.add((instance, offset))
        assert len(g._senders[OTHER]._seen) <= 4


def test_a_restarted_sender_is_heard_and_its_earlier_run_is_not() -> None:
    g = guard()
    g.accept(OTHER, 1, NOW + 10, NOW)
    g.accept(OTHER, 2, NOW + 20, NOW)
    assert refused(g, OTHER, 1, NOW + 15) is Drop.OLD
    assert refused(g, OTHER, 1, NOW + 10) is Drop.OLD
    assert refused(g, OTHER, 3, NOW + 20) is Drop.OLD
    g.accept(OTHER, 2, NOW + 30, NOW)


def test_alternating_between_instances_brings_nothing_back() -> None:
    g = guard()
    for instance, sequence in ((1, 10), (2, 20), (1, 30)):
        g.accept(OTHER, instance, NOW + sequence, NOW)
    assert refused(g, OTHER, 1, NOW + 10) is Drop.OLD
    assert refused(g, OTHER, 1, NOW + 20) is Drop.OLD


def test_senders_do_not_disturb_each_other() -> None:
    g = guard()
    g.accept(1, 1, NOW + 100, NOW)
    g.accept(2, 1, NOW + 1, NOW)


def test_far_ahead_and_far_behind() -> None:
    g = guard()
    assert refused(g, OTHER, 1, NOW + 601 * SECOND) is Drop.AHEAD
    assert refused(g, OTHER, 1, 2**64 - 1) is Drop.AHEAD
    assert refused(g, OTHER, 1, NOW - 601 * SECOND) is Drop.OLD
    assert refused(g, OTHER, 1, 0) is Drop.OLD
    g.accept(OTHER, 1, NOW, NOW)  # none of these spoilt anything


def test_a_second_copy_of_oneself_is_met() -> None:
    g = guard()
    for sequence in (NOW + 1, 2**64 - 1):
        with pytest.raises(SecondCopy, match="runs twice"):
            g.accept(ME, 78, sequence, NOW + 5)


def test_own_echo_and_replays_of_own_earlier_runs_stop_nobody() -> None:
    g = guard()
    g.accept(ME, 77, NOW + 1, NOW + 1)
    for sequence in (0, NOW - 3600 * SECOND, NOW - 1, NOW):
        with pytest.raises(Replayed):
            g.accept(ME, 12, sequence, NOW + 1)
    with pytest.raises(SecondCopy):
        g.accept(ME, 12, NOW + 2, NOW + 3)
