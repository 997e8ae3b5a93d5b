"""Reading all chains for a round: finalized checkpoints, positions with their windows, gates.

What cannot be read is absent from the reading, and said in the log; it is never a zero.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chains.errors import ChainError, Unreadable
from chains.types import Chain, Checkpoint, Deployment, GateState, Log, Position
from chains.wire import ZERO32, EncodingError, Writer
from relayer.agreement import window
from relayer.agreement.observation import ChainReading, GateKey, GateReading, PositionReading
from relayer.agreement.params import Params
from relayer.daemon.blobs import BlobCache

KEPT = 32
PRUNED_EVERY = 64


class Past(Protocol):
    """What a position held at an earlier checkpoint: base units, and the chain's time."""

    @property
    def time(self) -> int: ...

    @property
    def amount(self) -> int: ...


class History(Protocol):
    """The readings of the past that windows need; the safety store keeps them."""

    def record_reading(self, position: bytes, time: int, amount: int) -> None: ...

    def readings(self, position: bytes, since: int) -> Sequence[Past]:
        """In the order of reading, from the last one at or before `since` on."""
        ...

    def prune_readings(self, before: int) -> None:
        """Forgets what no `readings(position, since)` with `since >= before` returns."""
        ...


@dataclass(frozen=True, slots=True)
class OpenChain:
    """A chain with what this committee has on it."""

    name: str
    chain: Chain
    positions: tuple[Position, ...]
    deployments: tuple[Deployment, ...]


