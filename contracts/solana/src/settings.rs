//! The issuer's side of a gate: how changes, whose bounds are [`ballast_rules::settings`], get into a route account.

use crate::bytes::{Pubkey, NONE};
use crate::error::{ensure, Error};
use crate::state::{Queued, Route};
use ballast_rules::settings::{is_lapsed, InForce, Kind, Values};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A setting with its new values: the data of `set`, `execute` and `cancel`, 49 bytes. What a setting does not use is
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Change {
    /// Number of the [`Kind`].
    pub setting: u8,
    /// Of a minter or guardian.
    pub account: Pubkey,
    /// First number.
    pub a: U64,
    /// Second number.
    pub b: U64,
}

impl Change {
    /// Changes the setting at once if that tightens, and returns 0; else queues it and returns from when it can be
    /// executed.
    #[inline(always)]
    pub fn set(&self, route: &mut Route, now: u64) -> Result<u64, Error> {
        let values = self.values()?;
        values.check::<Error>()?;
        if values.tightens(&in_force(route)) {
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
        self.kind()?;
        let at = self.position(route).ok_or(Error::NotQueued)?;
        let queued = route.queue().get(at).ok_or(Error::NotQueued)?;
        ensure(!queued.is_lapsed(now), Error::NotQueued)?;
        ensure(now >= queued.ready_at.get(), Error::TooEarly)?;
        route.dequeue(at);
        self.apply(route, now)
    }

    /// Drops a loosening that waits.
    pub fn cancel(&self, route: &mut Route) -> Result<(), Error> {
        self.kind()?;
        let at = self.position(route).ok_or(Error::NotQueued)?;
        route.dequeue(at);
        Ok(())
    }

    /// Whether `signer` may cancel this. A guardian that could keep itself in office could keep the gate paused for
    /// ever.
    pub fn may_cancel(&self, route: &Route, signer: &Pubkey) -> bool {
        let by_guardian = *signer == route.guardian && self.setting != Kind::Guardian.number();
        by_guardian || *signer == route.owner
    }

    /// Puts it into effect, within bounds that hold for whoever sets it, registration included.
    pub fn apply(&self, route: &mut Route, now: u64) -> Result<(), Error> {
        let values = self.values()?;
        values.check::<Error>()?;
        match values.kind {
            Kind::RateLimit => route.bucket.change(values.a, values.b, now),
            Kind::MaxLease => route.max_lease.set(values.seconds::<Error>()?),
            Kind::LoosenDelay => route.loosen_delay.set(values.seconds::<Error>()?),
            Kind::Minter if values.a == 1 => route.add_minter(&self.account)?,
            Kind::Minter => route.remove_minter(&self.account),
            Kind::Guardian => route.guardian = self.account,
        }
        Ok(())
    }

    #[inline(always)]
    fn kind(&self) -> Result<Kind, Error> {
        Kind::from_number(self.setting).ok_or(Error::BadSetting)
    }

    #[inline(always)]
    fn values(&self) -> Result<Values<u64>, Error> {
        Ok(Values { kind: self.kind()?, account: self.account != NONE, a: self.a.get(), b: self.b.get() })
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
        is_lapsed(self.ready_at.get(), now)
    }
}

#[inline(always)]
fn in_force(route: &Route) -> InForce<u64> {
    InForce {
        capacity: route.bucket.capacity.get(),
        refill_per_second: route.bucket.refill_per_second.get(),
        max_lease: route.max_lease.get(),
        loosen_delay: route.loosen_delay.get(),
    }
}
