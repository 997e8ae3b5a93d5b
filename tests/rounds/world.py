"""One source chain and two destination chains with their whole history, read at grid heights like real ones.

Time is the run's virtual clock; a chain's height is its time. A mint above the cap is refused; `over_minted` says
whether the destinations ever held more than the vault.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chains.encoding import MintCap, domain_id, route_id
from chains.hashing import keccak256
from chains.wire import ZERO32
from relayer.agreement.observation import ChainReading, GateReading, PositionReading
from relayer.agreement.params import DeploymentParams, Params, PositionParams, RouteParams

SOURCE = "eip155:1"
DESTINATIONS = ("eip155:2", "eip155:3")
GENESIS = 1_000_000
STRIDE = 5
FINALITY = 5
ROUTE = route_id("wrapped")
VAULT = keccak256(b"eip155:1:0xvault eip155:1/erc20:0xtoken")
GATES = {chain: domain_id(f"{chain}:0xgate") for chain in DESTINATIONS}
LEASE, SLOT, SKEW = 600, 30, 2

T = TypeVar("T")


def configured(members: tuple[bytes, ...], faulty: int, threshold: int, **changes: object) -> Params:
    """The committee's configuration; `changes` replaces fields of `Params`."""
    deployments = tuple(DeploymentParams(GATES[c], c, 0, 1, LEASE, 1 << 128) for c in DESTINATIONS)
    route = RouteParams(ROUTE, "wrapped", 0, (PositionParams(VAULT, SOURCE, 0),), deployments)
    base = Params(
        config_id=keccak256(b"first"),
        group=bytes(32),
        from_round=0,
        epoch=1,
        faulty=faulty,
        threshold=threshold,
        members=members,
        genesis=GENESIS,
        slot=SLOT,
        skew=SKEW,
        staleness=60,
        heartbeat=120,
        turns=3,
        routes=(route,),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Gate:
    supply: int = 0
    round: int = 0
    cap: int = 0
    expires_at: int = 0


@dataclass
class World:
    """Everything outside the committee."""

    vault: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 1_000)])
    gates: dict[str, list[tuple[float, Gate]]] = field(
        default_factory=lambda: {chain: [(0.0, Gate())] for chain in DESTINATIONS}
    )
    over_minted: bool = False

    def hold(self, now: float, amount: int) -> None:
        """The vault holds `amount` from now on."""
        self.vault.append((now, amount))

    def gate(self, chain: str) -> Gate:
        return self.gates[chain][-1][1]

    def submit(self, now: float, chain: str, leaf: MintCap, round_: int) -> bool:
        """Whether the gate takes the statement."""
        gate = self.gate(chain)
        if round_ <= gate.round or leaf.expires_at <= now or leaf.domain != GATES[chain]:
            return False
        self._set(now, chain, replace(gate, round=round_, cap=leaf.mint_cap, expires_at=leaf.expires_at))
        return True

    def mint(self, now: float, chain: str, amount: int) -> bool:
        """Whether the mint goes through: under a live statement, up to its cap."""
        gate = self.gate(chain)
        if gate.expires_at <= now or gate.supply + amount > gate.cap:
            return False
        self._set(now, chain, replace(gate, supply=gate.supply + amount))
        return True

    def mint_all(self, now: float, chain: str) -> int:
        """Mints as much as the gate allows; how much."""
        gate = self.gate(chain)
        free = max(0, gate.cap - gate.supply) if gate.expires_at > now else 0
        self._set(now, chain, replace(gate, supply=gate.supply + free))
        return free

    def redeem(self, now: float, chain: str, amount: int) -> None:
        gate = self.gate(chain)
        self._set(now, chain, replace(gate, supply=gate.supply - amount, cap=max(0, gate.cap - amount)))

    def _set(self, now: float, chain: str, gate: Gate) -> None:
        self.gates[chain].append((now, gate))
        self.over_minted |= sum(self.gate(c).supply for c in DESTINATIONS) > self.vault[-1][1]

    def finalized(self, now: float) -> int:
        """The newest grid height that is final."""
        return int(now - FINALITY) // STRIDE * STRIDE

    def read(self, chain: str, height: int) -> ChainReading:
        """All of the chain at `height`, as every honest member reads it."""
        block_hash = keccak256(f"{chain} {height}".encode())
        if chain == SOURCE:
            held = _at(self.vault, height)
            return ChainReading(chain, height, block_hash, height, (PositionReading(VAULT, held, held, ZERO32),), ())
        gate = _at(self.gates[chain], height)
        reading = GateReading(GATES[chain], ROUTE, gate.supply, gate.round, gate.cap)
        return ChainReading(chain, height, block_hash, height, (), (reading,))

    def read_all(self, now: float) -> tuple[ChainReading, ...]:
        height = self.finalized(now)
        return tuple(self.read(chain, height) for chain in (SOURCE, *DESTINATIONS))


def _at(history: list[tuple[float, T]], time: float) -> T:
    """What held at `time`: changes at that very second count."""
    return history[bisect_right(history, time, key=lambda change: change[0]) - 1][1]
