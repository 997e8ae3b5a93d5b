"""What a deployment says, judged from its accounts: program, route account, committee account, mint. Pure."""

from collections.abc import Iterator

from chains.caip import CaipError
from chains.solana import addresses
from chains.solana.findings import Finding, foreign, missing, unlike
from chains.solana.options import NOBODY, DeploymentOptions
from chains.solana.plan import Accounts
from chains.solana.program_data import ProgramData, ProgramError, decode_program, decode_program_data
from chains.solana.rpc import Account
from chains.solana.state import Committee, Route, StateError
from chains.solana.tokens import Mint, TokenError, decode_mint
from chains.types import Deployment, GateState


def state(deployment: Deployment, accounts: Accounts, code_hash: str | None) -> tuple[GateState | None, list[Finding]]:
    """The gate's state, and all that is wrong; with a finding the state means nothing. `code_hash` is that of the
    program's code, None where there is no program data to be hashed."""
    options = deployment.options
    assert isinstance(options, DeploymentOptions)
    found = list(_program(accounts, options, code_hash))
    found += _committee(deployment, accounts, options)
    route = _route(deployment, accounts, options, found)
    mint = _mint(deployment, accounts, options, found)
    if route is None or mint is None:
        return None, found
    # The issuer hands the mint over once the gate has taken a first statement, which proves that it works; from then on
    # the gate must be the only one who mints. Before, it mints nothing.
    if mint.authority != deployment.gate.address and route.round > 0:
        found.append(
            Finding(f"another mint authority: {deployment.token.asset} is minted by {mint.authority}, not by the gate")
        )
    return GateState(mint.supply, route.round, route.cap, route.expires_at), found


def program_data(accounts: Accounts, program: str) -> ProgramData | None:
    """The head of the program's data account: slot and upgrade authority; None where it is none."""
    address = addresses.program_data_address(program)
    account = accounts.get(address)
    if account is None or account.owner != addresses.UPGRADEABLE_LOADER:
        return None
    try:
        return decode_program_data(account.data)
    except ProgramError:
        return None


def _program(accounts: Accounts, options: DeploymentOptions, code_hash: str | None) -> Iterator[Finding]:
    address, loader = options.program, addresses.UPGRADEABLE_LOADER
    account = accounts.get(address)
    if account is None:
        yield missing("the program", address)
        return
    if account.owner != loader:
        yield foreign("the program", address, account.owner, loader)
        return
    try:
        leads_to = decode_program(account.data)
    except ProgramError as error:
        yield Finding(f"the program {address}: {error}")
        return
    head = program_data(accounts, address)
    if not account.executable or leads_to != addresses.program_data_address(address) or head is None:
        yield Finding(f"the program {address} is not deployed, or was closed")
        return
    yield from unlike("upgrade_authority", head.upgrade_authority, _holder(options.upgrade_authority))
    yield from unlike("program_hash", code_hash, options.program_hash)


def _route(
    deployment: Deployment, accounts: Accounts, options: DeploymentOptions, found: list[Finding]
) -> Route | None:
    gate, mint = deployment.gate.address, deployment.token.asset
    expected = addresses.route_address(options.program, mint)
    if gate != expected:
        found.append(Finding(f"the gate of the mint {mint} in the program {options.program} is {expected}, not {gate}"))
        return None
    account = _own("the gate", gate, accounts, options, found)
    if account is None:
        return None
    try:
        route = Route.decode(account.data)
    except StateError as error:
        found.append(Finding(f"the gate {gate}: {error}"))
        return None
    says = {
        "domain": (route.domain.hex(), deployment.domain.hex()),
        "route": (route.route.hex(), deployment.route.hex()),
        "mint": (route.mint, mint),
        "token_program": (route.token_program, options.token_program),
    }
    for name, (actual, configured) in says.items():
        if actual != configured:
            found.append(Finding(f"the gate's {name} is {actual}, configured is {configured}"))
    return route


def _committee(deployment: Deployment, accounts: Accounts, options: DeploymentOptions) -> list[Finding]:
    found = list[Finding]()
    address, reference = addresses.committee_address(options.program), deployment.gate.chain.reference
    account = _own("the committee account", address, accounts, options, found)
    if account is None:
        return found
    try:
        committee = Committee.decode(account.data)
        if committee.reference != reference:
            return [Finding(f"the committee account is one of solana:{committee.reference}, not of solana:{reference}")]
        if committee.domain != addresses.domain(reference, address):
            return [Finding(f"the domain in the committee account {address} is not its own")]
    except (StateError, CaipError) as error:
        return [Finding(f"the committee account {address}: {error}")]
    return []


def _mint(deployment: Deployment, accounts: Accounts, options: DeploymentOptions, found: list[Finding]) -> Mint | None:
    address = deployment.token.asset
    account = accounts.get(address)
    if account is None or account.owner != options.token_program:
        found.append(
            missing("the mint", address)
            if account is None
            else foreign("the mint", address, account.owner, options.token_program)
        )
        return None
    try:
        mint = decode_mint(account.data, options.token_program)
    except TokenError as error:
        found.append(Finding(f"the mint {address}: {error}"))
        return None
    if mint.decimals != deployment.decimals:
        found.append(Finding(f"decimals: {deployment.decimals} is declared, the mint {address} has {mint.decimals}"))
    if mint.refused_extensions:
        found.append(Finding(f"the mint {address} has refused extensions: {', '.join(mint.refused_extensions)}"))
    found += unlike("freeze_authority", mint.freeze_authority, _holder(options.freeze_authority))
    return mint


def _own(
    what: str, address: str, accounts: Accounts, options: DeploymentOptions, found: list[Finding]
) -> Account | None:
    account = accounts.get(address)
    if account is None:
        found.append(missing(what, address))
    elif account.owner != options.program:
        found.append(foreign(what, address, account.owner, options.program))
        return None
    return account


def _holder(setting: str) -> str | None:
    return None if setting == NOBODY else setting
