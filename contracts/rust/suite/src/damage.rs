//! Bytes that are not what they were.

use proptest::prelude::*;

/// Calls `refused` with `bytes` in every way in which a byte is altered, the end is cut off, or a byte is added.
pub fn each<R>(bytes: &[u8], mut refused: impl FnMut(&[u8]) -> R) {
    for at in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[at] ^= 1;
        refused(&altered);
        refused(&bytes[..at]);
    }
    refused(&[bytes, &[0]].concat());
}

/// Any bytes, some of which begin like a statement.
pub fn alien() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..600);
    prop_oneof![bytes(), (0..3u8, bytes()).prop_map(|(kind, rest)| [&[kind], &rest[..]].concat())]
}

/// `bytes` with one byte altered.
pub fn altered(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    (0..bytes.len(), 1..=255u8).prop_map(move |(at, mask)| {
        let mut altered = bytes.clone();
        altered[at] ^= mask;
        altered
    })
}
