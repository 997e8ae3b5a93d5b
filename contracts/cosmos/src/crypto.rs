//! What the chain computes for the contract.

use ballast_rules::Keccak;
use cosmwasm_std::Api;
use sha3::{Digest, Keccak256};

/// Keccak-256 in the contract: CosmWasm offers none.
pub struct Sponge;

impl Keccak for Sponge {
    fn keccak256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        let mut hasher = Keccak256::new();
        for part in parts {
            hasher.update(part);
        }
        *digest = hasher.finalize().into();
    }
}

/// Public-key recovery.
pub trait Crypto {
    /// ECDSA public-key recovery over secp256k1 (SEC 1, section 4.1.6). `signature` is r and s, 32 bytes each,
    /// big-endian; callers give an s of at most (n - 1) / 2, since implementations differ in whether they take a greater
    /// one. `parity` is that of the y of ECDSA's R. The point uncompressed (SEC 1, section 2.3.3), or `None` where there
    /// is none.
    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]>;
}

/// The chain's own recovery.
pub struct Chain<'a>(pub &'a dyn Api);

impl Crypto for Chain<'_> {
    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]> {
        self.0.secp256k1_recover_pubkey(hash, signature, parity).ok()?.try_into().ok()
    }
}
