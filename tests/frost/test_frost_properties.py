"""What holds for every committee, subset and message."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relayer.frost import (
    Commitment,
    InvalidCommitments,
    InvalidParameters,
    InvalidShares,
    InvalidSignature,
    KeyPackage,
    NonceReuse,
    PublicKeyPackage,
    aggregate,
    round2,
    verify,
    verify_share,
)
from relayer.frost.curve import FIELD, ORDER
from relayer.frost.polynomial import lagrange
from tests.frost.frost_committee import Signing, committed, dealt, signing, stream

quick = settings(deadline=None, max_examples=40)
seeds = st.binary(min_size=8, max_size=8)
messages = st.binary(max_size=80)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[PublicKeyPackage, dict[int, KeyPackage], Signing]:
    n = draw(st.integers(2, 7))
    t = draw(st.integers(2, n))
    public, keys = dealt(n, t, draw(seeds))
    size = draw(st.integers(t, n))
    signers = draw(st.permutations(range(1, n + 1)))[:size]
    return public, keys, signing(keys, signers, draw(messages), draw(seeds))


Drawn = tuple[PublicKeyPackage, dict[int, KeyPackage], Signing]


@quick
@given(sessions())
def test_any_t_members_sign(drawn: Drawn) -> None:
    public, _, s = drawn
    public.check()
    r, z = aggregate(public, s.message, s.commitments, s.shares)
    verify(public.group, s.message, r, z)
    for i, share in s.shares.items():
        verify_share(public, s.message, s.commitments, i, share)


@quick
@given(sessions())
def test_order_of_commitments_and_shares_is_immaterial(drawn: Drawn) -> None:
    public, _, s = drawn
    expected = aggregate(public, s.message, s.commitments, s.shares)
    assert aggregate(public, s.message, s.commitments[::-1], dict(reversed(s.shares.items()))) == expected


@quick
@given(st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(2, n))), seeds)
def test_fewer_than_t_cannot_sign(sizes: tuple[int, int], seed: bytes) -> None:
    n, t = sizes
    public, keys = dealt(n, t, seed)
    made = committed(keys, range(1, t))
    commitments = [c for _, c in made.values()]
    for i, (nonces, _) in made.items():
        with pytest.raises(InvalidParameters, match="at least"):
            round2.sign(keys[i], nonces, b"m", commitments)
        assert not nonces.used
    with pytest.raises(InvalidParameters, match="at least"):
        aggregate(public, b"m", commitments, {i: bytes(31) + b"\x01" for i in made})


@quick
@given(st.integers(2, 6), seeds)
def test_fewer_than_t_shares_do_not_make_the_key(t: int, seed: bytes) -> None:
    public, keys = dealt(t + 1, t, seed)
    secret = int.from_bytes(stream(seed, "coefficient 0"), "big") % ORDER

    def interpolated(ids: list[int]) -> int:
        return sum(lagrange(ids, i) * int.from_bytes(keys[i].share.reveal(), "big") for i in ids) % ORDER

    assert interpolated(list(range(2, t + 2))) == secret
    assert interpolated(list(range(1, t))) != secret
    assert public.threshold == t


@quick
@given(sessions(), st.data())
def test_bad_shares_are_named_all_and_only_they(drawn: Drawn, data: st.DataObject) -> None:
    public, _, s = drawn
    bad = data.draw(st.sets(st.sampled_from(sorted(s.shares)), min_size=1))
    for i in bad:
        delta = data.draw(st.integers(1, ORDER - 1))
        s.shares[i] = ((int.from_bytes(s.shares[i], "big") + delta) % ORDER).to_bytes(32, "big")
    total = sum(int.from_bytes(share, "big") for share in s.shares.values()) % ORDER
    honest = {i: s.shares[i] for i in s.shares if i not in bad}
    assume(total != 0)
    with pytest.raises(InvalidShares) as caught:
        aggregate(public, s.message, s.commitments, s.shares)
    assert caught.value.culprits == tuple(sorted(bad))
    for i, share in honest.items():
        verify_share(public, s.message, s.commitments, i, share)
    for i in bad:
        with pytest.raises(InvalidShares) as one:
            verify_share(public, s.message, s.commitments, i, s.shares[i])
        assert one.value.culprits == (i,)


@quick
@given(sessions(), st.data())
def test_a_signer_with_other_nonces_than_it_committed_to_is_named(drawn: Drawn, data: st.DataObject) -> None:
    public, keys, s = drawn
    liar = data.draw(st.sampled_from(sorted(s.shares)))
    nonces, other = committed(keys, [liar], b"other")[liar]
    published = next(c for c in s.commitments if c.identifier == liar)
    assume(other != published)
    with pytest.raises(InvalidCommitments) as refused:
        round2.sign(keys[liar], nonces, s.message, s.commitments)
    assert refused.value.culprits == (liar,)
    swapped = [other if c.identifier == liar else c for c in s.commitments]
    s.shares[liar] = round2.sign(keys[liar], nonces, s.message, swapped)
    with pytest.raises(InvalidShares) as caught:
        aggregate(public, s.message, s.commitments, s.shares)
    assert caught.value.culprits == (liar,)


@quick
@given(sessions())
def test_nonces_work_once(drawn: Drawn) -> None:
    _, keys, s = drawn
    for i, nonces in s.nonces.items():
        assert nonces.used
        with pytest.raises(NonceReuse) as caught:
            round2.sign(keys[i], nonces, s.message, s.commitments)
        assert caught.value.identifier == i


@quick
@given(sessions(), st.data())
def test_malleated_signatures_are_refused(drawn: Drawn, data: st.DataObject) -> None:
    public, _, s = drawn
    r, z = aggregate(public, s.message, s.commitments, s.shares)
    value = int.from_bytes(z, "big")
    at, bit = data.draw(st.integers(0, 31)), 1 << data.draw(st.integers(0, 7))

    def flipped(raw: bytes, i: int) -> bytes:
        return raw[:i] + bytes([raw[i] ^ bit]) + raw[i + 1 :]

    forged = [
        (r, flipped(z, at)),
        (flipped(r, at + 1), z),
        (bytes([r[0] ^ 1]) + r[1:], z),
        (bytes([r[0] ^ 1]) + r[1:], (ORDER - value).to_bytes(32, "big")),
        (r, (ORDER - value).to_bytes(32, "big")),
        (b"\x04" + r[1:], z),
        (r[:-1], z),
        (r + b"\x00", z),
        (r, z[:-1]),
        (r, z + b"\x00"),
        (r, bytes(32)),
        (r, ORDER.to_bytes(32, "big")),
        (b"\x02" + FIELD.to_bytes(32, "big"), z),
    ]
    for bad_r, bad_z in forged:
        with pytest.raises(InvalidSignature):
            verify(public.group, s.message, bad_r, bad_z)
    with pytest.raises(InvalidSignature) as caught:
        verify(public.group, s.message + b"\x00", r, z)
    assert caught.value.reason == "bad_signature"


@quick
@given(sessions(), st.data())
def test_commitments_of_strangers_and_twins_are_named(drawn: Drawn, data: st.DataObject) -> None:
    public, _, s = drawn
    one = data.draw(st.sampled_from(s.commitments))
    with pytest.raises(InvalidCommitments) as twin:
        aggregate(public, s.message, [*s.commitments, one], s.shares)
    assert twin.value.culprits == (one.identifier,)
    stranger = Commitment(public.size + 1, one.hiding, one.binding)
    with pytest.raises(InvalidCommitments) as strange:
        aggregate(public, s.message, [*s.commitments, stranger], s.shares)
    assert strange.value.culprits == (public.size + 1,)
