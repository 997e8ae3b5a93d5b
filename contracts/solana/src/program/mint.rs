//! `mint`: what the newest statement covers, and no more.

use super::accounts::{self, READ, SIGNER, WRITE};
use super::cpi;
use super::syscalls::{self, Runtime};
use crate::domain::ROUTE_SEED;
use crate::error::{ensure, Error};
use crate::event::{Minted, StatementAccepted};
use crate::gate::{charge, submit_with_mint};
use crate::instruction;
use pinocchio::cpi::Seed;
use pinocchio::{AccountView, Address};

/// committee, route w, mint w, destination w, minter s, token program.
#[inline(never)]
pub fn mint(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let (amount, statement) = instruction::amount_and_rest(data)?;
    let [committee, gate, mint, destination, minter, token_program] =
        accounts::take(accounts, [READ, WRITE, WRITE, WRITE, SIGNER, READ])?;
    let address = *accounts::key(gate);

    let committee = accounts::committee(committee, program)?;
    let route = accounts::route_mut(gate, program)?;
    ensure(*accounts::key(token_program) == route.token_program, Error::WrongProgram)?;
    ensure(*accounts::key(mint) == route.mint, Error::WrongAddress)?;
    let supply = accounts::mint(mint, token_program)?.supply();
    let balance = accounts::token_account(destination, token_program, mint)?.amount();
    ensure(accounts::mint(mint, token_program)?.is_authority(&address), Error::NotMintAuthority)?;

    let now = syscalls::now()?;
    if !statement.is_empty() && submit_with_mint::<Runtime>(route, committee, statement, now)? {
        syscalls::log(&StatementAccepted::new(&address, route));
    }
    charge(route, accounts::key(minter), supply, amount, now)?;

    let bump = [route.bump];
    let seeds = [Seed::from(ROUTE_SEED), Seed::from(accounts::key(mint)), Seed::from(&bump)];
    cpi::mint_to(token_program.address(), [mint, destination, gate], amount, &seeds);

    let grown = supply.checked_add(amount) == Some(accounts::mint(mint, token_program)?.supply())
        && balance.checked_add(amount) == Some(accounts::token_account(destination, token_program, mint)?.amount());
    ensure(grown, Error::MintMismatch)?;
    syscalls::log(&Minted::new(&address, accounts::key(minter), accounts::key(destination), amount));
    Ok(())
}
