//! Calls of the token programs and of the system program. A call that fails ends the transaction.
#![allow(unsafe_code)]

use crate::bytes::Pubkey;
use pinocchio::cpi::{invoke_signed_unchecked, CpiAccount, Seed, Signer};
use pinocchio::instruction::{InstructionAccount, InstructionView};
use pinocchio::{AccountView, Address};

/// The system program.
pub const SYSTEM: Pubkey = [0; 32];

// Instruction numbers of the token programs (`TokenInstruction`) and of the system program (`SystemInstruction`).
const MINT_TO: u8 = 7;
const BURN: u8 = 8;
const ASSIGN: u32 = 1;
const TRANSFER: u32 = 2;
const ALLOCATE: u32 = 8;

/// Mints `amount` to `destination`, signed by the mint's authority with its seeds.
#[inline(always)]
pub fn mint_to(
    token_program: &Address,
    [mint, destination, authority]: [&AccountView; 3],
    amount: u64,
    seeds: &[Seed],
) {
    let metas = [
        InstructionAccount::writable(mint.address()),
        InstructionAccount::writable(destination.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let data = amount_of(MINT_TO, amount);
    call(token_program, &metas, [mint, destination, authority], &data, &[Signer::from(seeds)]);
}

/// Burns `amount` of `source`, whose holder has signed.
#[inline(always)]
pub fn burn(token_program: &Address, [source, mint, holder]: [&AccountView; 3], amount: u64) {
    let metas = [
        InstructionAccount::writable(source.address()),
        InstructionAccount::writable(mint.address()),
        InstructionAccount::readonly_signer(holder.address()),
    ];
    call(token_program, &metas, [source, mint, holder], &amount_of(BURN, amount), &[]);
}

/// What a new account takes.
pub struct Space {
    /// Bytes of data.
    pub size: u64,
    /// Least balance.
    pub lamports: u64,
}

/// Makes `account` one of `owner`'s, with zero bytes. It may hold lamports already: anybody can send some to an address
/// beforehand, and the system program's CreateAccount would then refuse.
#[inline(never)]
pub fn create(payer: &AccountView, account: &AccountView, space: &Space, owner: &Address, signers: &[Signer; 1]) {
    let system = &Address::new_from_array(SYSTEM);
    let missing = space.lamports.saturating_sub(account.lamports());
    if missing > 0 {
        let metas =
            [InstructionAccount::writable_signer(payer.address()), InstructionAccount::writable(account.address())];
        call(system, &metas, [payer, account], &number_and(TRANSFER, missing), &[]);
    }
    let metas = [InstructionAccount::writable_signer(account.address())];
    call(system, &metas, [account], &number_and(ALLOCATE, space.size), signers);
    let mut data = [0; 36];
    let (number, address) = data.split_at_mut(4);
    number.copy_from_slice(&ASSIGN.to_le_bytes());
    address.copy_from_slice(owner.as_array());
    call(system, &metas, [account], &data, signers);
}

#[inline(always)]
fn call<const N: usize>(
    program: &Address,
    metas: &[InstructionAccount],
    accounts: [&AccountView; N],
    data: &[u8],
    signers: &[Signer],
) {
    let accounts = accounts.map(CpiAccount::from);
    let instruction = InstructionView { program_id: program, accounts: metas, data };
    // SAFETY: no view of these accounts' data is held across a call (see `accounts::data`); metas and accounts are in
    // one order, as the callers write them.
    unsafe { invoke_signed_unchecked(&instruction, &accounts, signers) };
}

#[inline(always)]
fn amount_of(number: u8, amount: u64) -> [u8; 9] {
    let mut data = [number; 9];
    let (_, rest) = data.split_at_mut(1);
    rest.copy_from_slice(&amount.to_le_bytes());
    data
}

#[inline(always)]
fn number_and(number: u32, value: u64) -> [u8; 12] {
    let mut data = [0; 12];
    let (head, rest) = data.split_at_mut(4);
    head.copy_from_slice(&number.to_le_bytes());
    rest.copy_from_slice(&value.to_le_bytes());
    data
}
