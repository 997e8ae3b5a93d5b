"""What a unit of gas is paid with. Pure, and exact: prices are fractions, fees are rounded up.

A price is written as chains write it, "0.025uatom": base units of a denomination for one unit of gas.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from chains.cosmos.options import MemberOptions
from chains.errors import Refused

_COIN = re.compile(r"(0|[1-9][0-9]{0,77})(\.[0-9]{1,18})?([a-zA-Z][a-zA-Z0-9/:._-]{2,127})")
_REQUIRED = re.compile(r"required: ?(\S+)")


@dataclass(frozen=True, slots=True)
class Price:
    """Base units of `denomination` for one unit of gas."""

    amount: Fraction
    denomination: str

    def fee(self, gas: int) -> int:
        """Base units, rounded up."""
        return fee(self.amount, gas)


def fee(price: Fraction, gas: int) -> int:
    """Base units for a limit of `gas`, rounded up."""
    return -(-price.numerator * gas // price.denominator)


def coins(text: str) -> dict[str, Fraction] | None:
    """Amounts by denomination of a list such as "0.025uatom,0.1uosmo"; None for what is no such list."""
    found = dict[str, Fraction]()
    for part in text.split(",") if text else ():
        match = _COIN.fullmatch(part)
        if match is None:
            return None
        found[match[3]] = Fraction(match[1] + (match[2] or ""))
    return found


def price(text: str) -> Price:
    """Of one coin. Raises `ValueError`."""
    found = coins(text)
    if found is None or len(found) != 1:
        raise ValueError(f"{text!r} is no price, such as 0.025uatom")
    ((denomination, amount),) = found.items()
    return Price(amount, denomination)


def required(log: str) -> dict[str, Fraction]:
    """What a node that refuses a transaction asks for instead, by denomination, for the whole transaction; empty where
    it does not say. Source: Cosmos SDK, x/auth/ante, "insufficient fees; got: X required: Y"."""
    match = _REQUIRED.search(log)
    return {} if match is None else coins(match[1].rstrip(":;.")) or {}


def asked_for(told: Sequence[dict[str, Fraction]], denomination: str, q: int) -> Fraction | None:
    """What to pay for a transaction that at least q endpoints refuse: the q-th lowest, since fewer than q of them
    cannot make that higher than an honest one says. None where fewer than q ask for anything in `denomination`."""
    wanted = sorted(each[denomination] for each in told if denomination in each)
    return wanted[q - 1] if len(wanted) >= q else None


def configured(options: MemberOptions) -> Price:
    """Raises `Refused` where no price is configured."""
    if options.gas_price is None:
        raise Refused('gas_price is missing: without it nothing can be submitted; set it, such as "0.025uatom"')
    return price(options.gas_price)


def most(options: MemberOptions) -> Fraction:
    """The highest price, in the denomination of the configured one."""
    least = configured(options).amount
    return least if options.max_gas_price is None else Fraction(options.max_gas_price)


def again(before: Fraction, options: MemberOptions) -> Fraction:
    """The price after one of `before` that no block took in time: half more, where that is allowed."""
    return min(max(configured(options).amount, before * Fraction(3, 2)), most(options))
