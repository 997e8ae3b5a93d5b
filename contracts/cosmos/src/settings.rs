//! The issuer's side of a gate. Tightening takes effect at once; loosening is queued, waits, and stays open for a while,
//! so that holders and the guardian see it before it counts.

use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use crate::state::{Gate, Minters, Queue, Queued, MAX_ENTRIES};

/// Longest lease that can be allowed, seconds.
pub const LONGEST_LEASE: u128 = 30 * 86_400;
/// Shortest time that a loosening waits, seconds.
pub const SHORTEST_DELAY: u128 = 3_600;
/// Longest time that a loosening waits, seconds.
pub const LONGEST_DELAY: u128 = 30 * 86_400;
/// How long a loosening stays open once it has waited, so that none lies ready for ever. Seconds.
pub const OPEN_FOR: u64 = 7 * 86_400;

/// The settings that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Capacity, refill per second.
    RateLimit,
    /// Seconds.
    MaxLease,
    /// Seconds.
    LoosenDelay,
    /// Account; 1 to allow, 0 to remove.
    Minter,
    /// Account.
    Guardian,
}

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

impl Kind {
    /// All, by number.
    pub const ALL: [Kind; 5] = [Kind::RateLimit, Kind::MaxLease, Kind::LoosenDelay, Kind::Minter, Kind::Guardian];

    /// The number in storage and events.
    pub const fn number(self) -> u8 {
        match self {
            Kind::RateLimit => 0,
            Kind::MaxLease => 1,
            Kind::LoosenDelay => 2,
            Kind::Minter => 3,
            Kind::Guardian => 4,
        }
    }

    /// The setting of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Kind::ALL.get(usize::from(number)).copied()
    }
}

impl Change {
    /// Changes the setting at once if that tightens, and returns nothing; else queues it and returns from when it can be
    /// executed.
    pub fn set(&self, rules: &mut Rules, now: u64) -> Result<Option<u64>, Error> {
        self.check()?;
        if self.tightens(rules) {
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
        self.check()?;
        match self.kind {
            Kind::RateLimit => rules.bucket.change(self.a, self.b, now),
            Kind::MaxLease => rules.gate.max_lease = narrow(self.a)?,
            Kind::LoosenDelay => rules.gate.loosen_delay = narrow(self.a)?,
            Kind::Minter if self.a == 1 => rules.minters.add(&self.account)?,
            Kind::Minter => rules.minters.0.retain(|minter| *minter != self.account),
            Kind::Guardian => rules.gate.guardian.clone_from(&self.account),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        let (a, b, account) = (self.a, self.b, !self.account.is_empty());
        let ok = match self.kind {
            Kind::RateLimit => !account,
            Kind::MaxLease => !account && b == 0 && (1..=LONGEST_LEASE).contains(&a),
            Kind::LoosenDelay => !account && b == 0 && (SHORTEST_DELAY..=LONGEST_DELAY).contains(&a),
            Kind::Minter => account && b == 0 && a <= 1,
            Kind::Guardian => account && b == 0 && a == 0,
        };
        ensure(ok, Error::BadSetting)
    }

    fn tightens(&self, rules: &Rules) -> bool {
        match self.kind {
            Kind::RateLimit => self.a <= rules.bucket.capacity && self.b <= rules.bucket.refill_per_second,
            Kind::MaxLease => self.a <= u128::from(rules.gate.max_lease),
            Kind::LoosenDelay => self.a >= u128::from(rules.gate.loosen_delay),
            Kind::Minter => self.a == 0,
            Kind::Guardian => false,
        }
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
        now >= self.ready_at.saturating_add(OPEN_FOR)
    }
}

fn narrow(seconds: u128) -> Result<u32, Error> {
    u32::try_from(seconds).map_err(|_| Error::BadSetting)
}
