//! The tree of a round's statements (`docs/protocol.md`).

use crate::crypto::Crypto;

/// Walks from `leaf` up to the root: leaf `keccak256(0x00 | leaf)`, node `keccak256(0x01 | left | right)`. Bit i of
/// `sides` set: the sibling at level i stands left.
pub fn root(crypto: &impl Crypto, leaf: &[u8], siblings: &[[u8; 32]], sides: u32) -> [u8; 32] {
    let mut node = crypto.keccak256(&[&[0], leaf]);
    let mut sides = sides;
    for sibling in siblings {
        let (left, right) = if sides & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
        node = crypto.keccak256(&[&[1], left, right]);
        sides >>= 1;
    }
    node
}
