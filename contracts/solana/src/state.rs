//! The program's accounts, byte for byte as `docs/solana-program.md` lays them out, little-endian.

use crate::bytes::Pubkey;
use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use ballast_rules::statement::Key;
use zerocopy::little_endian::{U128, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Most minters of a route.
pub const MAX_MINTERS: usize = 8;
/// Most loosenings that wait at a time.
pub const MAX_QUEUE: usize = 8;

/// The committee account, 162 bytes: one per program.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Committee {
    /// [`Committee::TAG`].
    pub tag: [u8; 8],
    /// Of its address.
    pub bump: u8,
    /// Of the group key: 0 even y, 1 odd.
    pub parity: u8,
    /// Of the group key.
    pub epoch: U64,
    /// Round of the handover that began the epoch; 0 for the first.
    pub since_round: U64,
    /// x coordinate of the group key, big-endian.
    pub px: [u8; 32],
    /// Reference of the chain's CAIP-2 id, ASCII.
    pub reference: [u8; 32],
    /// Of this account.
    pub domain: [u8; 32],
    /// Zero.
    pub reserved: [u8; 40],
}

/// A route account, 1248 bytes: the gate of one mint.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Route {
    /// [`Route::TAG`].
    pub tag: [u8; 8],
    /// Of its address.
    pub bump: u8,
    /// 0 or 1.
    pub paused: u8,
    /// How many of `minters` count.
    pub minter_count: u8,
    /// How many of `queue` count.
    pub queue_count: u8,
    /// Longest lease, seconds.
    pub max_lease: U32,
    /// How long a loosening waits, seconds.
    pub loosen_delay: U32,
    /// Zero.
    pub reserved: [u8; 4],
    /// Of this account.
    pub domain: [u8; 32],
    /// Keccak-256 of the route's name.
    pub route: [u8; 32],
    /// The gated mint.
    pub mint: Pubkey,
    /// Its token program.
    pub token_program: Pubkey,
    /// The issuer's admin.
    pub owner: Pubkey,
    /// Who may accept to be the owner; zero: none.
    pub pending_owner: Pubkey,
    /// May pause and cancel.
    pub guardian: Pubkey,
    /// Of the last statement; 0: none yet.
    pub round: U64,
    /// Base units, as lowered by redeeming.
    pub cap: U64,
    /// Unix seconds.
    pub observed_at: U64,
    /// Unix seconds.
    pub expires_at: U64,
    /// Route units.
    pub collateral: U128,
    /// Route units, as the statement says.
    pub supply: U128,
    /// The issuer's rate limit.
    pub bucket: Bucket,
    /// Zero.
    pub reserved_2: [u8; 8],
    /// The first `minter_count` in no order; the rest zero.
    pub minters: [Pubkey; MAX_MINTERS],
    /// The first `queue_count` in no order; the rest zero.
    pub queue: [Queued; MAX_QUEUE],
}

/// A loosening that waits, 80 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Queued {
    /// Number of the setting.
    pub setting: u8,
    /// Zero.
    pub reserved: [u8; 7],
    /// Of a minter or guardian.
    pub account: Pubkey,
    /// First number.
    pub a: U64,
    /// Second number.
    pub b: U64,
    /// Unix seconds from which it can be executed.
    pub ready_at: U64,
    /// Zero.
    pub reserved_2: [u8; 16],
}

/// What an account of the program holds.
pub trait Account: FromBytes + IntoBytes + KnownLayout + Immutable {
    /// An account's data as they are, if their size is right, else `BadState`.
    #[inline(always)]
    fn view(data: &[u8]) -> Result<&Self, Error> {
        Self::ref_from_bytes(data).map_err(|_| Error::BadState)
    }

    /// An account's data, to be written, if their size is right, else `BadState`.
    #[inline(always)]
    fn view_mut(data: &mut [u8]) -> Result<&mut Self, Error> {
        Self::mut_from_bytes(data).map_err(|_| Error::BadState)
    }
}

