"""Conversions between base units of an asset and route units. Integers only; the caller chooses the safe direction."""

U256_MAX = (1 << 256) - 1


def floored(amount: int, decimals: int, to: int) -> int:
    """`amount` with `decimals` decimals, in units of `to` decimals, rounded down: for collateral and for caps."""
    if to >= decimals:
        return int(amount * 10 ** (to - decimals))
    return int(amount // 10 ** (decimals - to))


def ceiled(amount: int, decimals: int, to: int) -> int:
    """`amount` with `decimals` decimals, in units of `to` decimals, rounded up: for supply and for ceilings."""
    return -floored(-amount, decimals, to)


def share_floored(amount: int, bps: int) -> int:
    """`bps` ten-thousandths of `amount`, rounded down."""
    return amount * bps // 10_000


def share_ceiled(amount: int, bps: int) -> int:
    """`bps` ten-thousandths of `amount`, rounded up."""
    return -(-amount * bps // 10_000)
