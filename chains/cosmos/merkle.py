"""The Merkle tree of CometBFT: RFC 6962, section 2.1, with SHA-256. Header fields and validator sets are hashed by it.

CometBFT's specification, "Core data structures", section "Merkle trees".
"""

from collections.abc import Sequence
from hashlib import sha256


def root(items: Sequence[bytes]) -> bytes:
    """The root (32 bytes) over the encoded `items` in their order; SHA-256 of nothing for no items."""
    if not items:
        return sha256(b"").digest()
    level = [sha256(b"\x00" + item).digest() for item in items]
    # Pairing from the left and promoting an odd last node splits at the largest power of two, as the RFC's recursion.
    while len(level) > 1:
        pairs = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]
