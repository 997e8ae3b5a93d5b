//! Instructions of the issuer and the guardian.

use super::accounts::{self, SIGNER, WRITE};
use super::syscalls::{log, now};
use crate::bytes::{Pubkey, NONE};
use crate::error::{ensure, Error};
use crate::event::{LooseningQueued, OwnershipTransferred, PauseChanged, Settings};
use crate::instruction::fixed;
use crate::settings::Change;
use crate::state::Route;
use pinocchio::{AccountView, Address};

/// Of all instructions here: route w, signer s.
struct Call<'a> {
    address: Pubkey,
    route: &'a mut Route,
    signer: &'a Pubkey,
}

impl<'a> Call<'a> {
    #[inline(always)]
    fn open(program: &Address, accounts: &'a mut [AccountView]) -> Result<Self, Error> {
        let [route, signer] = accounts::take(accounts, [WRITE, SIGNER])?;
        let address = *accounts::key(route);
        Ok(Call { address, route: accounts::route_mut(route, program)?, signer: accounts::key(signer) })
    }

    #[inline(always)]
    fn by_owner(program: &Address, accounts: &'a mut [AccountView]) -> Result<Self, Error> {
        let call = Self::open(program, accounts)?;
        ensure(*call.signer == call.route.owner, Error::NotOwner)?;
        Ok(call)
    }
}

/// Stops minting. Guardian or owner.
#[inline(never)]
pub fn pause(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    fixed::<[u8; 0]>(data)?;
    let call = Call::open(program, accounts)?;
    ensure(*call.signer == call.route.guardian || *call.signer == call.route.owner, Error::NotGuardian)?;
    call.route.paused = 1;
    log(&PauseChanged::new(&call.address, call.signer, true));
    Ok(())
}

/// Lets minting go on. Owner.
#[inline(never)]
pub fn unpause(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    fixed::<[u8; 0]>(data)?;
    let call = Call::by_owner(program, accounts)?;
    call.route.paused = 0;
    log(&PauseChanged::new(&call.address, call.signer, false));
    Ok(())
}

/// Tightens a setting at once, or queues a loosening. Owner.
#[inline(never)]
pub fn set(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let change = fixed::<Change>(data)?;
    let call = Call::by_owner(program, accounts)?;
    match change.set(call.route, now()?)? {
        0 => log(&Settings::changed(&call.address, change)),
        ready_at => log(&LooseningQueued::new(&call.address, change, ready_at)),
    }
    Ok(())
}

/// Puts a loosening that has waited into effect. Owner.
#[inline(never)]
pub fn execute(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let change = fixed::<Change>(data)?;
    let call = Call::by_owner(program, accounts)?;
    change.execute(call.route, now()?)?;
    log(&Settings::changed(&call.address, change));
    Ok(())
}

/// Drops a loosening that waits. Owner; the guardian as well, except for a new guardian.
#[inline(never)]
pub fn cancel(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let change = fixed::<Change>(data)?;
    let call = Call::open(program, accounts)?;
    ensure(change.may_cancel(call.route, call.signer), Error::NotGuardian)?;
    change.cancel(call.route)?;
    log(&Settings::cancelled(&call.address, change));
    Ok(())
}

/// Offers the ownership to an account; the zero address takes an offer back. Owner.
#[inline(never)]
pub fn transfer_ownership(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    let to = fixed::<Pubkey>(data)?;
    let call = Call::by_owner(program, accounts)?;
    call.route.pending_owner = *to;
    Ok(())
}

/// Takes the ownership that was offered. Pending owner.
#[inline(never)]
pub fn accept_ownership(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> Result<(), Error> {
    fixed::<[u8; 0]>(data)?;
    let call = Call::open(program, accounts)?;
    let pending = call.route.pending_owner;
    ensure(pending != NONE && *call.signer == pending, Error::NotOwner)?;
    let from = call.route.owner;
    (call.route.owner, call.route.pending_owner) = (pending, NONE);
    log(&OwnershipTransferred::new(&call.address, &from, &pending));
    Ok(())
}
