"""The bodies that members send: one encoding each, within their bounds; anything else is refused with a typed error."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.encoding import Header
from chains.wire import EncodingError
from relayer.agreement.records import Basis, Proposal
from relayer.frost import Commitment, FrostError, InvalidCommitments, SigningShare, round1
from relayer.rounds.messages import (
    MAX_COMMITMENTS,
    Call,
    Commitments,
    Kind,
    Proposed,
    Refused,
    Session,
    Share,
    Sign,
    limits,
)

SENDER = 3


def pair(label: int, identifier: int) -> Commitment:
    share = SigningShare(identifier, sha256(f"share {identifier}".encode()).digest())
    return round1.commit(share, sha256(f"{label}".encode()).digest() * 2)[1]


POOL = {identifier: [pair(label, identifier) for label in range(2)] for identifier in range(1, 8)}
u64 = st.integers(0, 2**64 - 1)
b32 = st.binary(min_size=32, max_size=32)
number = st.integers(1, 2**16 - 1)
own = st.sampled_from(POOL[SENDER])
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=255)
headers = st.builds(Header, u64, u64, b32, b32)
proposals = st.builds(Proposal, headers, st.builds(Basis, b32, b32, b32, b32), st.binary(min_size=64, max_size=64))
sessions = st.builds(
    lambda k, chosen: Session(k, tuple(POOL[i][k % 2] for i in sorted(chosen))),
    number,
    st.sets(st.sampled_from(sorted(POOL))),
)
commitments = st.builds(Commitments, st.booleans(), st.lists(own, max_size=4).map(tuple))


@given(st.builds(Call, u64))
def test_call(body: Call) -> None:
    assert Call.decode(body.encode()) == body


@given(commitments)
def test_commitments(body: Commitments) -> None:
    assert Commitments.decode(body.encode(), SENDER) == body


@given(st.builds(Proposed, proposals, sessions))
def test_proposed(body: Proposed) -> None:
    assert Proposed.decode(body.encode()) == body


@given(st.builds(Sign, b32, sessions))
def test_sign(body: Sign) -> None:
    assert Sign.decode(body.encode()) == body


@given(st.builds(Share, b32, number, b32, own))
def test_share(body: Share) -> None:
    assert Share.decode(body.encode(), SENDER) == body


@given(st.builds(Refused, b32, number, printable, printable))
def test_refused(body: Refused) -> None:
    assert Refused.decode(body.encode()) == body


DECODERS = [
    Call.decode,
    lambda data: Commitments.decode(data, SENDER),
    Proposed.decode,
    Sign.decode,
    lambda data: Share.decode(data, SENDER),
    Refused.decode,
]
NAMES = ["call", "commitments", "proposed", "sign", "share", "refused"]
SAMPLES = [
    Call(7).encode(),
    Commitments(True, tuple(POOL[SENDER])).encode(),
    Proposed(
        Proposal(Header(1, 2, bytes(32), bytes(32)), Basis(*[bytes(32)] * 4), bytes(64)), Session(1, (POOL[1][0],))
    ).encode(),
    Sign(bytes(32), Session(1, (POOL[1][0], POOL[2][0]))).encode(),
    Share(bytes(32), 1, bytes(32), POOL[SENDER][0]).encode(),
    Refused(bytes(32), 1, "vote", "no").encode(),
]


@pytest.mark.parametrize("decode", DECODERS, ids=NAMES)
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_with_a_typed_error_or_are_the_one_encoding(decode: object, data: bytes) -> None:
    try:
        body = decode(data)  # type: ignore[operator]
    except (EncodingError, FrostError):
        return
    assert body.encode() == data


@pytest.mark.parametrize(("decode", "sample"), list(zip(DECODERS, SAMPLES, strict=True)), ids=NAMES)
@given(data=st.data())
def test_altered_bytes_are_refused_or_mean_something_else(decode: object, sample: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sample) - 1))
    altered = sample[:at] + bytes([sample[at] ^ data.draw(st.integers(1, 255))]) + sample[at + 1 :]
    try:
        body = decode(altered)  # type: ignore[operator]
    except (EncodingError, FrostError):
        return
    assert body.encode() == altered


@pytest.mark.parametrize(("decode", "sample"), list(zip(DECODERS, SAMPLES, strict=True)), ids=NAMES)
def test_truncated_and_extended_bytes_are_refused(decode: object, sample: bytes) -> None:
    for data in [sample[:end] for end in range(len(sample))] + [sample + b"\x00"]:
        with pytest.raises((EncodingError, FrostError)):
            decode(data)  # type: ignore[operator]


def test_more_than_one_encoding_is_refused() -> None:
    wanted = b"\x02" + Commitments(True, ()).encode()[1:]
    with pytest.raises(EncodingError, match="wanted"):
        Commitments.decode(wanted, SENDER)
    with pytest.raises(EncodingError, match="sessions count from 1"):
        Sign.decode(bytes(32) + bytes(4))
    unordered = Session(1, (POOL[2][0], POOL[1][0]))
    with pytest.raises(EncodingError, match="ascending"):
        Sign.decode(Sign(bytes(32), unordered).encode())
    twice = Session(1, (POOL[2][0], POOL[2][1]))
    with pytest.raises(EncodingError, match="ascending"):
        Sign.decode(Sign(bytes(32), twice).encode())


def test_what_is_no_point_is_blamed_on_its_sender() -> None:
    data = Commitments(False, (POOL[SENDER][0],)).encode()
    with pytest.raises(InvalidCommitments) as raised:
        Commitments.decode(data[:3] + b"\x05" * 66, SENDER)
    assert raised.value.culprits == (SENDER,)


def test_a_count_that_cannot_fit_and_one_that_nobody_needs_are_refused_before_any_is_read() -> None:
    with pytest.raises(EncodingError, match="do not fit"):
        Commitments.decode(b"\x00" + (MAX_COMMITMENTS).to_bytes(2, "big"), SENDER)
    with pytest.raises(EncodingError, match="at most"):
        Commitments.decode(b"\x00" + (MAX_COMMITMENTS + 1).to_bytes(2, "big") + bytes(66 * 65), SENDER)


def test_a_refusal_brings_no_control_characters_into_a_log() -> None:
    raw = Refused(bytes(32), 1, "vote", "a\nb\x1b[31m").encode()
    assert Refused.decode(raw).text == "a?b?[31m"
    with pytest.raises(EncodingError, match="unprintable"):
        Refused.decode(raw.replace(b"a?b", b"a\nb"))


@pytest.mark.parametrize("members", [4, 7, 100])
def test_the_greatest_body_of_each_kind_is_within_its_limit(members: int) -> None:
    most = limits(members, items=3)
    commitment = POOL[1][0]
    session = bytes(4) + bytes(68 * members)
    assert len(Call(2**64 - 1).encode()) <= most[Kind.CALL]
    assert len(Commitments(True, (commitment,) * MAX_COMMITMENTS).encode()) <= most[Kind.COMMITMENTS]
    assert Proposal.SIZE + len(session) <= most[Kind.PROPOSAL]
    assert 32 + len(session) <= most[Kind.SIGN]
    assert len(Share(bytes(32), 1, bytes(32), commitment).encode()) <= most[Kind.SHARE]
    assert len(Refused(bytes(32), 1, "c" * 300, "t" * 300).encode()) <= most[Kind.REFUSAL]
    assert set(most) == set(Kind)
