"""What a collateral position holds, judged from proven entries. Pure. Nothing here is ever taken for a zero, except a
balance that is proven to be absent where its denomination, or its token with the pinned code, is proven to exist."""

from chains.cosmos import contracts, plan, stores
from chains.cosmos.addresses import denomination
from chains.cosmos.findings import Finding
from chains.cosmos.options import PositionOptions
from chains.cosmos.plan import Facts
from chains.errors import ProofError
from chains.types import Position


def held(position: Position, facts: Facts) -> tuple[int, list[Finding]]:
    """What the position holds, in base units, and all that is wrong; with a finding, the amount means nothing. `facts`
    has an answer for each entry of the position's plan."""
    options = position.options
    assert isinstance(options, PositionOptions)
    denom, found = denomination(position.asset), list[Finding]()
    if options.vault_checksum is not None:
        pins = {"vault_checksum": options.vault_checksum}
        found += contracts.unlike_pins("the vault", position.account.address, facts, pins)
    try:
        amount = _token(position, options, facts, found) if denom is None else _bank(position, denom, facts, found)
    except ProofError as error:
        return 0, [*found, Finding(f"{position.asset}: {error}")]
    return amount, found


def _bank(position: Position, denom: str, facts: Facts, found: list[Finding]) -> int:
    supply = facts[plan.supply(denom)]
    if supply is None:
        # The bank keeps neither zeros nor a list of what denominations there could be.
        found.append(Finding(f"there is no denomination {denom} on {position.chain}: nobody holds any"))
        return 0
    stores.amount(supply, denom)
    balance = facts[plan.balance(position)]
    return 0 if balance is None else stores.amount(balance, denom)


def _token(position: Position, options: PositionOptions, facts: Facts, found: list[Finding]) -> int:
    token = position.asset.asset
    pins = {"checksum": options.checksum, "admin": options.admin}
    found += contracts.unlike_pins("the token", token, facts, pins)
    info = facts[plan.token_info(token)]
    if info is None:
        found.append(Finding(f"the token: the contract {token} keeps no token_info, so it is no cw20-base token"))
        return 0
    _, decimals = stores.cw20_supply(info)
    if decimals != position.decimals:
        found.append(Finding(f"decimals: {position.decimals} is declared, the token {token} has {decimals}"))
    balance = facts[plan.balance(position)]
    return 0 if balance is None else stores.uint128(balance)
