//! Events, as they stand in a transaction's log: one byte for the event, then its fields, little-endian.

use crate::bytes::Pubkey;
use crate::settings::Change;
use crate::state::{Committee, Route};
use zerocopy::little_endian::{U128, U64};
use zerocopy::{Immutable, IntoBytes, Unaligned};

/// 1: a route took a statement.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct StatementAccepted {
    event: u8,
    account: Pubkey,
    round: U64,
    cap: U64,
    collateral: U128,
    supply: U128,
    observed_at: U64,
    expires_at: U64,
}

/// 2: a minter minted.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct Minted {
    event: u8,
    account: Pubkey,
    minter: Pubkey,
    destination: Pubkey,
    amount: U64,
}

/// 3: a holder burned through the gate.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct Redeemed {
    event: u8,
    account: Pubkey,
    holder: Pubkey,
    amount: U64,
    cap: U64,
}

/// 4: the committee has this key now.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct HandedOver {
    event: u8,
    account: Pubkey,
    epoch: U64,
    px: [u8; 32],
    parity: u8,
    round: U64,
}

/// 5 and 6: the gate was paused or unpaused.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct PauseChanged {
    event: u8,
    account: Pubkey,
    by: Pubkey,
}

/// 7 and 9: a setting has taken effect, or a loosening was dropped.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct Settings {
    event: u8,
    account: Pubkey,
    change: Change,
}

/// 8: a loosening waits.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct LooseningQueued {
    event: u8,
    account: Pubkey,
    change: Change,
    ready_at: U64,
}

/// 10: a mint got its route account.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct Registered {
    event: u8,
    account: Pubkey,
    mint: Pubkey,
    route: [u8; 32],
    owner: Pubkey,
    guardian: Pubkey,
}

/// 11: a route has another owner.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct OwnershipTransferred {
    event: u8,
    account: Pubkey,
    from: Pubkey,
    to: Pubkey,
}

impl StatementAccepted {
    /// What `route` holds now.
    #[inline(always)]
    pub fn new(account: &Pubkey, route: &Route) -> Self {
        StatementAccepted {
            event: 1,
            account: *account,
            round: route.round,
            cap: route.cap,
            collateral: route.collateral,
            supply: route.supply,
            observed_at: route.observed_at,
            expires_at: route.expires_at,
        }
    }
}

impl Minted {
    /// `amount` to the token account `destination`.
    #[inline(always)]
    pub fn new(account: &Pubkey, minter: &Pubkey, destination: &Pubkey, amount: u64) -> Self {
        Minted { event: 2, account: *account, minter: *minter, destination: *destination, amount: U64::new(amount) }
    }
}

impl Redeemed {
    /// `amount` of `holder`; `cap` is what is left of the cap.
    #[inline(always)]
    pub fn new(account: &Pubkey, holder: &Pubkey, amount: u64, cap: u64) -> Self {
        Redeemed { event: 3, account: *account, holder: *holder, amount: U64::new(amount), cap: U64::new(cap) }
    }
}

impl HandedOver {
    /// What `committee` holds now.
    #[inline(always)]
    pub fn new(account: &Pubkey, committee: &Committee) -> Self {
        HandedOver {
            event: 4,
            account: *account,
            epoch: committee.epoch,
            px: committee.px,
            parity: committee.parity,
            round: committee.since_round,
        }
    }
}

impl PauseChanged {
    /// `Paused` or `Unpaused`.
    #[inline(always)]
    pub fn new(account: &Pubkey, by: &Pubkey, paused: bool) -> Self {
        PauseChanged { event: if paused { 5 } else { 6 }, account: *account, by: *by }
    }
}

impl Settings {
    /// `SettingChanged`.
    #[inline(always)]
    pub fn changed(account: &Pubkey, change: &Change) -> Self {
        Settings { event: 7, account: *account, change: *change }
    }

    /// `LooseningCancelled`.
    #[inline(always)]
    pub fn cancelled(account: &Pubkey, change: &Change) -> Self {
        Settings { event: 9, account: *account, change: *change }
    }
}

impl LooseningQueued {
    /// It can be executed from `ready_at` until 7 days later.
    #[inline(always)]
    pub fn new(account: &Pubkey, change: &Change, ready_at: u64) -> Self {
        LooseningQueued { event: 8, account: *account, change: *change, ready_at: U64::new(ready_at) }
    }
}

impl Registered {
    /// What `route` holds now.
    #[inline(always)]
    pub fn new(account: &Pubkey, route: &Route) -> Self {
        Registered {
            event: 10,
            account: *account,
            mint: route.mint,
            route: route.route,
            owner: route.owner,
            guardian: route.guardian,
        }
    }
}

impl OwnershipTransferred {
    /// `to` has accepted.
    #[inline(always)]
    pub fn new(account: &Pubkey, from: &Pubkey, to: &Pubkey) -> Self {
        OwnershipTransferred { event: 11, account: *account, from: *from, to: *to }
    }
}
