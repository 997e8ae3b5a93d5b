"""Every rule is needed: a schedule over-mints without it, and is refused with it."""

import pytest

from relayer.agreement.params import violations

from . import schedules_books, schedules_caps, schedules_voting
from .mutations import MUTATIONS
from .schedule import SCHEDULES, Schedule
from .world import World, configured

assert schedules_books
assert schedules_caps
assert schedules_voting


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: f"{s.mutation}-{s.story.__name__}")
def test_schedule(schedule: Schedule) -> None:
    broken = schedule.play(broken=True)
    assert broken.over_minted, "the mutation was not caught:\n" + "\n".join(broken.log)
    whole = schedule.play(broken=False)
    assert not whole.over_minted, "\n".join(whole.log)
    assert any(schedule.refused in line for line in whole.log), "\n".join(whole.log)


def test_every_mutation_has_a_schedule() -> None:
    assert {s.mutation for s in SCHEDULES} == set(MUTATIONS)


def test_two_quorums_that_share_only_liars() -> None:
    """n, f, t = 5, 1, 3: 2t - n = f. Two quorums need to share nobody but the liar. Such parameters are refused."""
    w = World(configured(5, 1, 3))
    w.observe(1, 0, 1)
    w.lie(1, 4, w.truth(w.now))
    first = w.propose(1, (0, 1, 4), {"x": 6})
    assert w.sign(first, 0, 1)
    w.observe(2, 2, 3)
    w.lie(2, 4, w.truth(w.now))
    second = w.propose(2, (2, 3, 4), {"y": 6})
    assert w.sign(second, 2, 3)
    w.put(first, "x")
    w.put(second, "y")
    assert w.over_minted
    assert violations(5, 1, 3)
    assert not violations(5, 1, 4)
