//! Signatures against k256, and which error says what.

use crate::oracle::Oracle;
use crate::signer::{challenge, Signer};
use ballast_gate::error::Error;
use ballast_gate::frost::{self, FIELD};
use ballast_gate::scalar;
use ballast_rules::statement::{Key, Signature};
use k256::elliptic_curve::point::DecompressPoint;
use k256::AffinePoint;
use num_bigint::BigUint;
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

const MESSAGE: [u8; 32] = [0x5a; 32];

fn is_on_curve(x: &[u8; 32]) -> bool {
    bool::from(AffinePoint::decompress(&(*x).into(), 0.into()).is_some())
}

#[test]
fn wrong_in_every_byte_is_refused() {
    let signer = Signer::new("frost");
    let signature = signer.sign(&MESSAGE);
    assert_eq!(frost::verify::<Oracle>(&signer.key, &MESSAGE, &signature), Ok(()));
    for at in 0..65 {
        let mut bytes = signature.as_bytes().to_vec();
        bytes[at] ^= 1;
        let altered = Signature::ref_from_bytes(&bytes).unwrap();
        assert!(frost::verify::<Oracle>(&signer.key, &MESSAGE, altered).is_err(), "byte {at}");
    }
}

#[test]
fn the_first_fault_is_named() {
    let signer = Signer::new("frost");
    let good = || signer.sign(&MESSAGE);
    let verify = |signature: &Signature| frost::verify::<Oracle>(&signer.key, &MESSAGE, signature);
    // x = 5 is no point's; with a bad scalar too, the commitment is named.
    let mut off = [0; 32];
    off[31] = 5;
    assert!(!is_on_curve(&off));
    assert_eq!(verify(&Signature { x: off, ..good() }), Err(Error::BadCommitment));
    assert_eq!(verify(&Signature { x: off, z: [0; 32], ..good() }), Err(Error::BadCommitment));
    assert_eq!(verify(&Signature { x: FIELD, ..good() }), Err(Error::BadCommitment));
    for prefix in [0, 1, 4, 5, 0xff] {
        assert_eq!(verify(&Signature { prefix, ..good() }), Err(Error::BadCommitment));
    }
    for z in [[0; 32], scalar::ORDER, [0xff; 32]] {
        assert_eq!(verify(&Signature { z, ..good() }), Err(Error::BadScalar));
    }
    assert_eq!(verify(&Signature { prefix: good().prefix ^ 1, ..good() }), Err(Error::BadSignature));
}

/// Only whoever knows the whole key can make one; still it is none, since all of R counts.
#[test]
fn the_other_point_of_the_same_x_is_refused() {
    for label in ["frost", "an", "other", "few"] {
        let signer = Signer::new(label);
        let signature = signer.sign_for_the_other_point(&MESSAGE);
        assert_eq!(frost::verify::<Oracle>(&signer.key, &MESSAGE, &signature), Err(Error::BadSignature));
    }
}

#[test]
fn an_x_between_order_and_field_is_judged_like_any_other() {
    let signer = Signer::new("frost");
    let order = BigUint::from_bytes_be(&scalar::ORDER);
    let mut seen = [0, 0];
    for i in 0..16u8 {
        let x: [u8; 32] = (&order + i).to_bytes_be().try_into().unwrap();
        let error = if is_on_curve(&x) { Error::BadSignature } else { Error::BadCommitment };
        let signature = Signature { x, ..signer.sign(&MESSAGE) };
        assert_eq!(frost::verify::<Oracle>(&signer.key, &MESSAGE, &signature), Err(error), "n + {i}");
        seen[usize::from(is_on_curve(&x))] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0);
}

#[test]
fn keys_that_cannot_be_verified_with() {
    let good = Signer::new("frost").key;
    assert_eq!(frost::check_key::<Oracle>(&good), Ok(()));
    assert_eq!(frost::check_key::<Oracle>(&Key { parity: good.parity ^ 1, ..good }), Ok(()));
    let mut off = [0; 32];
    off[31] = 5;
    // n itself is a point's x, but stands for no ECDSA r.
    assert!(is_on_curve(&scalar::ORDER));
    for px in [[0; 32], off, scalar::ORDER, FIELD, [0xff; 32]] {
        assert_eq!(frost::check_key::<Oracle>(&Key { px, ..good }), Err(Error::BadKey));
    }
    for parity in [2, 3, 0xff] {
        assert_eq!(frost::check_key::<Oracle>(&Key { parity, ..good }), Err(Error::BadKey));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// hash_to_field by a library (RFC 9380) over what RFC 9591 says is hashed.
    #[test]
    fn challenge_is_the_suites(px: [u8; 32], x: [u8; 32], message: [u8; 32], p_odd: bool, r_odd: bool) {
        let key = Key { px, parity: u8::from(p_odd) };
        let signature = Signature { prefix: 2 + u8::from(r_odd), x, z: [0; 32] };
        let (mut limbs, mut e) = ([0; 8], [0; 32]);
        frost::challenge::<Oracle>(&key, &message, &signature, &mut limbs);
        scalar::to_be(&limbs, &mut e);
        let expected = challenge(&key, &message, &signature);
        prop_assert_eq!(e, <[u8; 32]>::from(expected.to_bytes()));
    }

    #[test]
    fn what_is_signed_is_accepted_and_nothing_else(label: u64, message: [u8; 32], at in 0..65usize, mask in 1..=255u8) {
        let signer = Signer::new(&label.to_string());
        let signature = signer.sign(&message);
        prop_assert_eq!(frost::verify::<Oracle>(&signer.key, &message, &signature), Ok(()));
        let other = Key { parity: signer.key.parity ^ 1, ..signer.key };
        prop_assert_eq!(frost::verify::<Oracle>(&other, &message, &signature), Err(Error::BadSignature));
        let mut bytes = signature.as_bytes().to_vec();
        bytes[at] ^= mask;
        let altered = Signature::ref_from_bytes(&bytes).unwrap();
        prop_assert!(frost::verify::<Oracle>(&signer.key, &message, altered).is_err());
    }

    #[test]
    fn any_bytes_are_refused_for_what_they_are(bytes: [u8; 65], prefix in 2..=3u8) {
        let signer = Signer::new("frost");
        let mut signature = Signature::read_from_bytes(&bytes).unwrap();
        prop_assert!(frost::verify::<Oracle>(&signer.key, &MESSAGE, &signature).is_err());
        signature.prefix = prefix;
        let got = frost::verify::<Oracle>(&signer.key, &MESSAGE, &signature);
        let on_curve = signature.x < FIELD && is_on_curve(&signature.x);
        prop_assert_eq!(got == Err(Error::BadCommitment), !on_curve);
        prop_assert!(got.is_err());
    }

    #[test]
    fn a_key_is_a_point_in_range(px: [u8; 32]) {
        let usable = is_on_curve(&px) && px < scalar::ORDER;
        prop_assert_eq!(frost::check_key::<Oracle>(&Key { px, parity: 0 }).is_ok(), usable);
    }
}
