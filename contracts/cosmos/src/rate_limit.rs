//! The issuer's own limit on minting, a token bucket: what is taken within any span of time is at most
//! `capacity + refill_per_second * seconds`.

use crate::error::Error;

/// The bucket of a route. `level` is never above `capacity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The greatest level.
    pub capacity: u128,
    /// What flows in each second.
    pub refill_per_second: u128,
    /// What was left at `updated_at`.
    pub level: u128,
    /// Unix seconds; never goes back.
    pub updated_at: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(capacity: u128, refill_per_second: u128, now: u64) -> Self {
        Bucket { capacity, refill_per_second, level: capacity, updated_at: now }
    }

    /// What can be taken at `now`. A clock that went back adds nothing.
    pub fn available(&self, now: u64) -> u128 {
        let elapsed = u128::from(now.saturating_sub(self.updated_at));
        // Saturated sums are above the capacity as the true ones are.
        self.refill_per_second.saturating_mul(elapsed).saturating_add(self.level).min(self.capacity)
    }

    /// Takes `amount`, or refuses with `ExceedsRateLimit`.
    pub fn take(&mut self, amount: u128, now: u64) -> Result<(), Error> {
        self.level = self.available(now).checked_sub(amount).ok_or(Error::ExceedsRateLimit)?;
        self.touch(now);
        Ok(())
    }

    /// Changes the limits. What flowed in until now counts at the old rate; a greater capacity adds nothing by itself.
    pub fn change(&mut self, capacity: u128, refill_per_second: u128, now: u64) {
        self.level = self.available(now).min(capacity);
        self.touch(now);
        (self.capacity, self.refill_per_second) = (capacity, refill_per_second);
    }

    fn touch(&mut self, now: u64) {
        self.updated_at = now.max(self.updated_at);
    }
}
