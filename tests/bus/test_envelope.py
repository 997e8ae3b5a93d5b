"""Envelopes: round trip, every field altered, cut, extended, forged, arbitrary bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from chains.hashing import keccak256
from chains.wire import EncodingError
from relayer.bus.envelope import HEADER_SIZE, INLINE_LIMIT, LARGEST, SIGNED_SIZE, Limits, Opened, open_envelope, seal
from relayer.bus.errors import BadEnvelope, Drop

GROUP = keccak256(b"group")
KEYS = [SigningKey(bytes([i + 1]) * 32) for i in range(4)]
MEMBERS = [key.verify_key for key in KEYS]
LIMITS = Limits({1: 100, 2: 10 * INLINE_LIMIT, 3: 0, 4: INLINE_LIMIT})

# field: (offset, size), from the table in docs/protocol.md
FIELDS = {
    "tag": (0, 19),
    "group": (19, 32),
    "kind": (51, 1),
    "sender": (52, 2),
    "recipient": (54, 2),
    "epoch": (56, 8),
    "round": (64, 8),
    "instance": (72, 8),
    "sequence": (80, 8),
    "body length": (88, 4),
    "body digest": (92, 32),
    "signature": (124, 64),
    "body": (188, 4),
}


def sealed(
    body: bytes = b"body",
    *,
    kind: int = 1,
    sender: int = 2,
    recipient: int | None = None,
    key: SigningKey | None = None,
    group: bytes = GROUP,
) -> bytes:
    return seal(
        key or KEYS[sender % 4],
        group=group,
        kind=kind,
        sender=sender,
        recipient=recipient,
        epoch=7,
        round=9,
        instance=11,
        sequence=13,
        body=body,
    )


def opened(raw: bytes) -> Opened:
    return open_envelope(raw, GROUP, MEMBERS, LIMITS)


def refusal(raw: bytes) -> BadEnvelope:
    with pytest.raises(BadEnvelope) as caught:
        opened(raw)
    return caught.value


def test_the_fields_cover_the_envelope_without_a_gap() -> None:
    at = 0
    for offset, size in FIELDS.values():
        assert offset == at
        at += size
    assert FIELDS["signature"][0] == SIGNED_SIZE
    assert FIELDS["body"][0] == HEADER_SIZE


@given(
    body=st.binary(max_size=100),
    sender=st.integers(0, 3),
    recipient=st.none() | st.integers(0, 3),
    numbers=st.tuples(*[st.integers(0, 2**64 - 1)] * 4),
)
def test_what_is_sealed_opens(body: bytes, sender: int, recipient: int | None, numbers: tuple[int, ...]) -> None:
    epoch, round_, instance, sequence = numbers
    raw = seal(
        KEYS[sender],
        group=GROUP,
        kind=1,
        sender=sender,
        recipient=recipient,
        epoch=epoch,
        round=round_,
        instance=instance,
        sequence=sequence,
        body=body,
    )
    got = opened(raw)
    assert got.body == body
    e = got.envelope
    assert (e.sender, e.recipient, e.epoch, e.round, e.instance, e.sequence) == (sender, recipient, *numbers)


def test_the_layout_is_the_one_of_the_table() -> None:
    raw = sealed(recipient=3)
    cut = {name: raw[at : at + size] for name, (at, size) in FIELDS.items()}
    assert cut["tag"] == b"ballast/envelope/v1"
    assert cut["group"] == GROUP
    numbers = [int.from_bytes(cut[k], "big") for k in ("kind", "sender", "recipient", "epoch", "round", "instance")]
    assert numbers == [1, 2, 3, 7, 9, 11]
    assert int.from_bytes(cut["sequence"], "big") == 13
    assert cut["body length"] == b"\0\0\0\4"
    assert cut["body digest"] == keccak256(b"body")
    MEMBERS[2].verify(raw[:124], cut["signature"])
    assert cut["body"] == b"body"
    assert sealed()[54:56] == b"\xff\xff"


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_can_be_altered(field: str) -> None:
    raw = sealed()
    offset, size = FIELDS[field]
    for at in range(offset, offset + size):
        for bit in (1, 0x80):
            changed = bytearray(raw)
            changed[at] ^= bit
            refusal(bytes(changed))


def test_cut_and_extended() -> None:
    raw = sealed()
    for size in range(len(raw)):
        refusal(raw[:size])
    for tail in (b"\0", b"x" * 100, b"x" * LARGEST):
        refusal(raw + tail)


@pytest.mark.parametrize("body_size", [0, 1, INLINE_LIMIT])
def test_up_to_the_limit_a_body_travels_inside(body_size: int) -> None:
    assert opened(sealed(bytes(body_size), kind=4)).body == bytes(body_size)


def test_a_larger_body_stays_behind_and_its_digest_travels() -> None:
    body = bytes(INLINE_LIMIT + 1)
    raw = sealed(body, kind=2)
    assert len(raw) == HEADER_SIZE
    got = opened(raw)
    assert got.body is None
    assert (got.envelope.body_length, got.envelope.body_digest) == (len(body), keccak256(body))
    refusal(raw + body[:100])


def test_each_refusal_names_its_reason_and_blames_only_who_signed() -> None:
    cases = [
        (b"", Drop.SIZE, None),
        (bytes(HEADER_SIZE), Drop.TAG, None),
        (bytes(LARGEST + 1), Drop.SIZE, None),
        (sealed(group=keccak256(b"other")), Drop.GROUP, None),
        (sealed(kind=9), Drop.KIND, None),
        (sealed(sender=4, key=KEYS[0]), Drop.SENDER, None),
        (sealed(sender=0xFFFF, key=KEYS[0]), Drop.SENDER, None),
        (sealed(recipient=4), Drop.RECIPIENT, None),
        (sealed(bytes(101), kind=1), Drop.LENGTH, None),
        (sealed(b"x", kind=3), Drop.LENGTH, None),
        (sealed(sender=2, key=KEYS[3]), Drop.SIGNATURE, None),
        (sealed()[:-1] + b"!", Drop.BODY, 2),
    ]
    for raw, reason, sender in cases:
        bad = refusal(raw)
        assert (bad.reason, bad.sender) == (reason, sender)


def test_a_huge_claimed_length_is_refused_by_its_number() -> None:
    raw = sealed(kind=2)
    huge = raw[:88] + b"\xff\xff\xff\xff" + raw[92:]
    assert refusal(huge).reason is Drop.LENGTH
    signed_huge = bytearray(raw[:SIGNED_SIZE])
    signed_huge[88:92] = b"\xff\xff\xff\xff"
    honest_signature = KEYS[2].sign(bytes(signed_huge)).signature
    assert refusal(bytes(signed_huge) + honest_signature).reason is Drop.LENGTH


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_only_bad_envelope(raw: bytes) -> None:
    refusal(raw)


@given(st.binary(max_size=400), st.integers(0, SIGNED_SIZE))
def test_arbitrary_bytes_behind_a_valid_beginning_raise_only_bad_envelope(tail: bytes, kept: int) -> None:
    raw = sealed()
    if raw[:kept] + tail != raw:
        refusal(raw[:kept] + tail)


def test_what_does_not_fit_is_not_sealed() -> None:
    with pytest.raises(EncodingError):
        sealed(recipient=0xFFFF)
    with pytest.raises(EncodingError):
        sealed(group=b"short")
    with pytest.raises(ValueError, match="u8"):
        Limits({256: 1})
