"""Sessions mixed with an independent implementation, ZF's, both ways. There is no wheel of it for Python 3.13."""

import pytest

from relayer.frost import Commitment, InvalidSignature, aggregate, round2, verify, verify_share
from tests.frost import frost_rs_codec as zf
from tests.frost.frost_committee import committed, dealt

frost_rs = pytest.importorskip("frost_rs", reason="frost-rs has no wheel for this Python")
theirs = frost_rs.utility_secp256k1

MESSAGE = bytes(range(32))
OURS = (1, 3)
THEIRS = (2, 4)


@pytest.mark.parametrize("dealer", ["ours", "theirs"])
@pytest.mark.parametrize(("t", "n"), [(3, 4), (4, 4), (4, 7)])
def test_mixed_session(dealer: str, t: int, n: int) -> None:
    if dealer == "ours":
        public, keys = dealt(n, t)
    else:
        packages = {i: theirs.gen_key_package(share) for i, share in theirs.get_key(t, n).items()}
        public, keys = zf.read_key_packages(packages)
    public.check()

    ours = committed(keys, OURS)
    their_nonces, their_commitments = {}, dict[int, Commitment]()
    for i in THEIRS:
        their_nonces[i], encoded = theirs.preprocess(zf.key_package(keys[i]))
        their_commitments[i] = zf.read_commitment(i, encoded)
    commitments = [c for _, c in ours.values()] + list(their_commitments.values())
    encoded_commitments = {zf.identifier(c.identifier): zf.commitment(c) for c in commitments}

    shares = {i: round2.sign(keys[i], nonces, MESSAGE, commitments) for i, (nonces, _) in ours.items()}
    for i in THEIRS:
        share = theirs.sign(MESSAGE, encoded_commitments, their_nonces[i], zf.key_package(keys[i]))
        shares[i] = zf.raw(share)
        verify_share(public, MESSAGE, commitments, i, shares[i])

    r, z = aggregate(public, MESSAGE, commitments, shares)
    encoded_shares = {zf.identifier(i): zf.text(share) for i, share in shares.items()}
    package = zf.public_package(public)
    their_signature = theirs.aggregate(MESSAGE, encoded_commitments, encoded_shares, package)
    assert zf.raw(their_signature) == r + z
    assert theirs.verify(MESSAGE, package, zf.text(r + z))
    verify(public.group, MESSAGE, r, z)


def test_both_refuse_the_same() -> None:
    public, keys = dealt(4, 3)
    made = committed(keys, (1, 2, 3))
    commitments = [c for _, c in made.values()]
    shares = {i: round2.sign(keys[i], nonces, MESSAGE, commitments) for i, (nonces, _) in made.items()}
    r, z = aggregate(public, MESSAGE, commitments, shares)
    package = zf.public_package(public)
    assert theirs.verify(MESSAGE, package, zf.text(r + z))
    wrong = z[:-1] + bytes([z[-1] ^ 1])
    assert not theirs.verify(MESSAGE, package, zf.text(r + wrong))
    assert not theirs.verify(MESSAGE + b"\x00", package, zf.text(r + z))
    with pytest.raises(InvalidSignature):
        verify(public.group, MESSAGE, r, wrong)
    with pytest.raises(InvalidSignature):
        verify(public.group, MESSAGE + b"\x00", r, z)
