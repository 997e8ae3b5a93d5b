"""What a transaction bids for each compute unit, within the configured cap. Pure. All in micro-lamports per unit."""

from collections.abc import Sequence

from chains.solana.options import MemberOptions

_LEAST_STEP = 1_000


def of_slots(fees: Sequence[int]) -> int:
    """What to bid, of what the recent slots took: the median, the higher of two. 0 where none is known."""
    return sorted(fees)[len(fees) // 2] if fees else 0


def of_endpoints(bids: Sequence[int], q: int) -> int:
    """The q-th lowest of at least q answers: fewer than q endpoints cannot make it higher than an honest one says."""
    return sorted(bids)[q - 1]


def first(recent: int, options: MemberOptions) -> int:
    """The first bid, for `recent` as the endpoints tell it."""
    return min(max(recent, options.priority_fee), options.max_priority_fee)


def again(before: int, recent: int, options: MemberOptions) -> int:
    """The bid after one of `before` that was not executed in time: half more at least, where the cap lets it."""
    return min(max(first(recent, options), before + max(-(-before // 2), _LEAST_STEP)), options.max_priority_fee)
