"""Schedules about what a member signs. Members 0 to 2 are honest, member 3 is a liar and signs everything."""

from .schedule import schedule
from .world import World, configured

EVERYBODY = (0, 1, 2)


@schedule("no promise", "member 0 refuses: promise")
def overtaken(w: World) -> None:
    """A proposal is signed after its signers have told the next round that they owe nothing."""
    w.observe(1, *EVERYBODY)
    slow = w.propose(1, EVERYBODY, {"x": 6})
    w.observe(2, *EVERYBODY)
    quick = w.propose(2, EVERYBODY, {"y": 6})
    w.sign(quick, *EVERYBODY)
    w.sign(slow, *EVERYBODY)
    w.put(quick, "y")
    w.put(slow, "x")


@schedule("two messages", "member 0 refuses: double")
def equivocated(w: World) -> None:
    """The leader of one round proposes twice, and two quorums form that share honest members."""
    w.observe(1, *EVERYBODY)
    one = w.propose(1, EVERYBODY, {"x": 6})
    two = w.propose(1, EVERYBODY, {"y": 6})
    w.sign(one, *EVERYBODY)
    w.sign(two, *EVERYBODY)
    w.put(one, "x")
    w.put(two, "y")


def _lost_store(w: World) -> None:
    """Member 0 signs round 1 and loses its store; the certificate is held back until its last second. Then a leader
    takes member 0, who knows nothing, member 2, who reads from before the mint, and the liar, but not member 1."""
    w.observe(1, *EVERYBODY)
    held_back = w.propose(1, EVERYBODY, {"x": 6})
    w.sign(held_back, 0, 1)
    w.forget(0, first_round=2)
    w.wait(8)
    w.put(held_back, "x")
    w.wait(2)
    w.observe(2, 0)
    w.observe(2, 1, 2, lag=3)
    w.lie(2, 3, w.truth(w.now - 3))
    second = w.propose(2, (0, 2, 3), {"y": 6})
    w.sign(second, *EVERYBODY)
    w.put(second, "y")


def _nine_second_lease() -> World:
    return World(configured(leases={"x": 9}))


@schedule("no own check", "member 1 refuses: books", _nine_second_lease)
def left_out_witness(w: World) -> None:
    """Without its own check, member 1 helps to sign books that miss what it has signed."""
    _lost_store(w)


@schedule("amnesia without horizon", "member 0 refuses: amnesia", _nine_second_lease)
def forgetful_signer(w: World) -> None:
    """Without the horizon rule, member 0 signs what contradicts its forgotten signature."""
    _lost_store(w)
