"""The records of the contract's own storage, and where they stand (docs/cosmos-contract.md, "Storage").

    c          Committee, 50 bytes         s ROUTE    Statement, 73 bytes      b ROUTE        RateLimit, 57 bytes
    f          Contract                    g ROUTE    Gate                     m ROUTE        minters
    t KIND TOKEN  route of a token         q ROUTE    queue                    r ROUTE        reservation

Every decoder takes exactly what the contract writes: version 1, each length, every field within its bounds. Anything
else raises `ProofError`, since what is decoded is a value that a proof showed. Integers are big-endian, accounts are
texts in Bech32; that an account is one of this chain is for the caller to see to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from chains.cosmos import bech32
from chains.cosmos.stores import storage_key
from chains.errors import ProofError
from chains.wire import ZERO32, EncodingError, Reader

COMMITTEE, CONTRACT = b"c", b"f"
STATEMENT, GATE, RATE_LIMIT, MINTERS, QUEUE, ROUTE_OF, RESERVATION = b"s", b"g", b"b", b"m", b"q", b"t", b"r"
"""The tags of the records."""

MOST_ENTRIES = 8
"""Of minters, and of loosenings that wait."""

LONGEST_LEASE = LONGEST_DELAY = 30 * 86_400
SHORTEST_DELAY = 3_600
_VERSION = 1
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""n of secp256k1 (SEC 2, section 2.4.1): a group key has 0 < px < n."""

_DENOMINATION = re.compile(r"[a-zA-Z][a-zA-Z0-9/:._-]{2,127}")
_FACTORY = re.compile(r"/[a-zA-Z0-9_./]{1,126}\.")
T = TypeVar("T")


class TokenKind(IntEnum):
    """What kind of token a route has."""

    CW20 = 0
    DENOM = 1


class Kind(IntEnum):
    """The settings that may have to wait."""

    RATE_LIMIT = 0
    MAX_LEASE = 1
    LOOSEN_DELAY = 2
    MINTER = 3
    GUARDIAN = 4


@dataclass(frozen=True, slots=True)
class Committee:
    """Epoch and group key. `px` is big-endian, `parity` 0 for an even y; `since_round` is 0 in the first epoch."""

    epoch: int
    since_round: int
    px: bytes
    parity: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the newest statement says: `cap` in base units of the token, as lowered by redeeming; `collateral` and
    `supply` in route units; Unix seconds. `round` 0: none was taken yet, and all of it is 0."""

    round: int
    cap: int
    collateral: int
    supply: int
    observed_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """What a route mints: a cw20 contract's address, or a denomination."""

    kind: TokenKind
    name: str

    @property
    def key(self) -> bytes:
        return bytes([self.kind]) + self.name.encode("ascii")


@dataclass(frozen=True, slots=True)
class Gate:
    """Token, roles and limits of a route; times in seconds."""

    paused: bool
    token: Token
    max_lease: int
    loosen_delay: int
    owner: str
    guardian: str
    pending_owner: str | None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The token bucket on minting, in base units; `level` is what was left at `updated_at` (Unix seconds)."""

    capacity: int
    refill_per_second: int
    level: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Loosening:
    """A setting that waits; it may be executed from `ready_at` (Unix seconds) on, for 7 days. `a` and `b` are its
    numbers, `account` is empty where it has none."""

    kind: Kind
    account: str
    a: int
    b: int
    ready_at: int


@dataclass(frozen=True, slots=True)
class Contract:
    """Who says who may register, and how the type URLs of the chain's token factory begin (None: it has none)."""

    registrar: str
    token_factory: str | None


def key(contract: bytes, record: bytes, of: bytes = b"") -> bytes:
    """Where in the wasm store a record of `contract` (32 bytes) stands: one of the tags above, `of` a route id or, for
    `ROUTE_OF`, what `Token.key` is. Raises `ValueError` for another number of bytes."""
    return storage_key(contract, record + of)


def committee(value: bytes) -> Committee:
    """The committee's record."""
    return _record("committee", value, _committee)


def statement(value: bytes) -> Statement:
    """A route's statement."""
    return _record("statement", value, _statement)


def gate(value: bytes) -> Gate:
    """A route's token, roles and limits."""
    return _record("gate", value, _gate)


def rate_limit(value: bytes) -> RateLimit:
    """A route's rate limit."""
    return _record("rate limit", value, _rate_limit)


def minters(value: bytes) -> tuple[str, ...]:
    """A route's minters."""
    return _record("minters", value, _minters)


def queue(value: bytes) -> tuple[Loosening, ...]:
    """What waits in a route; also what has lapsed and was not removed yet."""
    return _record("queue", value, _queue)


def route(value: bytes) -> bytes:
    """The route id (32 bytes) of a token."""
    return _record("route of a token", value, _route)


def reservation(value: bytes) -> str:
    """Whom a route id is reserved for."""
    return _record("reservation", value, lambda r: _account(r, "registrant"))


def contract(value: bytes) -> Contract:
    """The contract's own record."""
    return _record("contract", value, _contract)


