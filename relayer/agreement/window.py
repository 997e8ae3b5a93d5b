"""What a moving position counts as, for one observer: the least it held while coins could be on their way.

Where a route's positions lie on several chains, each at its own checkpoint, a coin that has left one position after its
checkpoint may already have reached another one. So what came to a position after the time of the observer's oldest
checkpoint, less W for the difference of the chains' clocks, does not count (design, section 4, "Claims").
"""

from collections.abc import Sequence
from itertools import pairwise


def floor(history: Sequence[tuple[int, int]], oldest: int, staleness: int) -> int | None:
    """The least amount among an observer's readings of one position from the last one at or before
    `oldest - staleness` up to its checkpoint; None where the history does not reach back that far, or has a gap of
    more than `staleness` in which coins could have gone and come back: then the observer abstains for the route.

    `history` is (chain time, amount in base units) in the order of reading, the checkpoint's own last; `oldest` is the
    time of the observer's oldest collateral checkpoint. See docs/adr/0002-window-readings.md.
    """
    reaching = [i for i, (time, _) in enumerate(history) if time <= oldest - staleness]
    if not reaching:
        return None
    counted = history[reaching[-1] :]
    if any(later - earlier > staleness for (earlier, _), (later, _) in pairwise(counted)):
        return None
    return min(amount for _, amount in counted)
