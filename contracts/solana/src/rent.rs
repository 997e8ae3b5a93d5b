//! What an account must hold to stay: the Rent sysvar.

/// What the runtime counts for every account beside its data.
const OVERHEAD: u64 = 128;

// The threshold is a double, and one of these: 2.0, or 1.0 once the price has absorbed it (SIMD-0194).
const ONE: u64 = 0x3ff0_0000_0000_0000;
const TWO: u64 = 0x4000_0000_0000_0000;

/// Lamports that make an account of `size` bytes exempt; `sysvar` is the first 16 bytes, price per byte u64 and
/// threshold f64. `None` if the sysvar is not understood.
#[inline(always)]
pub fn minimum_balance(sysvar: &[u8; 16], size: u64) -> Option<u64> {
    let (price, threshold) = sysvar.split_at(8);
    let price = u64::from_le_bytes(*price.first_chunk()?);
    let years = match u64::from_le_bytes(*threshold.first_chunk()?) {
        ONE => 1,
        TWO => 2,
        _ => return None,
    };
    let bytes = OVERHEAD.checked_add(size)?;
    // Both far below 2^32, so the product fits; sBPF has no wider one to check with.
    if bytes >> 16 != 0 || price >> 40 != 0 {
        return None;
    }
    Some(price.wrapping_mul(bytes).wrapping_mul(years))
}
