//! CAIP-2 references of chain ids: the test cases of CAIP-5 (namespaces/cosmos/caip2.md), and each bound.

use ballast_cosmos::domain::{domain, reference};
use proptest::prelude::*;
use sha3::{Digest, Keccak256};

#[test]
fn references_are_those_of_caip_5() {
    for plain in ["cosmoshub-2", "Binance-Chain-Tigris", "iov-mainnet", "x", "hash-", "hashed"] {
        assert_eq!(reference(plain), plain);
    }
    for (chain_id, expected) in [
        ("hashed-", "hashed-c904589232422def"),
        ("hashed-123", "hashed-99df5cd68192b33e"),
        ("123456789012345678901234567890123456789012345678", "hashed-0204c92a0388779d"),
        (" ", "hashed-36a9e7f1c95b82ff"),
    ] {
        assert_eq!(reference(chain_id), expected);
    }
}

#[test]
fn thirty_two_characters_fit_and_no_more() {
    assert_eq!(reference(&"a".repeat(32)), "a".repeat(32));
    assert!(reference(&"a".repeat(33)).starts_with("hashed-"));
    // What CAIP-2 itself would allow, but CAIP-5 does not.
    assert!(reference("local_1").starts_with("hashed-"));
}

#[test]
fn the_domain_is_the_hash_of_the_name() {
    let name = "cosmos:testing-1:cosmos1abc";
    let expected: [u8; 32] = Keccak256::digest(name).into();
    assert_eq!(domain("testing-1", "cosmos1abc"), expected);
}

proptest! {
    #[test]
    fn every_chain_id_has_a_reference(chain_id: String) {
        let got = reference(&chain_id);
        prop_assert!((1..=32).contains(&got.len()));
        prop_assert!(got.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()));
        prop_assert_eq!(got == chain_id, !got.starts_with("hashed-"));
    }
}
