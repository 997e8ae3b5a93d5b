"""Why a round is held. A reason holds, slot after slot, until a certificate that carries the route clears it."""

from collections.abc import Iterable, Mapping

from relayer.agreement.books import APPARENT, CONFIRMED, COVERED, RouteBooks
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.observation import ChainReading, GateKey, GateReading, PositionReading
from relayer.agreement.params import Params, RouteParams
from relayer.agreement.units import ceiled, floored, share_floored

HEARTBEAT = "heartbeat"
DEVIATION = "deviation"
HEADROOM = "headroom"
DEFICIT = "deficit"
UNSETTLED = "unsettled"


def reasons(
    params: Params, last: CertifiedRound | None, readings: Iterable[ChainReading] | None, round_: int
) -> dict[bytes, str]:
    """The reasons that hold in the slot of `round_`, by route. `readings` are the member's own, None before they are
    there: then only the heartbeat is known."""
    positions: dict[bytes, PositionReading] = {}
    gates: dict[GateKey, GateReading] = {}
    for chain in readings or ():
        positions |= {p.position: p for p in chain.positions}
        gates |= {g.key: g for g in chain.gates}
    found = {}
    for route in params.routes:
        books = last.books.route(route.id) if last else RouteBooks(route.id)
        reason = _reason(route, params, books, positions, gates, round_)
        if reason and (_turn(params, round_) or not _waits(route, reason, last)):
            found[route.id] = reason
    return found


def _waits(route: RouteParams, reason: str, last: CertifiedRound | None) -> bool:
    """Whether the route calls only in every b-th turn of the leaders: the last certificate left it out or could not
    settle it, and what stands in its way rarely goes within a slot. A grace period is no such thing: it ends soon."""
    if last is None or route.id not in last.books.routes:
        return False
    left_out = route.id not in last.entries
    in_grace = left_out and last.books.routes[route.id].status == APPARENT
    return not in_grace and (left_out or reason == UNSETTLED)


def _turn(params: Params, round_: int) -> bool:
    return (round_ // params.n) % params.turns == 0


def _reason(
    route: RouteParams,
    params: Params,
    books: RouteBooks,
    positions: Mapping[bytes, PositionReading],
    gates: Mapping[GateKey, GateReading],
    round_: int,
) -> str | None:
    if not books.carried or params.begins(round_) >= params.begins(books.carried) + params.heartbeat:
        return HEARTBEAT
    if any(p.id not in positions for p in route.positions) or any(
        route.gate(d) not in gates for d in route.deployments
    ):
        return None
    collateral = sum(floored(positions[p.id].floor, p.decimals, route.decimals) for p in route.positions)
    supplies = {d.domain: ceiled(gates[route.gate(d)].supply, d.decimals, route.decimals) for d in route.deployments}
    if (collateral < sum(supplies.values())) != (books.status in (APPARENT, CONFIRMED)):
        return DEFICIT
    if books.status not in (COVERED, CONFIRMED):
        return UNSETTLED
    if _moved(route, books.collateral, collateral):
        return DEVIATION
    for d in route.deployments:
        record = books.record(d.domain)
        if record is None or _moved(route, record.supply, supplies[d.domain]):
            return DEVIATION
        gate = gates[route.gate(d)]
        if supplies[d.domain] != record.supply and gate.supply > gate.cap - share_floored(
            gate.cap, route.low_water_bps
        ):
            return HEADROOM
    return None


def _moved(route: RouteParams, before: int, now: int) -> bool:
    """Whether an amount moved by more than the route's deviation; a change from or to 0 always has."""
    return before != now and (not before or not now or abs(now - before) * 10_000 > before * route.deviation_bps)
