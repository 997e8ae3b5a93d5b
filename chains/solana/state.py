"""The state accounts of the program: committee and route (docs/solana-program.md, "State accounts").

`decode` takes exactly what the program writes: size, tag, every reserved byte zero, every field within its bounds.
Anything else raises `StateError`, also bytes that merely look like an account. That an account is the program's own,
and stands at the derived address, is for the caller to see to.
"""

from dataclasses import dataclass

from chains.caip import CaipError, ChainId
from chains.solana.addresses import REFERENCE_SIZE, TOKEN_PROGRAMS, check_chain
from chains.solana.program_settings import (
    LONGEST_DELAY,
    LONGEST_LEASE,
    NO_ADDRESS,
    SHORTEST_DELAY,
    Kind,
    Setting,
    read_kind,
)
from chains.solana.program_wire import LittleReader, LittleWriter
from chains.wire import EncodingError

COMMITTEE_SIZE = 162
ROUTE_SIZE = 1248
COMMITTEE_TAG = b"BLSTCMT1"
ROUTE_TAG = b"BLSTRTE1"
MOST_MINTERS = 8
MOST_QUEUED = 8
_QUEUED_SIZE = 80
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""n of secp256k1 (SEC 2, section 2.4.1): a group key has 0 < px < n."""


class StateError(ValueError):
    """Bytes that are no state account of the program. Says which account and which field."""


@dataclass(frozen=True, slots=True)
class Committee:
    """Epoch and group key. `px` is big-endian, `parity` 0 for an even y; `since_round` is 0 in the first epoch."""

    bump: int
    parity: int
    epoch: int
    since_round: int
    px: bytes
    reference: str
    domain: bytes

    @classmethod
    def decode(cls, data: bytes) -> "Committee":
        """Raises `StateError`."""
        try:
            return cls._read(LittleReader(data))
        except EncodingError as error:
            raise StateError(f"no committee account: {error}") from None

    @classmethod
    def _read(cls, r: LittleReader) -> "Committee":
        _head(r, COMMITTEE_SIZE, COMMITTEE_TAG)
        bump, parity = r.u8("bump"), r.within("parity", r.u8("parity"), 0, 1)
        epoch, since_round, px = r.u64("epoch"), r.u64("since_round"), r.b32("px")
        r.within("px", int.from_bytes(px, "big"), 1, _ORDER - 1)
        reference, domain = _reference(r), r.b32("domain")
        r.zeros("reserved", 40)
        r.end()
        return cls(bump, parity, epoch, since_round, px, reference, domain)

    def encode(self) -> bytes:
        """The account's 162 bytes."""
        w = LittleWriter()
        w.fixed("tag", COMMITTEE_TAG, 8).u8("bump", self.bump).u8("parity", self.parity).u64("epoch", self.epoch)
        w.u64("since_round", self.since_round).b32("px", self.px)
        w.fixed("reference", self.reference.encode("ascii"), REFERENCE_SIZE).b32("domain", self.domain)
        return bytes(w.fixed("reserved", bytes(40), 40))


@dataclass(frozen=True, slots=True)
class Loosening:
    """A change that waits; it may be executed from `ready_at` on, for 7 days."""

    setting: Setting
    ready_at: int

    @classmethod
    def read(cls, r: LittleReader) -> "Loosening":
        kind = read_kind(r)
        r.zeros("queue reserved", 7)
        setting = Setting(kind, r.address("account"), r.u64("a"), r.u64("b"))
        setting.check()
        if kind is Kind.MINTER and not setting.a:
            raise EncodingError("queue: removing a minter does not wait")
        ready_at = r.u64("ready_at")
        r.zeros("queue reserved", 16)
        return cls(setting, ready_at)

    def write(self, w: LittleWriter) -> None:
        w.u8("setting", self.setting.kind).fixed("reserved", bytes(7), 7)
        w.address("account", self.setting.account)
        w.u64("a", self.setting.a).u64("b", self.setting.b).u64("ready_at", self.ready_at)
        w.fixed("reserved", bytes(16), 16)


