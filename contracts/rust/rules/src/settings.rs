//! The bounds of an issuer's settings, and which changes tighten. Tightening takes effect at once; loosening is queued,
//! waits, and stays open for a while, so that holders and the guardian see it before it counts.

use crate::refusal::{hold, Refusal};

/// Longest lease that can be allowed, seconds.
pub const LONGEST_LEASE: u32 = 30 * DAY;
/// Shortest time that a loosening waits, seconds.
pub const SHORTEST_DELAY: u32 = 3_600;
/// Longest time that a loosening waits, seconds.
pub const LONGEST_DELAY: u32 = 30 * DAY;
/// How long a loosening stays open once it has waited, so that none lies ready for ever. Seconds.
pub const OPEN_FOR: u64 = 7 * 86_400;

const DAY: u32 = 86_400;

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

/// What a setting is to become, with amounts in the chain's numbers. What a setting does not use is 0.
#[derive(Clone, Copy, Debug)]
pub struct Values<N> {
    /// Which setting.
    pub kind: Kind,
    /// Whether an account is named.
    pub account: bool,
    /// First number.
    pub a: N,
    /// Second number.
    pub b: N,
}

/// The settings in force that a change is compared with.
#[derive(Clone, Copy, Debug)]
pub struct InForce<N> {
    /// Of the rate limit.
    pub capacity: N,
    /// Of the rate limit.
    pub refill_per_second: N,
    /// Seconds.
    pub max_lease: u32,
    /// Seconds.
    pub loosen_delay: u32,
}

impl Kind {
    /// All, by number.
    pub const ALL: [Kind; 5] = [Kind::RateLimit, Kind::MaxLease, Kind::LoosenDelay, Kind::Minter, Kind::Guardian];

    /// The number in storage and events.
    #[inline(always)]
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
    #[inline(always)]
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Kind::RateLimit,
            1 => Kind::MaxLease,
            2 => Kind::LoosenDelay,
            3 => Kind::Minter,
            4 => Kind::Guardian,
            _ => return None,
        })
    }
}

impl<N: Copy + PartialOrd + From<u32> + TryInto<u32>> Values<N> {
    /// Refuses what no setting may be, with `BadSetting`.
    #[inline(always)]
    pub fn check<E: From<Refusal>>(&self) -> Result<(), E> {
        let within = |low: u32, high: u32| N::from(low) <= self.a && self.a <= N::from(high);
        let (account, no_b) = (self.account, self.b == N::from(0));
        let ok = match self.kind {
            Kind::RateLimit => !account,
            Kind::MaxLease => !account && no_b && within(1, LONGEST_LEASE),
            Kind::LoosenDelay => !account && no_b && within(SHORTEST_DELAY, LONGEST_DELAY),
            Kind::Minter => account && no_b && within(0, 1),
            Kind::Guardian => account && no_b && within(0, 0),
        };
        hold(ok, Refusal::BadSetting)
    }

    /// Whether nothing gets looser by it.
    #[inline(always)]
    pub fn tightens(&self, now: &InForce<N>) -> bool {
        match self.kind {
            Kind::RateLimit => self.a <= now.capacity && self.b <= now.refill_per_second,
            Kind::MaxLease => self.a <= N::from(now.max_lease),
            Kind::LoosenDelay => self.a >= N::from(now.loosen_delay),
            Kind::Minter => self.a == N::from(0),
            Kind::Guardian => false,
        }
    }

    /// The first number as seconds.
    #[inline(always)]
    pub fn seconds<E: From<Refusal>>(&self) -> Result<u32, E> {
        self.a.try_into().map_err(|_| E::from(Refusal::BadSetting))
    }
}

/// Whether the time of a loosening that could be executed from `ready_at` has passed.
#[inline(always)]
pub fn is_lapsed(ready_at: u64, now: u64) -> bool {
    now >= ready_at.saturating_add(OPEN_FOR)
}
