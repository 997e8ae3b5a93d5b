//! `initialize` and `register`: the accounts of a deployment and of a mint, each made once.

use super::accounts::{self, PAYER, READ, SIGNER, WRITE};
use super::cpi::{self, Space, SYSTEM};
use super::syscalls::{self, Runtime};
use crate::bytes::Pubkey;
use crate::domain::{self, COMMITTEE_SEED, ROUTE_SEED};
use crate::error::{ensure, Error};
use crate::event::{HandedOver, Registered};
use crate::instruction::{fixed, Initialize, Register};
use crate::state::{Account, Committee, Route};
use crate::{committee, loader, rent, token};
use pinocchio::cpi::{Seed, Signer};
use pinocchio::{AccountView, Address};

/// payer sw, upgrade authority s, program data, committee w, system program.
#[inline(never)]
pub fn initialize(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let arguments = fixed::<Initialize>(data)?;
    let [payer, authority, program_data, account, system] =
        accounts::take_with_payer(accounts, [PAYER, SIGNER, READ, WRITE, READ])?;
    ensure(*accounts::key(system) == SYSTEM, Error::WrongProgram)?;
    check_deployer(program, program_data, authority)?;
    let (mut address, mut bump) = ([0; 32], 0);
    syscalls::find_address(&[COMMITTEE_SEED], program.as_array(), &mut address, &mut bump)?;
    check_free(account, &address, program)?;
    arguments.check()?;

    let seeds = [Seed::from(COMMITTEE_SEED), Seed::from(core::slice::from_ref(&bump))];
    create::<Committee>(payer, account, program, &seeds)?;
    let committee = Committee::view_mut(accounts::data_mut(account))?;
    (committee.tag, committee.bump) = (Committee::TAG, bump);
    committee.reference = arguments.reference;
    domain::domain::<Runtime>(&arguments.reference, &address, &mut committee.domain);
    committee::start::<Runtime>(committee, arguments.epoch.get(), &arguments.key)?;
    syscalls::log(&HandedOver::new(&address, committee));
    Ok(())
}

/// payer sw, mint authority s, committee, mint, route w, token program, system program.
#[inline(never)]
pub fn register(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let arguments = Register::parse(data)?;
    let [payer, authority, committee, mint, account, token_program, system] =
        accounts::take_with_payer(accounts, [PAYER, SIGNER, READ, READ, WRITE, READ, READ])?;
    ensure(*accounts::key(system) == SYSTEM, Error::WrongProgram)?;
    accounts::check_token_program(token_program)?;
    let committee = accounts::committee(committee, program)?;
    let (mut address, mut bump) = ([0; 32], 0);
    let seeds = [ROUTE_SEED, accounts::key(mint)];
    syscalls::find_address(&seeds, program.as_array(), &mut address, &mut bump)?;
    check_free(account, &address, program)?;
    check_mint(mint, token_program, authority)?;

    let seeds = [Seed::from(ROUTE_SEED), Seed::from(accounts::key(mint)), Seed::from(core::slice::from_ref(&bump))];
    create::<Route>(payer, account, program, &seeds)?;
    let route = Route::view_mut(accounts::data_mut(account))?;
    (route.tag, route.bump) = (Route::TAG, bump);
    (route.mint, route.token_program) = (*accounts::key(mint), *accounts::key(token_program));
    domain::domain::<Runtime>(&committee.reference, &address, &mut route.domain);
    arguments.apply(route, syscalls::now()?)?;
    syscalls::log(&Registered::new(&address, route));
    Ok(())
}

/// The upgrade authority of this very program, which must have one.
#[inline(always)]
fn check_deployer(program: &Address, program_data: &AccountView, authority: &AccountView) -> Result<(), Error> {
    accounts::check_owner(program_data, &loader::UPGRADEABLE_LOADER)?;
    let (mut address, mut bump) = ([0; 32], 0);
    syscalls::find_address(&[program.as_array()], &loader::UPGRADEABLE_LOADER, &mut address, &mut bump)?;
    ensure(*accounts::key(program_data) == address, Error::WrongAddress)?;
    let deployer = loader::upgrade_authority(accounts::data(program_data))?;
    ensure(deployer == accounts::key(authority), Error::NotUpgradeAuthority)
}

/// The mint's present authority has signed, and nobody can mint, burn or move its tokens beside the gate.
#[inline(always)]
fn check_mint(mint: &AccountView, token_program: &AccountView, authority: &AccountView) -> Result<(), Error> {
    let view = accounts::mint(mint, token_program)?;
    token::check_extensions(accounts::data(mint))?;
    ensure(view.is_authority(accounts::key(authority)), Error::NotMintAuthority)
}

/// The account at `address`, where none of the program's is yet.
#[inline(always)]
fn check_free(account: &AccountView, address: &Pubkey, program: &Address) -> Result<(), Error> {
    ensure(accounts::key(account) == address, Error::WrongAddress)?;
    ensure(!account.owned_by(program), Error::AlreadyInitialized)?;
    accounts::check_owner(account, &SYSTEM)
}

#[inline(always)]
fn create<T>(payer: &AccountView, account: &AccountView, program: &Address, seeds: &[Seed]) -> Result<(), Error> {
    let mut sysvar = [0; 16];
    syscalls::rent(&mut sysvar)?;
    #[allow(clippy::as_conversions)] // usize is u64 here
    let size = size_of::<T>() as u64;
    let lamports = rent::minimum_balance(&sysvar, size).ok_or(Error::BadState)?;
    cpi::create(payer, account, &Space { size, lamports }, program, &[Signer::from(seeds)]);
    Ok(())
}
