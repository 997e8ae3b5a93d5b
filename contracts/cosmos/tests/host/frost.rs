//! Verification against a naive one in plain curve arithmetic, and every alteration.

use crate::signer::{crypto, Signer};
use ballast_cosmos::crypto::Crypto;
use ballast_cosmos::error::Error;
use ballast_cosmos::frost::{challenge, check_key, verify};
use ballast_rules::statement::{Key, Signature};
use k256::elliptic_curve::point::DecompressPoint;
use k256::elliptic_curve::scalar::IsHigh;
use k256::elliptic_curve::PrimeField;
use k256::{AffinePoint, ProjectivePoint, Scalar};
use proptest::prelude::*;
use std::cell::Cell;
use zerocopy::{FromBytes, IntoBytes};

/// n (SEC 2, section 2.4.1).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc,
    0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// z G = R + e P, computed as it stands in RFC 9591.
fn holds(key: &Key, message: &[u8; 32], signature: &Signature) -> bool {
    let point = |x: &[u8; 32], odd: u8| {
        Option::<AffinePoint>::from(AffinePoint::decompress(&(*x).into(), (odd & 1).into())).map(ProjectivePoint::from)
    };
    let z = Option::<Scalar>::from(Scalar::from_repr(signature.z.into()));
    let (Some(r), Some(p), Some(z)) = (point(&signature.x, signature.prefix), point(&key.px, key.parity), z) else {
        return false;
    };
    let e = challenge(key, message, signature).unwrap();
    matches!(signature.prefix, 2 | 3) && ProjectivePoint::GENERATOR * z == r + p * e
}

#[test]
fn signatures_hold_for_keys_of_both_parities() {
    let mut seen = [false; 4];
    for label in 0..24 {
        let signer = Signer::new(&format!("key {label}"));
        let signature = signer.sign(&[label; 32]);
        assert_eq!(verify(&crypto(), &signer.key, &[label; 32], &signature), Ok(()));
        assert!(holds(&signer.key, &[label; 32], &signature));
        seen[usize::from(signer.key.parity << 1 | signature.prefix & 1)] = true;
    }
    assert_eq!(seen, [true; 4], "a parity of key or commitment did not occur");
}

/// Counts which halves of s are recovered with, and refuses the upper one as some implementations do.
struct LowOnly {
    asked: Cell<usize>,
}

impl Crypto for LowOnly {
    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]> {
        let s: [u8; 32] = signature[32..].try_into().unwrap();
        assert!(!bool::from(Scalar::from_repr(s.into()).unwrap().is_high()));
        self.asked.set(self.asked.get() + 1);
        crypto().recover(hash, parity, signature)
    }
}

#[test]
fn only_the_lower_s_is_recovered_with() {
    let host = LowOnly { asked: Cell::new(0) };
    for label in 0..16 {
        let signer = Signer::new("one key");
        assert_eq!(verify(&host, &signer.key, &[label; 32], &signer.sign(&[label; 32])), Ok(()));
    }
    assert_eq!(host.asked.get(), 16);
}

/// Recovers nothing, or a point that shares a coordinate with the right one.
struct Wrong(Option<usize>);

impl Crypto for Wrong {
    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]> {
        let mut point = crypto().recover(hash, parity, signature)?;
        point[self.0?] ^= 1;
        Some(point)
    }
}

#[test]
fn the_whole_point_is_compared() {
    let signer = Signer::new("key");
    let signature = signer.sign(&[1; 32]);
    for at in [None, Some(0), Some(1), Some(32), Some(33), Some(63), Some(64)] {
        assert_eq!(verify(&Wrong(at), &signer.key, &[1; 32], &signature), Err(Error::BadSignature), "{at:?}");
    }
}

#[test]
fn keys_must_be_points_below_the_order() {
    let key = Signer::new("key").key;
    assert_eq!(check_key(&key), Ok(()));
    assert_eq!(check_key(&Key { parity: key.parity ^ 1, ..key }), Ok(()));
    assert_eq!(check_key(&Key { parity: 2, ..key }), Err(Error::BadKey));
    assert_eq!(check_key(&Key { parity: key.parity | 0x80, ..key }), Err(Error::BadKey));
    for px in [[0; 32], ORDER, [0xff; 32]] {
        assert_eq!(check_key(&Key { px, parity: 0 }), Err(Error::BadKey));
    }
    let off_the_curve = (1..=255).filter(|last| {
        let mut px = [0; 32];
        px[31] = *last;
        check_key(&Key { px, parity: 0 }) == Err(Error::BadKey)
    });
    assert!((80..180).contains(&off_the_curve.count()), "about half of all numbers are no point's x");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bit_altered_is_refused(at in 0..65usize, mask in 1..=255u8, message: [u8; 32]) {
        let signer = Signer::new("key");
        let mut bytes = signer.sign(&message).as_bytes().to_vec();
        bytes[at] ^= mask;
        let altered = Signature::ref_from_bytes(&bytes).unwrap();
        prop_assert!(verify(&crypto(), &signer.key, &message, altered).is_err());
    }

    #[test]
    fn agrees_with_the_equation_on_arbitrary_bytes(bytes: [u8; 32], z: [u8; 32], prefix in 0..5u8, message: [u8; 32]) {
        let signer = Signer::new("key");
        let signature = Signature { prefix, x: bytes, z };
        let taken = verify(&crypto(), &signer.key, &message, &signature).is_ok();
        prop_assert_eq!(taken, holds(&signer.key, &message, &signature));
        prop_assert!(!taken);
    }
}
