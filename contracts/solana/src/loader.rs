//! Who deployed the program: the upgradeable loader's program data account (`UpgradeableLoaderState::ProgramData`).

use crate::bytes::{field, u32_le, Pubkey};
use crate::error::Error;

/// BPFLoaderUpgradeab1e11111111111111111111111.
pub const UPGRADEABLE_LOADER: Pubkey = [
    2, 168, 246, 145, 78, 136, 161, 176, 226, 16, 21, 62, 247, 99, 174, 43, 0, 194, 185, 61, 22, 193, 36, 210, 192, 83,
    122, 16, 4, 128, 0, 0,
];

const PROGRAM_DATA: u32 = 3;

/// The upgrade authority: `variant u32 | slot u64 | 1 | authority`. Another variant is `BadState`, an immutable
/// program `NotUpgradeAuthority`.
#[inline(always)]
pub fn upgrade_authority(program_data: &[u8]) -> Result<&Pubkey, Error> {
    if u32_le(program_data, 0) != Some(PROGRAM_DATA) {
        return Err(Error::BadState);
    }
    match program_data.get(12) {
        Some(1) => field(program_data, 13).ok_or(Error::BadState),
        Some(0) => Err(Error::NotUpgradeAuthority),
        _ => Err(Error::BadState),
    }
}
