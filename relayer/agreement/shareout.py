"""How free room is shared out among destinations. Policy only: whatever it answers, the cap rule decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relayer.agreement.params import DeploymentParams, RouteParams
from relayer.agreement.units import share_floored


@dataclass(frozen=True, slots=True)
class Request:
    """All in route units. `active` are the deployments that may get a cap; `ceilings` holds one mapping per world,
    over every destination that counts; `demand` is each destination's recent growth."""

    route: RouteParams
    active: tuple[DeploymentParams, ...]
    ceilings: Sequence[Mapping[bytes, int]]
    supplies: Mapping[bytes, int]
    demand: Mapping[bytes, int]
    allotted: int


def share_out(request: Request) -> dict[bytes, int]:
    """Caps for the active deployments.

    Each one's target is its supply plus its share of the free room. A target below the ceiling lowers the cap at once;
    what lies above it is granted only out of room that no ceiling holds any more, so headroom moves in two steps: down
    here first, then up there.
    """
    targets = _targets(request)
    least = {d.domain: min(world[d.domain] for world in request.ceilings) for d in request.active}
    raises = {domain: max(0, target - least[domain]) for domain, target in targets.items()}
    room = max(0, min(request.allotted - sum(world.values()) for world in request.ceilings))
    wanted = sum(raises.values())
    if wanted > room:
        raises = {domain: wish * room // wanted for domain, wish in raises.items()}
    return {domain: min(target, least[domain] + raises[domain]) for domain, target in targets.items()}


def _targets(request: Request) -> dict[bytes, int]:
    active = {d.domain for d in request.active}
    held = sum(
        request.supplies[domain] if domain in active else max(world[domain] for world in request.ceilings)
        for domain in request.ceilings[0]
    )
    free = max(0, request.allotted - held)
    demand = sum(request.demand[domain] for domain in active)
    by_demand = share_floored(free, request.route.demand_bps) if demand else 0
    weights = sum(d.weight for d in request.active)
    targets = {}
    for d in request.active:
        share = (free - by_demand) * d.weight // weights if weights else 0
        share += by_demand * request.demand[d.domain] // demand if demand else 0
        targets[d.domain] = request.supplies[d.domain] + share
    return targets
