"""One member's signed reading of all chains, with its promise and what it knows to be outstanding.

Large parts stand in it by digest (keccak256 of their bytes): books, statements, manifests of observations, proofs.
Byte tables: docs/protocol.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer, strictly_ascending
from relayer.agreement.records import Certified, Proposal

VERSION = 2
TAG = b"ballast/observation/v1"

GateKey = tuple[bytes, bytes]
"""Domain and route: one gate may hold several routes, and each of them has a token, a cap and rounds of its own."""


@dataclass(frozen=True, slots=True)
class PositionReading:
    """A collateral position at its chain's checkpoint, in base units of its asset.

    `amount` is what it held there. `floor` is what counts: the least reading of the window where the route's positions
    lie on several chains, else `amount`. `proof` is the digest of the proof blob, 32 zero bytes where there is none.
    """

    position: bytes
    amount: int
    floor: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class GateReading:
    """A deployment at its chain's checkpoint: total supply and active cap in base units, the gate's last round."""

    domain: bytes
    route: bytes
    supply: int
    round: int
    cap: int

    @property
    def key(self) -> GateKey:
        return self.domain, self.route


@dataclass(frozen=True, slots=True)
class ChainReading:
    """All that was read of one chain, at one finalized checkpoint. What could not be read is absent."""

    chain: str
    height: int
    block_hash: bytes
    time: int
    positions: tuple[PositionReading, ...]
    gates: tuple[GateReading, ...]

    def position(self, position: bytes) -> PositionReading | None:
        return next((p for p in self.positions if p.position == position), None)

    def gate(self, key: GateKey) -> GateReading | None:
        return next((g for g in self.gates if g.key == key), None)

    def encode(self, w: Writer) -> None:
        """Appends chain text | height u64 | block_hash b32 | time u64 | positions u32 | each | gates u32 | each."""
        w.text("chain", self.chain).u64("height", self.height).b32("block_hash", self.block_hash)
        w.u64("time", self.time).u32("positions", len(self.positions))
        for p in self.positions:
            w.b32("position", p.position).u256("amount", p.amount).u256("floor", p.floor).b32("proof", p.proof)
        w.u32("gates", len(self.gates))
        for g in self.gates:
            w.b32("domain", g.domain).b32("route", g.route)
            w.u256("supply", g.supply).u64("round", g.round).u256("cap", g.cap)

    @classmethod
    def read(cls, r: Reader) -> "ChainReading":
        chain, height, block_hash, time = r.text("chain"), r.u64("height"), r.b32("block_hash"), r.u64("time")
        positions = r.many("positions", r.u32("positions"), 128, _read_position)
        gates = r.many("gates", r.u32("gates"), 136, _read_gate)
        strictly_ascending("positions", [p.position for p in positions])
        strictly_ascending("gates", [g.domain + g.route for g in gates])
        return cls(chain, height, block_hash, time, positions, gates)


def _read_position(r: Reader) -> PositionReading:
    reading = PositionReading(r.b32("position"), r.u256("amount"), r.u256("floor"), r.b32("proof"))
    if reading.floor > reading.amount:
        raise EncodingError("floor: greater than amount")
    return reading


def _read_gate(r: Reader) -> GateReading:
    return GateReading(r.b32("domain"), r.b32("route"), r.u256("supply"), r.u64("round"), r.u256("cap"))


@dataclass(frozen=True)
class Observation:
    """What one member says in one round. `signature` is its Ed25519 signature (64 bytes) over TAG | body."""

    config_id: bytes
    epoch: int
    round: int
    member: int
    certificate: Certified | None
    proposals: tuple[Proposal, ...]
    chains: tuple[ChainReading, ...]
    signature: bytes = b""

    @cached_property
    def body(self) -> bytes:
        """The bytes that are signed, without the tag."""
        w = Writer().u8("version", VERSION).b32("config_id", self.config_id).u64("epoch", self.epoch)
        w.u64("round", self.round).u16("member", self.member).u8("certificates", 0 if self.certificate is None else 1)
        head = bytes(w) + (b"" if self.certificate is None else self.certificate.encode())
        w = Writer().u16("proposals", len(self.proposals))
        tail = bytes(w) + b"".join(p.encode() for p in self.proposals)
        w = Writer().u16("chains", len(self.chains))
        for chain in self.chains:
            chain.encode(w)
        return head + tail + bytes(w)

    @property
    def signed_part(self) -> bytes:
        return TAG + self.body

    def encode(self) -> bytes:
        """body | signature 64."""
        return self.body + bytes(Writer().fixed("signature", self.signature, 64))

    @cached_property
    def digest(self) -> bytes:
        return keccak256(self.encode())

    def reading(self, chain: str) -> ChainReading | None:
        return next((c for c in self.chains if c.chain == chain), None)

    def proofs(self) -> Iterator[tuple[ChainReading, PositionReading]]:
        """Every position reading, with its chain."""
        for chain in self.chains:
            for position in chain.positions:
                yield chain, position

    @classmethod
    def decode(cls, data: bytes) -> "Observation":
        """The observation that `data` encodes. Raises `EncodingError`; checks shape only, no signature."""
        r = Reader(data)
        if (version := r.u8("version")) != VERSION:
            raise EncodingError(f"version: {version}, expected {VERSION}")
        config_id, epoch, round_, member = r.b32("config_id"), r.u64("epoch"), r.u64("round"), r.u16("member")
        if (count := r.u8("certificates")) > 1:
            raise EncodingError(f"certificates: {count}, at most 1")
        certificate = Certified.read(r) if count else None
        proposals = r.many("proposals", r.u16("proposals"), Proposal.SIZE, Proposal.read)
        chains = r.many("chains", r.u16("chains"), 57, ChainReading.read)
        signature = r.fixed("signature", 64)
        r.end()
        strictly_ascending("chains", [c.chain.encode() for c in chains])
        floor = certificate.round if certificate else 0
        rounds = [floor, *(p.round for p in proposals), round_]
        if any(a >= b for a, b in pairwise(rounds)):
            raise EncodingError("rounds: certificate, proposals and observation do not rise")
        return cls(config_id, epoch, round_, member, certificate, proposals, chains, signature)


def encode_manifest(digests: tuple[bytes, ...]) -> bytes:
    """count u16 | digest b32 each, in the order of the members: which observations a round was computed from."""
    w = Writer().u16("observations", len(digests))
    for digest in digests:
        w.b32("observation", digest)
    return bytes(w)


def decode_manifest(data: bytes) -> tuple[bytes, ...]:
    r = Reader(data)
    digests = r.many("observations", r.u16("observations"), 32, lambda x: x.b32("observation"))
    r.end()
    return digests
