"""The configuration as the agreement's rules and the chains' families see it, in canonical order."""

from typing import TYPE_CHECKING

from chains import types as chain_types
from chains.caip import AccountId, AssetId
from chains.encoding import route_id
from chains.errors import ProofError
from chains.registry import family
from relayer.agreement.params import DeploymentParams, Params, PositionParams, RouteParams

if TYPE_CHECKING:
    from relayer.config.committee import Committee, Deployment, Route


def positions(committee: "Committee") -> dict[str, tuple[chain_types.Position, ...]]:
    """Every position, by the CAIP-2 id of its chain."""
    found: dict[str, list[chain_types.Position]] = {name: [] for name in sorted(committee.chains)}
    for route in _routes(committee):
        for position in _positions(route):
            found[position.chain].append(position)
    return {chain: tuple(of_chain) for chain, of_chain in found.items()}


def deployments(committee: "Committee") -> dict[str, tuple[chain_types.Deployment, ...]]:
    """Every deployment, by the CAIP-2 id of its chain."""
    found: dict[str, list[chain_types.Deployment]] = {name: [] for name in sorted(committee.chains)}
    for route in _routes(committee):
        for _, deployment in _deployments(route):
            found[deployment.chain].append(deployment)
    return {chain: tuple(of_chain) for chain, of_chain in found.items()}


def params(committee: "Committee") -> Params:
    """The parameters of the rules."""
    return Params(
        config_id=committee.config_id,
        group=committee.group,
        from_round=committee.from_round,
        epoch=committee.epoch,
        faulty=committee.faulty,
        threshold=committee.threshold,
        members=tuple(bytes.fromhex(member.identity) for member in committee.members),
        genesis=committee.genesis,
        slot=committee.slot,
        skew=committee.skew,
        staleness=committee.staleness,
        heartbeat=committee.heartbeat,
        turns=committee.turns,
        routes=tuple(_route_params(route) for route in _routes(committee)),
    )


def _routes(committee: "Committee") -> list["Route"]:
    return sorted(committee.routes, key=lambda route: route.name)


def _positions(route: "Route") -> list[chain_types.Position]:
    positions = [
        chain_types.Position(AccountId.parse(p.account), AssetId.parse(p.asset), p.decimals, p.options)
        for p in route.positions
    ]
    return sorted(positions, key=lambda p: (str(p.account), str(p.asset)))


def _deployments(route: "Route") -> list[tuple["Deployment", chain_types.Deployment]]:
    of_route = route_id(route.name)
    ordered = sorted(route.deployments, key=lambda d: (d.gate, d.token))
    return [
        (d, chain_types.Deployment(AccountId.parse(d.gate), AssetId.parse(d.token), d.decimals, of_route, d.options))
        for d in ordered
    ]


def _proven(position: chain_types.Position) -> bool:
    """Whether readings of the position must carry a proof: its family refuses an empty one."""
    nowhere = chain_types.Checkpoint(position.chain, 0, bytes(32), 0)
    try:
        family(position.account.chain.namespace).check_proof(position, nowhere, 0, b"")
    except ProofError:
        return True
    return False


def _route_params(route: "Route") -> RouteParams:
    return RouteParams(
        id=route_id(route.name),
        name=route.name,
        decimals=route.decimals,
        positions=tuple(
            PositionParams(id=p.id, chain=p.chain, decimals=p.decimals, proven=_proven(p)) for p in _positions(route)
        ),
        deployments=tuple(
            DeploymentParams(
                domain=deployment.domain,
                chain=deployment.chain,
                decimals=deployment.decimals,
                weight=0 if setting.retired else setting.weight,
                lease=setting.lease,
                cap_limit=family(deployment.gate.chain.namespace).cap_limit(),
                retired=setting.retired,
            )
            for setting, deployment in _deployments(route)
        ),
        margin=route.margin,
        margin_bps=route.margin_bps,
        slack_bps=route.slack_bps,
        demand_bps=route.demand_bps,
        deviation_bps=route.deviation_bps,
        low_water_bps=route.low_water_bps,
        tolerance=route.tolerance,
        grace=route.grace,
    )
