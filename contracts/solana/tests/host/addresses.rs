//! Base58, domains, derived addresses.

use crate::oracle::Oracle;
use crate::signer::keccak;
use ballast_gate::base58::{encode, is_base58, MAX_SIZE};
use ballast_gate::{domain, loader, token};
use proptest::prelude::*;
use sha2::Digest;

fn text(address: &[u8; 32]) -> String {
    let mut buffer = [0; MAX_SIZE];
    String::from_utf8(encode(address, &mut buffer).to_vec()).unwrap()
}

#[test]
fn constants_are_the_addresses_they_are_named_for() {
    assert_eq!(text(&token::TOKEN), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    assert_eq!(text(&token::TOKEN_2022), "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
    assert_eq!(text(&loader::UPGRADEABLE_LOADER), "BPFLoaderUpgradeab1e11111111111111111111111");
}

#[test]
fn leading_zeros_and_extremes() {
    assert_eq!(text(&[0; 32]), "1".repeat(32));
    for zeros in 0..=32 {
        for byte in [1, 57, 58, 255] {
            let mut address = [byte; 32];
            address[..zeros].fill(0);
            assert_eq!(text(&address), bs58::encode(address).into_string());
        }
    }
}

#[test]
fn alphabet() {
    let taken: Vec<u8> = (0..=255).filter(|byte| is_base58(&[*byte])).collect();
    assert_eq!(taken.len(), 58);
    assert!(taken.iter().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(byte)));
    assert!(!is_base58(b"abc def"));
}

#[test]
fn domain_is_the_hash_of_the_caip_10_name() {
    // The example of CAIP-2's namespace document for Solana, and the system program's address.
    let name = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:11111111111111111111111111111111";
    let mut digest = [0; 32];
    domain::domain::<Oracle>(b"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", &[0; 32], &mut digest);
    assert_eq!(digest, keccak(&[name.as_bytes()]));
}

proptest! {
    #[test]
    fn any_address_is_written_as_a_library_writes_it(address: [u8; 32], zeros in 0..6usize) {
        let mut address = address;
        address[..zeros].fill(0);
        prop_assert_eq!(text(&address), bs58::encode(address).into_string());
    }

    #[test]
    fn derived_addresses_hash_seeds_bump_program_and_marker(program: [u8; 32], mint: [u8; 32], bump: u8) {
        let hash = |parts: &[&[u8]]| -> [u8; 32] { sha2::Sha256::digest(parts.concat()).into() };
        let mut found = [0; 32];
        domain::committee_address::<Oracle>(&program, bump, &mut found);
        prop_assert_eq!(found, hash(&[b"committee", &[bump], &program, b"ProgramDerivedAddress"]));
        domain::route_address::<Oracle>(&program, &mint, bump, &mut found);
        prop_assert_eq!(found, hash(&[b"route", &mint, &[bump], &program, b"ProgramDerivedAddress"]));
    }
}
