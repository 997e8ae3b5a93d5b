//! Ballast's gates on Solana. The accounts, instructions, errors and events are specified in
//! `docs/solana-program.md`, what is signed in `docs/protocol.md`, what holds at all times in `docs/invariants.md`.
//!
//! Statements and the bounds of settings are `ballast_rules`. Everything that decodes and decides is free of Solana's crates and of unsafe code, and is tested on the host; hashes
//! and recovery come from whoever implements [`crypto::Crypto`]. Only `program` (a feature, for sBPF alone) touches the
//! runtime. Functions give values back through references where a register cannot hold them: sBPF returns 64 bits.
#![cfg_attr(target_arch = "bpf", no_std)]

pub mod base58;
pub mod bytes;
pub mod committee;
pub mod crypto;
pub mod domain;
pub mod error;
pub mod event;
pub mod frost;
pub mod gate;
pub mod instruction;
pub mod loader;
pub mod rate_limit;
pub mod rent;
pub mod scalar;
pub mod settings;
pub mod state;
pub mod token;

#[cfg(feature = "program")]
mod program;
