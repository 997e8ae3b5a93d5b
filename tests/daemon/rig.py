"""Members of one committee in one process: real stores, real keys, real buses over a real NATS server.

Their chains are a `Ground`. Here it is in memory, so that a round's cost can be told apart from that of reading chains.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import structlog
from nacl.signing import SigningKey
from pydantic import BaseModel

from chains.caip import AccountId, AssetId
from chains.encoding import Branch, Certificate, MintCap, decode_leaf
from chains.errors import ChainError, Unreadable
from chains.hashing import keccak256
from chains.types import Checkpoint, Deployment, EndpointHealth, GateState, Locked, Position, Receipt
from chains.wire import Reader
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.judging import Judge
from relayer.agreement.params import DeploymentParams, Params, PositionParams, RouteParams
from relayer.agreement.records import Certified
from relayer.bus.access import NatsOptions
from relayer.bus.bus import Bus
from relayer.bus.envelope import Limits
from relayer.bus.nats import NatsTransport
from relayer.daemon.blobs import BlobCache
from relayer.daemon.checks import checks
from relayer.daemon.metrics import Metrics
from relayer.daemon.pruning import prune
from relayer.daemon.reading import OpenChain, Readings
from relayer.daemon.restore import outstanding, restored
from relayer.daemon.runtime import Runtime
from relayer.daemon.submitting import Submitter, Target
from relayer.dealing import deal_committee
from relayer.frost import GroupKey, PublicKeyPackage
from relayer.keystore import KeystoreContents
from relayer.rounds.machine import Machine
from relayer.rounds.messages import limits
from relayer.store.safety import Binding, SafetyStore
from tests.daemon.clock import Clock

SOURCE, FIRST, SECOND = "test:1", "test:2", "test:3"
SETTLE_SECONDS = 0.1
PATIENCE = 1200.0
"""Seconds, for whatever must come: only the test's own time limit is longer."""


class Nothing(BaseModel):
    """No options."""


@dataclass
class MemoryChain:
    """A chain whose state is set by the test; every block is final at once and each second has one."""

    name: str
    locked_amounts: dict[bytes, int] = field(default_factory=dict)
    gates: dict[tuple[bytes, bytes], GateState] = field(default_factory=dict)
    down: bool = False
    landed: list[tuple[bytes, int]] = field(default_factory=list)
    clock: Clock = time.time

    async def check(self) -> None: ...

    async def finalized(self) -> Checkpoint:
        if self.down:
            raise Unreadable(f"{self.name} is down")
        now = int(self.clock())
        return Checkpoint(self.name, now, keccak256(f"{self.name} {now}".encode()), now)

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        return tuple(Locked(self.locked_amounts[p.id]) for p in positions)

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        return tuple(self.gates[d.key] for d in ds)

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        """A gate without cryptography: newer rounds replace older ones."""
        if self.down:
            raise Unreadable(f"{self.name} is down")
        leaf = decode_leaf(submission[:177])
        assert isinstance(leaf, MintCap)
        r = Reader(submission[177:])
        branch, certificate = Branch.read(r), Certificate.read(r)
        r.end()
        assert branch.root(submission[:177]) == certificate.header.root
        old = self.gates[deployment.key]
        if certificate.header.round <= old.round:
            return None
        self.gates[deployment.key] = GateState(old.supply, certificate.header.round, leaf.mint_cap, leaf.expires_at)
        self.landed.append((deployment.domain, certificate.header.round))
        return Receipt("memory", 0, True)

    async def settle(self) -> None: ...

    def health(self) -> tuple[EndpointHealth, ...]:
        return ()

    async def close(self) -> None: ...


class Ground(Protocol):
    """The chains of a committee."""

    @property
    def positions(self) -> Sequence[Position]: ...

    def opened(self, index: int, store: SafetyStore, log: Any) -> list[OpenChain]:
        """Every chain as member `index` opens it."""
        ...


G = TypeVar("G", bound=Ground)


@dataclass
class World:
    """One route: a vault on the source chain, a deployment on each of two destinations."""

    position: Position
    deployments: tuple[Deployment, ...]
    chains: dict[str, MemoryChain]

    @classmethod
    def make(cls, collateral: int, clock: Clock = time.time) -> "World":
        position = Position(AccountId.parse(f"{SOURCE}:vault"), AssetId.parse(f"{SOURCE}/coin:asset"), 6, Nothing())
        route = keccak256(b"usd")
        deployments = tuple(
            Deployment(AccountId.parse(f"{name}:gate"), AssetId.parse(f"{name}/coin:token"), 6, route, Nothing())
            for name in (FIRST, SECOND)
        )
        chains = {name: MemoryChain(name, clock=clock) for name in (SOURCE, FIRST, SECOND)}
        chains[SOURCE].locked_amounts[position.id] = collateral
        for d in deployments:
            chains[d.chain].gates[d.key] = GateState(0, 0, 0, 0)
        return cls(position, deployments, chains)

    @property
    def positions(self) -> Sequence[Position]:
        return (self.position,)

    def opened(self, index: int, store: SafetyStore, log: Any) -> list[OpenChain]:
        """All members share the chains."""
        return [
            OpenChain(
                name,
                chain,
                (self.position,) if name == SOURCE else (),
                tuple(d for d in self.deployments if d.chain == name),
            )
            for name, chain in self.chains.items()
        ]

    def params(self, sizes: tuple[int, int], members: tuple[bytes, ...], slot: int, genesis: int) -> Params:
        """`sizes`: faulty, threshold."""
        faulty, threshold = sizes
        route = RouteParams(
            keccak256(b"usd"),
            "usd",
            6,
            (PositionParams(self.position.id, SOURCE, 6),),
            tuple(DeploymentParams(d.domain, d.chain, 6, 1, 600, 2**128 - 1) for d in self.deployments),
        )
        return Params(b"c" * 32, b"g" * 32, 0, 1, faulty, threshold, members, genesis, slot, 0, 60, slot, 1, (route,))


