"""What a member tells about itself: one JSON document, version 1. Amounts are decimal strings.

Collateral, supplies, caps and headroom are this member's own newest finalized readings; `certified` and `ceiling` come
from the highest certificate. Base units for a deployment's own figures, route units for the route's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chains.types import Checkpoint, Deployment, GateState
from relayer.agreement.books import STATUS, Entry, RouteBooks
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.observation import ChainReading, GateKey
from relayer.agreement.params import DeploymentParams, Params, RouteParams
from relayer.agreement.units import ceiled, floored
from relayer.daemon.reading import OpenChain, Readings
from relayer.daemon.submitting import Job, Submitter

VERSION = 1


def status(
    *,
    member: str,
    params: Params,
    now: float,
    highest: CertifiedRound | None,
    promise: int,
    readings: Readings,
    chains: Sequence[OpenChain],
    submitter: Submitter,
    findings: Sequence[Mapping[str, Any]],
    not_ready: Sequence[str],
) -> dict[str, Any]:
    """The document behind /v1/status and `ballast status --json`."""
    accounts = {d.key: d for c in chains for d in c.deployments}
    return {
        "version": VERSION,
        "member": member,
        "config_id": params.config_id.hex(),
        "epoch": params.epoch,
        "time": int(now),
        "slot": {"round": params.slot_at(now), "seconds": params.slot},
        "promise": promise,
        "certified": None
        if highest is None
        else {"round": highest.round, "id": highest.id.hex(), "begins": params.begins(highest.round)},
        "ready": not not_ready,
        "not_ready": list(not_ready),
        "routes": [
            _route(route, highest, readings.latest, readings.gates, submitter, accounts) for route in params.routes
        ],
        "chains": [_chain(c, readings) for c in chains],
        "findings": list(findings),
    }


def _chain(c: OpenChain, readings: Readings) -> dict[str, Any]:
    latest = readings.latest.get(c.name)
    return {
        "chain": c.name,
        "height": latest.height if latest else None,
        "time": latest.time if latest else None,
        "trouble": readings.troubles.get(c.name),
        "endpoints": [
            {
                "name": e.name,
                "state": e.state,
                "lagging": e.lagging,
                "lying": e.lying,
                "failing": e.failing,
                "limiting": e.limiting,
            }
            for e in c.chain.health()
        ],
    }


def _route(
    route: RouteParams,
    highest: CertifiedRound | None,
    latest: Mapping[str, ChainReading],
    gates: Mapping[GateKey, tuple[Checkpoint, GateState]],
    submitter: Submitter,
    accounts: Mapping[GateKey, Deployment],
) -> dict[str, Any]:
    books = highest.books.route(route.id) if highest else RouteBooks(route.id)
    collateral = _collateral(route, latest)
    supplies = {
        d.domain: ceiled(gates[route.gate(d)][1].supply, d.decimals, route.decimals)
        for d in route.deployments
        if route.gate(d) in gates
    }
    supply = sum(supplies.values()) if len(supplies) == len(route.deployments) else None
    reach = {d.domain: max(supplies.get(d.domain, 0), _live_cap(route, d, gates)) for d in route.deployments}
    ceilings = {d.domain: d.ceiling for d in books.deployments}
    newest = {
        e.domain: e.cap for e in (highest.entries.get(route.id, ()) if highest else ()) if _may_land(e, route, gates)
    }
    worst = sum(max(f.get(domain, 0) for f in (ceilings, reach, newest)) for domain in {*ceilings, *reach, *newest})
    deployments = [
        _deployment(d, books, gates.get(route.gate(d)), submitter.newest.get(route.gate(d)), accounts[route.gate(d)])
        for d in route.deployments
    ]
    return {
        "name": route.name,
        "id": route.id.hex(),
        "decimals": route.decimals,
        "collateral": None if collateral is None else str(collateral),
        "supply": None if supply is None else str(supply),
        "ratio_bps": None if collateral is None or not supply else collateral * 10_000 // supply,
        "status": STATUS[books.status] if highest else "no certificate yet",
        "carried": books.carried or None,
        # What could come to be unbacked if the vault were emptied now: the sum of ceilings, and of what the newest
        # statements may still raise them to.
        "exposure": None if collateral is None else str(worst),
        "deployments": deployments,
    }


def _live_cap(route: RouteParams, d: DeploymentParams, gates: Mapping[GateKey, tuple[Checkpoint, GateState]]) -> int:
    if route.gate(d) not in gates:
        return 0
    at, gate = gates[route.gate(d)]
    return ceiled(gate.cap, d.decimals, route.decimals) if gate.expires_at > at.time else 0


def _may_land(entry: Entry, route: RouteParams, gates: Mapping[GateKey, tuple[Checkpoint, GateState]]) -> bool:
    """Whether the statement behind an entry could still be brought to its gate."""
    at, _ = gates.get((entry.domain, route.id), (None, None))
    return at is None or entry.expires_at > at.time


def _collateral(route: RouteParams, latest: Mapping[str, ChainReading]) -> int | None:
    total = 0
    for p in route.positions:
        reading = latest[p.chain].position(p.id) if p.chain in latest else None
        if reading is None:
            return None
        total += floored(reading.amount, p.decimals, route.decimals)
    return total


def _deployment(
    d: DeploymentParams,
    books: RouteBooks,
    seen: tuple[Checkpoint, GateState] | None,
    newest: Job | None,
    named: Deployment,
) -> dict[str, Any]:
    at, gate = seen or (None, None)
    record = books.record(d.domain)
    known = at is not None and gate is not None
    live = at is not None and gate is not None and gate.expires_at > at.time
    return {
        "gate": str(named.gate),
        "domain": d.domain.hex(),
        "chain": d.chain,
        "token": str(named.token),
        "decimals": d.decimals,
        "lease": d.lease,
        "retired": d.retired,
        "supply": str(gate.supply) if gate else None,
        "cap": str(gate.cap) if gate else None,
        "headroom": str(max(0, gate.cap - gate.supply) if live else 0) if gate else None,
        "round": gate.round if gate else None,
        "expires_at": gate.expires_at if gate else None,
        "live": live if known else None,
        "lease_left": max(0, gate.expires_at - at.time) if known and gate and at else None,
        "ceiling": str(record.ceiling) if record else None,
        "newest": None
        if newest is None
        else {"round": newest.round, "cap": str(newest.leaf.mint_cap), "expires_at": newest.leaf.expires_at},
    }
