"""The cap rule, the one thing that stands between the committee and an over-mint."""

from collections.abc import Mapping, Sequence


def allowed(ceilings: Sequence[Mapping[bytes, int]], caps: Mapping[bytes, int], backing: int) -> bool:
    """Whether the new `caps` may be granted: in every world, the sum over all destinations of the greater of ceiling
    and new cap is at most `backing` (collateral less margin). All in route units.

    There is no exception for renewing what is already reserved; only caps of 0 are always allowed.
    """
    return not any(caps.values()) or fits(ceilings, caps, backing)


def fits(ceilings: Sequence[Mapping[bytes, int]], caps: Mapping[bytes, int], backing: int) -> bool:
    """Whether `backing` holds what is reserved in every world, with `caps` granted as well."""
    return all(reserved(world, caps) <= backing for world in ceilings)


def reserved(ceilings: Mapping[bytes, int], caps: Mapping[bytes, int]) -> int:
    """What all destinations of one world together may reach. A cap for a destination without a ceiling counts too."""
    return sum(max(ceilings.get(d, 0), caps.get(d, 0)) for d in ceilings.keys() | caps.keys())
