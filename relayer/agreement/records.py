"""A round as it is passed on: proposed (signed by its leader) or certified (signed by the committee).

Both carry their `Basis` by digest; who wants to judge them fetches those blobs. A certificate counts only together with
the statements and books that hash to it (design, section 3).
"""

from dataclasses import dataclass
from typing import ClassVar

from chains.encoding import Certificate, Header, Leaf, decode_leaf, evidence
from chains.wire import Reader, Writer, strictly_ascending

PROPOSAL_TAG = b"ballast/proposal/v1"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a header was made from: the configuration, and keccak256 of books, manifest of observations, statements."""

    config_id: bytes
    books: bytes
    observations: bytes
    statements: bytes

    def evidence(self) -> bytes:
        return evidence(self.config_id, self.books, self.observations)

    def encode(self) -> bytes:
        """config_id b32 | books b32 | observations b32 | statements b32."""
        w = Writer().b32("config_id", self.config_id).b32("books", self.books)
        return bytes(w.b32("observations", self.observations).b32("statements", self.statements))

    @classmethod
    def read(cls, r: Reader) -> "Basis":
        return cls(r.b32("config_id"), r.b32("books"), r.b32("observations"), r.b32("statements"))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A header that its leader stands for. `signature`: Ed25519, 64 bytes, over PROPOSAL_TAG | header | basis."""

    SIZE: ClassVar[int] = 80 + 128 + 64

    header: Header
    basis: Basis
    signature: bytes = b""

    @property
    def id(self) -> bytes:
        """The message to sign: it names the round's content, whoever passes it on."""
        return self.header.message()

    @property
    def round(self) -> int:
        return self.header.round

    @property
    def signed_part(self) -> bytes:
        return PROPOSAL_TAG + self.header.encode() + self.basis.encode()

    def encode(self) -> bytes:
        """header 80 | basis 128 | signature 64."""
        signature = bytes(Writer().fixed("signature", self.signature, 64))
        return self.header.encode() + self.basis.encode() + signature

    @classmethod
    def read(cls, r: Reader) -> "Proposal":
        return cls(Header.read(r), Basis.read(r), r.fixed("signature", 64))

    @classmethod
    def decode(cls, data: bytes) -> "Proposal":
        r = Reader(data)
        proposal = cls.read(r)
        r.end()
        return proposal


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate with its basis."""

    certificate: Certificate
    basis: Basis

    @property
    def id(self) -> bytes:
        return self.certificate.header.message()

    @property
    def header(self) -> Header:
        return self.certificate.header

    @property
    def round(self) -> int:
        return self.certificate.header.round

    def encode(self) -> bytes:
        """certificate 145 | basis 128."""
        return self.certificate.encode() + self.basis.encode()

    @classmethod
    def read(cls, r: Reader) -> "Certified":
        return cls(Certificate.read(r), Basis.read(r))

    @classmethod
    def decode(cls, data: bytes) -> "Certified":
        r = Reader(data)
        certified = cls.read(r)
        r.end()
        return certified


def encode_statements(leaves: tuple[Leaf, ...]) -> bytes:
    """count u32 | (length u16 | leaf) each, sorted by the leaves' bytes."""
    w = Writer().u32("statements", len(leaves))
    for leaf in sorted(leaf.encode() for leaf in leaves):
        w.u16("length", len(leaf)).fixed("leaf", leaf, len(leaf))
    return bytes(w)


def decode_statements(data: bytes) -> tuple[Leaf, ...]:
    """The leaves, in the order of the tree: strictly ascending, so that a round's statements have one digest."""
    r = Reader(data)
    leaves = r.many("statements", r.u32("statements"), 2, lambda x: x.fixed("leaf", x.u16("length")))
    r.end()
    strictly_ascending("statements", list(leaves))
    return tuple(decode_leaf(leaf) for leaf in leaves)
