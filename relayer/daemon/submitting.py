"""Bringing statements to the gates: only where they change something that matters, the members in staggered turns.

A duplicate costs nothing but a read: whoever comes later finds the gate's round already there.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chains.encoding import Certificate, MintCap, Tree, submission
from chains.errors import ChainError
from chains.types import Chain, Checkpoint, Deployment, GateState, Log
from relayer.agreement.books import Books
from relayer.agreement.observation import GateKey
from relayer.agreement.params import Params, RouteParams
from relayer.store.errors import StoreError

Granted = tuple[tuple[int, int], ...]
"""Round and expiry of each earlier statement with a cap above 0 that may be in force at a gate, or come to be."""


def matters(
    leaf: MintCap, gate: GateState, chain_time: int, lease: int, route: RouteParams, granted: Granted = ()
) -> bool:
    """Whether the gate should get `leaf`: a first cap, a cap moved beyond the deviation or from or to 0, or a lease of
    which half has passed. A cap of 0 is not renewed: a gate without a live statement refuses all the same. But the gate
    is seen at finality, and may have taken any of the `granted` since."""
    if leaf.mint_cap == 0:
        live = gate.cap > 0 and gate.expires_at > chain_time
        return live or any(k > gate.round and expires_at > chain_time for k, expires_at in granted)
    if gate.cap == 0 or gate.expires_at - chain_time < lease / 2:
        return True
    return abs(leaf.mint_cap - gate.cap) * 10_000 > gate.cap * route.deviation_bps


@dataclass(frozen=True, slots=True)
class Target:
    """A deployment with the chain that it is on, where this member pays for transactions."""

    deployment: Deployment
    chain: Chain


@dataclass(frozen=True, slots=True)
class Job:
    """One statement for one gate, ready to be sent."""

    round: int
    leaf: MintCap
    raw: bytes
    granted: Granted = ()

    @property
    def gate(self) -> GateKey:
        return self.leaf.domain, self.leaf.route


def jobs(certificate: Certificate, leaves: tuple[MintCap, ...], books: Books) -> list[Job]:
    """Each statement of a certified round as its gate takes it; `books` are those that the round was computed from."""
    tree = Tree(leaves)
    found = []
    for leaf in leaves:
        encoded = leaf.encode()
        raw = submission(encoded, tree.branch(encoded), certificate)
        found.append(Job(certificate.header.round, leaf, raw, _granted(books, leaf)))
    return found


def _granted(books: Books, leaf: MintCap) -> Granted:
    return tuple(
        (round_, e.expires_at)
        for round_, alternatives in books.route(leaf.route).rounds
        for e in {e for alternative in alternatives for e in alternative}
        if e.domain == leaf.domain and e.cap
    )


class Submitter:
    """One worker per gate and route, always on its newest statement. `turn(round)` is this member's place, from 0."""

    def __init__(
        self,
        targets: Mapping[GateKey, Target],
        gates: Mapping[GateKey, tuple[Checkpoint, GateState]],
        turn: Callable[[int], int],
        stagger: float,
        log: Log,
        count: Callable[[str, str], None],
    ) -> None:
        self._targets = targets
        self._gates = gates
        self._turn = turn
        self._stagger = stagger
        self._log = log
        self._count = count
        self._work: dict[GateKey, asyncio.Task[None]] = {}
        self._told: dict[GateKey, str] = {}
        self.newest: dict[GateKey, Job] = {}

    def offer(self, found: list[Job], params: Params) -> None:
        """The statements of a new certificate. Each takes the place of an older one that has not been sent yet."""
        for job in found:
            newest = self.newest.get(job.gate)
            if newest is not None and newest.round >= job.round:
                continue
            self.newest[job.gate] = job
            if job.gate in self._targets:
                if (old := self._work.get(job.gate)) is not None:
                    old.cancel()
                self._work[job.gate] = asyncio.get_running_loop().create_task(self._bring(job, params))

    async def _bring(self, job: Job, params: Params) -> None:
        """In turn, and for as long as it is the newest statement: until the gate is seen to have it, at finality, or it
        expires. What does not matter yet may do so later: leases run down, and finality shows what has landed."""
        target = self._targets[job.gate]
        route = params.route(job.leaf.route)
        lease = next((d.lease for d in route.deployments if d.domain == job.leaf.domain), 0) if route else 0
        await asyncio.sleep(self._turn(job.round) * self._stagger)
        while route is not None:
            at, gate = self._gates.get(job.gate, (None, None))
            if at is None or gate is None:
                wanted = job.leaf.mint_cap == 0  # nothing is known of the gate: only what stops mints goes out blindly
            elif gate.round >= job.round or job.leaf.expires_at <= at.time:
                return
            else:
                wanted = matters(job.leaf, gate, at.time, lease, route, job.granted)
            if wanted:
                await self._send(job, target)
            await asyncio.sleep(params.n * self._stagger)

    async def _send(self, job: Job, target: Target) -> None:
        gate = str(target.deployment.gate)
        key = f"{job.leaf.domain.hex()}:{job.leaf.route.hex()}:{job.round}"
        try:
            receipt = await target.chain.submit(target.deployment, job.raw, key)
        except ChainError as error:
            self._count(target.deployment.chain, "failed")
            self._log.warning("submit.failed", gate=gate, round=job.round, why=str(error))
            return
        except StoreError:
            raise  # it takes nothing any more, and the rounds stop with it
        except Exception as error:  # a fault of one chain's client must not end the work for this gate
            self._count(target.deployment.chain, "failed")
            self._log.error("submit.broken", gate=gate, round=job.round, why=f"{type(error).__name__}: {error}")
            return
        if receipt is None:
            self._count(target.deployment.chain, "duplicate")
            self._log.debug("submit.there", gate=gate, round=job.round)
        elif receipt.transaction == self._told.get(job.gate):
            return  # executed and told before; it is only not seen at finality yet
        elif receipt.ok:
            self._told[job.gate] = receipt.transaction
            self._count(target.deployment.chain, "landed")
            self._log.info(
                "submit.landed",
                gate=gate,
                round=job.round,
                cap=str(job.leaf.mint_cap),
                transaction=receipt.transaction,
                cost=receipt.cost,
            )
        else:
            self._told[job.gate] = receipt.transaction
            self._count(target.deployment.chain, "refused")
            self._log.warning(
                "submit.refused", gate=gate, round=job.round, why=receipt.error, transaction=receipt.transaction
            )

    async def close(self) -> None:
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)
