//! Tests of what decodes and decides, on the host: the shared vectors, every boundary, and arbitrary bytes. The built
//! program runs in the virtual machine under tests/chains/solana/program.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod addresses;
mod committee;
mod document;
mod frost;
mod gate;
mod instruction;
mod oracle;
mod rate_limit;
mod scalar;
mod settings;
mod signer;
mod state;
mod sysvars;
mod token;
mod vectors;
