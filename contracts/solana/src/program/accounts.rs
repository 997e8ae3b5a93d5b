//! What every account has to be before an instruction looks at it.
#![allow(unsafe_code)] // views of account data, one at a time for each account

use super::syscalls::Runtime;
use crate::bytes::Pubkey;
use crate::domain;
use crate::error::{ensure, Error};
use crate::state::{Committee, Route};
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
    distinct(accounts)?;
    check_roles(accounts, roles)?;
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
    distinct(rest)?;
    let others = rest.get(1..).unwrap_or(&[]);
    ensure(others.iter().all(|other| other.address() != payer.address()), Error::DuplicateAccount)?;
    check_roles(accounts, roles)?;
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
    check_owner(account, program.as_array())?;
    let committee = Committee::read(data(account))?;
    check_committee_address(account.address(), committee.bump, program)?;
    Ok(committee)
}

/// The committee account, to be written.
#[inline(always)]
pub fn committee_mut<'a>(account: &'a mut AccountView, program: &Address) -> Result<&'a mut Committee, Error> {
    check_owner(account, program.as_array())?;
    let address = *account.address();
    let committee = Committee::write(data_mut(account))?;
    check_committee_address(&address, committee.bump, program)?;
    Ok(committee)
}

/// A route account, to be written.
#[inline(always)]
pub fn route_mut<'a>(account: &'a mut AccountView, program: &Address) -> Result<&'a mut Route, Error> {
    check_owner(account, program.as_array())?;
    let address = *account.address();
    let route = Route::write(data_mut(account))?;
    let mut expected = [0; 32];
    domain::route_address::<Runtime>(program.as_array(), &route.mint, route.bump, &mut expected);
    ensure(*address.as_array() == expected, Error::WrongAddress)?;
    Ok(route)
}

/// Refuses what is no token program.
#[inline(always)]
pub fn check_token_program(account: &AccountView) -> Result<(), Error> {
    ensure(*key(account) == TOKEN || *key(account) == TOKEN_2022, Error::WrongProgram)
}

/// A mint of the token program.
#[inline(always)]
pub fn mint<'a>(account: &'a AccountView, token_program: &AccountView) -> Result<&'a Mint, Error> {
    check_owner(account, key(token_program))?;
    Mint::read(data(account), key(token_program))
}

/// A usable token account of the mint.
#[inline(always)]
pub fn token_account<'a>(
    account: &'a AccountView,
    token_program: &AccountView,
    mint: &AccountView,
) -> Result<&'a TokenAccount, Error> {
    check_owner(account, key(token_program))?;
    TokenAccount::read(data(account), key(token_program), key(mint))
}

#[inline(always)]
fn check_committee_address(address: &Address, bump: u8, program: &Address) -> Result<(), Error> {
    let mut expected = [0; 32];
    domain::committee_address::<Runtime>(program.as_array(), bump, &mut expected);
    ensure(*address.as_array() == expected, Error::WrongAddress)
}

#[inline(always)]
fn count<const N: usize>(accounts: &mut [AccountView]) -> Result<&mut [AccountView; N], Error> {
    accounts.try_into().map_err(|_| Error::WrongAccountCount)
}

#[inline(always)]
fn distinct(accounts: &[AccountView]) -> Result<(), Error> {
    let mut rest = accounts;
    while let [first, others @ ..] = rest {
        ensure(others.iter().all(|other| other.address() != first.address()), Error::DuplicateAccount)?;
        rest = others;
    }
    Ok(())
}

#[inline(always)]
fn check_roles<const N: usize>(accounts: &[AccountView; N], roles: [Role; N]) -> Result<(), Error> {
    for (account, role) in accounts.iter().zip(&roles) {
        ensure(account.is_signer() || !role.signer, Error::NotSigner)?;
    }
    for (account, role) in accounts.iter().zip(&roles) {
        ensure(account.is_writable() || !role.writable, Error::NotWritable)?;
    }
    Ok(())
}
