"""What FROST refuses, one by one, and what it never shows."""

import copy
import logging
import pickle
from collections.abc import Callable

import pytest

from relayer.frost import (
    Commitment,
    FrostError,
    GroupKey,
    InvalidCommitments,
    InvalidParameters,
    InvalidPoint,
    InvalidScalar,
    InvalidShares,
    InvalidSignature,
    KeyPackage,
    NonceReuse,
    PublicKeyPackage,
    SigningShare,
    aggregate,
    deal,
    round1,
    round2,
    verify,
)
from relayer.frost.ciphersuite import h2
from relayer.frost.curve import FIELD, ORDER, SecretScalar, add, add_base, decode_point, decode_scalar, multiply
from relayer.frost.keys import check_share, commit_polynomial
from relayer.frost.polynomial import lagrange
from tests.frost.frost_committee import committed, dealt, signing, stream

GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
OFF_CURVE_X = 5  # 5^3 + 7 is no square modulo p
HIGH_X = ORDER + 2  # n <= x < p, on the curve
ONE = bytes(31) + b"\x01"


def _b32(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(33),
        b"\x00",
        b"\x04" + GENERATOR[1:],
        b"\x05" + GENERATOR[1:],
        b"\x06" + GENERATOR[1:],
        GENERATOR[:-1],
        GENERATOR + b"\x00",
        b"\x02" + _b32(OFF_CURVE_X),
        b"\x02" + _b32(FIELD),
        b"\x02" + _b32(FIELD + 1),
        b"\x03" + b"\xff" * 32,
        b"\x04" + GENERATOR[1:] + bytes(32),
    ],
    ids=lambda raw: raw[:3].hex() + f"-{len(raw)}",
)
def test_points(raw: bytes) -> None:
    with pytest.raises(InvalidPoint):
        decode_point(raw)
    with pytest.raises(InvalidPoint):
        GroupKey(raw)
    with pytest.raises(InvalidCommitments) as hiding:
        Commitment(7, raw, GENERATOR)
    with pytest.raises(InvalidCommitments) as binding:
        Commitment(7, GENERATOR, raw)
    assert hiding.value.culprits == binding.value.culprits == (7,)


@pytest.mark.parametrize("raw", [bytes(32), _b32(ORDER), _b32(ORDER + 1), b"\xff" * 32, b"", ONE[1:], b"\x00" + ONE])
def test_scalars(raw: bytes) -> None:
    with pytest.raises(InvalidScalar):
        decode_scalar(raw)
    with pytest.raises(InvalidScalar):
        SecretScalar(raw)
    with pytest.raises(InvalidScalar):
        SigningShare(1, raw)


def test_group_key_has_px_below_the_order() -> None:
    decode_point(b"\x02" + _b32(HIGH_X))
    with pytest.raises(InvalidPoint, match="group order"):
        GroupKey(b"\x02" + _b32(HIGH_X))


def test_group_key_from_px() -> None:
    key = GroupKey.from_px(GENERATOR[1:], 0)
    assert (key.point33, key.px, key.parity) == (GENERATOR, GENERATOR[1:], 0)
    assert GroupKey.from_px(GENERATOR[1:], 1).point33 == b"\x03" + GENERATOR[1:]
    for px, parity in [(GENERATOR[1:], 2), (GENERATOR[1:], -1), (GENERATOR, 0), (GENERATOR[2:], 0)]:
        with pytest.raises(InvalidPoint):
            GroupKey.from_px(px, parity)


@pytest.mark.parametrize(("n", "t"), [(4, 1), (4, 0), (4, 5), (1, 1), (65_536, 2)])
def test_dealer_refuses_sizes(n: int, t: int) -> None:
    with pytest.raises(InvalidParameters):
        deal([stream(b"", str(i)) for i in range(t)], n, t)


def test_dealer_wants_t_coefficients_that_are_scalars() -> None:
    with pytest.raises(InvalidParameters):
        deal([ONE, ONE], 4, 3)
    for bad in (bytes(32), _b32(ORDER)):
        with pytest.raises(InvalidScalar):
            deal([ONE, bad], 4, 2)
    with pytest.raises(InvalidScalar):
        deal([ONE, _b32(ORDER - 1)], 4, 2)  # the share of member 1 would be 1 - 1 = 0


def test_feldman_commitment_tells_a_wrong_share() -> None:
    coefficients = [stream(b"feldman", str(i)) for i in range(3)]
    public, keys = deal(coefficients, 5, 3)
    commitment = commit_polynomial(coefficients)
    assert commitment[0] == public.group.point33
    for key in keys.values():
        check_share(key.share, commitment)
    with pytest.raises(InvalidCommitments) as caught:
        check_share(SigningShare(2, keys[3].share.reveal()), commitment)
    assert caught.value.culprits == (2,)