def _record(name: str, value: bytes, read: Callable[[Reader], T]) -> T:
    reader = Reader(value)
    try:
        _require(reader.u8("version") == _VERSION, f"version {value[0]}")
        record = read(reader)
        reader.end()
    except EncodingError as error:
        raise ProofError(f"gate contract: no record of kind {name!r}: {error}") from None
    return record


def _committee(r: Reader) -> Committee:
    epoch, since_round, px, parity = r.u64("epoch"), r.u64("since_round"), r.b32("px"), r.u8("parity")
    _require(0 < int.from_bytes(px, "big") < _ORDER and parity <= 1, "px and parity are no group key")
    return Committee(epoch, since_round, px, parity)


def _statement(r: Reader) -> Statement:
    round_, cap, collateral, supply = r.u64("round"), _u128(r, "cap"), _u128(r, "collateral"), _u128(r, "supply")
    found = Statement(round_, cap, collateral, supply, r.u64("observed_at"), r.u64("expires_at"))
    _require(round_ > 0 or found == Statement(0, 0, 0, 0, 0, 0), "round 0, but there is a statement")
    return found


def _gate(r: Reader) -> Gate:
    paused, kind = r.u8("paused"), r.u8("token kind")
    _require(paused <= 1, f"paused: {paused}")
    _require(kind in list(TokenKind), f"token kind: {kind}")
    max_lease, loosen_delay = r.u32("max_lease"), r.u32("loosen_delay")
    _check_seconds(Kind.MAX_LEASE, max_lease)
    _check_seconds(Kind.LOOSEN_DELAY, loosen_delay)
    token = _token(r, TokenKind(kind))
    owner, guardian = _account(r, "owner"), _account(r, "guardian")
    return Gate(bool(paused), token, max_lease, loosen_delay, owner, guardian, _maybe_account(r, "pending owner"))


def _token(r: Reader, kind: TokenKind) -> Token:
    if kind is TokenKind.CW20:
        return Token(kind, _account(r, "token"))
    denomination = r.text("token")
    _require(bool(_DENOMINATION.fullmatch(denomination)), f"token: {denomination!r} is no denomination")
    return Token(kind, denomination)


def _rate_limit(r: Reader) -> RateLimit:
    capacity, refill, level = _u128(r, "capacity"), _u128(r, "refill_per_second"), _u128(r, "level")
    _require(level <= capacity, "level: above the capacity")
    return RateLimit(capacity, refill, level, r.u64("updated_at"))


def _minters(r: Reader) -> tuple[str, ...]:
    found = tuple(_account(r, "minters") for _ in range(_count(r)))
    _require(len(set(found)) == len(found), "minters: one stands there twice")
    return found


def _queue(r: Reader) -> tuple[Loosening, ...]:
    found = tuple(_loosening(r) for _ in range(_count(r)))
    settings = {(each.kind, each.account, each.a, each.b) for each in found}
    _require(len(settings) == len(found), "queue: one stands there twice")
    return found


def _loosening(r: Reader) -> Loosening:
    number = r.u8("setting")
    _require(number in list(Kind), f"setting: {number}")
    kind, account = Kind(number), _maybe_account(r, "account")
    a, b, ready_at = _u128(r, "a"), _u128(r, "b"), r.u64("ready_at")
    _require(
        (account is not None) == (kind in (Kind.MINTER, Kind.GUARDIAN)), "account: there, or not, against its kind"
    )
    _require(kind is Kind.RATE_LIMIT or b == 0, "b: not 0")
    if kind in (Kind.MAX_LEASE, Kind.LOOSEN_DELAY):
        _check_seconds(kind, a)
    # Removing a minter tightens: it does not wait.
    _require(kind is not Kind.MINTER or a == 1, f"a: {a} of a minter")
    _require(kind is not Kind.GUARDIAN or a == 0, f"a: {a} of a guardian")
    return Loosening(kind, account or "", a, b, ready_at)


def _route(r: Reader) -> bytes:
    found = r.b32("route")
    _require(found != ZERO32, "route: zero")
    return found


def _contract(r: Reader) -> Contract:
    registrar, factory = _account(r, "registrar"), r.text("token factory")
    _require(not factory or bool(_FACTORY.fullmatch(factory)), f"token factory: {factory!r} is no prefix")
    return Contract(registrar, factory or None)


def _check_seconds(kind: Kind, seconds: int) -> None:
    low, high = (1, LONGEST_LEASE) if kind is Kind.MAX_LEASE else (SHORTEST_DELAY, LONGEST_DELAY)
    _require(low <= seconds <= high, f"{kind.name.lower()}: {seconds} s, {low} to {high} are possible")


def _count(r: Reader) -> int:
    count = r.u8("count")
    _require(count <= MOST_ENTRIES, f"count: {count}, at most {MOST_ENTRIES} are possible")
    return count


def _account(r: Reader, name: str) -> str:
    found = _maybe_account(r, name)
    if found is None:
        raise EncodingError(f"{name}: empty")
    return found


def _maybe_account(r: Reader, name: str) -> str | None:
    text = r.text(name)
    if not text:
        return None
    try:
        bech32.decode(text)
    except bech32.Bech32Error as error:
        raise EncodingError(f"{name}: {error}") from None
    return text


def _u128(r: Reader, name: str) -> int:
    return r.uint(name, 16)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise EncodingError(otherwise)
