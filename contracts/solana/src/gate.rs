//! What a route account decides: which statements it takes, and which mints they cover.

use crate::bytes::Pubkey;
use crate::committee;
use crate::crypto::Crypto;
use crate::error::{ensure, Error};
use crate::state::{Committee, Route};
use ballast_rules::statement::{fit_u128, fit_u64, MintCap, Submission};

/// Takes a statement, which must be newer than the last.
#[inline(always)]
pub fn submit<C: Crypto>(route: &mut Route, committee: &Committee, statement: &[u8], now: u64) -> Result<(), Error> {
    let submission = Submission::<MintCap>::open::<Error>(statement)?;
    ensure(is_newer(route, &submission), Error::StaleRound)?;
    accept::<C>(route, committee, &submission, now)
}

/// Takes a statement that comes with a mint. One that is well-formed but not newer than the last is ignored, so that
/// nobody can make a mint fail by submitting its statement first. Says whether it was taken.
#[inline(always)]
pub fn submit_with_mint<C: Crypto>(
    route: &mut Route,
    committee: &Committee,
    statement: &[u8],
    now: u64,
) -> Result<bool, Error> {
    let submission = Submission::<MintCap>::open::<Error>(statement)?;
    let newer = is_newer(route, &submission);
    if newer {
        accept::<C>(route, committee, &submission, now)?;
    }
    Ok(newer)
}

/// Refuses a mint of `amount` by `minter` that is not covered now, with `supply` before it, and takes it from the rate
/// limit.
pub fn charge(route: &mut Route, minter: &Pubkey, supply: u64, amount: u64, now: u64) -> Result<(), Error> {
    ensure(route.minters().contains(minter), Error::NotMinter)?;
    ensure(amount > 0, Error::ZeroAmount)?;
    ensure(route.paused == 0, Error::GatePaused)?;
    ensure(route.round.get() > 0, Error::NoStatement)?;
    ensure(now < route.expires_at.get(), Error::CapExpired)?;
    let room = route.cap.get().checked_sub(supply).ok_or(Error::ExceedsCap)?;
    ensure(amount <= room, Error::ExceedsCap)?;
    route.bucket.take(amount, now)
}

/// Lowers the cap by what is redeemed, down to 0.
pub fn redeem(route: &mut Route, amount: u64) -> Result<(), Error> {
    ensure(amount > 0, Error::ZeroAmount)?;
    route.cap.set(route.cap.get().saturating_sub(amount));
    Ok(())
}

#[inline(always)]
fn is_newer(route: &Route, submission: &Submission<'_, MintCap>) -> bool {
    submission.tail.header.round.get() > route.round.get()
}

#[inline(never)]
fn accept<C: Crypto>(
    route: &mut Route,
    committee: &Committee,
    submission: &Submission<'_, MintCap>,
    now: u64,
) -> Result<(), Error> {
    let leaf = submission.leaf;
    leaf.check::<Error>(&route.domain, &route.route, route.max_lease.get(), now)?;
    let (cap, collateral, supply) =
        (fit_u64::<Error>(&leaf.cap)?, fit_u128::<Error>(&leaf.collateral)?, fit_u128::<Error>(&leaf.supply)?);

    let mut root = [0; 32];
    submission.root::<C>(&mut root);
    committee::verify::<C>(committee, submission.tail, &root)?;

    route.round.set(submission.tail.header.round.get());
    route.cap.set(cap);
    route.collateral.set(collateral);
    route.supply.set(supply);
    route.observed_at.set(leaf.observed_at.get());
    route.expires_at.set(leaf.expires_at.get());
    Ok(())
}
