"""The journalled transactions of an EVM account; see `chains.outbox`.

    entry     nonce u64 | gas u64 | to 20 | data blob | count u8 | attempt...
    attempt   hash 32 | max_fee u256 | tip u256 | sent_at u64 | raw blob

All attempts of an entry share its nonce, so that at most one of them is ever executed.
"""

from dataclasses import dataclass

from chains import outbox
from chains.evm.fees import Bid
from chains.types import Journal
from chains.wire import Reader, Writer

_MOST_BYTES = 1 << 17


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction; `sent_at` in Unix seconds of the member's clock."""

    hash: bytes
    raw: bytes
    bid: Bid
    sent_at: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction to be, with all its attempts, oldest first. `to` is 20 bytes."""

    key: str
    nonce: int
    gas: int
    to: bytes
    data: bytes
    attempts: tuple[Attempt, ...]

    def encode(self) -> bytes:
        w = Writer().u64("nonce", self.nonce).u64("gas", self.gas).fixed("to", self.to, 20).blob("data", self.data)
        w.u8("count", len(self.attempts))
        for attempt in self.attempts:
            w.b32("hash", attempt.hash).u256("max_fee", attempt.bid.max_fee).u256("tip", attempt.bid.tip)
            w.u64("sent_at", attempt.sent_at).blob("raw", attempt.raw)
        return bytes(w)

    @classmethod
    def decode(cls, key: str, encoded: bytes) -> "Entry":
        r = Reader(encoded)
        nonce, gas, to, data = r.u64("nonce"), r.u64("gas"), r.fixed("to", 20), r.blob("data", _MOST_BYTES)
        attempts = r.many("attempts", r.u8("count"), 108, _attempt)
        r.end()
        return cls(key, nonce, gas, to, data, attempts)


def _attempt(r: Reader) -> Attempt:
    digest, bid, sent_at = r.b32("hash"), Bid(r.u256("max_fee"), r.u256("tip")), r.u64("sent_at")
    return Attempt(digest, r.blob("raw", _MOST_BYTES), bid, sent_at)


class Outbox(outbox.Outbox[Entry]):
    """The entries in a chain's journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, Entry.decode)

    def entries(self) -> list[Entry]:
        """All entries, by nonce."""
        return sorted(super().entries(), key=lambda entry: entry.nonce)
