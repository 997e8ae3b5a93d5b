//! Base58 of addresses, as Solana writes them (Bitcoin's alphabet).

use crate::bytes::Pubkey;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Most characters that 32 bytes take.
pub const MAX_SIZE: usize = 44;

// One division by 58^5 yields five digits; nine of them cover 256 bits.
const GROUP: u64 = 58 * 58 * 58 * 58 * 58;
const GROUPS: usize = 9;

/// Writes the address in base58 and returns the part of `text` that was written.
pub fn encode<'a>(address: &Pubkey, text: &'a mut [u8; MAX_SIZE]) -> &'a [u8] {
    let mut limbs = [0u64; 8];
    for (limb, bytes) in limbs.iter_mut().zip(address.chunks_exact(4)) {
        *limb = bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    let mut digits = [0u8; GROUPS * 5];
    for group in digits.rchunks_exact_mut(5) {
        let mut rest = 0u64;
        for limb in limbs.iter_mut() {
            let value = rest << 32 | *limb; // below 2^62, since the rest is below 58^5
            *limb = value.wrapping_div(GROUP);
            rest = value.wrapping_rem(GROUP);
        }
        for digit in group.iter_mut().rev() {
            *digit = u8::try_from(rest.wrapping_rem(58)).unwrap_or(0);
            rest = rest.wrapping_div(58);
        }
    }

    // Each leading zero byte is one '1'; the number itself has no leading zero digit.
    let ones = address.iter().take_while(|byte| **byte == 0).count();
    let significant = digits.iter().skip_while(|digit| **digit == 0);
    let digits = core::iter::repeat_n(&0, ones).chain(significant);
    let mut size = 0usize;
    for (character, digit) in text.iter_mut().zip(digits) {
        *character = *ALPHABET.get(usize::from(*digit)).unwrap_or(&b'1');
        size = size.wrapping_add(1);
    }
    text.get(..size).unwrap_or(&[])
}

/// Whether all of it are characters of the alphabet.
pub fn is_base58(text: &[u8]) -> bool {
    text.iter().all(|character| ALPHABET.contains(character))
}
