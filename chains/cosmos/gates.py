"""What a deployment says, judged from proven entries: the gate contract, its route, the wrapped token. Pure."""

from chains.cosmos import contracts, plan, protobuf, state, stores
from chains.cosmos.addresses import denomination
from chains.cosmos.findings import Finding
from chains.cosmos.options import DeploymentOptions
from chains.cosmos.plan import Facts
from chains.cosmos.protobuf import Kind
from chains.cosmos.state import Statement, Token, TokenKind
from chains.errors import ProofError
from chains.types import Deployment, GateState

_AUTHORITY: dict[int, Kind] = {1: "message"}
_ADMIN: dict[int, Kind] = {1: "bytes"}


def read(deployment: Deployment, facts: Facts) -> tuple[GateState | None, list[Finding]]:
    """The gate's state, and all that is wrong; with a finding the state means nothing. `facts` has an answer for each
    question of the deployment's plan."""
    options, gate, found = deployment.options, deployment.gate.address, list[Finding]()
    assert isinstance(options, DeploymentOptions)
    pins = {"checksum": options.checksum, "admin": options.admin}
    found += contracts.unlike_pins("the gate", gate, facts, pins)
    try:
        said = _statement(deployment, facts, found)
        supply, authority = _token(deployment, options, facts, found)
    except ProofError as error:
        return None, [*found, Finding(f"the gate {gate}, {deployment.token}: {error}")]
    if said is None or supply is None:
        return None, found
    # The issuer hands the token over once the gate has taken a first statement, which proves that it works; from then
    # on the gate must be the only one who mints. Before, it mints nothing.
    if said.round > 0 and authority != gate:
        found.append(Finding(f"another minter: {deployment.token} is minted by {authority or 'nobody'}, not by {gate}"))
    return GateState(supply, said.round, said.cap, said.expires_at), found


def token_of(deployment: Deployment) -> Token:
    """The configured token, as the gate's record names it."""
    denom = denomination(deployment.token)
    return Token(TokenKind.CW20, deployment.token.asset) if denom is None else Token(TokenKind.DENOM, denom)


def _statement(deployment: Deployment, facts: Facts, found: list[Finding]) -> Statement | None:
    gate, route = deployment.gate.address, deployment.route.hex()
    record, said = facts[plan.gate_record(deployment)], facts[plan.statement(deployment)]
    if record is None or said is None:
        found.append(Finding(f"the gate: no route {route} is registered in the contract {gate}"))
        return None
    actual, configured = state.gate(record).token, token_of(deployment)
    if actual != configured:
        found.append(
            Finding(
                f"the gate's token: the route {route} of {gate} mints the {actual.kind.name.lower()} {actual.name}, "
                f"configured is the {configured.kind.name.lower()} {configured.name}"
            )
        )
    return state.statement(said)


def _token(
    deployment: Deployment, options: DeploymentOptions, facts: Facts, found: list[Finding]
) -> tuple[int | None, str | None]:
    # The supply, and who may mint.
    denom, token = denomination(deployment.token), deployment.token.asset
    if denom is not None:
        value = facts[plan.supply(denom)]
        # The bank keeps no zeros, and that the denomination exists is what the gate's own record of it says.
        return 0 if value is None else stores.amount(value, denom), _admin(deployment, denom, facts)
    pins = {"token_checksum": options.token_checksum, "token_admin": options.token_admin}
    found += contracts.unlike_pins("the token", token, facts, pins)
    info = facts[plan.token_info(token)]
    if info is None:
        found.append(Finding(f"the token: the contract {token} keeps no token_info, so it is no cw20-base token"))
        return None, None
    supply, decimals = stores.cw20_supply(info)
    if decimals != deployment.decimals:
        found.append(Finding(f"decimals: {deployment.decimals} is declared, the token {token} has {decimals}"))
    return supply, stores.cw20_minter(info)


def _admin(deployment: Deployment, denom: str, facts: Facts) -> str | None:
    query = plan.denomination_authority(deployment.gate.address, denom, facts)
    if query is None:
        raise ProofError("the contract knows no token factory, which alone could make the denomination")
    answer = facts[query]
    if answer is None:
        raise ProofError(f"the chain does not answer {query.path}, so that it is unknown who mints the denomination")
    metadata = protobuf.decode(answer, "denomination's authority", _AUTHORITY).required(1)
    return protobuf.decode(metadata, "denomination's authority", _ADMIN).text(1) or None
