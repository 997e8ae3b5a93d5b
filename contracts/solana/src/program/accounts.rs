//! What every account has to be before an instruction looks at it.
#![allow(unsafe_code)] // views of account data, one at a time for each account

use super::syscalls::Runtime;
use crate::bytes::Pubkey;
use crate::domain;
use crate::error::{ensure, Error};
use crate::state::{Account, Committee, Route};
use crate::token::{Mint, TokenAccount, TOKEN, TOKEN_2022};
use pinocchio::{AccountView, Address};

/// What an instruction asks of the account in one place.
#[derive(Clone, Copy)]
pub struct Role {
    signer: bool,
    writable: bool,
}

/// Only read.
pub const READ: Role = Role { signer: false, writable: false };
/// Written.
pub const WRITE: Role = Role { signer: false, writable: true };
/// Signs.
pub const SIGNER: Role = Role { signer: true, writable: false };
/// Pays.
pub const PAYER: Role = Role { signer: true, writable: true };

/// Exactly the accounts of an instruction, each in one place only.
#[inline(always)]
pub fn take<const N: usize>(accounts: &mut [AccountView], roles: [Role; N]) -> Result<&mut [AccountView; N], Error> {
    let accounts = count(accounts)?;
    check_distinct(accounts)?;
    check_roles(accounts, &roles)?;
    Ok(accounts)
}

/// As [`take`], where the payer, first, may be the second account too, which signs as well.
#[inline(always)]
pub fn take_with_payer<const N: usize>(
    accounts: &mut [AccountView],
    roles: [Role; N],
) -> Result<&mut [AccountView; N], Error> {
    let accounts = count(accounts)?;
    let [payer, rest @ ..] = &accounts[..] else { return Err(Error::WrongAccountCount) };
    check_distinct(rest)?;
    ensure(!stands_in(payer, rest.get(1..).unwrap_or(&[])), Error::DuplicateAccount)?;
    check_roles(accounts, &roles)?;
    Ok(accounts)
}

/// The address as the pure parts know it.
#[inline(always)]
pub fn key(account: &AccountView) -> &Pubkey {
    account.address().as_array()
}

/// The account's bytes.
#[inline(always)]
pub fn data(account: &AccountView) -> &[u8] {
    // SAFETY: no account stands in two places, so no other view of these bytes is being written; a call of another
    // program writes them while no view is held.
    unsafe { account.borrow_unchecked() }
}

/// The account's bytes, to be written.
#[inline(always)]
pub fn data_mut(account: &mut AccountView) -> &mut [u8] {
    // SAFETY: no account stands in two places, and this view's own account is borrowed with it.
    unsafe { account.borrow_unchecked_mut() }
}

/// Refuses another owner.
#[inline(always)]
pub fn check_owner(account: &AccountView, owner: &Pubkey) -> Result<(), Error> {
    ensure(account.owner().as_array() == owner, Error::WrongOwner)
}

/// The committee account.
#[inline(always)]
pub fn committee<'a>(account: &'a AccountView, program: &Address) -> Result<&'a Committee, Error> {
    check_committee(account, program)?;
    Committee::view(data(account))
}

/// The committee account, to be written.
#[inline(always)]
pub fn committee_mut<'a>(account: &'a mut AccountView, program: &Address) -> Result<&'a mut Committee, Error> {
    check_committee(account, program)?;
    Committee::view_mut(data_mut(account))
}

/// A route account, to be written.
#[inline(always)]
pub fn route_mut<'a>(account: &'a mut AccountView, program: &Address) -> Result<&'a mut Route, Error> {
    check_route(account, program)?;
    Route::view_mut(data_mut(account))
}

/// Refuses what is no token program.
#[inline(always)]
pub fn check_token_program(account: &AccountView) -> Result<(), Error> {
    ensure(*key(account) == TOKEN || *key(account) == TOKEN_2022, Error::WrongProgram)
}

/// A mint of the token program.
#[inline(always)]
pub fn mint<'a>(account: &'a AccountView, token_program: &AccountView) -> Result<&'a Mint, Error> {
    check_mint(account, token_program)?;
    Mint::view(data(account))
}

/// A usable token account of the mint.
#[inline(always)]
pub fn token_account<'a>(
    account: &'a AccountView,
    token_program: &AccountView,
    mint: &AccountView,
) -> Result<&'a TokenAccount, Error> {
    check_token_account(account, token_program, mint)?;
    TokenAccount::view(data(account))
}

#[inline(never)]
fn check_mint(account: &AccountView, token_program: &AccountView) -> Result<(), Error> {
    check_owner(account, key(token_program))?;
    Mint::check(data(account), key(token_program))
}

#[inline(never)]
fn check_token_account(account: &AccountView, token_program: &AccountView, mint: &AccountView) -> Result<(), Error> {
    check_owner(account, key(token_program))?;
    TokenAccount::check(data(account), key(token_program), key(mint))
}

#[inline(never)]
fn check_committee(account: &AccountView, program: &Address) -> Result<(), Error> {
    check_owner(account, program.as_array())?;
    let committee = Committee::view(data(account))?;
    committee.check()?;
    let mut expected = [0; 32];
    domain::committee_address::<Runtime>(program.as_array(), committee.bump, &mut expected);
    ensure(*key(account) == expected, Error::WrongAddress)
}

#[inline(never)]
fn check_route(account: &AccountView, program: &Address) -> Result<(), Error> {
    check_owner(account, program.as_array())?;
    let route = Route::view(data(account))?;
    route.check()?;
    let mut expected = [0; 32];
    domain::route_address::<Runtime>(program.as_array(), &route.mint, route.bump, &mut expected);
    ensure(*key(account) == expected, Error::WrongAddress)
}

#[inline(always)]
fn count<const N: usize>(accounts: &mut [AccountView]) -> Result<&mut [AccountView; N], Error> {
    accounts.try_into().map_err(|_| Error::WrongAccountCount)
}

#[inline(never)]
fn check_distinct(accounts: &[AccountView]) -> Result<(), Error> {
    let mut rest = accounts;
    while let [first, others @ ..] = rest {
        ensure(!stands_in(first, others), Error::DuplicateAccount)?;
        rest = others;
    }
    Ok(())
}

#[inline(always)]
fn stands_in(account: &AccountView, others: &[AccountView]) -> bool {
    others.iter().any(|other| other.address() == account.address())
}

#[inline(never)]
fn check_roles(accounts: &[AccountView], roles: &[Role]) -> Result<(), Error> {
    for (account, role) in accounts.iter().zip(roles) {
        ensure(account.is_signer() || !role.signer, Error::NotSigner)?;
    }
    for (account, role) in accounts.iter().zip(roles) {
        ensure(account.is_writable() || !role.writable, Error::NotWritable)?;
    }
    Ok(())
}
