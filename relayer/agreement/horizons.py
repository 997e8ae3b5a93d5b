"""Horizons: a time per chain that no round reads behind, so that time never runs backwards between certificates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from relayer.agreement.bundle import Bundle
from relayer.agreement.disagreement import HEADER, Item, Verdict, judge
from relayer.agreement.observation import ChainReading, GateKey, GateReading, PositionReading
from relayer.agreement.params import Params


@dataclass(frozen=True)
class ChainView:
    """One chain as a round sees it: its horizon, and by member what is neither an outlier's nor older than that.

    A chain with fewer than t such readings is unreadable: it has none at all and keeps its old horizon.
    """

    chain: str
    horizon: int
    times: Mapping[int, int] = field(default_factory=dict)
    positions: Mapping[bytes, Mapping[int, PositionReading]] = field(default_factory=dict)
    gates: Mapping[GateKey, Mapping[int, GateReading]] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=lambda: Verdict(frozenset(), frozenset()))

    @property
    def readable(self) -> bool:
        return bool(self.times)

    def split(self, item: Item) -> bool:
        """Whether two groups stand against each other about `item`, or about the chain's very blocks."""
        return item in self.verdict.split or HEADER in self.verdict.split


def raised(reported: Iterable[int], times: Sequence[int], params: Params) -> int:
    """The chain's new horizon: the greatest of those in the `reported` certificates and of the (f+1)-th smallest of
    the observed `times`, less W."""
    return max([*reported, sorted(times)[params.faulty] - params.staleness, 0])


def counts(time: int, horizon: int) -> bool:
    """Whether a reading of this time is present: one older than the horizon could miss what books no longer hold."""
    return time >= horizon


def enough(count: int, params: Params) -> bool:
    """Whether `count` readings carry a claim: t of them share an honest member with every earlier quorum."""
    return count >= params.threshold


def view(chain: str, bundle: Bundle, params: Params, tolerance: Callable[[bytes], int]) -> ChainView:
    """The chain as this round sees it."""
    reported = [c.books.horizon(chain) for c in bundle.certificates]
    old = max(reported, default=0)
    every = {o.member: r for o in bundle.observations if (r := o.reading(chain))}
    verdict = judge(every, params.faulty, tolerance)
    sound = {m: r for m, r in every.items() if m not in verdict.outliers}
    if not enough(len(sound), params):
        return ChainView(chain, old, verdict=verdict)
    horizon = raised(reported, [r.time for r in sound.values()], params)
    kept = {m: r for m, r in sound.items() if counts(r.time, horizon)}
    if not enough(len(kept), params):
        return ChainView(chain, old, verdict=verdict)
    return _indexed(chain, horizon, kept, verdict)


def _indexed(chain: str, horizon: int, kept: Mapping[int, ChainReading], verdict: Verdict) -> ChainView:
    positions: dict[bytes, dict[int, PositionReading]] = {}
    gates: dict[GateKey, dict[int, GateReading]] = {}
    for member, reading in kept.items():
        for position in reading.positions:
            positions.setdefault(position.position, {})[member] = position
        for gate in reading.gates:
            gates.setdefault(gate.key, {})[member] = gate
    return ChainView(chain, horizon, {m: r.time for m, r in kept.items()}, positions, gates, verdict)
