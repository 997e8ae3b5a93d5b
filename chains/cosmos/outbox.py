"""The journalled transactions of a Cosmos account; see `chains.outbox`.

    entry     gate text | route b32 | statement blob | sender text | sequence u64 | times u16 | spent u256
              | count u8 | attempt...
    attempt   gas u64 | fee u256 | timeout_height u64 | raw blob

All attempts of an entry share its sequence, so that at most one of them is ever executed. Attempts with another
sequence take their place only when none of them can be executed any more.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from chains import outbox
from chains.cosmos.transactions import Signed
from chains.types import Journal
from chains.wire import EncodingError, Reader, Writer

MOST_ATTEMPTS = 8
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction: what it may use and costs (see `transactions.Budget`)."""

    gas: int
    fee: int
    timeout_height: int
    signed: Signed

    @property
    def price(self) -> Fraction:
        """Base units for a unit of gas."""
        return Fraction(self.fee, self.gas)


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement on its way to a gate, with all that was signed for one sequence, oldest first.

    `times`: how many sequences it has had. `spent`: base units that executed transactions have cost which did not get
    it there, for want of gas.
    """

    key: str
    gate: str
    route: bytes
    statement: bytes = field(repr=False)
    sender: str
    sequence: int
    times: int
    spent: int
    attempts: tuple[Attempt, ...]

    @property
    def newest(self) -> Attempt:
        return self.attempts[-1]

    @property
    def timeout_height(self) -> int:
        """Of the attempt that lives longest."""
        return max(attempt.timeout_height for attempt in self.attempts)

    def encode(self) -> bytes:
        w = Writer().text("gate", self.gate).b32("route", self.route).blob("statement", self.statement)
        w.text("sender", self.sender).u64("sequence", self.sequence).u16("times", self.times)
        w.u256("spent", self.spent).u8("count", len(self.attempts))
        for attempt in self.attempts:
            w.u64("gas", attempt.gas).u256("fee", attempt.fee).u64("timeout_height", attempt.timeout_height)
            w.blob("raw", attempt.signed.raw)
        return bytes(w)

    @classmethod
    def decode(cls, key: str, encoded: bytes) -> "Entry":
        r = Reader(encoded)
        gate, route, statement = r.text("gate"), r.b32("route"), r.blob("statement", _MOST_BYTES)
        sender, sequence, times, spent = r.text("sender"), r.u64("sequence"), r.u16("times"), r.u256("spent")
        attempts = r.many("attempts", r.u8("count"), 52, _attempt)
        r.end()
        if not attempts:
            raise EncodingError("attempts: none")
        return cls(key, gate, route, statement, sender, sequence, times, spent, attempts)


def _attempt(r: Reader) -> Attempt:
    gas, fee, timeout_height = r.u64("gas"), r.u256("fee"), r.u64("timeout_height")
    return Attempt(gas, fee, timeout_height, Signed.of(r.blob("raw", _MOST_BYTES)))


class Outbox(outbox.Outbox[Entry]):
    """The entries in a chain's journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, Entry.decode)
