//! Verification of FROST(secp256k1, SHA-256) signatures, exactly those of RFC 9591, section 6.5.
//!
//! A group signature (R, z) over a message under the group key P holds when z G = R + e P, with e = H2(R | P | message).
//! The curve arithmetic is the recovery's: with hash = -z px, v = parity of P, r = px and s = -e px, all modulo n, it
//! returns z G - e P, and the whole of that point is compared with R.

use crate::crypto::Crypto;
use crate::error::{ensure, Error};
use ballast_rules::statement::{Key, Signature};
use k256::elliptic_curve::hash2curve::{ExpandMsgXmd, GroupDigest};
use k256::elliptic_curve::point::DecompressPoint;
use k256::elliptic_curve::scalar::IsHigh;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::elliptic_curve::subtle::Choice;
use k256::elliptic_curve::PrimeField;
use k256::{AffinePoint, Scalar, Secp256k1};
use sha2::Sha256;

/// Domain separation tag of H2: the suite's context string and "chal" (RFC 9591, section 6.5).
const DST: &[u8] = b"FROST-secp256k1-SHA256-v1chal";

/// Refuses all but the group's signature over the 32 bytes of `message`: `BadCommitment`, `BadScalar`, `BadSignature`.
/// `key` was accepted by [`check_key`].
pub fn verify(crypto: &impl Crypto, key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), Error> {
    let commitment = commitment(signature).ok_or(Error::BadCommitment)?;
    let z = nonzero(&signature.z).ok_or(Error::BadScalar)?;
    let e = challenge(key, message, signature).ok_or(Error::BadSignature)?;
    ensure(!bool::from(e.is_zero()), Error::BadSignature)?;
    let px = nonzero(&key.px).ok_or(Error::BadKey)?;

    let hash = z.mul(&px).negate();
    let mut s = e.mul(&px).negate();
    let mut parity = key.parity;
    // (s, v) and (n - s, 1 - v) recover the same point; the lower s is one that every implementation takes.
    if bool::from(s.is_high()) {
        s = s.negate();
        parity ^= 1;
    }
    let mut ecdsa = [0; 64];
    let (low, high) = ecdsa.split_at_mut(32);
    low.copy_from_slice(&key.px);
    high.copy_from_slice(&s.to_bytes());

    let point = crypto.recover(&hash.to_bytes().into(), parity, &ecdsa).ok_or(Error::BadSignature)?;
    ensure(commitment.to_encoded_point(false).as_bytes() == point, Error::BadSignature)
}

/// Refuses what [`verify`] cannot work with: px takes the place of an ECDSA r, hence below n. A distributed key
/// generation meets another px with probability 2^-128 and then runs again.
pub fn check_key(key: &Key) -> Result<(), Error> {
    let in_range = key.parity <= 1 && nonzero(&key.px).is_some();
    ensure(in_range && decompress(&key.px, key.parity).is_some(), Error::BadKey)
}

/// e = H2(R | P | message): hash_to_field of RFC 9380, section 5.2, with expand_message_xmd over SHA-256.
pub fn challenge(key: &Key, message: &[u8; 32], signature: &Signature) -> Option<Scalar> {
    let parts: [&[u8]; 5] = [&[signature.prefix], &signature.x, &[2 | key.parity], &key.px, message];
    Secp256k1::hash_to_scalar::<ExpandMsgXmd<Sha256>>(&parts, &[DST]).ok()
}

/// R, if it is a point in canonical form: prefix 02 or 03, x below p and on the curve.
fn commitment(signature: &Signature) -> Option<AffinePoint> {
    matches!(signature.prefix, 2 | 3).then(|| decompress(&signature.x, signature.prefix & 1)).flatten()
}

/// The point of this x and parity, where x is below p and on the curve.
fn decompress(x: &[u8; 32], parity: u8) -> Option<AffinePoint> {
    AffinePoint::decompress(&(*x).into(), Choice::from(parity & 1)).into()
}

/// The scalar of these bytes, if it is above 0 and below n.
fn nonzero(bytes: &[u8; 32]) -> Option<Scalar> {
    Option::<Scalar>::from(Scalar::from_repr((*bytes).into())).filter(|scalar| !bool::from(scalar.is_zero()))
}
