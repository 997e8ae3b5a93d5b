//! The 32-byte name of the contract.

use crate::crypto::Sponge;
use ballast_rules::Keccak;
use core::fmt::Write;
use sha2::{Digest, Sha256};

/// Longest chain id that is a CAIP-2 reference as it is.
const MAX_REFERENCE: usize = 32;
const HASHED: &str = "hashed-";

/// Keccak-256 of the contract's CAIP-10 name, `cosmos:REFERENCE:ADDRESS`.
pub fn domain(chain_id: &str, contract: &str) -> [u8; 32] {
    let (reference, mut digest) = (reference(chain_id), [0; 32]);
    Sponge::keccak256(&[b"cosmos:", reference.as_bytes(), b":", contract.as_bytes()], &mut digest);
    digest
}

/// The CAIP-2 reference of a chain id (CAIP-5): the chain id itself where it can be one, else `hashed-` and the first 16
/// hexadecimal characters of its SHA-256.
pub fn reference(chain_id: &str) -> String {
    let plain = |byte: u8| byte == b'-' || byte.is_ascii_alphanumeric();
    let fits = (1..=MAX_REFERENCE).contains(&chain_id.len()) && chain_id.bytes().all(plain);
    if fits && !chain_id.starts_with(HASHED) {
        return chain_id.to_owned();
    }
    let mut text = HASHED.to_owned();
    for byte in Sha256::digest(chain_id).iter().take(8) {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
