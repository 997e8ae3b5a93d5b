//! Verification of FROST(secp256k1, SHA-256) signatures, exactly those of RFC 9591, section 6.5.
//!
//! A group signature (R, z) over a message under the group key P holds when z G = R + e P, with e = H2(R | P | message).
//! The curve arithmetic is the recovery's: with hash = -z px, v = parity of P, r = px and s = -e px, all modulo n, it
//! returns z G - e P, and the whole of that point is compared with R.

use crate::crypto::Crypto;
use crate::error::{ensure, Error};
use crate::scalar::{self, Limbs};
use ballast_rules::statement::{Key, Signature};

/// Order of the field of secp256k1 (SEC 2, section 2.4.1), big-endian.
pub const FIELD: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f,
];

/// Domain separation tag of H2, the suite's context string and "chal" (RFC 9591, section 6.5), and its length.
const DST_PRIME: &[u8; 30] = b"FROST-secp256k1-SHA256-v1chal\x1d";

/// Refuses all but the group's signature over the 32 bytes of `message`: `BadCommitment`, `BadScalar`, `BadSignature`.
/// `key` was accepted by [`check_key`].
#[inline(never)]
pub fn verify<C: Crypto>(key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), Error> {
    ensure(matches!(signature.prefix, 2 | 3) && signature.x < FIELD, Error::BadCommitment)?;
    check_equation::<C>(key, message, signature).map_err(|error| {
        // Whether x is on the curve takes another recovery, which only refused signatures pay for: one that holds
        // has been compared with a point of the curve.
        match is_on_curve::<C>(&signature.x) {
            true => error,
            false => Error::BadCommitment,
        }
    })
}

/// Refuses what [`verify`] cannot work with: px takes the place of an ECDSA r, hence below n. A distributed key
/// generation meets another px with probability 2^-128 and then runs again.
#[inline(never)]
pub fn check_key<C: Crypto>(key: &Key) -> Result<(), Error> {
    let px = scalar::from_be(&key.px);
    let in_range = !scalar::is_zero(&px) && scalar::is_reduced(&px) && key.parity <= 1;
    ensure(in_range && is_on_curve::<C>(&key.px), Error::BadKey)
}

/// e = H2(R | P | message): hash_to_field of RFC 9380, section 5.2, with expand_message_xmd over SHA-256, 48 bytes
/// reduced modulo n.
#[inline(always)]
pub fn challenge<C: Crypto>(key: &Key, message: &[u8; 32], signature: &Signature, e: &mut Limbs) {
    let (mut b0, mut b1, mut b2) = ([0; 32], [0; 32], [0; 32]);
    let (r_prefix, p_prefix) = ([signature.prefix], [2 | key.parity]);
    let (z_pad, length) = ([0; 64], [0, 48, 0]);
    C::sha256(&[&z_pad, &r_prefix, &signature.x, &p_prefix, &key.px, message, &length, DST_PRIME], &mut b0);
    C::sha256(&[&b0, &[1], DST_PRIME], &mut b1);
    for (a, b) in b0.iter_mut().zip(&b1) {
        *a ^= b;
    }
    C::sha256(&[&b0, &[2], DST_PRIME], &mut b2);
    if let Some(low) = b2.first_chunk() {
        scalar::from_48(&b1, low, e);
    }
}

#[inline(always)]
fn check_equation<C: Crypto>(key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), Error> {
    let z = scalar::from_be(&signature.z);
    ensure(!scalar::is_zero(&z) && scalar::is_reduced(&z), Error::BadScalar)?;
    let (mut e, mut product, px) = ([0; 8], [0; 8], scalar::from_be(&key.px));
    challenge::<C>(key, message, signature, &mut e);
    ensure(!scalar::is_zero(&e), Error::BadSignature)?;

    let (mut hash, mut ecdsa) = ([0; 32], [0; 64]);
    let (r, s) = ecdsa.split_at_mut(32);
    r.copy_from_slice(&key.px);
    // Neither product is 0, since no factor is.
    scalar::multiply(&z, &px, &mut product);
    scalar::negate(&mut product);
    scalar::to_be(&product, &mut hash);
    scalar::multiply(&e, &px, &mut product);
    // (s, v) and (n - s, 1 - v) recover the same point; the lower s is one that every implementation takes.
    let mut parity = key.parity ^ 1;
    if scalar::is_high(&product) {
        scalar::negate(&mut product);
        parity ^= 1;
    }
    if let Some(s) = s.first_chunk_mut() {
        scalar::to_be(&product, s);
    }

    let mut point = [0; 64];
    ensure(C::recover(&hash, parity, &ecdsa, &mut point), Error::BadSignature)?;
    let (x, y) = point.split_at(32);
    let odd = y.last().is_some_and(|byte| byte & 1 == signature.prefix & 1);
    ensure(x == signature.x && odd, Error::BadSignature)
}

/// Whether a point of the curve has this x, which is below the field's order: then, and only then, is there something
/// to recover.
#[inline(never)]
fn is_on_curve<C: Crypto>(x: &[u8; 32]) -> bool {
    if *x == scalar::ORDER {
        return true; // no r stands for n itself; n^3 + 7 is a square modulo p
    }
    let (mut ecdsa, mut point, mut id) = ([0; 64], [0; 64], 0);
    let (r, s) = ecdsa.split_at_mut(32);
    let mut limbs = scalar::from_be(x);
    if !scalar::is_reduced(&limbs) {
        scalar::subtract_order(&mut limbs);
        id = 2;
    }
    if let Some(r) = r.first_chunk_mut() {
        scalar::to_be(&limbs, r);
    }
    if let Some(last) = s.last_mut() {
        *last = 1;
    }
    C::recover(&[0; 32], id, &ecdsa, &mut point)
}
