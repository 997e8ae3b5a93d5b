//! What a route decides: which statements it takes, and which mints they cover.

use crate::committee::Committee;
use crate::crypto::{Crypto, Sponge};
use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use crate::state::{Gate, Minters, State};
use ballast_rules::statement::{fit_u128, MintCap, Submission};

/// What a statement is held against.
pub struct Judge<'a, C: Crypto> {
    /// What the chain computes.
    pub crypto: &'a C,
    /// The committee's record.
    pub committee: &'a Committee,
    /// The contract's own.
    pub domain: [u8; 32],
    /// The route's own id.
    pub route: [u8; 32],
    /// Longest lease, seconds.
    pub max_lease: u32,
    /// The block's time.
    pub now: u64,
}

/// What a mint is held against, beside the statement.
pub struct Mint<'a> {
    /// Paused or not.
    pub gate: &'a Gate,
    /// Who may.
    pub minters: &'a Minters,
    /// Who would.
    pub minter: &'a str,
    /// Total supply before it; what does not fit counts as the greatest number, which leaves no room.
    pub supply: u128,
    /// How much.
    pub amount: u128,
    /// The block's time.
    pub now: u64,
}

impl<C: Crypto> Judge<'_, C> {
    /// The state after a statement, which must be newer than the last.
    pub fn submit(&self, last: &State, statement: &[u8]) -> Result<State, Error> {
        let submission = Submission::<MintCap>::open::<Error>(statement)?;
        ensure(is_newer(last, &submission), Error::StaleRound)?;
        self.accept(&submission)
    }

    /// The state after a statement that comes with a mint. One that is well-formed but not newer than the last is
    /// ignored, so that nobody can make a mint fail by submitting its statement first.
    pub fn submit_with_mint(&self, last: &State, statement: &[u8]) -> Result<Option<State>, Error> {
        let submission = Submission::<MintCap>::open::<Error>(statement)?;
        is_newer(last, &submission).then(|| self.accept(&submission)).transpose()
    }

    fn accept(&self, submission: &Submission<'_, MintCap>) -> Result<State, Error> {
        let (leaf, certificate) = (submission.leaf, submission.tail);
        leaf.check::<Error>(&self.domain, &self.route, self.max_lease, self.now)?;
        let (cap, collateral, supply) =
            (fit_u128::<Error>(&leaf.cap)?, fit_u128::<Error>(&leaf.collateral)?, fit_u128::<Error>(&leaf.supply)?);

        let mut root = [0; 32];
        submission.root::<Sponge>(&mut root);
        self.committee.verify(self.crypto, certificate, &root)?;
        Ok(State {
            round: certificate.header.round.get(),
            cap,
            collateral,
            supply,
            observed_at: leaf.observed_at.get(),
            expires_at: leaf.expires_at.get(),
        })
    }
}

impl Mint<'_> {
    /// Refuses what is not covered now, and takes the rest from the rate limit.
    pub fn charge(&self, state: &State, bucket: &mut Bucket) -> Result<(), Error> {
        ensure(self.minters.contains(self.minter), Error::NotMinter)?;
        ensure(self.amount > 0, Error::ZeroAmount)?;
        ensure(!self.gate.paused, Error::GatePaused)?;
        ensure(state.round > 0, Error::NoStatement)?;
        ensure(state.is_live(self.now), Error::CapExpired)?;
        let room = state.cap.checked_sub(self.supply).ok_or(Error::ExceedsCap)?;
        ensure(self.amount <= room, Error::ExceedsCap)?;
        bucket.take(self.amount, self.now)
    }
}

impl State {
    /// Whether mints may rest on the statement. Without one its expiry is 0, so never.
    pub fn is_live(&self, now: u64) -> bool {
        now < self.expires_at
    }

    /// Lowers the cap by what is redeemed, down to 0.
    pub fn redeem(&mut self, amount: u128) -> Result<(), Error> {
        ensure(amount > 0, Error::ZeroAmount)?;
        self.cap = self.cap.saturating_sub(amount);
        Ok(())
    }

    /// What could be minted now, with this supply: 0 when paused or without a live statement.
    pub fn headroom(&self, gate: &Gate, bucket: &Bucket, supply: u128, now: u64) -> u128 {
        if gate.paused || self.round == 0 || !self.is_live(now) {
            return 0;
        }
        self.cap.saturating_sub(supply).min(bucket.available(now))
    }
}

fn is_newer(last: &State, submission: &Submission<'_, MintCap>) -> bool {
    submission.tail.header.round.get() > last.round
}
