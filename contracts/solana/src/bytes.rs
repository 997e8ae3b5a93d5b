//! Views of fields in bytes of any length, without a panic.

/// An address: 32 bytes.
pub type Pubkey = [u8; 32];

/// What stands for "none" where an address may be missing.
pub const NONE: Pubkey = [0; 32];

/// The `N` bytes at `offset`, if `data` reaches so far.
#[inline(always)]
pub fn field<const N: usize>(data: &[u8], offset: usize) -> Option<&[u8; N]> {
    data.get(offset..)?.first_chunk::<N>()
}

/// The little-endian u16 at `offset`.
#[inline(always)]
pub fn u16_le(data: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*field(data, offset)?))
}

/// The little-endian u32 at `offset`.
#[inline(always)]
pub fn u32_le(data: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*field(data, offset)?))
}

/// The little-endian u64 at `offset`.
#[inline(always)]
pub fn u64_le(data: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*field(data, offset)?))
}

/// Whether all bytes are zero.
pub fn all_zero(data: &[u8]) -> bool {
    data.iter().all(|byte| *byte == 0)
}
