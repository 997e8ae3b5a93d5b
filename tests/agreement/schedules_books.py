"""Schedules about horizons and books: what a round may forget, and what it must not. Member 3 is the liar."""

from .schedule import schedule
from .world import World, configured

EVERYBODY = (0, 1, 2)
FRESH_SOURCES = ("a", "b")


def _stalled_reader(w: World) -> None:
    """Member 2's endpoints stall at second 11, when y held 6. Much later all of it is on x, under a statement that has
    left the books, and member 2 still reads second 11, where x was empty. Nobody hears of more certificates than he
    must, so that no signer knows what the books of round 5 lack."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"y": 6})
    w.sign(first, *EVERYBODY)
    w.wait(1)
    w.put(first, "y")
    w.observe(2, *EVERYBODY)
    w.wait(1)
    w.burn("y", 6)
    w.wait(8)
    w.observe(3, 0, 1)
    w.lie(3, 3, w.truth(w.now), certificate=first)
    third = w.propose(3, (0, 1, 3), {"x": 6})
    w.sign(third, 0, 1)
    w.learn(third, 1)
    w.put(third, "x")
    w.wait(20)
    w.observe(4, 0, 1)
    w.lie(4, 3, w.truth(w.now), certificate=third)
    fourth = w.propose(4, (0, 1, 3), {"z": 0})
    w.sign(fourth, 0, 1)
    w.learn(fourth, 0)
    w.observe(5, 0)
    w.observe(5, 2, at={"x": 11, "y": 11, "z": 11})
    w.lie(5, 3, w.truth(w.now, at={"x": 11, "y": 11, "z": 11}))
    fifth = w.propose(5, (0, 2, 3), {"y": 6})
    w.sign(fifth, 0, 2)
    w.put(fifth, "y")


def _short_leases() -> World:
    """Short at first; from round 5 on y's is long, so that a statement dated back to second 11 is still good."""
    return World(configured(leases={"x": 2, "y": 3, "z": 1}), configured(name="second", from_round=5, leases={"y": 40}))


@schedule("no horizon", "round 5: no route can be given a statement", _short_leases)
def old_but_honest(w: World) -> None:
    """A reading older than the horizon does not show what the books have already forgotten."""
    _stalled_reader(w)


@schedule("falling horizon", "round 5: no route can be given a statement", _short_leases)
def backwards(w: World) -> None:
    """One old honest reading and one liar turn the clock back to a second for which the books no longer speak."""
    _stalled_reader(w)


@schedule("fewer than t readings", "round 2: the cap rule refuses")
def thin(w: World) -> None:
    """Only member 0 and the liar read x, and the liar says that nothing is there."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.put(first, "x")
    w.wait(1)
    w.observe(2, 0)
    w.observe(2, 1, absent=("x",))
    w.lie(2, 3, w.empty(w.now, round_=9))
    second = w.propose(2, (0, 1, 3), {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")


def _minted_unseen(w: World) -> None:
    """x is minted at second 12 under a statement that ends at 13. At 14 member 0 sees it, member 1 still reads second
    10, and the liar, with a clock far ahead, sees nothing."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.wait(2)
    w.put(first, "x")
    w.wait(2)
    w.observe(2, 0)
    w.observe(2, 1, lag=4)
    w.lie(2, 3, w.empty(100, round_=0))
    second = w.propose(2, (0, 1, 3), {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")


def _three_seconds_on_x() -> World:
    return World(configured(leases={"x": 3}))


@schedule("entries dropped early", "round 2: the cap rule refuses", _three_seconds_on_x)
def dropped_early(w: World) -> None:
    """For member 1's clock the statement is still good; the books must hold it as long as such a reading counts."""
    _minted_unseen(w)


@schedule("clock of another", "round 2: the cap rule refuses", _three_seconds_on_x)
def mixed(w: World) -> None:
    """Member 1's supply with member 0's clock is what nobody saw."""
    _minted_unseen(w)


@schedule("flattened supersession", "round 3: the cap rule refuses")
def covered_in_one_world(w: World) -> None:
    """Round 2 has two proposals: one renews x, the certified one grants y. The renewal covers round 1's cap for x only
    where the renewal is the certified one."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 3})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.wait(1)
    w.observe(2, *EVERYBODY)
    renewal = w.propose(2, EVERYBODY, {"x": 3})
    other = w.propose(2, EVERYBODY, {"y": 3})
    w.sign(renewal, 0)
    w.sign(other, 1, 2)
    w.observe(3, *EVERYBODY)
    third = w.propose(3, EVERYBODY, {"z": 3})
    w.sign(third, *EVERYBODY)
    w.put(first, "x")
    w.put(other, "y")
    w.put(third, "z")


@schedule("one world", "round 2: the cap rule refuses")
def either_of_two(w: World) -> None:
    """Two proposals of round 1 are reported. Which one is certified shows only later."""
    w.observe(1, *EVERYBODY)
    one, two = w.ordered("x", "y")
    first = w.propose(1, EVERYBODY, {one: 6})
    other = w.propose(1, EVERYBODY, {two: 6})
    w.sign(first, 0)
    w.sign(other, 1, 2)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {one: 6})
    w.sign(second, *EVERYBODY)
    w.put(other, two)
    w.put(second, one)
