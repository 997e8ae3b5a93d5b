"""Rules for endpoints that lie about what there is on a local chain (`chains.cosmos.misbehaviour`)."""

from typing import Any

from chains.cosmos import state, stores
from chains.cosmos.addresses import account_bytes, denomination
from chains.cosmos.misbehaviour import Rule
from chains.types import Deployment, Position

CAP = 9
"""Where in a statement's record the cap stands."""


def of_position(position: Position, **changes: Any) -> Rule:
    """Alters what a position holds, such as `add=1`."""
    holder, denom = position.account.address, denomination(position.asset)
    if denom is not None:
        key = stores.balance_key(account_bytes(holder), denom)
        return Rule(store=stores.BANK, key=key.hex(), **changes)
    key = stores.cw20_balance_key(account_bytes(position.asset.asset), holder)
    return Rule(store=stores.WASM, key=key.hex(), **changes)


def of_issue(position: Position, **changes: Any) -> Rule:
    """Alters how much there is of a position's denomination."""
    denom = denomination(position.asset)
    assert denom is not None
    return Rule(store=stores.BANK, key=stores.supply_key(denom).hex(), **changes)


def of_supply(deployment: Deployment, add: int) -> Rule:
    """Alters how much there is of a wrapped token."""
    key = stores.cw20_supply_key(account_bytes(deployment.token.asset))
    return Rule(store=stores.WASM, key=key.hex(), field="total_supply", add=add)


def of_cap(deployment: Deployment, add: int) -> Rule:
    """Alters the cap that a gate records."""
    key = state.key(account_bytes(deployment.gate.address), state.STATEMENT, deployment.route)
    return Rule(store=stores.WASM, key=key.hex(), offset=CAP, add=add)


def of_route(deployment: Deployment, value: str | None) -> Rule:
    """Puts another record of the route, in base64, in the place of a gate's; None: there is no such route."""
    key = state.key(account_bytes(deployment.gate.address), state.GATE, deployment.route)
    return Rule(store=stores.WASM, key=key.hex(), result=value)


def of_proof(height: int | None = None, op: int = 0) -> Rule:
    """Flips a bit of one of the two proofs of every value."""
    return Rule(method="abci_query", at=("response", "proofOps", "ops", op, "data"), flip="base64", height=height)


def of_header(field: str, height: int | None = None) -> Rule:
    """Flips a bit of a hash in a header, such as app_hash."""
    return Rule(method="commit", at=("signed_header", "header", field), flip="hex", height=height)


def of_commit(height: int | None = None, vote: int = 0) -> Rule:
    """Flips a bit of a vote's signature."""
    at = ("signed_header", "commit", "signatures", vote, "signature")
    return Rule(method="commit", at=at, flip="base64", height=height)


def of_height(add: int) -> Rule:
    """Tells a newest height that is none."""
    return Rule(method="status", at=("sync_info", "latest_block_height"), add=add)
