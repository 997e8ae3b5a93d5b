"""The journalled transactions of a Solana account; see `chains.outbox`.

    entry     program b32 | gate b32 | statement blob | times u16 | limit u32 | price u64
              | blockhash b32 | last_valid u64 | signature 64 | raw blob

An entry holds one signed transaction. Another takes its place only when it can never be executed any more, so at most
one of a key is alive at any time.
"""

from dataclasses import dataclass, field

from chains import outbox
from chains.solana.transactions import MOST_BYTES, Signed, fee
from chains.types import Journal
from chains.wire import Reader, Writer


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement on its way to a gate. `program` and `gate` are addresses of 32 bytes, `statement` what the gate
    takes.

    `times`: how often it was signed. `limit` in compute units, `price` in micro-lamports per unit. The transaction
    cannot be executed in blocks higher than `last_valid`, since its `blockhash` is too old then.
    """

    key: str
    program: bytes
    gate: bytes
    statement: bytes = field(repr=False)
    times: int
    limit: int
    price: int
    blockhash: bytes
    last_valid: int
    signed: Signed

    @property
    def fee(self) -> int:
        """Lamports."""
        return fee(self.limit, self.price)

    def encode(self) -> bytes:
        w = Writer().b32("program", self.program).b32("gate", self.gate).blob("statement", self.statement)
        w.u16("times", self.times).u32("limit", self.limit).u64("price", self.price)
        w.b32("blockhash", self.blockhash).u64("last_valid", self.last_valid)
        return bytes(w.fixed("signature", self.signed.signature, 64).blob("raw", self.signed.raw))

    @classmethod
    def decode(cls, key: str, encoded: bytes) -> "Entry":
        r = Reader(encoded)
        program, gate, statement = r.b32("program"), r.b32("gate"), r.blob("statement", MOST_BYTES)
        times, limit, price = r.u16("times"), r.u32("limit"), r.u64("price")
        blockhash, last_valid = r.b32("blockhash"), r.u64("last_valid")
        signed = Signed(r.fixed("signature", 64), r.blob("raw", MOST_BYTES))
        r.end()
        return cls(key, program, gate, statement, times, limit, price, blockhash, last_valid, signed)


class Outbox(outbox.Outbox[Entry]):
    """The entries in a chain's journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, Entry.decode)
