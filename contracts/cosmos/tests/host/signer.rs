//! The suite's signer, and the contract's side of it.

use ballast_cosmos::committee::Committee;
use ballast_cosmos::crypto::{Chain, Crypto};
use ballast_cosmos::state::State;
pub use ballast_suite::signer::*;
use ballast_suite::vectors::Taken;
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

/// What a route stores of a statement, as the suite sees it.
pub fn taken(state: State) -> Taken {
    let State { round, cap, collateral, supply, observed_at, expires_at } = state;
    Taken { round, cap, collateral, supply, observed_at, expires_at }
}
