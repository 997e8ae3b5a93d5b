//! Arithmetic modulo n against a big-number library.

use ballast_gate::scalar;
use num_bigint::BigUint;
use proptest::prelude::*;

fn big(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

fn order() -> BigUint {
    big(&scalar::ORDER)
}

fn bytes_of(value: &BigUint) -> [u8; 32] {
    let digits = value.to_bytes_be();
    let mut bytes = [0; 32];
    bytes[32 - digits.len()..].copy_from_slice(&digits);
    bytes
}

fn written(limbs: &scalar::Limbs) -> BigUint {
    let mut bytes = [0; 32];
    scalar::to_be(limbs, &mut bytes);
    big(&bytes)
}

fn check_product(a: &[u8; 32], b: &[u8; 32]) {
    let mut product = [0; 8];
    scalar::multiply(&scalar::from_be(a), &scalar::from_be(b), &mut product);
    assert_eq!(written(&product), big(a) * big(b) % order());
}

fn check_wide(high: &[u8; 32], low: &[u8; 16]) {
    let mut reduced = [0; 8];
    scalar::from_48(high, low, &mut reduced);
    assert_eq!(written(&reduced), big(&[&high[..], low].concat()) % order());
}

fn check_one(a: &[u8; 32]) {
    let (limbs, value) = (scalar::from_be(a), big(a));
    assert_eq!(written(&limbs), value);
    assert_eq!(scalar::is_zero(&limbs), value == BigUint::ZERO);
    assert_eq!(scalar::is_reduced(&limbs), value < order());
    if value < order() {
        assert_eq!(scalar::is_high(&limbs), value > (order() - 1u8) / 2u8);
    }
    if value > BigUint::ZERO && value <= order() {
        let mut negated = limbs;
        scalar::negate(&mut negated);
        assert_eq!(written(&negated), order() - value);
    }
}

/// Values at which a carry, a borrow or a comparison turns.
fn corners() -> Vec<[u8; 32]> {
    let mut found = vec![[0; 32], [0xff; 32]];
    let (one, half) = (BigUint::from(1u8), (order() - 1u8) / 2u8);
    for middle in [one.clone() << 32, one.clone() << 128, one << 255, half, order()] {
        found.extend((0..5u8).map(|i| bytes_of(&(&middle + i - 2u8))));
    }
    for limb in 0..8 {
        let mut bytes = [0; 32];
        bytes[4 * limb..4 * limb + 4].fill(0xff);
        found.push(bytes);
        found.push(bytes.map(|byte| !byte));
    }
    found
}

#[test]
fn corners_agree() {
    for a in corners() {
        check_one(&a);
        check_wide(&a, &[0xff; 16]);
        check_wide(&a, &[0; 16]);
        for b in corners() {
            check_product(&a, &b);
        }
    }
}

#[test]
fn order_minus_itself_is_zero() {
    let mut limbs = scalar::from_be(&scalar::ORDER);
    scalar::negate(&mut limbs);
    assert!(scalar::is_zero(&limbs));
}

proptest! {
    #[test]
    fn any_agree(a: [u8; 32], b: [u8; 32], low: [u8; 16]) {
        check_one(&a);
        check_product(&a, &b);
        check_wide(&a, &low);
    }
}