class Readings:
    """Reads, remembers what was read at which checkpoint, and says how each chain fares."""

    def __init__(
        self,
        chains: Sequence[OpenChain],
        history: History,
        blobs: BlobCache,
        log: Log,
        deadline: float,
        ahead: Sequence[Params] = (),
    ) -> None:
        """`ahead`: configurations that come into force later, whose windows begin to be filled now."""
        self._chains = {c.name: c for c in chains}
        self._ahead = tuple(ahead)
        self._history = history
        self._blobs = blobs
        self._log = log
        self._deadline = deadline
        self._known: dict[tuple[str, int], ChainReading] = {}
        self._recorded = 0
        self.troubles: dict[str, str] = {}
        self.gates: dict[GateKey, tuple[Checkpoint, GateState]] = {}
        self.latest: dict[str, ChainReading] = {}

    async def read(self, params: Params) -> tuple[ChainReading, ...]:
        """Every chain that can be read now, at its newest finalized checkpoint, in the order of their names. Of each
        only what `params` names: an observation that holds anything else is invalid under its configuration."""
        found = await asyncio.gather(*(self._newest(c) for c in self._chains.values()))
        readings = {reading.chain: reading for reading in found if reading is not None}
        self.latest = readings
        self._record(readings, params)
        windowed = self._windowed(_named(readings, params), params)
        for reading in windowed.values():
            self._remember(reading)
        return tuple(windowed[name] for name in sorted(windowed))

    async def _newest(self, c: OpenChain) -> ChainReading | None:
        try:
            async with asyncio.timeout(self._deadline):
                at = await c.chain.finalized()
                reading, gates = await self._at(c, at)
        except (ChainError, TimeoutError, EncodingError) as error:
            text = str(error) or f"no answer within {self._deadline:g} s"
            if self.troubles.get(c.name) != text:
                self._log.warning("chain.unreadable", chain=c.name, why=text)
            self.troubles[c.name] = text
            return None
        self.gates |= {key: (at, state) for key, state in gates.items()}
        if absent := _absent(c, reading):
            self.troubles[c.name] = f"at block {at.height} nothing is known of {', '.join(absent)}"
        elif c.name in self.troubles:
            self._log.info("chain.readable", chain=c.name, height=at.height)
            del self.troubles[c.name]
        return reading

    async def _at(self, c: OpenChain, at: Checkpoint) -> tuple[ChainReading, dict[GateKey, GateState]]:
        locked, states = await asyncio.gather(
            c.chain.locked(c.positions, at) if c.positions else _nothing(),
            c.chain.deployments(c.deployments, at) if c.deployments else _nothing(),
        )
        positions = []
        for p, found in zip(c.positions, locked, strict=True):
            if isinstance(found, Unreadable):
                self._tell_absent(c.name, str(p.account), found)
            else:
                proof = self._blobs.put(found.proof) if found.proof else ZERO32
                positions.append(PositionReading(p.id, found.amount, found.amount, proof))
        gates: dict[GateKey, GateState] = {}
        for d, state in zip(c.deployments, states, strict=True):
            if isinstance(state, Unreadable):
                self._tell_absent(c.name, str(d.gate), state)
            else:
                gates[d.key] = state
        reading = ChainReading(
            c.name,
            at.height,
            at.block_hash,
            at.time,
            tuple(sorted(positions, key=lambda p: p.position)),
            tuple(GateReading(*key, gates[key].supply, gates[key].round, gates[key].cap) for key in sorted(gates)),
        )
        reading.encode(Writer())  # a figure that no observation can hold is no reading
        return reading, gates

    def _tell_absent(self, chain: str, what: str, error: Unreadable) -> None:
        self._log.warning("reading.absent", chain=chain, account=what, why=str(error))

    def _record(self, readings: Mapping[str, ChainReading], params: Params) -> None:
        """Adds to the windows, those of configurations to come included."""
        moving = {
            p.id: p for c in (*self._ahead, params) for r in c.routes if len(r.source_chains) > 1 for p in r.positions
        }
        for p in moving.values():
            if p.chain in readings and (seen := readings[p.chain].position(p.id)):
                self._history.record_reading(p.id, readings[p.chain].time, seen.amount)
        chains = {p.chain for p in moving.values()}
        if not chains or not chains <= readings.keys():
            return
        self._recorded += 1
        if self._recorded % PRUNED_EVERY == 0:
            # Checkpoints never go back, so no window will reach back further than today's longest.
            longest = max(c.staleness for c in (*self._ahead, params))
            self._history.prune_readings(min(readings[chain].time for chain in chains) - longest)

    def _windowed(self, readings: Mapping[str, ChainReading], params: Params) -> dict[str, ChainReading]:
        """Coins on the move between chains must not count twice: for routes with positions on several chains, each
        position counts at its least reading since W before the oldest checkpoint; without that much history the
        position is absent, which abstains for the route."""
        floors: dict[bytes, int | None] = {}
        for route in params.routes:
            if len(route.source_chains) > 1:
                here = [readings[chain] for chain in route.source_chains if chain in readings]
                oldest = min((r.time for r in here), default=0)
                for p in route.positions:
                    if p.chain in readings and readings[p.chain].position(p.id):
                        complete = len(here) == len(route.source_chains)
                        past = self._history.readings(p.id, oldest - params.staleness)
                        history = [(one.time, one.amount) for one in past]
                        floors[p.id] = window.floor(history, oldest, params.staleness) if complete else None
        return {name: _floored(reading, floors) for name, reading in readings.items()}

    def _remember(self, reading: ChainReading) -> None:
        self._known[reading.chain, reading.height] = reading
        while len(self._known) > KEPT * max(1, len(self._chains)):
            del self._known[next(iter(self._known))]

    async def own(self, named: Sequence[ChainReading], deadline: float) -> dict[tuple[str, int], ChainReading]:
        """This member's readings at the checkpoints that others `named`: those it has, and those it can still make
        within `deadline` seconds."""
        wanted: dict[tuple[str, int], ChainReading] = {}
        for theirs in named:
            if (theirs.chain, theirs.height) not in self._known and theirs.chain in self._chains:
                wanted.setdefault((theirs.chain, theirs.height), theirs)
        await asyncio.gather(*(self._again(theirs, deadline) for theirs in wanted.values()))
        keys = {(theirs.chain, theirs.height) for theirs in named}
        return {key: self._known[key] for key in keys if key in self._known}

    async def _again(self, theirs: ChainReading, deadline: float) -> None:
        at = Checkpoint(theirs.chain, theirs.height, theirs.block_hash, theirs.time)
        with contextlib.suppress(ChainError, TimeoutError, EncodingError):
            async with asyncio.timeout(deadline):
                reading, _ = await self._at(self._chains[theirs.chain], at)
                self._remember(reading)

    async def close(self) -> None:
        await asyncio.gather(*(c.chain.close() for c in self._chains.values()), return_exceptions=True)


async def _nothing() -> tuple[()]:
    return ()


def _absent(c: OpenChain, reading: ChainReading) -> list[str]:
    """The positions and gates that the reading lacks, as an operator knows them."""
    lacking = [str(p.account) for p in c.positions if not reading.position(p.id)]
    return lacking + [str(d.gate) for d in c.deployments if not reading.gate(d.key)]


def _named(readings: Mapping[str, ChainReading], params: Params) -> dict[str, ChainReading]:
    """The readings without what `params` does not name."""
    positions = {p.id for r in params.routes for p in r.positions}
    chains = {p.chain for r in params.routes for p in r.positions} | params.destination_chains
    return {
        name: replace(
            reading,
            positions=tuple(p for p in reading.positions if p.position in positions),
            gates=tuple(g for g in reading.gates if g.key in params.gates),
        )
        for name, reading in readings.items()
        if name in chains
    }


def _floored(reading: ChainReading, floors: Mapping[bytes, int | None]) -> ChainReading:
    kept = []
    for p in reading.positions:
        floor = floors.get(p.position, p.amount)
        if floor is not None:
            kept.append(replace(p, floor=min(floor, p.amount)))
    return replace(reading, positions=tuple(kept))
