"""The books of a round: what any earlier statement could still put into force, and the records that rounds carry on.

Amounts are route units (caps and ceilings ceiled), so they outlive a deployment's removal from the configuration.
Per route and round the books keep the *alternatives*: the distinct sets of entries of which at most one can have been
certified. A certified round has one; a round whose leader equivocated may have several, some of them empty for a route.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer, strictly_ascending

VERSION = 1
STATUS = ("covered", "apparent deficit", "confirmed deficit", "ceilings above backing", "left out")
COVERED, APPARENT, CONFIRMED, OVERHANG, LEFT_OUT = range(5)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A statement that may be in force: greatest supply of `domain` in route units (ceiled), until `expires_at`."""

    domain: bytes
    cap: int
    expires_at: int


Alternative = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """What a round last found of a deployment, in route units: claimed supply, ceiling (the greatest over the worlds),
    recent demand."""

    domain: bytes
    supply: int
    ceiling: int
    demand: int


@dataclass(frozen=True, slots=True)
class RouteBooks:
    """One route: the last round that gave it a statement (0: none), its status, the newest checkpoint at which its
    collateral was read (0: never), the one at which a deficit was first certified (0: none), its collateral there, and
    its outstanding entries by round, rising."""

    route: bytes
    carried: int = 0
    status: int = LEFT_OUT
    read_at: int = 0
    deficit_since: int = 0
    collateral: int = 0
    deployments: tuple[DeploymentRecord, ...] = ()
    rounds: tuple[tuple[int, tuple[Alternative, ...]], ...] = ()

    def record(self, domain: bytes) -> DeploymentRecord | None:
        return next((d for d in self.deployments if d.domain == domain), None)

    def alternatives(self, round_: int) -> tuple[Alternative, ...]:
        return next((alternatives for r, alternatives in self.rounds if r == round_), ())

    def encode(self, w: Writer) -> None:
        """Appends route b32 | carried u64 | status u8 | read_at u64 | deficit_since u64 | collateral u256
        | deployments u16 | each | rounds u32 | each round u64 | alternatives u16 | each count u16 | entries."""
        w.b32("route", self.route).u64("carried", self.carried).u8("status", self.status).u64("read_at", self.read_at)
        w.u64("deficit_since", self.deficit_since).u256("collateral", self.collateral)
        w.u16("deployments", len(self.deployments))
        for d in self.deployments:
            w.b32("domain", d.domain).u256("supply", d.supply).u256("ceiling", d.ceiling).u256("demand", d.demand)
        w.u32("rounds", len(self.rounds))
        for round_, alternatives in self.rounds:
            w.u64("round", round_).u16("alternatives", len(alternatives))
            for alternative in alternatives:
                w.u16("entries", len(alternative))
                for e in alternative:
                    w.b32("domain", e.domain).u256("cap", e.cap).u64("expires_at", e.expires_at)

    @classmethod
    def read(cls, r: Reader) -> "RouteBooks":
        route, carried, status = r.b32("route"), r.u64("carried"), r.u8("status")
        if status >= len(STATUS):
            raise EncodingError(f"status: {status} is not known")
        read_at, since, collateral = r.u64("read_at"), r.u64("deficit_since"), r.u256("collateral")
        deployments = r.many("deployments", r.u16("deployments"), 128, _read_record)
        strictly_ascending("deployments", [d.domain for d in deployments])
        rounds = r.many("rounds", r.u32("rounds"), 10, _read_round)
        strictly_ascending("rounds", [k.to_bytes(8, "big") for k, _ in rounds])
        return cls(route, carried, status, read_at, since, collateral, deployments, rounds)


def _read_record(r: Reader) -> DeploymentRecord:
    return DeploymentRecord(r.b32("domain"), r.u256("supply"), r.u256("ceiling"), r.u256("demand"))


def _read_entry(r: Reader) -> Entry:
    return Entry(r.b32("domain"), r.u256("cap"), r.u64("expires_at"))


def _read_alternative(r: Reader) -> Alternative:
    entries = r.many("entries", r.u16("entries"), 72, _read_entry)
    strictly_ascending("entries", [e.domain for e in entries])
    return entries


def _read_round(r: Reader) -> tuple[int, tuple[Alternative, ...]]:
    round_ = r.u64("round")
    alternatives = r.many("alternatives", r.u16("alternatives"), 2, _read_alternative)
    if list(alternatives) != sorted(set(alternatives)) or not any(alternatives):
        raise EncodingError(f"round {round_}: alternatives are not distinct, in order and with an entry")
    return round_, alternatives


@dataclass(frozen=True)
class Books:
    """Horizons by chain (Unix seconds of that chain) and the books of every route."""

    horizons: Mapping[str, int] = field(default_factory=dict)
    routes: Mapping[bytes, RouteBooks] = field(default_factory=dict)

    def horizon(self, chain: str) -> int:
        """0 for a chain that no round has seen yet."""
        return self.horizons.get(chain, 0)

    def route(self, route: bytes) -> RouteBooks:
        """The route's books; empty ones where there are none."""
        return self.routes.get(route) or RouteBooks(route)

    @cached_property
    def encoded(self) -> bytes:
        """version u8 | horizons u16 | (chain text | horizon u64) each | routes u32 | each; all in ascending order."""
        w = Writer().u8("version", VERSION).u16("horizons", len(self.horizons))
        for chain, horizon in sorted(self.horizons.items()):
            w.text("chain", chain).u64("horizon", horizon)
        w.u32("routes", len(self.routes))
        for _, route in sorted(self.routes.items()):
            route.encode(w)
        return bytes(w)

    @cached_property
    def digest(self) -> bytes:
        return keccak256(self.encoded)

    @classmethod
    def decode(cls, data: bytes) -> "Books":
        r = Reader(data)
        if (version := r.u8("version")) != VERSION:
            raise EncodingError(f"version: {version}, expected {VERSION}")
        horizons = r.many("horizons", r.u16("horizons"), 9, lambda x: (x.text("chain"), x.u64("horizon")))
        strictly_ascending("horizons", [chain.encode() for chain, _ in horizons])
        routes = r.many("routes", r.u32("routes"), 95, RouteBooks.read)
        strictly_ascending("routes", [route.route for route in routes])
        r.end()
        return cls(dict(horizons), {route.route: route for route in routes})
