//! Instruction data: one byte for the instruction, then exactly its fields, little-endian.

use crate::base58::is_base58;
use crate::bytes::{Pubkey, NONE};
use crate::error::{ensure, Error};
use crate::settings::Change;
use crate::state::{Route, MAX_MINTERS};
use ballast_rules::settings::Kind;
use ballast_rules::statement::Key;
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, KnownLayout, Unaligned};

/// Data of `initialize`.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Initialize {
    /// Of the first key.
    pub epoch: U64,
    /// The first key.
    pub key: Key,
    /// Reference of the chain's CAIP-2 id.
    pub reference: [u8; 32],
}

/// Data of `register` up to the minters.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RegisterHead {
    /// Keccak-256 of the route's name.
    pub route: [u8; 32],
    /// The issuer's admin.
    pub owner: Pubkey,
    /// May pause and cancel.
    pub guardian: Pubkey,
    /// Seconds.
    pub max_lease: U32,
    /// Seconds.
    pub loosen_delay: U32,
    /// Of the rate limit.
    pub capacity: U64,
    /// Of the rate limit.
    pub refill_per_second: U64,
    /// How many minters follow.
    pub count: u8,
}

/// Data of `register`.
pub struct Register<'a> {
    /// Fields of fixed size.
    pub head: &'a RegisterHead,
    /// Who may mint.
    pub minters: &'a [Pubkey],
}

/// Data of exactly the size of `T`, or `BadInstruction`.
#[inline(always)]
pub fn fixed<T: FromBytes + KnownLayout + Immutable + Unaligned>(data: &[u8]) -> Result<&T, Error> {
    T::ref_from_bytes(data).map_err(|_| Error::BadInstruction)
}

/// The amount at the head of `mint`, and the statement behind it, if any.
#[inline(always)]
pub fn amount_and_rest(data: &[u8]) -> Result<(u64, &[u8]), Error> {
    let (amount, rest) = U64::ref_from_prefix(data).map_err(|_| Error::BadInstruction)?;
    Ok((amount.get(), rest))
}

impl Initialize {
    /// Refuses what can be no reference: 32 characters of the genesis hash in base58.
    pub fn check(&self) -> Result<(), Error> {
        ensure(is_base58(&self.reference), Error::BadSetting)
    }
}

impl<'a> Register<'a> {
    /// Fields and minters, or `BadInstruction`.
    #[inline(always)]
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let (head, rest) = RegisterHead::ref_from_prefix(data).map_err(|_| Error::BadInstruction)?;
        let minters =
            <[Pubkey]>::ref_from_bytes_with_elems(rest, usize::from(head.count)).map_err(|_| Error::BadInstruction)?;
        Ok(Register { head, minters })
    }

    /// Writes the settings into a new route account, within the bounds that hold for later changes too.
    pub fn apply(&self, route: &mut Route, now: u64) -> Result<(), Error> {
        let head = self.head;
        ensure(head.route != NONE && head.owner != NONE, Error::BadSetting)?;
        ensure(self.minters.len() <= MAX_MINTERS, Error::TooManyMinters)?;
        (route.route, route.owner) = (head.route, head.owner);
        let max_lease = u64::from(head.max_lease.get());
        let loosen_delay = u64::from(head.loosen_delay.get());
        change(Kind::LoosenDelay, &NONE, loosen_delay).apply(route, now)?;
        change(Kind::MaxLease, &NONE, max_lease).apply(route, now)?;
        change(Kind::Guardian, &head.guardian, 0).apply(route, now)?;
        route.bucket.fill(head.capacity.get(), head.refill_per_second.get(), now);
        for minter in self.minters {
            change(Kind::Minter, minter, 1).apply(route, now)?;
        }
        Ok(())
    }
}

#[inline(always)]
fn change(setting: Kind, account: &Pubkey, a: u64) -> Change {
    let mut change = Change::new_zeroed();
    (change.setting, change.account) = (setting.number(), *account);
    change.a.set(a);
    change
}

const _: () = {
    assert!(size_of::<Initialize>() == 73);
    assert!(size_of::<RegisterHead>() == 121);
    assert!(size_of::<Change>() == 49);
};
