//! The tree of a round's statements (`docs/protocol.md`).

use crate::Keccak;

/// Walks from `leaf` up to the root: leaf `keccak256(0x00 | leaf)`, node `keccak256(0x01 | left | right)`. Bit i of
/// `sides` set: the sibling at level i stands left.
pub fn root<K: Keccak>(leaf: &[u8], siblings: &[[u8; 32]], sides: u32, node: &mut [u8; 32]) {
    K::keccak256(&[&[0], leaf], node);
    let mut sides = sides;
    for sibling in siblings {
        let below = *node;
        if sides & 1 == 0 {
            K::keccak256(&[&[1], &below, sibling], node);
        } else {
            K::keccak256(&[&[1], sibling, &below], node);
        }
        sides >>= 1;
    }
}