def test_package_wants_identifiers_one_to_n() -> None:
    public, _ = dealt(4, 3)
    shares = dict(public.verifying_shares)
    for wrong in ({i - 1: s for i, s in shares.items()}, {i: s for i, s in shares.items() if i != 2}, {}):
        with pytest.raises(InvalidParameters):
            PublicKeyPackage(public.group, wrong, 3)
    for threshold in (0, 1, 5):
        with pytest.raises(InvalidParameters):
            PublicKeyPackage(public.group, shares, threshold)


@pytest.mark.parametrize("member", [1, 4])
def test_package_check_finds_a_share_off_the_polynomial(member: int) -> None:
    public, _ = dealt(4, 3)
    public.check()
    wrong = PublicKeyPackage(public.group, {**public.verifying_shares, member: GENERATOR}, 3)
    with pytest.raises(InvalidParameters):
        wrong.check()
    with pytest.raises(InvalidParameters):
        PublicKeyPackage(GroupKey(GENERATOR), public.verifying_shares, 3).check()
    with pytest.raises(InvalidParameters):
        PublicKeyPackage(public.group, public.verifying_shares, 2).check()


def test_key_package_wants_the_share_of_its_group() -> None:
    public, keys = dealt(4, 3)
    KeyPackage(SigningShare(2, keys[2].share.reveal()), public)
    for share in (SigningShare(2, ONE), SigningShare(3, keys[2].share.reveal()), SigningShare(5, ONE)):
        with pytest.raises(InvalidParameters):
            KeyPackage(share, public)


def test_missing_and_uncalled_shares_are_named() -> None:
    public, keys = dealt(5, 3)
    s = signing(keys, (1, 2, 4), b"m")
    with pytest.raises(InvalidShares) as missing:
        aggregate(public, b"m", s.commitments, {1: s.shares[1]})
    assert missing.value.culprits == (2, 4)
    with pytest.raises(InvalidShares) as uncalled:
        aggregate(public, b"m", s.commitments, {**s.shares, 5: ONE})
    assert uncalled.value.culprits == (5,)


@pytest.mark.parametrize("share", [b"", bytes(32), _b32(ORDER), b"\xff" * 32, bytes(31), bytes(33)])
def test_share_that_is_no_scalar_is_named(share: bytes) -> None:
    public, keys = dealt(5, 3)
    s = signing(keys, (1, 2, 4), b"m")
    with pytest.raises(InvalidShares) as caught:
        aggregate(public, b"m", s.commitments, {**s.shares, 2: share})
    assert caught.value.culprits == (2,)


def test_share_above_the_order_is_refused_though_the_sum_is_right() -> None:
    public, keys = dealt(5, 3)
    s = signing(keys, (1, 2, 4), b"m")
    rest = sum(int.from_bytes(s.shares[i], "big") for i in (1, 2)) - 5
    shares = {**s.shares, 1: _b32(5), 2: _b32(rest % ORDER)}
    aggregate(public, b"m", s.commitments, shares)
    with pytest.raises(InvalidShares) as caught:
        aggregate(public, b"m", s.commitments, {**shares, 1: _b32(5 + ORDER)})
    assert 1 in caught.value.culprits


def test_two_wrong_shares_that_cancel_still_make_a_valid_signature() -> None:
    """The sum is what counts: aggregation looks at single shares only when the signature does not verify."""
    public, keys = dealt(5, 3)
    s = signing(keys, (1, 2, 4), b"m")
    shifted = dict(s.shares)
    for i, delta in ((1, 5), (2, -5)):
        shifted[i] = _b32((int.from_bytes(s.shares[i], "big") + delta) % ORDER)
    assert aggregate(public, b"m", s.commitments, shifted) == aggregate(public, b"m", s.commitments, s.shares)


def test_wrong_package_is_not_blamed_on_members() -> None:
    public, keys = dealt(4, 3)
    s = signing(keys, (1, 2, 3), b"m")
    mixed = PublicKeyPackage(GroupKey(GENERATOR), public.verifying_shares, 3)
    with pytest.raises(FrostError):
        aggregate(mixed, b"m", s.commitments, s.shares)


def test_sums_that_are_the_identity_are_refused() -> None:
    minus = decode_point(b"\x03" + GENERATOR[1:])
    with pytest.raises(InvalidPoint):
        add([SecretScalar(ONE).point(), minus])
    with pytest.raises(InvalidPoint):
        add_base(minus, 1)
    for zero in (0, ORDER):
        with pytest.raises(InvalidScalar):
            multiply(minus, zero)


