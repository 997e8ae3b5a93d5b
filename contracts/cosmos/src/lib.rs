//! Ballast's gates on Cosmos, one CosmWasm contract. Its messages, storage, errors and events are specified in
//! `docs/cosmos-contract.md`, what is signed in `docs/protocol.md`, what holds at all times in `docs/invariants.md`.
//!
//! What decodes and decides (`committee`, `frost`, `gate`, `rate_limit`, `settings`, and `ballast_rules` for statements and
//! the bounds of settings) knows nothing of CosmWasm; what the chain computes comes through [`crypto::Crypto`]. `contract`
//! and what it calls read and write the chain.

pub mod codec;
pub mod committee;
pub mod contract;
pub mod crypto;
pub mod domain;
pub mod error;
pub mod event;
mod execute;
pub mod factory;
pub mod frost;
pub mod gate;
pub mod msg;
pub mod query;
pub mod rate_limit;
pub mod reply;
pub mod settings;
pub mod state;
pub mod store;
pub mod token;
