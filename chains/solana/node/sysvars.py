"""The sysvars that change from slot to slot, as the bytes of their accounts (bincode, little-endian).

Layouts: the interface crates solana-clock, solana-slot-hashes, solana-slot-history and solana-sysvar. A local chain has
no bank hashes: SlotHashes holds the blockhashes in their place.
"""

import struct
from collections.abc import Iterable
from itertools import islice

from solders.pubkey import Pubkey

OWNER = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
SLOT_HASHES = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
SLOT_HISTORY = Pubkey.from_string("SysvarS1otHistory11111111111111111111111111")
RECENT_BLOCKHASHES = Pubkey.from_string("SysvarRecentB1ockHashes11111111111111111111")

SLOTS_PER_EPOCH = 432_000
FEE_PER_SIGNATURE = 5000

MOST_SLOT_HASHES = 512
_SLOT_HASHES_SIZE = 8 + MOST_SLOT_HASHES * 40
_MOST_BLOCKHASHES = 150
_BLOCKHASHES_SIZE = 8 + _MOST_BLOCKHASHES * 40
_HISTORY_BITS = 2**20


def clock(slot: int, unix_timestamp: int, epoch_start: int) -> bytes:
    """Slot, start of the epoch in Unix seconds, epoch, epoch of the leader schedule, Unix seconds: 40 bytes."""
    epoch = slot // SLOTS_PER_EPOCH
    return struct.pack("<QqQQq", slot, epoch_start, epoch, epoch + 1, unix_timestamp)


def slot_hashes(newest_first: Iterable[tuple[int, bytes]]) -> bytes:
    """At most 512 pairs of a slot and the hash of its block (32 bytes)."""
    entries = [struct.pack("<Q", slot) + digest for slot, digest in islice(newest_first, MOST_SLOT_HASHES)]
    return (struct.pack("<Q", len(entries)) + b"".join(entries)).ljust(_SLOT_HASHES_SIZE, b"\0")


def recent_blockhashes(newest_first: Iterable[bytes]) -> bytes:
    """At most 150 blockhashes, each with the fee of a signature in lamports."""
    fee = struct.pack("<Q", FEE_PER_SIGNATURE)
    entries = [digest + fee for digest in islice(newest_first, _MOST_BLOCKHASHES)]
    return (struct.pack("<Q", len(entries)) + b"".join(entries)).ljust(_BLOCKHASHES_SIZE, b"\0")


class SlotHistory:
    """Which of the last 2**20 slots have a block: a bit each. Begins with slot 0."""

    def __init__(self) -> None:
        self._bits = bytearray(_HISTORY_BITS // 8)
        self._bits[0] = 1
        self._next = 1

    def add(self, slot: int) -> None:
        """Slots are added in rising order; those left out have no block."""
        for missed in range(max(self._next, slot - _HISTORY_BITS + 1), slot):
            position = missed % _HISTORY_BITS
            self._bits[position // 8] &= ~(1 << position % 8)
        position = slot % _HISTORY_BITS
        self._bits[position // 8] |= 1 << position % 8
        self._next = slot + 1

    def __bytes__(self) -> bytes:
        """A present boxed slice of u64 words, the number of bits, the next slot."""
        head = b"\x01" + struct.pack("<Q", _HISTORY_BITS // 64)
        return head + bytes(self._bits) + struct.pack("<QQ", _HISTORY_BITS, self._next)
