//! Tests of what all gates in Rust share: the shared vectors of encodings, every boundary, arbitrary bytes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod encodings;
mod settings;
mod statement;
