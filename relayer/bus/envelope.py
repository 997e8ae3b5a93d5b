"""The envelope: what every message between members is wrapped in. Pure.

    offset  size  field
         0    19  tag            "ballast/envelope/v1"
        19    32  group          the committee
        51     1  kind           what the body is
        52     2  sender         member index
        54     2  recipient      member index; 0xffff: all
        56     8  epoch
        64     8  round
        72     8  instance       random number of the sender's process
        80     8  sequence       microseconds of the sender's clock, strictly rising
        88     4  body_length
        92    32  body_digest    Keccak-256 of the body
       124    64  signature      Ed25519 (RFC 8032) over bytes 0 to 123, by the sender's identity key
       188     .  body           body_length bytes where that is at most INLINE_LIMIT, else nothing

Integers are unsigned and big-endian. A larger body stays with the sender and is fetched by its digest (`blobs.py`).
The signature binds the body through its digest, so a header can be proven without the body.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer
from relayer.bus.errors import BadEnvelope, Drop

TAG = b"ballast/envelope/v1"
SIGNED_SIZE = 124
HEADER_SIZE = SIGNED_SIZE + 64
INLINE_LIMIT = 64 * 1024
LARGEST = HEADER_SIZE + INLINE_LIMIT
EVERYONE = 0xFFFF


class Limits:
    """The greatest body, in bytes, of each known kind. A kind that is not listed is refused."""

    __slots__ = ("_sizes",)

    def __init__(self, sizes: Mapping[int, int]) -> None:
        for kind, size in sizes.items():
            if not 0 <= kind <= 0xFF or not 0 <= size <= 0xFFFFFFFF:
                raise ValueError(f"limit of kind {kind}: a kind is a u8 and a size a u32, got {size}")
        self._sizes = dict(sizes)

    def of(self, kind: int) -> int | None:
        """Bytes allowed, or None where the kind is unknown."""
        return self._sizes.get(kind)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of an envelope. `recipient` None: for everyone. `instance`, `sequence`: see the byte table."""

    group: bytes
    kind: int
    sender: int
    recipient: int | None
    epoch: int
    round: int
    instance: int
    sequence: int
    body_length: int
    body_digest: bytes

    @property
    def inline(self) -> bool:
        return self.body_length <= INLINE_LIMIT


@dataclass(frozen=True, slots=True)
class Opened:
    """A proven envelope. `body` is None where it is too large to travel inside, and is to be fetched by its digest."""

    envelope: Envelope
    body: bytes | None


def seal(
    key: SigningKey,
    *,
    group: bytes,
    kind: int,
    sender: int,
    recipient: int | None,
    epoch: int,
    round: int,  # noqa: A002 - the protocol's term
    instance: int,
    sequence: int,
    body: bytes,
) -> bytes:
    """The bytes to publish. Raises `EncodingError` where a value does not fit its field."""
    if recipient == EVERYONE:
        raise EncodingError("recipient: 0xffff means everyone and is no member")
    signed = bytes(
        Writer()
        .fixed("tag", TAG, len(TAG))
        .b32("group", group)
        .u8("kind", kind)
        .u16("sender", sender)
        .u16("recipient", EVERYONE if recipient is None else recipient)
        .u64("epoch", epoch)
        .u64("round", round)
        .u64("instance", instance)
        .u64("sequence", sequence)
        .u32("body length", len(body))
        .b32("body digest", keccak256(body))
    )
    inline = body if len(body) <= INLINE_LIMIT else b""
    return signed + key.sign(signed).signature + inline


def read_claim(raw: bytes, group: bytes, members: int, limits: Limits) -> Envelope:
    """What `raw` claims to be; nothing is proven yet. Cheap checks only: sizes, tag, group, kind, indices, length.

    Raises `BadEnvelope`, which blames nobody.
    """
    if not HEADER_SIZE <= len(raw) <= LARGEST:
        raise BadEnvelope(Drop.SIZE, f"{len(raw)} bytes, an envelope has {HEADER_SIZE} to {LARGEST}")
    reader = Reader(raw[:SIGNED_SIZE])
    if reader.fixed("tag", len(TAG)) != TAG:
        raise BadEnvelope(Drop.TAG, "not an envelope of this version")
    if reader.b32("group") != group:
        raise BadEnvelope(Drop.GROUP, "another committee's")
    kind = reader.u8("kind")
    limit = limits.of(kind)
    if limit is None:
        raise BadEnvelope(Drop.KIND, f"unknown kind {kind}")
    sender = reader.u16("sender")
    if sender >= members:
        raise BadEnvelope(Drop.SENDER, f"no member {sender}")
    recipient = reader.u16("recipient")
    if recipient >= members and recipient != EVERYONE:
        raise BadEnvelope(Drop.RECIPIENT, f"no member {recipient}")
    envelope = Envelope(
        group=group,
        kind=kind,
        sender=sender,
        recipient=None if recipient == EVERYONE else recipient,
        epoch=reader.u64("epoch"),
        round=reader.u64("round"),
        instance=reader.u64("instance"),
        sequence=reader.u64("sequence"),
        body_length=reader.u32("body length"),
        body_digest=reader.b32("body digest"),
    )
    if envelope.body_length > limit:
        raise BadEnvelope(Drop.LENGTH, f"a body of {envelope.body_length} bytes, kind {kind} allows {limit}")
    expected = HEADER_SIZE + (envelope.body_length if envelope.inline else 0)
    if len(raw) != expected:
        raise BadEnvelope(Drop.LENGTH, f"{len(raw)} bytes in all, the header calls for {expected}")
    return envelope


def prove(claim: Envelope, raw: bytes, key: VerifyKey) -> Opened:
    """Checks signature and body of `raw`, from which `claim` was read, by the key of the sender that it names."""
    try:
        key.verify(raw[:SIGNED_SIZE], raw[SIGNED_SIZE:HEADER_SIZE])
    except BadSignatureError:
        raise BadEnvelope(Drop.SIGNATURE, f"not signed by member {claim.sender}") from None
    if not claim.inline:
        return Opened(claim, None)
    body = raw[HEADER_SIZE:]
    if keccak256(body) != claim.body_digest:
        raise BadEnvelope(Drop.BODY, "the body is not the one that was signed", claim.sender)
    return Opened(claim, body)


def open_envelope(raw: bytes, group: bytes, members: Sequence[VerifyKey], limits: Limits) -> Opened:
    """All checks in one: size, tag, group, kind, indices, length, signature, body. Raises `BadEnvelope` only."""
    claim = read_claim(raw, group, len(members), limits)
    return prove(claim, raw, members[claim.sender])
