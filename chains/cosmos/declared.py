"""What the configuration says about positions and deployments that cannot be, whatever the chain holds. Pure.

An address is written under its chain's prefix: under another one it may well name an account, on another chain.
"""

from collections.abc import Iterator

from chains.caip import CaipError
from chains.cosmos.addresses import account_bytes, denomination, prefix, reference
from chains.cosmos.options import NOBODY, ChainOptions, DeploymentOptions, PositionOptions
from chains.cosmos.stores import CONTRACT_BYTES
from chains.types import ChainSetup, Deployment, Position


def findings(setup: ChainSetup, chain: ChainOptions) -> list[str]:
    """All that is wrong, one sentence each."""
    found = list[str]()
    if reference(chain.chain_id) != setup.chain.reference:
        found.append(f"chain_id: {chain.chain_id!r} is cosmos:{reference(chain.chain_id)}, not {setup.chain}")
    for position in setup.positions:
        name = f"{position.account} {position.asset}"
        found += [f"{name}: {text}" for text in of_position(position, chain.prefix)]
    for deployment in setup.deployments:
        name = f"{deployment.gate} {deployment.token}"
        found += [f"{name}: {text}" for text in of_deployment(deployment, chain.prefix)]
    return list(dict.fromkeys(found))


def of_position(position: Position, expected: str) -> Iterator[str]:
    """What is wrong with a position on a chain with this prefix."""
    options = position.options
    if not isinstance(options, PositionOptions):
        yield "options of another family"
        return
    yield from _account("the account", position.account.address, expected, options.vault_checksum is not None)
    pins = {"checksum": options.checksum, "admin": options.admin}
    if denomination(position.asset) is None:
        yield from _account("the token", position.asset.asset, expected, contract=True)
        yield from _pinned(pins, expected)
    else:
        yield from _unpinned(pins)


def of_deployment(deployment: Deployment, expected: str) -> Iterator[str]:
    """What is wrong with a deployment on a chain with this prefix."""
    options = deployment.options
    if not isinstance(options, DeploymentOptions):
        yield "options of another family"
        return
    yield from _account("the gate", deployment.gate.address, expected, contract=True)
    yield from _pinned({"checksum": options.checksum, "admin": options.admin}, expected)
    pins = {"token_checksum": options.token_checksum, "token_admin": options.token_admin}
    if denomination(deployment.token) is None:
        yield from _account("the token", deployment.token.asset, expected, contract=True)
        yield from _pinned(pins, expected)
    else:
        yield from _unpinned(pins)


def _account(what: str, address: str, expected: str, contract: bool) -> Iterator[str]:
    try:
        found, size = prefix(address), len(account_bytes(address))
    except CaipError as error:
        yield f"{what}: {error}"
        return
    if found != expected:
        yield f"{what} {address} has the prefix {found!r}, addresses of this chain have {expected!r}"
    if contract and size != CONTRACT_BYTES:
        yield f"{what} {address} is an account of {size} bytes, a contract has {CONTRACT_BYTES}"


def _pinned(pins: dict[str, str | None], expected: str) -> Iterator[str]:
    for setting, value in pins.items():
        if value is None:
            yield f"{setting} is missing; without it the contract could be replaced by any other"
        elif setting.endswith("admin") and value != NOBODY:
            yield from _account(setting, value, expected, contract=False)


def _unpinned(pins: dict[str, str | None]) -> Iterator[str]:
    for setting, value in pins.items():
        if value is not None:
            yield f"{setting}: a denomination of the bank has no contract"
