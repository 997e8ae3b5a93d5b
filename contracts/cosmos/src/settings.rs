//! The issuer's side of a gate: how changes, whose bounds are [`ballast_rules::settings`], get into a route's records.

use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use crate::state::{Gate, Minters, Queue, Queued, MAX_ENTRIES};
use ballast_rules::settings::{is_lapsed, InForce, Kind, Values};

/// A setting with its new values. What a setting does not use is 0 or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which setting.
    pub kind: Kind,
    /// Of a minter or guardian.
    pub account: String,
    /// First number.
    pub a: u128,
    /// Second number.
    pub b: u128,
}

/// What settings are about: all of a route but its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Token, roles and limits.
    pub gate: Gate,
    /// Rate limit.
    pub bucket: Bucket,
    /// Who may mint.
    pub minters: Minters,
    /// What waits.
    pub queue: Queue,
}

impl Change {
    /// Changes the setting at once if that tightens, and returns nothing; else queues it and returns from when it can be
    /// executed.
    pub fn set(&self, rules: &mut Rules, now: u64) -> Result<Option<u64>, Error> {
        let values = self.values();
        values.check::<Error>()?;
        if values.tightens(&rules.in_force()) {
            self.apply(rules, now)?;
            return Ok(None);
        }
        rules.queue.0.retain(|queued| !queued.is_lapsed(now));
        ensure(self.position(rules).is_none(), Error::AlreadyQueued)?;
        ensure(rules.queue.0.len() < MAX_ENTRIES, Error::QueueFull)?;
        let ready_at = now.saturating_add(u64::from(rules.gate.loosen_delay));
        rules.queue.0.push(Queued { change: self.clone(), ready_at });
        Ok(Some(ready_at))
    }

    /// Puts a loosening that has waited into effect.
    pub fn execute(&self, rules: &mut Rules, now: u64) -> Result<(), Error> {
        let at = self.position(rules).ok_or(Error::NotQueued)?;
        let queued = rules.queue.0.get(at).ok_or(Error::NotQueued)?;
        ensure(!queued.is_lapsed(now), Error::NotQueued)?;
        ensure(now >= queued.ready_at, Error::TooEarly)?;
        rules.queue.0.remove(at);
        self.apply(rules, now)
    }

    /// Drops a loosening that waits.
    pub fn cancel(&self, rules: &mut Rules) -> Result<(), Error> {
        let at = self.position(rules).ok_or(Error::NotQueued)?;
        rules.queue.0.remove(at);
        Ok(())
    }

    /// Whether `sender` may cancel this. A guardian that could keep itself in office could keep the gate paused for
    /// ever.
    pub fn may_cancel(&self, gate: &Gate, sender: &str) -> bool {
        let by_guardian = sender == gate.guardian && self.kind != Kind::Guardian;
        by_guardian || sender == gate.owner
    }

    /// Puts it into effect, within bounds that hold for whoever sets it, registration included.
    pub fn apply(&self, rules: &mut Rules, now: u64) -> Result<(), Error> {
        let values = self.values();
        values.check::<Error>()?;
        match self.kind {
            Kind::RateLimit => rules.bucket.change(self.a, self.b, now),
            Kind::MaxLease => rules.gate.max_lease = values.seconds::<Error>()?,
            Kind::LoosenDelay => rules.gate.loosen_delay = values.seconds::<Error>()?,
            Kind::Minter if self.a == 1 => rules.minters.add(&self.account)?,
            Kind::Minter => rules.minters.0.retain(|minter| *minter != self.account),
            Kind::Guardian => rules.gate.guardian.clone_from(&self.account),
        }
        Ok(())
    }

    fn values(&self) -> Values<u128> {
        Values { kind: self.kind, account: !self.account.is_empty(), a: self.a, b: self.b }
    }

    fn position(&self, rules: &Rules) -> Option<usize> {
        rules.queue.0.iter().position(|queued| queued.change == *self)
    }
}

impl Minters {
    /// Whether this account may mint.
    pub fn contains(&self, account: &str) -> bool {
        self.0.iter().any(|minter| minter == account)
    }

    fn add(&mut self, account: &str) -> Result<(), Error> {
        if !self.contains(account) {
            ensure(self.0.len() < MAX_ENTRIES, Error::TooManyMinters)?;
            self.0.push(account.to_owned());
        }
        Ok(())
    }
}

impl Queued {
    /// Whether its time has passed.
    pub fn is_lapsed(&self, now: u64) -> bool {
        is_lapsed(self.ready_at, now)
    }
}

impl Rules {
    fn in_force(&self) -> InForce<u128> {
        InForce {
            capacity: self.bucket.capacity,
            refill_per_second: self.bucket.refill_per_second,
            max_lease: self.gate.max_lease,
            loosen_delay: self.gate.loosen_delay,
        }
    }
}
