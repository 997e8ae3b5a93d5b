//! What the runtime does for the program, each as a safe function.
#![allow(unsafe_code, clippy::as_conversions)] // pointers and lengths as syscalls take them

use crate::bytes::Pubkey;
use crate::crypto::Crypto;
use crate::error::Error;
use ballast_rules::Keccak;
use pinocchio::sysvars::clock::CLOCK_ID;
use pinocchio::sysvars::rent::RENT_ID;
use pinocchio::Address;
use solana_define_syscall::definitions as runtime;
use zerocopy::{Immutable, IntoBytes};

/// Where `unix_timestamp` stands in the Clock sysvar.
const UNIX_TIMESTAMP: u64 = 32;

/// The runtime's own hashes and recovery.
pub struct Runtime;

impl Keccak for Runtime {
    #[inline(always)]
    fn keccak256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        // SAFETY: a slice of slices is what the syscall reads, pointer and length each; it writes 32 bytes and returns
        // nothing but 0.
        unsafe { runtime::sol_keccak256(parts.as_ptr().cast(), parts.len() as u64, digest.as_mut_ptr()) };
    }
}

impl Crypto for Runtime {
    #[inline(always)]
    fn sha256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        // SAFETY: as for Keccak-256.
        unsafe { runtime::sol_sha256(parts.as_ptr().cast(), parts.len() as u64, digest.as_mut_ptr()) };
    }

    #[inline(always)]
    fn recover(hash: &[u8; 32], recovery_id: u8, signature: &[u8; 64], point: &mut [u8; 64]) -> bool {
        let id = u64::from(recovery_id);
        // SAFETY: the syscall reads 32 and 64 bytes and writes 64.
        let failed =
            unsafe { runtime::sol_secp256k1_recover(hash.as_ptr(), id, signature.as_ptr(), point.as_mut_ptr()) };
        failed == 0
    }
}

/// The chain's time, Unix seconds. A time before 1970 cannot be.
#[inline(always)]
pub fn now() -> Result<u64, Error> {
    let mut seconds = [0; 8];
    read_sysvar(&CLOCK_ID, UNIX_TIMESTAMP, &mut seconds)?;
    u64::try_from(i64::from_le_bytes(seconds)).map_err(|_| Error::BadState)
}

/// The head of the Rent sysvar, as [`crate::rent::minimum_balance`] takes it.
pub fn rent(sysvar: &mut [u8; 16]) -> Result<(), Error> {
    read_sysvar(&RENT_ID, 0, sysvar)
}

/// The address of `program` with the highest bump, and that bump.
pub fn find_address(seeds: &[&[u8]], program: &Pubkey, address: &mut Pubkey, bump: &mut u8) -> Result<(), Error> {
    // SAFETY: a slice of slices is what the syscall reads; it writes 32 bytes and 1.
    let failed = unsafe {
        runtime::sol_try_find_program_address(
            seeds.as_ptr().cast(),
            seeds.len() as u64,
            program.as_ptr(),
            address.as_mut_ptr(),
            bump,
        )
    };
    match failed {
        0 => Ok(()),
        _ => Err(Error::WrongAddress),
    }
}

/// Logs an event.
#[inline(always)]
pub fn log<E: IntoBytes + Immutable>(event: &E) {
    let fields = [event.as_bytes()];
    // SAFETY: a slice of slices is what the syscall reads.
    unsafe { runtime::sol_log_data(fields.as_ptr().cast(), 1) };
}

#[inline(always)]
fn read_sysvar(id: &Address, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
    let (from, to) = (id.as_array().as_ptr(), bytes.as_mut_ptr());
    // SAFETY: the syscall reads 32 bytes and writes as many as it is told.
    match unsafe { runtime::sol_get_sysvar(from, to, offset, bytes.len() as u64) } {
        0 => Ok(()),
        _ => Err(Error::BadState),
    }
}
