"""One route in one round: from the chains' views to statements and the route's books."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chains.encoding import MintCap
from relayer.agreement import caprule
from relayer.agreement.books import (
    APPARENT,
    CONFIRMED,
    COVERED,
    LEFT_OUT,
    OVERHANG,
    DeploymentRecord,
    RouteBooks,
)
from relayer.agreement.bundle import Bundle
from relayer.agreement.ceilings import GateView, ceilings
from relayer.agreement.claims import Collateral, collateral, high, low, readers
from relayer.agreement.horizons import ChainView
from relayer.agreement.ledger import Rounds, domains, largest, merged, outstanding
from relayer.agreement.params import DeploymentParams, Params, RouteParams
from relayer.agreement.shareout import Request
from relayer.agreement.units import U256_MAX, ceiled, floored

Allot = Callable[[Request], Mapping[bytes, int]]
Views = Mapping[str, ChainView]


class CapRuleBroken(AssertionError):
    """The share-out answered caps that the cap rule forbids: no statement may be made of them."""


@dataclass(frozen=True)
class RouteResult:
    """A route's part of a round. `reason` says in words why a route was left out, else ""."""

    books: RouteBooks
    leaves: tuple[MintCap, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class _Ground:
    """What the readings say of one route, in route units, before any statement: by destination."""

    rounds: Rounds
    worlds: Sequence[Mapping[bytes, int]]
    supplies: Mapping[bytes, int]
    times: Mapping[bytes, int]
    unread: frozenset[bytes]
    records: tuple[DeploymentRecord, ...]


def compute_route(
    route: RouteParams,
    round_: int,
    bundle: Bundle,
    old: RouteBooks,
    views: Views,
    params: Params,
    allot: Allot,
) -> RouteResult:
    """The route's statements and books; see the protocol's section "Compute" for the order of the steps."""
    rounds = merged(route.id, bundle)
    gates = _gate_views(route, views, params)
    if oversized := _oversized(old, gates, params):
        gates = {}
    unread = counted(route, old, rounds) - gates.keys()
    found = collateral(route, views, params)
    reason = oversized or _left_out(route, old, views, found, unread)
    if not reason:
        horizon = {d.domain: views[d.chain].horizon for d in route.deployments if d.domain in gates}
        rounds = outstanding(rounds, horizon.get)
    ground = _ground(route, old, rounds, gates, unread, views, bundle, params)
    outstanding_ = tuple(rounds.items())
    if reason or found is None:
        return RouteResult(replace(old, status=LEFT_OUT, deployments=ground.records, rounds=outstanding_), (), reason)
    status, caps, since = _decide(route, old, found, ground, allot)
    leaves = _statements(route, caps, found, ground, views)
    carried = round_ if leaves else old.carried
    books = RouteBooks(route.id, carried, status, found.newest, since, found.amount, ground.records, outstanding_)
    return RouteResult(books, leaves)


def carried_on(route: bytes, bundle: Bundle, old: RouteBooks) -> RouteBooks:
    """The books of a route that the configuration no longer has: nothing leaves, and each recorded ceiling rises to
    what has been granted or proposed since, as for a destination that cannot be read."""
    rounds = merged(route, bundle)
    floor = bundle.highest.round if bundle.highest else 0
    records = tuple(replace(d, ceiling=unread_ceiling(d, rounds, floor)) for d in old.deployments)
    return replace(old, deployments=records, rounds=tuple(rounds.items()))


def counted(route: RouteParams, old: RouteBooks, rounds: Rounds) -> set[bytes]:
    """Every destination that counts: the configuration's and the books' together, so that removing a deployment from
    the configuration frees nothing."""
    recorded = {d.domain for d in old.deployments if d.ceiling or d.supply}
    return {d.domain for d in route.deployments} | domains(rounds) | recorded


def _gate_views(route: RouteParams, views: Views, params: Params) -> dict[bytes, list[GateView]]:
    """What each observer saw of every destination that at least t of them read."""
    found = {}
    for d in route.deployments:
        if members := readers(route.gate(d), d.chain, views, params):
            chain = views[d.chain]
            seen = [(chain.times[m], chain.gates[route.gate(d)][m]) for m in members]
            found[d.domain] = [
                GateView(
                    time,
                    ceiled(g.supply, d.decimals, route.decimals),
                    g.round,
                    ceiled(g.cap, d.decimals, route.decimals),
                )
                for time, g in seen
            ]
    return found


def _oversized(old: RouteBooks, gates: Mapping[bytes, list[GateView]], params: Params) -> str:
    """Why the supplies cannot stand in a statement; "" where they can. No figure is ever cut down to fit."""
    supplies = [high([g.supply for g in seen], params) for seen in gates.values()]
    beyond = sum(supplies) + sum(d.supply for d in old.deployments) > U256_MAX
    return "the supplies in route units do not fit 256 bits" if beyond else ""


def _left_out(route: RouteParams, old: RouteBooks, views: Views, found: Collateral | None, unread: set[bytes]) -> str:
    """Why the route gets no statement this round; "" when it does."""
    if any(views[d.chain].split(route.gate(d)) for d in route.deployments):
        return "two groups of f+1 members read different states of a destination"
    if found is None:
        return "fewer than t members agree on what they read of the collateral"
    if any(old.record(domain) is None for domain in unread):
        return "a destination was never read by t members"
    return ""


def _ground(
    route: RouteParams,
    old: RouteBooks,
    rounds: Rounds,
    gates: Mapping[bytes, list[GateView]],
    unread: set[bytes],
    views: Views,
    bundle: Bundle,
    params: Params,
) -> _Ground:
    floor = bundle.highest.round if bundle.highest else 0
    held, supplies = {}, {}
    for domain in unread:
        if record := old.record(domain):
            held[domain] = unread_ceiling(record, rounds, floor)
            supplies[domain] = record.supply
    supplies |= {domain: high([g.supply for g in seen], params) for domain, seen in gates.items()}
    worlds = [held | world for world in ceilings(gates, rounds, params)]
    times = {domain: low([g.time for g in seen], params) for domain, seen in gates.items()}
    records = tuple(
        DeploymentRecord(
            domain, supplies[domain], max(world[domain] for world in worlds), _demand(old, domain, supplies[domain])
        )
        for domain in sorted(worlds[0])
    )
    return _Ground(rounds, worlds, supplies, times, frozenset(unread), records)


def unread_ceiling(record: DeploymentRecord, rounds: Rounds, floor: int) -> int:
    """What a destination that cannot be read may have reached: its ceiling as recorded by the certificate of round
    `floor`, that certificate's cap for it, and every reported cap above."""
    return max(record.ceiling, largest(rounds, record.domain, floor))


def _demand(old: RouteBooks, domain: bytes, supply: int) -> int:
    """Recent growth of the supply: what it rose by since the last record, or three quarters of what that had."""
    record = old.record(domain)
    return max(0, supply - record.supply, record.demand * 3 // 4) if record else 0


def _decide(
    route: RouteParams, old: RouteBooks, found: Collateral, ground: _Ground, allot: Allot
) -> tuple[int, dict[bytes, int], int]:
    """Status, caps by destination in route units (no entry: no statement), and since when a deficit is seen."""
    if found.amount < sum(ground.supplies.values()):
        since = old.deficit_since or found.newest
        confirmed = not ground.unread and all(time >= since for time in ground.times.values())
        # A route whose grace gives no statement may leave no round to record `since`: then the grace runs from the
        # last certified reading, not anew in every round.
        grace_began = old.deficit_since or old.read_at or found.newest
        if not confirmed and found.newest - grace_began < route.grace:
            return APPARENT, {}, since
        return CONFIRMED if confirmed else APPARENT, {d.domain: 0 for d in route.deployments}, since
    backing = route.backing(found.amount)
    if not caprule.fits(ground.worlds, {}, backing):
        above = {r.domain: 0 for r in ground.records if r.ceiling > r.supply and r.domain not in ground.unread}
        return OVERHANG, above, 0
    return COVERED, _caps(route, found, ground, backing, allot), 0


def _caps(route: RouteParams, found: Collateral, ground: _Ground, backing: int, allot: Allot) -> dict[bytes, int]:
    readable = [d for d in route.deployments if d.domain not in ground.unread]
    active = tuple(d for d in readable if not d.retired)
    demand = {r.domain: r.demand for r in ground.records}
    request = Request(route, active, ground.worlds, ground.supplies, demand, route.allotted(found.amount))
    answered = allot(request)
    caps = {d.domain: _storable(d, answered[d.domain], route) for d in active if d.domain in answered}
    if not caprule.allowed(ground.worlds, caps, backing):
        raise CapRuleBroken(f"route {route.name}: the share-out broke the cap rule")
    return caps | {d.domain: 0 for d in readable if d.retired and ground.supplies[d.domain]}


def _storable(deployment: DeploymentParams, cap: int, route: RouteParams) -> int:
    """`cap` as the deployment's gate can hold it, in route units: base units floored and clamped."""
    base = min(floored(cap, route.decimals, deployment.decimals), deployment.cap_limit)
    return ceiled(base, deployment.decimals, route.decimals)


def _statements(
    route: RouteParams, caps: Mapping[bytes, int], found: Collateral, ground: _Ground, views: Views
) -> tuple[MintCap, ...]:
    supply = sum(ground.supplies.values())
    leaves = []
    for d in route.deployments:
        time = ground.times.get(d.domain, views[d.chain].horizon)
        if d.domain in caps and time:
            base = min(floored(caps[d.domain], route.decimals, d.decimals), d.cap_limit)
            observed_at = min(time, found.oldest)
            leaves.append(MintCap(d.domain, route.id, base, found.amount, supply, observed_at, time + d.lease))
    return tuple(leaves)
