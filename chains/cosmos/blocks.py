"""A block and its successor, which says what the block led to: the pure rule of succession.

The state after block h is in the app hash of header h + 1, and the validators who sign block h + 1 are in header h.
So a header that somebody believes is enough to judge its successor, and all that is stored at its height.
"""

from dataclasses import dataclass, replace
from typing import Self

from chains.cosmos.headers import Header
from chains.cosmos.light import LightBlock, LightOptions, Trusted, verify, verify_before
from chains.errors import ProofError
from chains.types import Checkpoint

SECOND = 10**9
"""In nanoseconds, of which the times in headers are."""

# The rule is about two blocks, and about no clock: nothing expires, and nothing is from the future.
_TIMELESS = LightOptions("-", period=1 << 80, drift=1)


@dataclass(frozen=True, slots=True)
class Anchored:
    """The header of height h and its successor, as `follows` demands it. Raises `ProofError` for any others."""

    header: Header
    child: LightBlock

    def __post_init__(self) -> None:
        follows(self.header, self.child)

    @property
    def app_hash(self) -> bytes:
        """The root of the state after block h."""
        return self.child.header.app_hash

    @property
    def spread(self) -> int:
        """By how many seconds, rounded up, the state may be newer than the checkpoint's time."""
        return -(-self.child.header.time // SECOND) - self.header.time // SECOND

    def checkpoint(self, chain: str) -> Checkpoint:
        """The checkpoint of block h on `chain` (CAIP-2); its time in whole seconds, rounded down."""
        return _checkpoint(chain, self.header)

    @classmethod
    def at(cls, at: Checkpoint, header: Header, child: LightBlock) -> Self:
        """The two blocks at a checkpoint. Raises `ProofError` if `header` is not of its hash, height and time."""
        if _checkpoint(at.chain, header) != at:
            raise ProofError(f"height {at.height}: the header is not the checkpoint's")
        return cls(header, child)


def _checkpoint(chain: str, header: Header) -> Checkpoint:
    return Checkpoint(chain, header.height, header.hash, header.time // SECOND)


def follows(header: Header, child: LightBlock) -> None:
    """`child` is the successor of `header`: it names its hash, is later, and more than two thirds of the voting power
    of the validators that `header` names for it have signed it. Raises `ProofError`.

    Nothing is said about `header` itself: who believes it believes `child`. Its chain id is taken as it is.
    """
    options = replace(_TIMELESS, chain_id=header.chain_id)
    verify_before(header, child.header, options)
    verify(Trusted(header, child.validators), child, child.header.time, options)
