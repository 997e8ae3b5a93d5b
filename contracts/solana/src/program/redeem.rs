//! `redeem`: always possible.

use super::accounts::{self, READ, SIGNER, WRITE};
use super::{cpi, syscalls};
use crate::error::{ensure, Error};
use crate::event::Redeemed;
use crate::{gate, instruction};
use pinocchio::{AccountView, Address};
use zerocopy::little_endian::U64;

/// route w, mint w, source w, holder s, token program.
#[inline(never)]
pub fn redeem(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let amount = instruction::fixed::<U64>(data)?.get();
    let [route, mint, source, holder, token_program] = accounts::take(accounts, [WRITE, WRITE, WRITE, SIGNER, READ])?;
    let address = *accounts::key(route);

    let route = accounts::route_mut(route, program)?;
    ensure(*accounts::key(token_program) == route.token_program, Error::WrongProgram)?;
    ensure(*accounts::key(mint) == route.mint, Error::WrongAddress)?;
    let supply = accounts::mint(mint, token_program)?.supply();
    let held = accounts::token_account(source, token_program, mint)?;
    ensure(held.is_held_by(accounts::key(holder)), Error::BadTokenAccount)?;
    let balance = held.amount();

    gate::redeem(route, amount)?;
    // Said here, since the token program's own error has a number that means something else among the program's.
    let (supply, balance) = (supply.checked_sub(amount), balance.checked_sub(amount));
    ensure(supply.is_some() && balance.is_some(), Error::BurnMismatch)?;
    let cap = route.cap.get();
    cpi::burn(token_program.address(), [source, mint, holder], amount);

    let fallen = supply == Some(accounts::mint(mint, token_program)?.supply())
        && balance == Some(accounts::token_account(source, token_program, mint)?.amount());
    ensure(fallen, Error::BurnMismatch)?;
    syscalls::log(&Redeemed::new(&address, accounts::key(holder), amount, cap));
    Ok(())
}
