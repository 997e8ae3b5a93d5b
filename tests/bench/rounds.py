"""A round of 1,000 routes with 3 deployments each, from 7 observations over full books: `python -m tests.bench rounds`.

Timed is what leader and signers each do once with a judged bundle: `compute`, the books' digest, the statements' tree
and digest, the header. Every deployment has six live entries: four earlier rounds in the books, none of which covers
another, the highest certificate's own, and a reported proposal above it.
"""

import json
import statistics
import time
from dataclasses import replace
from typing import Any

from chains.encoding import Certificate, Header, domain_id, route_id
from chains.hashing import keccak256
from chains.wire import ZERO32
from relayer.agreement.books import COVERED, Books, DeploymentRecord, Entry, RouteBooks
from relayer.agreement.bundle import Bundle, CertifiedRound, ProposedRound
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading
from relayer.agreement.params import DeploymentParams, Params, PositionParams, RouteParams
from relayer.agreement.records import Basis, Certified, Proposal
from relayer.agreement.voting import propose

ROUTES, MEMBERS, FAULTY, THRESHOLD = 1_000, 7, 2, 5
SOURCE, DESTINATIONS = "eip155:1", ("eip155:2", "eip155:3", "eip155:4")
RUNS = 5
NOW, CERTIFIED, LEASE = 1_000_000, 100, 3_600
UNIT = 10**6  # route decimals 18, tokens' 12
SUPPLY, COLLATERAL = 1_000 * UNIT, 9_000 * UNIT


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio}: routes per second, from the median of five rounds."""
    params = _params()
    bundle = _bundle(params)
    spans = []
    for _ in range(RUNS):
        fresh = replace(bundle)  # without what an earlier run has cached
        begun = time.perf_counter()
        outcome, _, _ = propose(fresh, params)
        spans.append(time.perf_counter() - begun)
    assert len(outcome.leaves) == ROUTES * len(DESTINATIONS), "every deployment must get a statement"
    assert all(len(books.rounds) == 6 for books in outcome.books.routes.values()), "the books must be full"
    rate = round(ROUTES / statistics.median(spans), 1)
    return [{"name": "compute.routes_per_s", "value": rate, "unit": "1/s", "peer": None, "ratio": None}]


def _params() -> Params:
    routes = []
    for i in range(ROUTES):
        deployments = tuple(
            DeploymentParams(domain_id(f"{c}:0x{i:040x}"), c, 12, 1, LEASE, 1 << 128) for c in DESTINATIONS
        )
        position = PositionParams(keccak256(b"vault %d" % i), SOURCE, 18)
        routes.append(RouteParams(route_id(f"route {i}"), f"route {i}", 18, (position,), deployments, slack_bps=100))
    members = tuple(bytes([i]) * 32 for i in range(MEMBERS))
    return Params(
        config_id=keccak256(b"bench"),
        group=bytes(32),
        from_round=0,
        epoch=1,
        faulty=FAULTY,
        threshold=THRESHOLD,
        members=members,
        genesis=0,
        slot=30,
        skew=2,
        staleness=600,
        heartbeat=1_200,
        turns=3,
        routes=tuple(routes),
    )


def _entries(route: RouteParams, age: int) -> tuple[Entry, ...]:
    """The route's entries of `age` rounds before the newest: greater caps with earlier ends, so that all stay."""
    cap, expires_at = (SUPPLY + (100 + age) * UNIT) * UNIT, NOW + LEASE - 60 * (age + 1)
    return tuple(sorted(Entry(d.domain, cap, expires_at) for d in route.deployments))


def _bundle(params: Params) -> Bundle:
    books = {
        route.id: RouteBooks(
            route.id,
            carried=CERTIFIED,
            status=COVERED,
            collateral=COLLATERAL * UNIT,
            deployments=tuple(
                sorted(
                    (
                        DeploymentRecord(d.domain, SUPPLY * UNIT, (SUPPLY + 105 * UNIT) * UNIT, 0)
                        for d in route.deployments
                    ),
                    key=lambda record: record.domain,
                )
            ),
            rounds=tuple((CERTIFIED - age, (_entries(route, age + 1),)) for age in (4, 3, 2, 1)),
        )
        for route in params.routes
    }
    basis = Basis(params.config_id, bytes(32), bytes(32), bytes(32))
    certified = Certified(Certificate(Header(1, CERTIFIED, bytes(32), bytes(32)), bytes(33), bytes(32)), basis)
    proposal = Proposal(Header(1, CERTIFIED + 1, bytes(32), bytes(32)), basis, bytes(64))
    known = CertifiedRound(
        certified.id, CERTIFIED, 1, {route.id: _entries(route, 1) for route in params.routes}, Books({}, books)
    )
    above = ProposedRound(proposal.id, CERTIFIED + 1, 1, {route.id: _entries(route, 0) for route in params.routes})
    observations = tuple(_observation(i, params, certified, proposal) for i in range(MEMBERS))
    return Bundle(observations, {certified.id: known}, {proposal.id: above})


def _observation(member: int, params: Params, certified: Certified, proposal: Proposal) -> Observation:
    positions = tuple(
        PositionReading(p.id, COLLATERAL * UNIT, COLLATERAL * UNIT, ZERO32)
        for p in sorted((r.positions[0] for r in params.routes), key=lambda p: p.id)
    )
    chains = [ChainReading(SOURCE, NOW, keccak256(b"source"), NOW, positions, ())]
    for chain in DESTINATIONS:
        here = sorted((d.domain, r.id) for r in params.routes for d in r.deployments if d.chain == chain)
        gates = tuple(GateReading(*key, SUPPLY, CERTIFIED - 4, SUPPLY + 105 * UNIT) for key in here)
        chains.append(ChainReading(chain, NOW, keccak256(chain.encode()), NOW, (), gates))
    return Observation(
        params.config_id, 1, CERTIFIED + 2, member, certified, (proposal,), tuple(chains), bytes([member]) * 64
    )


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))
