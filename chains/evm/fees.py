"""What a transaction bids (EIP-1559), within the configured cap. Pure."""

from dataclasses import dataclass

from chains.evm.options import MemberOptions


@dataclass(frozen=True, slots=True)
class Bid:
    """Wei per gas: the most that is paid, and the tip that is part of it."""

    max_fee: int
    tip: int


def first(base_fee: int, options: MemberOptions) -> Bid | None:
    """Twice the base fee plus the tip, so that six full blocks in a row do not overtake it; cut down to the cap. None
    while the cap does not even cover the next block's base fee."""
    if base_fee + base_fee // 8 + 1 > options.max_fee_per_gas:
        return None
    max_fee = min(2 * base_fee + options.priority_fee_per_gas, options.max_fee_per_gas)
    return Bid(max_fee, min(options.priority_fee_per_gas, max_fee))


def bumped(bid: Bid, base_fee: int, options: MemberOptions) -> Bid | None:
    """A bid that nodes accept in place of `bid`: both fees at least an eighth higher. None where the cap forbids it."""
    least = Bid(_eighth_more(bid.max_fee), _eighth_more(bid.tip))
    if least.max_fee > options.max_fee_per_gas:
        return None
    wanted = 2 * base_fee + least.tip
    max_fee = min(max(least.max_fee, wanted), options.max_fee_per_gas)
    return Bid(max_fee, min(least.tip, max_fee))


def _eighth_more(fee: int) -> int:
    return fee + max(1, -(-fee // 8))
