//! The issuer's side of a gate. Tightening takes effect at once; loosening is queued, waits, and stays open for a while,
//! so that holders and the guardian see it before it counts.

use crate::bytes::{Pubkey, NONE};
use crate::error::{ensure, Error};
use crate::state::{Queued, Route};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Longest lease that can be allowed, seconds.
pub const LONGEST_LEASE: u64 = 30 * DAY;
/// Shortest time that a loosening waits, seconds.
pub const SHORTEST_DELAY: u64 = 3_600;
/// Longest time that a loosening waits, seconds.
pub const LONGEST_DELAY: u64 = 30 * DAY;
/// How long a loosening stays open once it has waited, so that none lies ready for ever. Seconds.
pub const OPEN_FOR: u64 = 7 * DAY;

const DAY: u64 = 86_400;

/// A setting with its new values: the data of `set`, `execute` and `cancel`, 49 bytes. What a setting does not use is
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Change {
    /// Number of the [`Setting`].
    pub setting: u8,
    /// Of a minter or guardian.
    pub account: Pubkey,
    /// First number.
    pub a: U64,
    /// Second number.
    pub b: U64,
}

/// The settings that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
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

impl Setting {
    /// The setting of this number, or `BadSetting`.
    #[inline(always)]
    pub fn from_number(number: u8) -> Result<Self, Error> {
        Ok(match number {
            0 => Setting::RateLimit,
            1 => Setting::MaxLease,
            2 => Setting::LoosenDelay,
            3 => Setting::Minter,
            4 => Setting::Guardian,
            _ => return Err(Error::BadSetting),
        })
    }
}

impl Setting {
    /// The number of the setting.
    #[inline(always)]
    pub const fn number(self) -> u8 {
        match self {
            Setting::RateLimit => 0,
            Setting::MaxLease => 1,
            Setting::LoosenDelay => 2,
            Setting::Minter => 3,
            Setting::Guardian => 4,
        }
    }
}

impl Change {
    /// Changes the setting at once if that tightens, and returns 0; else queues it and returns from when it can be
    /// executed.
    #[inline(always)]
    pub fn set(&self, route: &mut Route, now: u64) -> Result<u64, Error> {
        self.check()?;
        if self.tightens(route)? {
            self.apply(route, now)?;
            return Ok(0);
        }
        while let Some(lapsed) = route.queue().iter().position(|queued| queued.is_lapsed(now)) {
            route.dequeue(lapsed);
        }
        ensure(self.position(route).is_none(), Error::AlreadyQueued)?;
        let ready_at = now.saturating_add(u64::from(route.loosen_delay.get()));
        let mut queued = Queued::new_zeroed();
        (queued.setting, queued.account, queued.a, queued.b) = (self.setting, self.account, self.a, self.b);
        queued.ready_at.set(ready_at);
        route.enqueue(queued)?;
        Ok(ready_at)
    }

    /// Puts a loosening that has waited into effect.
    pub fn execute(&self, route: &mut Route, now: u64) -> Result<(), Error> {
        Setting::from_number(self.setting)?;
        let at = self.position(route).ok_or(Error::NotQueued)?;
        let queued = route.queue().get(at).ok_or(Error::NotQueued)?;
        ensure(!queued.is_lapsed(now), Error::NotQueued)?;
        ensure(now >= queued.ready_at.get(), Error::TooEarly)?;
        route.dequeue(at);
        self.apply(route, now)
    }

    /// Drops a loosening that waits.
    pub fn cancel(&self, route: &mut Route) -> Result<(), Error> {
        Setting::from_number(self.setting)?;
        let at = self.position(route).ok_or(Error::NotQueued)?;
        route.dequeue(at);
        Ok(())
    }

    /// Whether `signer` may cancel this. A guardian that could keep itself in office could keep the gate paused for
    /// ever.
    pub fn may_cancel(&self, route: &Route, signer: &Pubkey) -> bool {
        let by_guardian = *signer == route.guardian && self.setting != Setting::Guardian.number();
        by_guardian || *signer == route.owner
    }

    /// Puts it into effect, within bounds that hold for whoever sets it, registration included.
    pub fn apply(&self, route: &mut Route, now: u64) -> Result<(), Error> {
        self.check()?;
        let (a, b) = (self.a.get(), self.b.get());
        match Setting::from_number(self.setting)? {
            Setting::RateLimit => route.bucket.change(a, b, now),
            Setting::MaxLease => route.max_lease.set(narrow(a)?),
            Setting::LoosenDelay => route.loosen_delay.set(narrow(a)?),
            Setting::Minter if a == 1 => route.add_minter(&self.account)?,
            Setting::Minter => route.remove_minter(&self.account),
            Setting::Guardian => route.guardian = self.account,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        let (a, b, account) = (self.a.get(), self.b.get(), self.account != NONE);
        let ok = match Setting::from_number(self.setting)? {
            Setting::RateLimit => !account,
            Setting::MaxLease => !account && b == 0 && (1..=LONGEST_LEASE).contains(&a),
            Setting::LoosenDelay => !account && b == 0 && (SHORTEST_DELAY..=LONGEST_DELAY).contains(&a),
            Setting::Minter => account && b == 0 && a <= 1,
            Setting::Guardian => account && b == 0 && a == 0,
        };
        ensure(ok, Error::BadSetting)
    }

    #[inline(always)]
    fn tightens(&self, route: &Route) -> Result<bool, Error> {
        let (a, b) = (self.a.get(), self.b.get());
        Ok(match Setting::from_number(self.setting)? {
            Setting::RateLimit => a <= route.bucket.capacity.get() && b <= route.bucket.refill_per_second.get(),
            Setting::MaxLease => a <= u64::from(route.max_lease.get()),
            Setting::LoosenDelay => a >= u64::from(route.loosen_delay.get()),
            Setting::Minter => a == 0,
            Setting::Guardian => false,
        })
    }

    #[inline(always)]
    fn position(&self, route: &Route) -> Option<usize> {
        route.queue().iter().position(|queued| {
            queued.setting == self.setting && queued.account == self.account && queued.a == self.a && queued.b == self.b
        })
    }
}

impl Queued {
    /// Whether its time has passed.
    #[inline(always)]
    pub fn is_lapsed(&self, now: u64) -> bool {
        now >= self.ready_at.get().saturating_add(OPEN_FOR)
    }
}

#[inline(always)]
fn narrow(seconds: u64) -> Result<u32, Error> {
    u32::try_from(seconds).map_err(|_| Error::BadSetting)
}