impl Account for Committee {}
impl Account for Route {}

impl Committee {
    /// First bytes of the account; the version is part of it.
    pub const TAG: [u8; 8] = *b"BLSTCMT1";

    /// The group key in force.
    #[inline(always)]
    pub fn key(&self) -> Key {
        Key { px: self.px, parity: self.parity }
    }

    /// Refuses data that the program did not write, with `BadState`.
    #[inline(always)]
    pub fn check(&self) -> Result<(), Error> {
        ensure(self.tag == Self::TAG && self.parity <= 1, Error::BadState)
    }
}

impl Route {
    /// First bytes of the account; the version is part of it.
    pub const TAG: [u8; 8] = *b"BLSTRTE1";

    /// Who may mint.
    #[inline(always)]
    pub fn minters(&self) -> &[Pubkey] {
        self.minters.get(..usize::from(self.minter_count)).unwrap_or(&[])
    }

    /// The loosenings that wait, lapsed ones among them.
    #[inline(always)]
    pub fn queue(&self) -> &[Queued] {
        self.queue.get(..usize::from(self.queue_count)).unwrap_or(&[])
    }

    /// Lets `account` mint. Who may already stays so.
    pub fn add_minter(&mut self, account: &Pubkey) -> Result<(), Error> {
        if self.minters().contains(account) {
            return Ok(());
        }
        let free = self.minters.get_mut(usize::from(self.minter_count)).ok_or(Error::TooManyMinters)?;
        *free = *account;
        self.minter_count = self.minter_count.saturating_add(1);
        Ok(())
    }

    /// Takes the right to mint from `account`, if it has it.
    pub fn remove_minter(&mut self, account: &Pubkey) {
        if let Some(at) = self.minters().iter().position(|minter| minter == account) {
            self.minter_count = take_out(&mut self.minters, self.minter_count, at, [0; 32]);
        }
    }

    /// Puts a loosening into the queue.
    pub fn enqueue(&mut self, queued: Queued) -> Result<(), Error> {
        let free = self.queue.get_mut(usize::from(self.queue_count)).ok_or(Error::QueueFull)?;
        *free = queued;
        self.queue_count = self.queue_count.saturating_add(1);
        Ok(())
    }

    /// Drops the loosening at `at`, one of those in the queue.
    pub fn dequeue(&mut self, at: usize) {
        self.queue_count = take_out(&mut self.queue, self.queue_count, at, Queued::new_zeroed());
    }

    /// Refuses data that the program did not write, with `BadState`.
    #[inline(always)]
    pub fn check(&self) -> Result<(), Error> {
        let counts = usize::from(self.minter_count) <= MAX_MINTERS && usize::from(self.queue_count) <= MAX_QUEUE;
        ensure(self.tag == Self::TAG && self.paused <= 1 && counts, Error::BadState)?;
        self.bucket.check()
    }
}

/// Moves the last of the first `count` into the place `at`, zeroes its own, and returns the new count.
fn take_out<T: Copy>(items: &mut [T], count: u8, at: usize, zero: T) -> u8 {
    let rest = count.saturating_sub(1);
    if let Some(last) = items.get_mut(usize::from(rest)) {
        let moved = core::mem::replace(last, zero);
        if at != usize::from(rest) {
            if let Some(place) = items.get_mut(at) {
                *place = moved;
            }
        }
    }
    rest
}

const _: () = {
    assert!(size_of::<Committee>() == 162);
    assert!(size_of::<Route>() == 1248);
    assert!(size_of::<Queued>() == 80);
    assert!(core::mem::offset_of!(Committee, domain) == 90);
    assert!(core::mem::offset_of!(Route, round) == 248);
    assert!(core::mem::offset_of!(Route, bucket) == 312);
    assert!(core::mem::offset_of!(Route, minters) == 352);
    assert!(core::mem::offset_of!(Route, queue) == 608);
};
