"""Which statements are brought to a gate, and for how long."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
import structlog

from chains.encoding import MintCap
from chains.errors import Unreadable
from chains.types import Chain, Checkpoint, Deployment, GateState, Receipt
from relayer.agreement.books import Books, Entry, RouteBooks
from relayer.agreement.observation import GateKey
from relayer.agreement.params import Params
from relayer.daemon.submitting import Job, Submitter, Target, _granted, matters
from tests.daemon.rig import FIRST, World, until

WORLD = World.make(1000)
DEPLOYMENT = WORLD.deployments[0]
PARAMS: Params = WORLD.params((0, 1), (bytes(32),), 2, 0)
(ROUTE,) = PARAMS.routes
LEASE = 600


def leaf(cap: int, expires_at: int = 1600) -> MintCap:
    return MintCap(DEPLOYMENT.domain, ROUTE.id, cap, 1000, 0, 1000, expires_at)


def seen(round_: int, cap: int, expires_at: int, time: int = 1000) -> tuple[Checkpoint, GateState]:
    return Checkpoint(FIRST, time, bytes(32), time), GateState(0, round_, cap, expires_at)


@dataclass
class Gate:
    """Counts what is sent; fails as told."""

    errors: list[Exception] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        self.sent.append(submission)
        self.keys.append(key)
        if self.errors:
            raise self.errors.pop(0)
        return Receipt("memory", 0, True)


@contextlib.asynccontextmanager
async def submitter(gate: Gate, gates: dict[GateKey, Any]) -> AsyncIterator[Submitter]:
    targets = {DEPLOYMENT.key: Target(DEPLOYMENT, cast(Chain, gate))}
    made = Submitter(targets, gates, lambda _: 0, 0.01, structlog.get_logger(), lambda chain, outcome: None)
    try:
        yield made
    finally:
        await made.close()


class Watched(dict[GateKey, Any]):
    """The gates as last read; counts how often somebody looks."""

    looks = 0

    def get(self, key: GateKey, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


def test_a_zero_matters_while_an_unseen_cap_may_be_in_force() -> None:
    gate = GateState(0, 3, 0, 0)
    assert not matters(leaf(0), gate, 1000, LEASE, ROUTE)
    assert matters(leaf(0), gate, 1000, LEASE, ROUTE, ((4, 1500),))
    assert not matters(leaf(0), gate, 1000, LEASE, ROUTE, ((3, 1500),))  # the gate was seen behind it
    assert not matters(leaf(0), gate, 1500, LEASE, ROUTE, ((4, 1500),))  # expired, strictly


def test_what_was_granted_comes_from_the_books() -> None:
    entries = (Entry(DEPLOYMENT.domain, 500, 1500), Entry(DEPLOYMENT.domain, 0, 1900))
    other = Entry(bytes(32), 7, 1700)
    rounds = ((4, ((entries[0],), (other,))), (6, ((entries[1],),)))
    books = Books({}, {ROUTE.id: replace(RouteBooks(ROUTE.id), rounds=rounds)})
    assert _granted(books, leaf(0)) == ((4, 1500),)


async def test_a_zero_goes_out_although_finality_shows_no_cap() -> None:
    gate, gates = Gate(), {DEPLOYMENT.key: seen(0, 0, 0)}
    async with submitter(gate, gates) as work:
        work.offer([Job(5, leaf(0), b"zero", ((4, 1500),))], PARAMS)
        await until(lambda: len(gate.sent) > 1)  # again and again until it is seen at finality
        gates[DEPLOYMENT.key] = seen(5, 0, 1600)
        await until(lambda: work._work[DEPLOYMENT.key].done())


async def test_what_does_not_matter_yet_is_sent_once_half_of_the_lease_is_gone() -> None:
    gate, gates = Gate(), Watched({DEPLOYMENT.key: seen(4, 500, 1550)})
    async with submitter(gate, gates) as work:
        work.offer([Job(5, leaf(500), b"renewal")], PARAMS)
        await until(lambda: gates.looks > 5)
        assert not gate.sent
        gates[DEPLOYMENT.key] = seen(4, 500, 1550, time=1300)
        await until(lambda: bool(gate.sent))


async def test_nothing_but_a_zero_goes_to_a_gate_that_was_never_read() -> None:
    gate, gates = Gate(), Watched()
    async with submitter(gate, gates) as work:
        work.offer([Job(5, leaf(500), b"cap")], PARAMS)
        await until(lambda: gates.looks > 5)
        assert not gate.sent
        work.offer([Job(6, leaf(0), b"zero")], PARAMS)
        await until(lambda: gate.sent[:1] == [b"zero"])


@pytest.mark.parametrize("error", [Unreadable("no quorum"), KeyError("a bug"), OverflowError("an answer")])
async def test_whatever_fails_is_tried_again(error: Exception) -> None:
    gate, gates = Gate([error]), {DEPLOYMENT.key: seen(0, 0, 0)}
    async with submitter(gate, gates) as work:
        work.offer([Job(5, leaf(500), b"cap")], PARAMS)
        await until(lambda: len(gate.sent) > 1)


async def test_the_routes_of_one_gate_have_a_worker_and_a_key_each() -> None:
    other = replace(DEPLOYMENT, route=b"o" * 32)
    params = replace(PARAMS, routes=(ROUTE, replace(ROUTE, id=other.route, name="other")))
    gate, gates = Gate(), {d.key: seen(0, 0, 0) for d in (DEPLOYMENT, other)}
    targets = {d.key: Target(d, cast(Chain, gate)) for d in (DEPLOYMENT, other)}
    work = Submitter(targets, gates, lambda _: 0, 0.01, structlog.get_logger(), lambda *what: None)
    work.offer([Job(5, leaf(500), b"one"), Job(5, replace(leaf(300), route=other.route), b"other")], params)
    await until(lambda: {b"one", b"other"} <= set(gate.sent))
    await work.close()
    assert {key: job.raw for key, job in work.newest.items()} == {DEPLOYMENT.key: b"one", other.key: b"other"}
    assert len(set(zip(gate.keys, gate.sent, strict=True))) == len(set(gate.keys)) == 2


async def test_what_landed_is_told_once_although_it_is_looked_after_until_finality() -> None:
    told: list[tuple[str, str]] = []
    gate, gates = Gate(), {DEPLOYMENT.key: seen(0, 0, 0)}
    targets = {DEPLOYMENT.key: Target(DEPLOYMENT, cast(Chain, gate))}
    work = Submitter(targets, gates, lambda _: 0, 0.01, structlog.get_logger(), lambda *what: told.append(what))
    work.offer([Job(5, leaf(500), b"cap")], PARAMS)
    await until(lambda: len(gate.sent) > 3)
    await work.close()
    assert told == [(FIRST, "landed")]
