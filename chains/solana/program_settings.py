"""What a route's owner may change, and within which bounds (docs/solana-program.md, "Settings")."""

from dataclasses import dataclass
from enum import IntEnum

from chains.solana.addresses import SYSTEM_PROGRAM, to_bytes
from chains.solana.program_wire import LittleReader, LittleWriter
from chains.wire import EncodingError

LONGEST_LEASE = 30 * 86400
SHORTEST_DELAY = 3600
LONGEST_DELAY = 30 * 86400
OPEN_FOR = 7 * 86400
"""Seconds for which a loosening may be executed once its delay is over."""

NO_ADDRESS = SYSTEM_PROGRAM
"""32 zero bytes; as an address, the system program's."""


class Kind(IntEnum):
    RATE_LIMIT = 0
    LONGEST_LEASE = 1
    LOOSEN_DELAY = 2
    MINTER = 3
    GUARDIAN = 4


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting with its value. What the kind does not use is zero."""

    kind: Kind
    account: str = NO_ADDRESS
    a: int = 0
    b: int = 0

    def check(self) -> None:
        """Raises `EncodingError` unless the gate could take it, judged by its bounds alone."""
        used = _USED[self.kind]
        if (self.account != NO_ADDRESS) != ("account" in used):
            raise EncodingError(f"{self.kind.name}: the account is {'missing' if 'account' in used else 'not used'}")
        if (self.a and "a" not in used) or (self.b and "b" not in used):
            raise EncodingError(f"{self.kind.name}: a number that is not used is not zero")
        low, high = _BOUNDS.get(self.kind, (0, (1 << 64) - 1))
        if not low <= self.a <= high:
            raise EncodingError(f"{self.kind.name}: {self.a}, expected {low} to {high}")

    def write(self, w: LittleWriter) -> None:
        """setting u8 | account | a u64 | b u64."""
        w.u8("setting", self.kind)
        w.address("account", self.account)
        w.u64("a", self.a)
        w.u64("b", self.b)

    def encode(self) -> bytes:
        w = LittleWriter()
        self.write(w)
        return bytes(w)

    @classmethod
    def read(cls, r: LittleReader) -> "Setting":
        kind = read_kind(r)
        return cls(kind, r.address("account"), r.u64("a"), r.u64("b"))


_USED = {
    Kind.RATE_LIMIT: ("a", "b"),
    Kind.LONGEST_LEASE: ("a",),
    Kind.LOOSEN_DELAY: ("a",),
    Kind.MINTER: ("account", "a"),
    Kind.GUARDIAN: ("account",),
}
_BOUNDS = {
    Kind.LONGEST_LEASE: (1, LONGEST_LEASE),
    Kind.LOOSEN_DELAY: (SHORTEST_DELAY, LONGEST_DELAY),
    Kind.MINTER: (0, 1),
}


def read_kind(r: LittleReader) -> Kind:
    """The setting's number. Raises `EncodingError` for one that is not known."""
    return Kind(r.within("setting", r.u8("setting"), 0, max(Kind)))


def rate_limit(capacity: int, refill_per_second: int) -> Setting:
    """At most `capacity` base units at once, and `refill_per_second` more each second."""
    return Setting(Kind.RATE_LIMIT, a=capacity, b=refill_per_second)


def longest_lease(seconds: int) -> Setting:
    """No statement may live longer than this."""
    return Setting(Kind.LONGEST_LEASE, a=seconds)


def loosen_delay(seconds: int) -> Setting:
    """How long a loosening waits."""
    return Setting(Kind.LOOSEN_DELAY, a=seconds)


def minter(account: str, allowed: bool) -> Setting:
    """Who may mint."""
    to_bytes(account)
    return Setting(Kind.MINTER, account, a=int(allowed))


def guardian(account: str) -> Setting:
    """Who may pause, and cancel loosenings."""
    to_bytes(account)
    return Setting(Kind.GUARDIAN, account)
