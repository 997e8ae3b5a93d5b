"""Toy chains for the agreement's simulation: blocks of positions and gates, and nothing else of a chain.

A block's height is its place in the list; several blocks may share one second. Amounts are whole route units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chains.encoding import MintCap
from chains.hashing import keccak256
from relayer.agreement.observation import ChainReading, GateReading, PositionReading

WRAPPED = keccak256(b"wrapped")
"""The one route of the simulation."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What every family's gate keeps of one route, and when it takes a statement or mints."""

    supply: int = 0
    round: int = 0
    cap: int = 0
    expires_at: int = 0

    def took(self, leaf: MintCap, round_: int, time: int) -> "Gate":
        """The gate after a statement: itself where it refuses."""
        if round_ <= self.round or not live(leaf.expires_at, time):
            return self
        return replace(self, round=round_, cap=leaf.mint_cap, expires_at=leaf.expires_at)

    def minted(self, time: int) -> "Gate":
        """As much as the cap allows."""
        if not live(self.expires_at, time) or self.supply >= self.cap:
            return self
        return replace(self, supply=self.cap)

    def redeemed(self, amount: int) -> "Gate":
        """Burned through the gate, which lowers its cap."""
        return replace(self, supply=self.supply - amount, cap=max(0, self.cap - amount))

    def burned(self, amount: int) -> "Gate":
        """Burned past the gate: the cap stays."""
        return replace(self, supply=self.supply - amount)


def live(expires_at: int, time: int) -> bool:
    """Whether a gate acts on a statement at its own block's time: strictly before its expiry."""
    return time < expires_at


@dataclass(frozen=True, slots=True)
class Block:
    time: int
    positions: Mapping[bytes, int] = field(default_factory=dict)
    gates: Mapping[bytes, Gate] = field(default_factory=dict)


class Chain:
    """Every block is final at once; how far a reader lags is the reader's matter."""

    def __init__(self, name: str, genesis: Block) -> None:
        self.name = name
        self.blocks = [genesis]

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def at(self, time: int) -> int:
        """The height of the last block no later than `time`; the genesis block where there is none."""
        height = len(self.blocks) - 1
        while height and self.blocks[height].time > time:
            height -= 1
        return height

    def tick(self, time: int) -> None:
        self.blocks.append(replace(self.head, time=time))

    def hold(self, time: int, position: bytes, amount: int) -> None:
        self.blocks.append(Block(time, {**self.head.positions, position: amount}, self.head.gates))

    def set(self, time: int, domain: bytes, gate: Gate) -> None:
        self.blocks.append(Block(time, self.head.positions, {**self.head.gates, domain: gate}))

    def read(self, height: int, floors: Mapping[bytes, int]) -> ChainReading:
        """An honest reading; only positions with a floor are in it."""
        block = self.blocks[height]
        return ChainReading(
            self.name,
            height,
            keccak256(f"{self.name}/{height}".encode()),
            block.time,
            tuple(
                PositionReading(p, a, floors[p], bytes(32)) for p, a in sorted(block.positions.items()) if p in floors
            ),
            tuple(GateReading(d, WRAPPED, g.supply, g.round, g.cap) for d, g in sorted(block.gates.items())),
        )
