"""What is signed and what gates read: statements, their tree, the round's header, the certificate.

The normative encoder; the byte tables are in docs/protocol.md, the vectors in contracts/vectors/. All integers are
big-endian and fixed-width; there is no padding and no optional field. Amounts are base units, times Unix seconds of the
chain concerned. Everything that does not decode exactly raises `EncodingError`.
"""

from dataclasses import dataclass

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer

KIND_MINT_CAP = 0x01
KIND_HANDOVER = 0x02
MINT_CAP_SIZE = 177
HANDOVER_SIZE = 82
HEADER_SIZE = 80
CERTIFICATE_SIZE = 145
MAX_DEPTH = 32
MESSAGE_TAG = b"ballast/round/v1"

__all__ = [
    "Branch",
    "Certificate",
    "EncodingError",
    "Handover",
    "Header",
    "Leaf",
    "MintCap",
    "Tree",
    "decode_leaf",
    "domain_id",
    "evidence",
    "leaf_hash",
    "node_hash",
    "route_id",
    "submission",
]


@dataclass(frozen=True, slots=True)
class MintCap:
    """Leaf of kind 1: what one gate is told about one route.

    `mint_cap` is in the token's base units; `collateral` and `supply` are the route's totals in route units.
    """

    domain: bytes
    route: bytes
    mint_cap: int
    collateral: int
    supply: int
    observed_at: int
    expires_at: int

    def encode(self) -> bytes:
        """0x01 | domain b32 | route b32 | mint_cap u256 | collateral u256 | supply u256
        | observed_at u64 | expires_at u64."""
        w = Writer().u8("kind", KIND_MINT_CAP).b32("domain", self.domain).b32("route", self.route)
        w.u256("mint_cap", self.mint_cap).u256("collateral", self.collateral).u256("supply", self.supply)
        w.u64("observed_at", self.observed_at).u64("expires_at", self.expires_at)
        return bytes(w)

    @property
    def key(self) -> tuple[int, bytes, bytes]:
        """What must be unique in a tree."""
        return KIND_MINT_CAP, self.domain, self.route


@dataclass(frozen=True, slots=True)
class Handover:
    """Leaf of kind 2: the key of the next epoch, `px` and `parity` of its point (parity 0: y even, 1: y odd)."""

    domain: bytes
    new_epoch: int
    px: bytes
    parity: int
    expires_at: int

    def encode(self) -> bytes:
        """0x02 | domain b32 | new_epoch u64 | px b32 | parity u8 | expires_at u64."""
        if self.parity not in (0, 1):
            raise EncodingError(f"parity: {self.parity}, expected 0 or 1")
        w = Writer().u8("kind", KIND_HANDOVER).b32("domain", self.domain).u64("new_epoch", self.new_epoch)
        return bytes(w.b32("px", self.px).u8("parity", self.parity).u64("expires_at", self.expires_at))

    @property
    def key(self) -> tuple[int, bytes, bytes]:
        return KIND_HANDOVER, self.domain, bytes(32)


Leaf = MintCap | Handover


def decode_leaf(data: bytes) -> Leaf:
    """The leaf that `data` encodes; each kind has exactly one length."""
    r = Reader(data)
    kind = r.u8("kind")
    leaf: Leaf
    if kind == KIND_MINT_CAP:
        leaf = MintCap(
            r.b32("domain"),
            r.b32("route"),
            r.u256("mint_cap"),
            r.u256("collateral"),
            r.u256("supply"),
            r.u64("observed_at"),
            r.u64("expires_at"),
        )
    elif kind == KIND_HANDOVER:
        leaf = Handover(r.b32("domain"), r.u64("new_epoch"), r.b32("px"), r.u8("parity"), r.u64("expires_at"))
        if leaf.parity not in (0, 1):
            raise EncodingError(f"parity: {leaf.parity}, expected 0 or 1")
    else:
        raise EncodingError(f"kind: {kind} is not known")
    r.end()
    return leaf


def leaf_hash(leaf: bytes) -> bytes:
    """keccak256(0x00 | leaf): the prefix keeps a leaf from passing as a node (RFC 6962, section 2.1)."""
    return keccak256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """keccak256(0x01 | left | right)."""
    return keccak256(b"\x01" + left + right)


