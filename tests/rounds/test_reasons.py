"""Which reasons wait for their turn: b = 3 turns of 4 leaders, so rounds 12 to 15 are turns and 16 to 23 are not."""

import pytest

from relayer.agreement.books import APPARENT, CONFIRMED, COVERED, LEFT_OUT, OVERHANG, Books, DeploymentRecord, Entry
from relayer.agreement.books import RouteBooks as Kept
from relayer.agreement.bundle import CertifiedRound
from relayer.rounds.reasons import reasons

from .committee import Committee
from .world import DESTINATIONS, GATES, ROUTE, Gate

TURN, NO_TURN = 15, 16
RECORDS = tuple(DeploymentRecord(domain, 0, 0, 0) for domain in sorted(GATES.values()))


def held(
    status: int, round_: int, *, statement: bool, carried: int = 14, known: bool = True, short: bool = False
) -> str | None:
    """The reason of a route that the last certificate (round 14) left with `status`, with or without a statement;
    `short`: there is less collateral than supply now."""
    c = Committee(start=False)
    if short:
        c.world.gates[DESTINATIONS[0]] = [(0.0, Gate(supply=2_000))]
    books = Kept(ROUTE, carried=carried, status=status, collateral=1_000, deployments=RECORDS)
    entries = {ROUTE: tuple(Entry(GATES[chain], 1, 1) for chain in DESTINATIONS)} if statement else {}
    last = CertifiedRound(bytes(32), 14, 1, entries, Books({}, {ROUTE: books} if known else {}))
    return reasons(c.first, last, c.world.read_all(c.now), round_).get(ROUTE)


def test_a_covered_route_that_was_carried_has_none() -> None:
    assert held(COVERED, TURN, statement=True) is None
    assert held(COVERED, NO_TURN, statement=True) is None


@pytest.mark.parametrize("status", [LEFT_OUT, OVERHANG])
def test_a_route_that_was_left_out_waits_for_its_turn(status: int) -> None:
    assert held(status, TURN, statement=False) == "unsettled"
    assert held(status, NO_TURN, statement=False) is None
    assert held(status, NO_TURN, statement=False, carried=1) is None, "even with its heartbeat overdue"


def test_ceilings_above_the_backing_wait_once_the_zeros_are_out() -> None:
    assert held(OVERHANG, TURN, statement=True) == "unsettled"
    assert held(OVERHANG, NO_TURN, statement=True) is None


@pytest.mark.parametrize("status", [APPARENT, CONFIRMED])
def test_a_deficit_that_is_over_calls_at_once(status: int) -> None:
    assert held(status, NO_TURN, statement=True) == "deficit"


def test_a_deficit_in_its_grace_does_not_wait() -> None:
    assert held(APPARENT, NO_TURN, statement=False, short=True) == "unsettled"


def test_an_apparent_deficit_whose_zeros_are_out_waits() -> None:
    assert held(APPARENT, TURN, statement=True, short=True) == "unsettled"
    assert held(APPARENT, NO_TURN, statement=True, short=True) is None


def test_a_new_deficit_calls_at_once() -> None:
    assert held(COVERED, NO_TURN, statement=True, short=True) == "deficit"


def test_a_route_that_is_new_does_not_wait() -> None:
    assert held(COVERED, NO_TURN, statement=False, known=False) == "heartbeat"