@dataclass(frozen=True, slots=True)
class Route:
    """The gate of one mint. Amounts of the statement: `cap` in base units of the token, `collateral` and `supply` in
    route units. `round` 0: no statement was taken yet, and all of it is 0. Times are Unix seconds."""

    bump: int
    paused: bool
    max_lease: int
    loosen_delay: int
    domain: bytes
    route: bytes
    mint: str
    token_program: str
    owner: str
    pending_owner: str | None
    guardian: str
    round: int
    cap: int
    observed_at: int
    expires_at: int
    collateral: int
    supply: int
    capacity: int
    refill_per_second: int
    level: int
    updated_at: int
    minters: tuple[str, ...]
    queue: tuple[Loosening, ...]

    @classmethod
    def decode(cls, data: bytes) -> "Route":
        """Raises `StateError`."""
        try:
            return cls._read(LittleReader(data))
        except EncodingError as error:
            raise StateError(f"no route account: {error}") from None

    @classmethod
    def _read(cls, r: LittleReader) -> "Route":
        _head(r, ROUTE_SIZE, ROUTE_TAG)
        bump, paused = r.u8("bump"), bool(r.within("paused", r.u8("paused"), 0, 1))
        minter_count = r.within("minter_count", r.u8("minter_count"), 0, MOST_MINTERS)
        queue_count = r.within("queue_count", r.u8("queue_count"), 0, MOST_QUEUED)
        max_lease = r.within("max_lease", r.u32("max_lease"), 1, LONGEST_LEASE)
        loosen_delay = r.within("loosen_delay", r.u32("loosen_delay"), SHORTEST_DELAY, LONGEST_DELAY)
        r.zeros("reserved at 20", 4)
        domain, route = r.b32("domain"), r.b32("route")
        mint, token_program = r.address("mint"), r.address("token_program")
        if token_program not in TOKEN_PROGRAMS:
            raise EncodingError(f"token_program: {token_program} is neither SPL Token nor Token-2022")
        owner, pending_owner = _someone(r, "owner"), r.address("pending_owner")
        guardian = _someone(r, "guardian")
        statement = (r.u64("round"), r.u64("cap"), r.u64("observed_at"), r.u64("expires_at"))
        totals = (r.u128("collateral"), r.u128("supply"))
        if statement[0] == 0 and any(statement + totals):
            raise EncodingError("round: 0, but there is a statement")
        capacity, refill_per_second = r.u64("capacity"), r.u64("refill_per_second")
        limit = (capacity, refill_per_second, r.within("level", r.u64("level"), 0, capacity), r.u64("updated_at"))
        r.zeros("reserved at 344", 8)
        minters = tuple(_someone(r, "minters") for _ in range(minter_count))
        if len(set(minters)) != minter_count:
            raise EncodingError("minters: one stands there twice")
        r.zeros("unused minters", 32 * (MOST_MINTERS - minter_count))
        queue = tuple(Loosening.read(r) for _ in range(queue_count))
        r.zeros("unused queue", _QUEUED_SIZE * (MOST_QUEUED - queue_count))
        r.end()
        pending = None if pending_owner == NO_ADDRESS else pending_owner
        roles = (mint, token_program, owner, pending, guardian)
        return cls(
            bump, paused, max_lease, loosen_delay, domain, route, *roles, *statement, *totals, *limit, minters, queue
        )

    def encode(self) -> bytes:
        """The account's 1248 bytes."""
        w = LittleWriter()
        w.fixed("tag", ROUTE_TAG, 8).u8("bump", self.bump).u8("paused", self.paused)
        w.u8("minter_count", len(self.minters)).u8("queue_count", len(self.queue))
        w.u32("max_lease", self.max_lease).u32("loosen_delay", self.loosen_delay).fixed("reserved", bytes(4), 4)
        w.b32("domain", self.domain).b32("route", self.route)
        roles = {"mint": self.mint, "token_program": self.token_program, "owner": self.owner}
        roles |= {"pending_owner": self.pending_owner or NO_ADDRESS, "guardian": self.guardian}
        for name, account in roles.items():
            w.address(name, account)
        w.u64("round", self.round).u64("cap", self.cap)
        w.u64("observed_at", self.observed_at).u64("expires_at", self.expires_at)
        w.u128("collateral", self.collateral)
        w.u128("supply", self.supply)
        w.u64("capacity", self.capacity).u64("refill_per_second", self.refill_per_second)
        w.u64("level", self.level).u64("updated_at", self.updated_at).fixed("reserved", bytes(8), 8)
        for account in self.minters:
            w.address("minters", account)
        unused = 32 * (MOST_MINTERS - len(self.minters))
        w.fixed("minters", bytes(unused), unused)
        for entry in self.queue:
            entry.write(w)
        unused = _QUEUED_SIZE * (MOST_QUEUED - len(self.queue))
        return bytes(w.fixed("queue", bytes(unused), unused))


def _head(r: LittleReader, size: int, tag: bytes) -> None:
    if r.rest != size:
        raise EncodingError(f"{r.rest} bytes, expected {size}")
    if (found := r.fixed("tag", len(tag))) != tag:
        raise EncodingError(f"tag: {found!r}, expected {tag!r}")


def _reference(r: LittleReader) -> str:
    raw = r.fixed("reference", REFERENCE_SIZE)
    try:
        reference = raw.decode("ascii")
        check_chain(ChainId("solana", reference))
    except (UnicodeDecodeError, CaipError):
        raise EncodingError(f"reference: {raw!r} is no CAIP-2 reference of a Solana chain") from None
    return reference


def _someone(r: LittleReader, name: str) -> str:
    account = r.address(name)
    if account == NO_ADDRESS:
        raise EncodingError(f"{name}: zero")
    return account
