"""The messages and queries of a cw20 contract that Ballast uses, in JSON. Source: the cw20 specification of CosmWasm
(cw-plus, packages/cw20).

Addresses are texts in Bech32, amounts base units below 2**128. Raises `EncodingError` for other amounts.
"""

import base64
from collections.abc import Mapping

from chains.cosmos.messages import Message, encoded
from chains.wire import EncodingError


def instantiate(name: str, symbol: str, decimals: int, minter: str, balances: Mapping[str, int]) -> Message:
    """The message that makes a cw20-base token whose `minter` may mint without a limit."""
    held = [{"address": address, "amount": _amount(amount)} for address, amount in balances.items()]
    may = {"minter": minter, "cap": None}
    return {"name": name, "symbol": symbol, "decimals": decimals, "initial_balances": held, "mint": may}


def transfer(to: str, amount: int) -> Message:
    return {"transfer": {"recipient": to, "amount": _amount(amount)}}


def send(contract: str, amount: int, message: Message) -> Message:
    """Gives `amount` to a contract together with a message, which the contract receives as `receive`."""
    told = base64.b64encode(encoded(message)).decode("ascii")
    return {"send": {"contract": contract, "amount": _amount(amount), "msg": told}}


def increase_allowance(spender: str, amount: int) -> Message:
    return {"increase_allowance": {"spender": spender, "amount": _amount(amount), "expires": None}}


def mint(to: str, amount: int) -> Message:
    return {"mint": {"recipient": to, "amount": _amount(amount)}}


def burn(amount: int) -> Message:
    return {"burn": {"amount": _amount(amount)}}


def update_minter(to: str) -> Message:
    return {"update_minter": {"new_minter": to}}


def balance(holder: str) -> Message:
    """The query; answered with {"balance": amount}."""
    return {"balance": {"address": holder}}


def token_info() -> Message:
    """The query; answered with name, symbol, decimals and total_supply."""
    return {"token_info": {}}


def minter() -> Message:
    """The query; answered with {"minter": address, "cap": amount or null}, or null."""
    return {"minter": {}}


def _amount(value: int) -> str:
    if not 0 <= value < 1 << 128:
        raise EncodingError(f"an amount of {value} does not fit 128 bits")
    return str(value)
