"""The bodies that members send each other, inside the bus's signed envelopes. Byte tables: docs/protocol.md.

Observations and certificates travel as their own encodings (`Observation.encode`, `Certified.encode`).
"""

from dataclasses import dataclass
from enum import IntEnum

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer, strictly_ascending
from relayer.agreement.records import Proposal
from relayer.frost import Commitment


class Kind(IntEnum):
    """What a body is; the envelope's `kind`."""

    CALL = 1
    COMMITMENTS = 2
    OBSERVATION = 3
    PROPOSAL = 4
    SIGN = 5
    SHARE = 6
    REFUSAL = 7
    CERTIFICATE = 8


MAX_COMMITMENTS = 64


def limits(members: int, items: int) -> dict[int, int]:
    """The greatest body of each kind in bytes, for a committee of `members` whose configuration names `items`
    positions, deployments and chains together."""
    report = 1024 + 512 * items + 272 * 4096
    return {
        Kind.CALL: 64,
        Kind.COMMITMENTS: 16 + 66 * MAX_COMMITMENTS,
        Kind.OBSERVATION: report,
        Kind.PROPOSAL: 512 + 68 * members,
        Kind.SIGN: 128 + 68 * members,
        Kind.SHARE: 256,
        Kind.REFUSAL: 546,
        Kind.CERTIFICATE: 512,
    }


def commitment_id(commitment: Commitment) -> bytes:
    """32 bytes that name a pair of nonces in the store: keccak256(hiding | binding)."""
    return keccak256(commitment.hiding + commitment.binding)


@dataclass(frozen=True, slots=True)
class Call:
    """A round is wanted: the envelope's. `known` is the round of the highest certificate known to the caller."""

    known: int

    def encode(self) -> bytes:
        """known u64."""
        return bytes(Writer().u64("known", self.known))

    @classmethod
    def decode(cls, data: bytes) -> "Call":
        r = Reader(data)
        call = cls(r.u64("known"))
        r.end()
        return call


def _write_pair(w: Writer, commitment: Commitment) -> None:
    w.fixed("hiding", commitment.hiding, 33).fixed("binding", commitment.binding, 33)


@dataclass(frozen=True, slots=True)
class Commitments:
    """Nonce commitments that the sender made for the receiver alone, to be used in order when the receiver leads.

    They replace all that the receiver still has of the sender. `wanted` asks the receiver to answer with its own.
    """

    wanted: bool
    commitments: tuple[Commitment, ...]

    def encode(self) -> bytes:
        """wanted u8 | count u16 | (hiding 33 | binding 33) each."""
        w = Writer().u8("wanted", int(self.wanted)).u16("count", len(self.commitments))
        for commitment in self.commitments:
            _write_pair(w, commitment)
        return bytes(w)

    @classmethod
    def decode(cls, data: bytes, identifier: int) -> "Commitments":
        """`identifier` is the sender's FROST identifier. Raises `EncodingError`, `FrostError` for what is no point."""
        r = Reader(data)
        if (wanted := r.u8("wanted")) > 1:
            raise EncodingError(f"wanted: {wanted}, expected 0 or 1")
        if (count := r.u16("count")) > MAX_COMMITMENTS:
            raise EncodingError(f"count: {count}, at most {MAX_COMMITMENTS}")
        pairs = r.many("commitments", count, 66, lambda x: (x.fixed("hiding", 33), x.fixed("binding", 33)))
        r.end()
        return cls(wanted == 1, tuple(Commitment(identifier, *pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Session:
    """One signing session of a round: its number (from 1) and the commitments of its signers, rising by identifier."""

    number: int
    commitments: tuple[Commitment, ...]

    def write(self, w: Writer) -> None:
        """number u16 | count u16 | (identifier u16 | hiding 33 | binding 33) each."""
        w.u16("session", self.number).u16("signers", len(self.commitments))
        for commitment in self.commitments:
            _write_pair(w.u16("identifier", commitment.identifier), commitment)

    @classmethod
    def read(cls, r: Reader) -> "Session":
        """Raises `EncodingError`, `FrostError` for what is no point or no identifier."""
        if (number := r.u16("session")) == 0:
            raise EncodingError("session: 0, sessions count from 1")
        commitments = r.many("signers", r.u16("signers"), 68, _read_commitment)
        strictly_ascending("signers", [c.identifier.to_bytes(2, "big") for c in commitments])
        return cls(number, commitments)

    def of(self, identifier: int) -> Commitment | None:
        return next((c for c in self.commitments if c.identifier == identifier), None)


def _read_commitment(r: Reader) -> Commitment:
    return Commitment(r.u16("identifier"), r.fixed("hiding", 33), r.fixed("binding", 33))


@dataclass(frozen=True, slots=True)
class Proposed:
    """The leader's proposal with its first signing session."""

    proposal: Proposal
    session: Session

    def encode(self) -> bytes:
        """proposal 272 | session."""
        w = Writer()
        self.session.write(w)
        return self.proposal.encode() + bytes(w)

    @classmethod
    def decode(cls, data: bytes) -> "Proposed":
        r = Reader(data)
        body = cls(Proposal.read(r), Session.read(r))
        r.end()
        return body


@dataclass(frozen=True, slots=True)
class Sign:
    """A further session for the message of a proposal that was sent before."""

    message: bytes
    session: Session

    def encode(self) -> bytes:
        """message b32 | session."""
        w = Writer().b32("message", self.message)
        self.session.write(w)
        return bytes(w)

    @classmethod
    def decode(cls, data: bytes) -> "Sign":
        r = Reader(data)
        body = cls(r.b32("message"), Session.read(r))
        r.end()
        return body


@dataclass(frozen=True, slots=True)
class Share:
    """A signature share, and a fresh commitment in place of the one that it used up."""

    message: bytes
    session: int
    share: bytes
    fresh: Commitment

    def encode(self) -> bytes:
        """message b32 | session u16 | share b32 | hiding 33 | binding 33."""
        w = Writer().b32("message", self.message).u16("session", self.session).b32("share", self.share)
        _write_pair(w, self.fresh)
        return bytes(w)

    @classmethod
    def decode(cls, data: bytes, identifier: int) -> "Share":
        r = Reader(data)
        message, session, share = r.b32("message"), r.u16("session"), r.b32("share")
        fresh = Commitment(identifier, r.fixed("hiding", 33), r.fixed("binding", 33))
        r.end()
        return cls(message, session, share, fresh)


@dataclass(frozen=True, slots=True)
class Refused:
    """ "I do not sign this": so that the leader need not wait. `code` and `text` are for the operators' logs only."""

    message: bytes
    session: int
    code: str
    text: str

    def encode(self) -> bytes:
        """message b32 | session u16 | code text | text text (ASCII, at most 255 each)."""
        w = Writer().b32("message", self.message).u16("session", self.session)
        return bytes(w.text("code", _ascii(self.code)).text("text", _ascii(self.text)))

    @classmethod
    def decode(cls, data: bytes) -> "Refused":
        r = Reader(data)
        body = cls(r.b32("message"), r.u16("session"), r.text("code"), r.text("text"))
        r.end()
        if body.code != _ascii(body.code) or body.text != _ascii(body.text):
            raise EncodingError("refusal: an unprintable character")
        return body


def _ascii(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:255]