@dataclass
class Member:
    """One member's parts."""

    index: int
    machine: Machine
    runtime: Runtime
    store: SafetyStore
    bus: Bus
    readings: Readings
    submitter: Submitter
    chains: list[OpenChain]
    known: list[tuple[Certified, CertifiedRound]]
    task: "asyncio.Task[None] | None" = None


@dataclass
class Members(Generic[G]):
    """All members with what they share."""

    params: Params
    public: PublicKeyPackage
    keys: list[KeystoreContents]
    world: G
    directory: Path
    nats_url: str
    clock: Clock = time.time

    @contextlib.asynccontextmanager
    async def member(self, index: int, log: Any = None) -> AsyncIterator[Member]:
        """Member `index`, running; restarted from its store when it has run before."""
        log = log or structlog.get_logger().bind(member=index)
        async with contextlib.AsyncExitStack() as stack:
            member = await self._build(index, stack, log)
            member.task = asyncio.create_task(member.runtime.run(member.known))
            tasks = [member.task, *(asyncio.create_task(_settle(c, log)) for c in member.chains)]
            try:
                yield member
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _build(self, index: int, stack: contextlib.AsyncExitStack, log: Any) -> Member:
        contents, params = self.keys[index], self.params
        binding = Binding(params.group, index, contents.verify_key)
        file = self.directory / f"member-{index}.db"
        url = f"sqlite:///{file}"
        store = SafetyStore.open(url, binding) if file.exists() else SafetyStore.create(url, binding)
        stack.callback(store.close)
        blobs = BlobCache(store.blob)
        groups: dict[int, GroupKey] = {1: self.public.group}
        judge = Judge({params.config_id: params}, checks(groups, {p.id: p for p in self.world.positions}))
        known = outstanding(store, judge, blobs)
        signing: SigningKey = contents.signing_key
        machine = Machine(
            index,
            lambda _: params,
            contents.share(1),
            lambda data: signing.sign(data).signature,
            os.urandom,
            restored(store, judge, blobs, None, known),
        )
        chains = self.world.opened(index, store, log)
        readings = Readings(chains, store, blobs, log, 5.0)
        stack.push_async_callback(readings.close)
        patient = NatsOptions((self.nats_url,), start_seconds=int(PATIENCE), connect_seconds=int(PATIENCE))
        transport = await NatsTransport.connect(patient, log)
        stack.push_async_callback(transport.close)
        bus = await stack.enter_async_context(
            Bus(
                transport,
                signing,
                [k.signing_key.verify_key for k in self.keys],
                index,
                params.group,
                Limits(limits(params.n, 16)),
                lambda: time.time_ns() // 1000,
                int.from_bytes(os.urandom(8), "big"),
            )
        )
        metrics = Metrics()
        targets = {d.key: Target(d, c.chain) for c in chains for d in c.deployments}
        submitter = Submitter(targets, readings.gates, lambda k: (index - k) % params.n, 0.05, log, metrics.submission)
        stack.push_async_callback(submitter.close)
        runtime = Runtime(
            machine,
            lambda _: params,
            judge,
            bus,
            store,
            blobs,
            readings,
            submitter,
            self.clock,
            log,
            metrics,
            1 << 22,
            lambda: prune(store),
        )
        return Member(index, machine, runtime, store, bus, readings, submitter, chains, known)


Committee = Members[World]


async def _settle(c: OpenChain, log: Any) -> None:
    """As the daemon does, only more often."""
    while True:
        try:
            await c.chain.settle()
        except ChainError as error:
            log.warning("settle.failed", chain=c.name, why=str(error))
        await asyncio.sleep(SETTLE_SECONDS)


def committee(
    directory: Path, nats_url: str, n: int, faulty: int, threshold: int, slot: int = 2, clock: Clock = time.time
) -> Committee:
    """A committee whose genesis is now."""
    public, keys = deal_committee([f"m{i}" for i in range(n)], threshold, "devnet", 1, os.urandom)
    world = World.make(1_000_000_000, clock)
    members = tuple(k.verify_key for k in keys)
    params = world.params((faulty, threshold), members, slot, int(clock()) - 10 * slot)
    return Committee(params, public, keys, world, directory, nats_url, clock)


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits for `condition`; fails only when the whole patience is gone."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in many objects
            await asyncio.sleep(0.02)
