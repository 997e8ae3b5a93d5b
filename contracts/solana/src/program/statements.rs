//! `submit` and `handover`: anyone may bring what the committee has signed.

use super::accounts::{self, READ, WRITE};
use super::syscalls::{self, Runtime};
use crate::error::Error;
use crate::event::{HandedOver, StatementAccepted};
use crate::{committee, gate};
use pinocchio::{AccountView, Address};

/// committee, route w.
#[inline(never)]
pub fn submit(program: &Address, accounts: &mut [AccountView], statement: &[u8]) -> Result<(), Error> {
    let [committee, route] = accounts::take(accounts, [READ, WRITE])?;
    let address = *accounts::key(route);
    let committee = accounts::committee(committee, program)?;
    let route = accounts::route_mut(route, program)?;
    gate::submit::<Runtime>(route, committee, statement, syscalls::now()?)?;
    syscalls::log(&StatementAccepted::new(&address, route));
    Ok(())
}

/// committee w.
#[inline(never)]
pub fn handover(program: &Address, accounts: &mut [AccountView], statement: &[u8]) -> Result<(), Error> {
    let [account] = accounts::take(accounts, [WRITE])?;
    let address = *accounts::key(account);
    let committee = accounts::committee_mut(account, program)?;
    committee::handover::<Runtime>(committee, statement, syscalls::now()?)?;
    syscalls::log(&HandedOver::new(&address, committee));
    Ok(())
}
