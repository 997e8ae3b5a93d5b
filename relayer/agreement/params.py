"""The committee's shared configuration as the rules see it: frozen, checked elsewhere, named by `config_id`.

Amounts are route units unless a name says otherwise; times and spans are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from relayer.agreement.units import share_ceiled, share_floored


@dataclass(frozen=True, slots=True)
class PositionParams:
    """A collateral position: its 32-byte id, its CAIP-2 chain, its asset's decimals, and whether a proof must come
    with each reading."""

    id: bytes
    chain: str
    decimals: int
    proven: bool = False


@dataclass(frozen=True, slots=True)
class DeploymentParams:
    """A wrapped token on one chain. `cap_limit` (base units) is the greatest cap that its gate can store. A retired
    deployment gets no cap above 0 any more, but counts until its supply is 0 and no entry names it."""

    domain: bytes
    chain: str
    decimals: int
    weight: int
    lease: int
    cap_limit: int
    retired: bool = False


@dataclass(frozen=True, slots=True)
class RouteParams:
    """One wrapped asset.

    `margin` and `margin_bps` are kept back from the collateral (both added), `slack_bps` of the rest is left
    unallotted; `demand_bps` of the free room follows recent demand, the rest the weights. `deviation_bps` is what
    counts as a change, `low_water_bps` the share of a cap below which headroom is low. `tolerance` (route units) is
    how far two readings of one checkpoint may differ; `grace` (seconds) holds zero caps back in an apparent deficit.
    """

    id: bytes
    name: str
    decimals: int
    positions: tuple[PositionParams, ...]
    deployments: tuple[DeploymentParams, ...]
    margin: int = 0
    margin_bps: int = 0
    slack_bps: int = 0
    demand_bps: int = 0
    deviation_bps: int = 100
    low_water_bps: int = 1000
    tolerance: int = 0
    grace: int = 0

    def backing(self, collateral: int) -> int:
        """Collateral less margin: what all destinations together may ever hold; at least 0."""
        return max(0, collateral - self.margin - share_ceiled(collateral, self.margin_bps))

    def allotted(self, collateral: int) -> int:
        """The part of `backing` that is handed out as caps; the slack stays."""
        backing = self.backing(collateral)
        return backing - share_floored(backing, self.slack_bps)

    def gate(self, deployment: DeploymentParams) -> tuple[bytes, bytes]:
        """Domain and route: what names one of the route's deployments among all routes."""
        return deployment.domain, self.id

    @property
    def source_chains(self) -> tuple[str, ...]:
        return tuple(sorted({p.chain for p in self.positions}))


@dataclass(frozen=True)
class Params:
    """Everything shared that the rules depend on. Two members with equal `config_id` have equal `Params`.

    `members` are the Ed25519 identity keys (32 bytes each) in order: member i leads round k when i = k mod n.
    `staleness` is W of the design; `turns` is b: a route that was left out calls only every b-th turn of the leaders.
    """

    config_id: bytes
    group: bytes
    from_round: int
    epoch: int
    faulty: int
    threshold: int
    members: tuple[bytes, ...]
    genesis: int
    slot: int
    skew: int
    staleness: int
    heartbeat: int
    turns: int
    routes: tuple[RouteParams, ...]
    _by_route: Mapping[bytes, RouteParams] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_route", {route.id: route for route in self.routes})

    @property
    def n(self) -> int:
        return len(self.members)

    def route(self, route: bytes) -> RouteParams | None:
        return self._by_route.get(route)

    def leader(self, round_: int) -> int:
        """The index of the one leader of `round_`."""
        return round_ % self.n

    def begins(self, round_: int) -> int:
        """The Unix second at which the slot of `round_` begins."""
        return self.genesis + round_ * self.slot

    def slot_at(self, now: float) -> int:
        """The round whose slot holds the clock reading `now`."""
        return int((now - self.genesis) // self.slot)

    @cached_property
    def longest_lease(self) -> int:
        return max((d.lease for route in self.routes for d in route.deployments), default=0)

    @cached_property
    def gates(self) -> Mapping[tuple[bytes, bytes], str]:
        """The chain of every deployment, by domain and route."""
        return {route.gate(d): d.chain for route in self.routes for d in route.deployments}

    @cached_property
    def destination_chains(self) -> frozenset[str]:
        return frozenset(d.chain for route in self.routes for d in route.deployments)


def violations(n: int, faulty: int, threshold: int) -> list[str]:
    """What makes (n, f, t) unsafe or dead, one sentence each; empty when sound (design, section 4)."""
    found = []
    if faulty < 0 or n < 3 * faulty + 1:
        found.append(f"n >= 3f + 1 must hold: n = {n}, f = {faulty}")
    if 2 * threshold - n <= faulty:
        found.append(f"2t - n > f must hold, or two quorums could share no honest member: t = {threshold}, n = {n}")
    if threshold > n - faulty:
        found.append(f"t <= n - f must hold, or f silent members could stop every round: t = {threshold}, n = {n}")
    return found
