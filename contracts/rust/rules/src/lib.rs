//! What every gate in Rust decodes, and the bounds that it keeps: statements as `docs/protocol.md` specifies them, and
//! the rules of settings. Curve arithmetic, storage and amounts differ from chain to chain and are not here.
//!
//! Free of unsafe code and of a chain's crates. Functions give values back through references, or are inlined, where a
//! register cannot hold them: sBPF returns 64 bits.
#![no_std]

pub mod merkle;
pub mod refusal;
pub mod settings;
pub mod statement;

/// Keccak-256 (original padding): a syscall, a library, whatever the chain has.
pub trait Keccak {
    /// The hash of the parts one after the other.
    fn keccak256(parts: &[&[u8]], digest: &mut [u8; 32]);
}
