//! The suite's signer, and the contract's side of it.

use ballast_cosmos::committee::Committee;
use ballast_cosmos::crypto::{Chain, Crypto};
pub use ballast_suite::signer::*;
use cosmwasm_std::testing::MockApi;

/// What the chain computes, by the library that the chain uses.
pub struct Host(MockApi);

pub fn crypto() -> Host {
    Host(MockApi::default())
}

impl Crypto for Host {
    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]> {
        Chain(&self.0).recover(hash, parity, signature)
    }
}

/// The record with the signer's key in force.
pub fn committee(signer: &Signer) -> Committee {
    Committee { epoch: EPOCH, since_round: 0, key: signer.key }
}
