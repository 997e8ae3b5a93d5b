//! The issuer's own limit on minting, a token bucket: what is taken within any span of time is at most
//! `capacity + refill_per_second * seconds`.

use crate::error::{ensure, Error};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The bucket as it stands in a route account. `level` is never above `capacity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Bucket {
    /// The greatest level.
    pub capacity: U64,
    /// What flows in each second.
    pub refill_per_second: U64,
    /// What was left at `updated_at`.
    pub level: U64,
    /// Unix seconds; never goes back.
    pub updated_at: U64,
}

impl Bucket {
    /// What can be taken at `now`. A clock that went back adds nothing.
    #[inline(always)]
    pub fn available(&self, now: u64) -> u64 {
        let (level, refill) = (self.level.get(), self.refill_per_second.get());
        let room = self.capacity.get().saturating_sub(level);
        let elapsed = now.saturating_sub(self.updated_at.get());
        // refill * elapsed, or the room if that is less. Compared by division, since the product takes 128 bits.
        let inflow = match room.checked_div(elapsed) {
            None => 0,
            Some(most) if refill > most => room,
            Some(_) => refill.wrapping_mul(elapsed),
        };
        level.saturating_add(inflow)
    }

    /// Takes `amount`, or refuses with `ExceedsRateLimit`.
    #[inline(always)]
    pub fn take(&mut self, amount: u64, now: u64) -> Result<(), Error> {
        let left = self.available(now).checked_sub(amount).ok_or(Error::ExceedsRateLimit)?;
        self.level.set(left);
        self.touch(now);
        Ok(())
    }

    /// Makes it full.
    pub fn fill(&mut self, capacity: u64, refill_per_second: u64, now: u64) {
        self.capacity.set(capacity);
        self.refill_per_second.set(refill_per_second);
        self.level.set(capacity);
        self.updated_at.set(now);
    }

    /// Changes the limits. What flowed in until now counts at the old rate; a greater capacity adds nothing by itself.
    pub fn change(&mut self, capacity: u64, refill_per_second: u64, now: u64) {
        self.level.set(self.available(now).min(capacity));
        self.touch(now);
        self.capacity.set(capacity);
        self.refill_per_second.set(refill_per_second);
    }

    /// Refuses a bucket that cannot be.
    #[inline(always)]
    pub fn check(&self) -> Result<(), Error> {
        ensure(self.level.get() <= self.capacity.get(), Error::BadState)
    }

    #[inline(always)]
    fn touch(&mut self, now: u64) {
        self.updated_at.set(now.max(self.updated_at.get()));
    }
}
