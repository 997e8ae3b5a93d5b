"""What a round claims of collateral and supply: order statistics that f liars cannot move past every honest reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relayer.agreement.horizons import ChainView, enough
from relayer.agreement.observation import GateKey
from relayer.agreement.params import Params, RouteParams
from relayer.agreement.units import U256_MAX, floored


def low(values: Sequence[int], params: Params) -> int:
    """The (f+1)-th smallest: no greater than some honest value."""
    return sorted(values)[params.faulty]


def high(values: Sequence[int], params: Params) -> int:
    """The (f+1)-th largest: no smaller than some honest value."""
    return sorted(values, reverse=True)[params.faulty]


@dataclass(frozen=True, slots=True)
class Collateral:
    """The route's collateral in route units, floored. `oldest` is the (f+1)-th smallest of the observers' oldest
    checkpoint times, `newest` the (f+1)-th largest of their newest ones."""

    amount: int
    oldest: int
    newest: int


def collateral(route: RouteParams, views: Mapping[str, ChainView], params: Params) -> Collateral | None:
    """The (f+1)-th smallest of the observers' sums; None where fewer than t observers read every position, or where
    the committee is split about one."""
    sources = [views[chain] for chain in route.source_chains]
    if any(views[p.chain].split(p.id) for p in route.positions):
        return None
    observers = set.intersection(*(set(s.times) for s in sources)) if sources else set()
    for p in route.positions:
        observers &= views[p.chain].positions.get(p.id, {}).keys()
    if not enough(len(observers), params):
        return None
    amount = observed_sum(route, views, observers, params)
    times = [[s.times[m] for s in sources] for m in observers]
    return Collateral(amount, low([min(ts) for ts in times], params), high([max(ts) for ts in times], params))


def observed_sum(route: RouteParams, views: Mapping[str, ChainView], observers: set[int], params: Params) -> int:
    """The (f+1)-th smallest of the sums, each over one observer's own readings: a coin on the move between positions
    is in no observer's sum twice, but could be in a sum of order statistics taken position by position."""
    sums = [
        sum(floored(views[p.chain].positions[p.id][member].floor, p.decimals, route.decimals) for p in route.positions)
        for member in observers
    ]
    return min(low(sums, params), U256_MAX)


def readers(gate: GateKey, chain: str, views: Mapping[str, ChainView], params: Params) -> tuple[int, ...] | None:
    """The members that read the gate at a checkpoint that counts; None when they are fewer than t or split."""
    view = views[chain]
    gates = view.gates.get(gate, {})
    if not enough(len(gates), params) or view.split(gate):
        return None
    return tuple(sorted(gates))
