"""Schedules about the figures: ceilings, collateral, the cap rule. Member 3 is the liar."""

from .schedule import schedule
from .world import World, configured

EVERYBODY = (0, 1, 2)


@schedule("supply elsewhere", "round 2: the cap rule refuses")
def withheld(w: World) -> None:
    """A certified statement that nobody has submitted yet is no supply, and yet becomes one."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(first, "x")
    w.put(second, "y")


@schedule("latest caps", "round 3: the cap rule refuses")
def lowered_but_not_landed(w: World) -> None:
    """x's cap is lowered to 0 in a statement that never arrives, and its room is given to y."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.observe(2, *EVERYBODY)
    lowered = w.propose(2, EVERYBODY, {"x": 0})
    w.sign(lowered, *EVERYBODY)
    w.learn(lowered, *EVERYBODY)
    w.observe(3, *EVERYBODY)
    third = w.propose(3, EVERYBODY, {"y": 6})
    w.sign(third, *EVERYBODY)
    w.put(first, "x")
    w.put(third, "y")


@schedule("pairs only", "round 1: the cap rule refuses")
def three_halves(w: World) -> None:
    """Three destinations, each with half of the collateral: any two of them are covered."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 3, "y": 3, "z": 3})
    w.sign(first, *EVERYBODY)
    for destination in "xyz":
        w.put(first, destination)


def _longer_from_round_3() -> World:
    return World(configured(leases={"x": 3}), configured(name="second", from_round=3))


@schedule("renewal always", "round 3: ceilings above backing", _longer_from_round_3)
def renewed_from_memory(w: World) -> None:
    """x was burned and its 6 went to y. To member 2, who lags, and to the liar, x still holds 6: a ceiling that is only
    an upper bound is no room that is reserved."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.put(first, "x")
    w.wait(1)
    w.burn("x", 6)
    w.wait(3)
    w.observe(2, 0, 1)
    w.lie(2, 3, w.truth(w.now), certificate=first)
    second = w.propose(2, (0, 1, 3), {"y": 6})
    w.sign(second, 0, 1)
    w.learn(second, *EVERYBODY)
    w.put(second, "y")
    w.observe(3, 0)
    w.observe(3, 2, lag=4)
    w.lie(3, 3, w.truth(w.now - 4), certificate=second)
    third = w.propose(3, (0, 2, 3), {"x": 6})
    w.sign(third, 0, 2)
    w.put(third, "x")


@schedule("inclusive expiry", "the gate of x refuses round 1", lambda: World(configured(leases={"x": 3})))
def last_second(w: World) -> None:
    """At second 13 the members count x's statement as over. So must the gate."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.wait(3)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")
    w.put(first, "x")


@schedule("expired too soon", "round 2: the cap rule refuses", lambda: World(configured(leases={"x": 3})))
def last_but_one_second(w: World) -> None:
    """At second 12 the gate still takes a statement that ends at 13. So must the members count it."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.wait(2)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")
    w.put(first, "x")


@schedule("collateral per position", "round 1: the cap rule refuses")
def moved_between_readers(w: World) -> None:
    """The collateral moves from a to b. Member 1 reads before, member 0 long after; the liar adds both up."""
    w.wait(5)
    before = w.now
    w.wait(1)
    w.hold("a", 0)
    w.hold("b", 6)
    w.wait(10)
    w.observe(1, 0)
    w.observe(1, 1, at={"a": before, "b": before})
    w.lie(1, 3, w.rich(before))
    first = w.propose(1, (0, 1, 3), {"x": 6, "y": 6})
    w.sign(first, *EVERYBODY)
    w.put(first, "x")
    w.put(first, "y")


@schedule("no window", "round 1: the cap rule refuses")
def moved_between_chains(w: World) -> None:
    """The collateral moves from a to b. Everybody's checkpoint of a lies before the move, that of b after it."""
    w.wait(5)
    before = w.now
    w.wait(1)
    w.hold("a", 0)
    w.hold("b", 6)
    w.wait(2)
    w.observe(1, *EVERYBODY, at={"a": before})
    first = w.propose(1, EVERYBODY, {"x": 6, "y": 6})
    w.sign(first, *EVERYBODY)
    w.put(first, "x")
    w.put(first, "y")


@schedule("unreadable is zero", "round 2: the cap rule refuses")
def out_of_sight(w: World) -> None:
    """Nobody can read x any more. What was granted there still counts."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.put(first, "x")
    w.wait(1)
    w.observe(2, *EVERYBODY, absent=("x",))
    second = w.propose(2, EVERYBODY, {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")


def _without_z() -> World:
    return World(configured(), configured(name="second", from_round=2, without=("z",)))


@schedule("deleted deployment", "round 2: the cap rule refuses", _without_z)
def out_of_the_configuration(w: World) -> None:
    """z leaves the configuration while 6 are in circulation there."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"z": 6})
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.put(first, "z")
    w.wait(1)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {"x": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "x")
