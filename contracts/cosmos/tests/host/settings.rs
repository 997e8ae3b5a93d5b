//! The suite's tests of settings, and what is the contract's own.

use crate::signer::{MAX_LEASE, NOW};
use ballast_cosmos::msg::Setting;
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::settings::{Change, Rules};
use ballast_cosmos::state::{Gate, Minters, Queue, Queued, Record};
use ballast_cosmos::token::Token;
use ballast_rules::settings::Kind;
use ballast_suite::settings::{self, Route, Seen, DELAY, GUARDIAN, MINTER, OWNER};
use ballast_suite::{name, settings_tests};

/// A route as the suite begins with it.
pub fn rules() -> Rules {
    Rules {
        gate: Gate {
            paused: false,
            max_lease: MAX_LEASE,
            loosen_delay: DELAY,
            token: Token::Denom("denom".into()),
            owner: account(OWNER),
            guardian: account(GUARDIAN),
            pending_owner: None,
        },
        bucket: Bucket::full(u128::MAX, 0, NOW),
        minters: Minters(vec![account(MINTER)]),
        queue: Queue::default(),
    }
}

fn account(number: u8) -> String {
    if number == 0 {
        String::new()
    } else {
        format!("account {number}")
    }
}

fn number(account: &str) -> u8 {
    account.strip_prefix("account ").unwrap().parse().unwrap()
}

fn change(of: &settings::Change) -> Change {
    Change { kind: of.kind, account: account(of.account), a: of.a, b: of.b }
}

fn queued(queued: &Queued) -> (settings::Id, u64) {
    let Change { kind, account, a, b } = &queued.change;
    let account = if account.is_empty() { 0 } else { number(account) };
    (settings::Change { kind: *kind, account, a: *a, b: *b }.id(), queued.ready_at)
}

/// What settings are about, as the suite sees it.
#[derive(Clone, Debug, PartialEq)]
struct Issued(Rules);

impl Route for Issued {
    const MOST: u128 = u128::MAX;

    fn new() -> Self {
        Issued(rules())
    }

    fn set(&mut self, of: &settings::Change, now: u64) -> Result<Option<u64>, String> {
        change(of).set(&mut self.0, now).map_err(name)
    }

    fn execute(&mut self, of: &settings::Change, now: u64) -> Result<(), String> {
        change(of).execute(&mut self.0, now).map_err(name)
    }

    fn cancel(&mut self, of: &settings::Change) -> Result<(), String> {
        change(of).cancel(&mut self.0).map_err(name)
    }

    fn apply(&mut self, of: &settings::Change, now: u64) -> Result<(), String> {
        change(of).apply(&mut self.0, now).map_err(name)
    }

    fn may_cancel(&self, of: &settings::Change, by: u8) -> bool {
        change(of).may_cancel(&self.0.gate, &account(by))
    }

    fn clear_queue(&mut self) {
        self.0.queue.0.clear();
    }

    fn seen(&self) -> Seen {
        let stored =
            (Queue::decode(&self.0.queue.encode().unwrap()), Minters::decode(&self.0.minters.encode().unwrap()));
        assert_eq!(stored, (Ok(self.0.queue.clone()), Ok(self.0.minters.clone())));
        Seen {
            capacity: self.0.bucket.capacity,
            refill_per_second: self.0.bucket.refill_per_second,
            max_lease: self.0.gate.max_lease,
            loosen_delay: self.0.gate.loosen_delay,
            guardian: number(&self.0.gate.guardian),
            minters: self.0.minters.0.iter().map(|minter| number(minter)).collect(),
            queue: self.0.queue.0.iter().map(queued).collect(),
        }
    }
}

settings_tests!(Issued);

#[test]
fn a_change_is_its_message_and_back() {
    for kind in Kind::ALL {
        let account = if matches!(kind, Kind::Minter | Kind::Guardian) { "someone" } else { "" };
        let (a, b) = match kind {
            Kind::RateLimit => (u128::MAX, 2),
            Kind::MaxLease | Kind::LoosenDelay => (u128::from(u32::MAX), 0),
            Kind::Minter => (1, 0),
            Kind::Guardian => (0, 0),
        };
        let change = Change { kind, account: account.into(), a, b };
        assert_eq!(Setting::of(&change).unwrap().change(), change);
    }
}
