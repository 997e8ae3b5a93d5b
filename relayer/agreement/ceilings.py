"""Ceilings: the greatest supply that a destination may have or still reach under any statement outstanding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from relayer.agreement.books import Alternative
from relayer.agreement.claims import high
from relayer.agreement.ledger import Rounds
from relayer.agreement.params import Params

MAX_WORLDS = 64

World = Sequence[tuple[int, Alternative]]


@dataclass(frozen=True, slots=True)
class GateView:
    """What one observer saw of a destination, in route units (ceiled): the clock and the supply are of one moment."""

    time: int
    supply: int
    round: int
    cap: int


def worlds(rounds: Rounds) -> list[World]:
    """Every choice of one alternative per round. Above `MAX_WORLDS`, one world that counts every alternative."""
    if prod(len(alternatives) for alternatives in rounds.values()) > MAX_WORLDS:
        return [[(k, a) for k, alternatives in rounds.items() for a in alternatives]]
    return [list(zip(rounds, choice, strict=True)) for choice in product(*rounds.values())]


def in_force(expires_at: int, time: int) -> bool:
    """Whether a gate that reads the clock `time` takes a statement, or mints under it: strictly before its expiry."""
    return expires_at > time


def seen_by(gate: GateView, domain: bytes, world: World) -> int:
    """The destination's ceiling for one observer: its supply, or the greatest cap that the gate may still come to
    hold. For the statement that the observer saw active, the gate's own, possibly lowered, cap counts."""
    greatest = gate.supply
    for round_, alternative in world:
        if round_ >= gate.round:
            for entry in alternative:
                if entry.domain == domain and in_force(entry.expires_at, gate.time):
                    cap = min(entry.cap, gate.cap) if round_ == gate.round else entry.cap
                    greatest = max(greatest, cap)
    return greatest


def ceiling(domain: bytes, gates: Sequence[GateView], world: World, params: Params) -> int:
    """The (f+1)-th largest of the observers' ceilings, in route units. Most observers saw the very same."""
    held = [(round_, tuple(e for e in alternative if e.domain == domain)) for round_, alternative in world]
    seen = {gate: seen_by(gate, domain, held) for gate in set(gates)}
    return high([seen[gate] for gate in gates], params)


def ceilings(views: Mapping[bytes, Sequence[GateView]], rounds: Rounds, params: Params) -> list[dict[bytes, int]]:
    """One mapping of ceilings by destination for each world, over the destinations that could be read."""
    return [{d: ceiling(d, gates, world, params) for d, gates in views.items()} for world in worlds(rounds)]