@dataclass(frozen=True, slots=True)
class Branch:
    """The way from a leaf to the root. Bit i of `sides` is set when the sibling at level i stands left."""

    sides: int
    siblings: tuple[bytes, ...]

    def encode(self) -> bytes:
        """depth u8 | sides u32 | siblings b32 each, the leaf's own first."""
        depth = len(self.siblings)
        if depth > MAX_DEPTH:
            raise EncodingError(f"depth: {depth}, at most {MAX_DEPTH}")
        if self.sides >> depth:
            raise EncodingError("sides: an unused bit is set")
        w = Writer().u8("depth", depth).u32("sides", self.sides)
        for sibling in self.siblings:
            w.b32("sibling", sibling)
        return bytes(w)

    @classmethod
    def decode(cls, data: bytes) -> "Branch":
        r = Reader(data)
        branch = cls.read(r)
        r.end()
        return branch

    @classmethod
    def read(cls, r: Reader) -> "Branch":
        depth, sides = r.u8("depth"), r.u32("sides")
        if depth > MAX_DEPTH:
            raise EncodingError(f"depth: {depth}, at most {MAX_DEPTH}")
        if sides >> depth:
            raise EncodingError("sides: an unused bit is set")
        return cls(sides, r.many("siblings", depth, 32, lambda x: x.b32("sibling")))

    def root(self, leaf: bytes) -> bytes:
        """The root that this branch leads to from the encoded `leaf`."""
        node = leaf_hash(leaf)
        for level, sibling in enumerate(self.siblings):
            left = self.sides >> level & 1
            node = node_hash(sibling, node) if left else node_hash(node, sibling)
        return node


class Tree:
    """The Merkle tree over a round's statements: leaves sorted by their bytes, an odd node promoted.

    Raises `EncodingError` for no leaf at all and for two leaves of the same (kind, domain, route).
    """

    def __init__(self, leaves: "list[Leaf] | tuple[Leaf, ...]") -> None:
        if not leaves:
            raise EncodingError("tree: no leaves")
        if len({leaf.key for leaf in leaves}) != len(leaves):
            raise EncodingError("tree: two leaves of one (kind, domain, route)")
        self.leaves = tuple(sorted(leaf.encode() for leaf in leaves))
        self._levels = [[leaf_hash(leaf) for leaf in self.leaves]]
        while len(level := self._levels[-1]) > 1:
            pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self._levels.append(pairs + level[len(level) & ~1 :])
        if len(self._levels) - 1 > MAX_DEPTH:
            raise EncodingError(f"tree: deeper than {MAX_DEPTH}")

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def branch(self, leaf: bytes) -> Branch:
        """The branch of the encoded `leaf`; a level at which its node is promoted has no sibling."""
        at = self.leaves.index(leaf)
        sides, siblings = 0, list[bytes]()
        for level in self._levels[:-1]:
            if at ^ 1 < len(level):
                sides |= (at & 1) << len(siblings)
                siblings.append(level[at ^ 1])
            at >>= 1
        return Branch(sides, tuple(siblings))


def evidence(config_id: bytes, books_digest: bytes, observations_digest: bytes) -> bytes:
    """keccak256(0x02 | config_id | books_digest | observations_digest), what the round was computed from."""
    w = Writer().u8("tag", 2).b32("config_id", config_id).b32("books_digest", books_digest)
    return keccak256(bytes(w.b32("observations_digest", observations_digest)))


@dataclass(frozen=True, slots=True)
class Header:
    """What the committee signs: one round."""

    epoch: int
    round: int
    evidence: bytes
    root: bytes

    def encode(self) -> bytes:
        """epoch u64 | round u64 | evidence b32 | root b32."""
        w = Writer().u64("epoch", self.epoch).u64("round", self.round)
        return bytes(w.b32("evidence", self.evidence).b32("root", self.root))

    @classmethod
    def read(cls, r: Reader) -> "Header":
        return cls(r.u64("epoch"), r.u64("round"), r.b32("evidence"), r.b32("root"))

    def message(self) -> bytes:
        """The 32 bytes that are threshold-signed: keccak256("ballast/round/v1" | header)."""
        return keccak256(MESSAGE_TAG + self.encode())


@dataclass(frozen=True, slots=True)
class Certificate:
    """A header with its FROST signature: `r` the compressed commitment R (SEC 1, 33 bytes), `z` 32 bytes."""

    header: Header
    r: bytes
    z: bytes

    def encode(self) -> bytes:
        """header 80 | R 33 | z 32."""
        return self.header.encode() + bytes(Writer().fixed("R", self.r, 33).fixed("z", self.z, 32))

    @classmethod
    def read(cls, r: Reader) -> "Certificate":
        return cls(Header.read(r), r.fixed("R", 33), r.fixed("z", 32))

    @classmethod
    def decode(cls, data: bytes) -> "Certificate":
        r = Reader(data)
        certificate = cls.read(r)
        r.end()
        return certificate


def submission(leaf: bytes, branch: Branch, certificate: Certificate) -> bytes:
    """leaf | branch | certificate: what a gate takes. The EVM form appends R's y coordinate (see docs/protocol.md)."""
    return leaf + branch.encode() + certificate.encode()


def domain_id(account: str) -> bytes:
    """Keccak-256 of a gate's CAIP-10 name (EVM addresses in lower-case hex)."""
    return keccak256(account.encode("ascii"))


def route_id(name: str) -> bytes:
    """Keccak-256 of a route's name."""
    return keccak256(name.encode("ascii"))
