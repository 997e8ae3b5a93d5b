//! Tests on the host: the shared vectors, every boundary of what decodes and decides, arbitrary bytes, and every message
//! in a simulated chain with stand-ins for the tokens. The built contract runs on a real node under tests/chains/cosmos.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used
)]

mod committee;
mod cw20;
mod document;
mod domain;
mod factory;
mod frost;
mod gate;
mod governance;
mod incidents;
mod invariants;
mod messages;
mod migrate;
mod mint;
mod rate_limit;
mod records;
mod redeem;
mod register;
mod replies;
mod settings;
mod signer;
mod submit;
mod vectors;
mod world;