def test_session_must_hold_the_signer() -> None:
    _, keys = dealt(5, 3)
    made = committed(keys, (1, 2, 3, 4))
    nonces, _ = made[4]
    with pytest.raises(InvalidCommitments) as caught:
        round2.sign(keys[4], nonces, b"m", [made[i][1] for i in (1, 2, 3)])
    assert caught.value.culprits == (4,)
    assert not nonces.used


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_commit_wants_64_random_bytes(size: int) -> None:
    _, keys = dealt(4, 3)
    with pytest.raises(InvalidParameters):
        round1.commit(keys[1].share, bytes(size))


@pytest.mark.parametrize("identifier", [0, -1, 65_536])
def test_identifiers(identifier: int) -> None:
    with pytest.raises(InvalidParameters):
        SigningShare(identifier, ONE)
    with pytest.raises(InvalidParameters):
        Commitment(identifier, GENERATOR, GENERATOR)


def test_lagrange_refuses() -> None:
    for identifiers, own in (((1, 1, 2), 1), ((1, 2), 3), ((0, 1), 1), ((1, ORDER), 1)):
        with pytest.raises(InvalidParameters):
            lagrange(identifiers, own)


def test_reasons_of_a_bad_signature() -> None:
    public, keys = dealt(4, 3)
    s = signing(keys, (1, 2, 3), b"m")
    r, z = aggregate(public, b"m", s.commitments, s.shares)
    other = GroupKey.from_px(public.group.px, public.group.parity ^ 1)
    e = h2(r + public.group.point33 + b"m")
    cases: list[tuple[str, Callable[[], None]]] = [
        ("bad_point", lambda: verify(public.group, b"m", bytes(33), z)),
        ("bad_point", lambda: verify(public.group, b"m", b"\x02" + _b32(OFF_CURVE_X), z)),
        ("bad_scalar", lambda: verify(public.group, b"m", r, bytes(32))),
        ("bad_scalar", lambda: verify(public.group, b"m", r, _b32(ORDER))),
        ("bad_signature", lambda: verify(public.group, b"m", r, _b32(e))),
        ("bad_signature", lambda: verify(public.group, b"n", r, z)),
        ("bad_signature", lambda: verify(other, b"m", r, z)),
    ]
    for reason, call in cases:
        with pytest.raises(InvalidSignature) as caught:
            call()
        assert caught.value.reason == reason


def test_identity_as_commitment_point_is_refused() -> None:
    """z = e * s makes z * G - e * P the identity: R can be no point at all."""
    group = GroupKey(GENERATOR)  # secret 1
    r = GENERATOR
    e = h2(r + group.point33 + b"m")
    with pytest.raises(InvalidSignature) as caught:
        verify(group, b"m", r, _b32(e))
    assert caught.value.reason == "bad_signature"
    assert "identity" in str(caught.value)


def test_secrets_are_not_shown_copied_or_pickled(caplog: pytest.LogCaptureFixture) -> None:
    public, keys = dealt(4, 3)
    key = keys[2]
    secret = key.share.reveal()
    nonces, _ = round1.commit(key.share, bytes(64))
    hiding, binding = nonces.take()
    nonce_bytes = hiding.reveal(), binding.reveal()
    nonces = round1.SigningNonces(hiding, binding, nonces.commitment)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().info("%s %r %s %r %s %r %r", key, key, nonces, nonces, key.share, key.share.scalar, public)
    shown = caplog.text
    for hidden in (secret, *nonce_bytes):
        assert hidden.hex() not in shown
        assert repr(hidden) not in shown
        assert str(int.from_bytes(hidden, "big")) not in shown
    for thing in (key, key.share, key.share.scalar, nonces):
        for copying in (pickle.dumps, copy.copy, copy.deepcopy):
            if thing is key and copying is copy.copy:
                continue  # a second name for the same share
            with pytest.raises(TypeError, match="neither pickled nor copied"):
                copying(thing)
        assert not hasattr(thing, "__dict__")


def test_public_things_are_pickled() -> None:
    public, keys = dealt(4, 3)
    _, commitment = committed(keys, [1])[1]
    for thing in (public, public.group, commitment):
        again = pickle.loads(pickle.dumps(thing))
        assert again == thing
        assert hash(again) == hash(thing)
        assert copy.deepcopy(thing) == thing


def test_used_nonces_are_wiped() -> None:
    _, keys = dealt(4, 3)
    made = committed(keys, (1, 2, 3))
    nonces, _ = made[1]
    kept = nonces._secrets[0]
    round2.sign(keys[1], nonces, b"m", [c for _, c in made.values()])
    for scalar in kept:
        assert scalar.reveal() == bytes(32)
        with pytest.raises(InvalidScalar):
            scalar.point()
        with pytest.raises(InvalidScalar):
            scalar.times(2)
    with pytest.raises(NonceReuse):
        nonces.take()
