//! Names and addresses of the program's state accounts.

use crate::base58;
use crate::bytes::Pubkey;
use crate::crypto::Crypto;

/// First seed of the committee account, the only one beside the bump.
pub const COMMITTEE_SEED: &[u8] = b"committee";
/// First seed of a route account; the mint is the second.
pub const ROUTE_SEED: &[u8] = b"route";

/// What the runtime hashes behind the seeds and the program.
const MARKER: &[u8] = b"ProgramDerivedAddress";

/// The 32-byte name of an account that takes statements: Keccak-256 of its CAIP-10 name, `solana:REFERENCE:ADDRESS`.
pub fn domain<C: Crypto>(reference: &[u8; 32], account: &Pubkey, digest: &mut [u8; 32]) {
    let mut text = [0; base58::MAX_SIZE];
    C::keccak256(&[b"solana:", reference, b":", base58::encode(account, &mut text)], digest);
}

/// Address of the committee account. That it is off the Ed25519 curve was seen when the bump was found.
#[inline(always)]
pub fn committee_address<C: Crypto>(program: &Pubkey, bump: u8, address: &mut Pubkey) {
    C::sha256(&[COMMITTEE_SEED, &[bump], program, MARKER], address);
}

/// Address of a mint's route account. That it is off the Ed25519 curve was seen when the bump was found.
#[inline(always)]
pub fn route_address<C: Crypto>(program: &Pubkey, mint: &Pubkey, bump: u8, address: &mut Pubkey) {
    C::sha256(&[ROUTE_SEED, mint, &[bump], program, MARKER], address);
}
