"""The chain of blocks: slots, hashes, heights, and which block each commitment names.

A block is open while its slot lasts and cannot be read; it is `processed` when it is closed, `confirmed` when another
has followed and `finalized` when the newest closed slot is `finality_slots` above it. Slot 0 is the genesis: closed and
final from the start.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from chains.solana.node.landed import Landed

_MOST_BLOCKHASHES = 301
"""More than any transaction may be old, as in a real validator's queue."""

Commitment = Literal["processed", "confirmed", "finalized"]


@dataclass(slots=True)
class Block:
    """`time` in Unix seconds, the hashes 32 bytes. `total`: transactions before the block, and in it once it is closed.
    While it is open it has no hash."""

    slot: int
    parent: int
    height: int
    time: int
    previous: bytes
    total: int = 0
    blockhash: bytes = b""
    landed: list[Landed] = field(default_factory=list)

    def close(self) -> None:
        """Gives the block its hash, over all that is in it."""
        digest = hashlib.sha256(self.previous + self.slot.to_bytes(8, "little") + self.time.to_bytes(8, "little"))
        for landed in self.landed:
            digest.update(bytes(landed.signature))
        self.blockhash = digest.digest()
        self.total += len(self.landed)


class Blocks:
    """All blocks since the oldest one kept, the last of them open. `genesis_time` in Unix seconds."""

    def __init__(self, genesis_hash: bytes, time: int, finality_slots: int) -> None:
        self.genesis_time = time
        first = Block(0, 0, 0, time, genesis_hash, 0, genesis_hash)
        self._finality_slots = finality_slots
        self._closed = [first]
        self._slots = [0]
        self._heights = {genesis_hash: 0}
        self.open = Block(1, 0, 1, time, genesis_hash)

    @property
    def newest(self) -> Block:
        """The last closed block."""
        return self._closed[-1]

    @property
    def oldest(self) -> Block:
        """The first block that is kept."""
        return self._closed[0]

    def advance(self, slot: int, time: int) -> None:
        """Closes the open block and opens one in `slot`; the slots between have none."""
        closed = self.open
        closed.close()
        self._closed.append(closed)
        self._slots.append(closed.slot)
        self._heights[closed.blockhash] = closed.height
        while len(self._heights) > _MOST_BLOCKHASHES:
            del self._heights[next(iter(self._heights))]
        self.open = Block(slot, closed.slot, closed.height + 1, time, closed.blockhash, closed.total)

    def at(self, commitment: Commitment) -> Block:
        """The newest block of that commitment."""
        newest = self.newest.slot
        match commitment:
            case "processed":
                return self.newest
            case "confirmed":
                return self.up_to(newest - 1)
            case "finalized":
                return self.up_to(newest - self._finality_slots)

    def up_to(self, slot: int) -> Block:
        """The newest closed block that is not above `slot`; the oldest one if all are."""
        return self._closed[max(bisect_right(self._slots, slot) - 1, 0)]

    def find(self, slot: int) -> Block | None:
        """The closed block of `slot`, if it has one and is kept."""
        block = self.up_to(slot)
        return block if block.slot == slot else None

    def between(self, first: int, last: int) -> list[Block]:
        """The closed blocks from slot `first` to slot `last`, both included."""
        start = bisect_right(self._slots, first - 1)
        return self._closed[start : bisect_right(self._slots, last)]

    def latest(self, count: int) -> Iterator[Block]:
        """The `count` newest closed blocks, newest first."""
        return reversed(self._closed[-count:])

    def height_of(self, blockhash: bytes) -> int | None:
        """The height of the block with that hash, if it is one of the newest 301."""
        return self._heights.get(blockhash)

    def forget(self, slot: int) -> list[Block]:
        """Drops the blocks below `slot` and returns them; the newest closed one always stays."""
        count = min(bisect_right(self._slots, slot - 1), len(self._closed) - 1)
        dropped = self._closed[:count]
        del self._closed[:count], self._slots[:count]
        return dropped
