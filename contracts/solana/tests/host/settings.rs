//! The suite's tests of settings, and what is the program's own.

use crate::signer::{copy, route, NOW};
use ballast_gate::error::Error;
use ballast_gate::settings::Change;
use ballast_gate::state::{Queued, Route};
use ballast_rules::settings::Kind;
use ballast_suite::settings::{self, Seen};
use ballast_suite::{name, settings_tests};
use zerocopy::IntoBytes;

/// A route account, as the suite sees it.
#[derive(Clone, Debug, PartialEq)]
struct Issued(Box<Route>);

fn change(of: &settings::Change) -> Change {
    Change { setting: of.kind.number(), account: [of.account; 32], a: amount(of.a), b: amount(of.b) }
}

fn amount(number: u128) -> zerocopy::little_endian::U64 {
    u64::try_from(number).unwrap().into()
}

fn queued(queued: &Queued) -> (settings::Id, u64) {
    let kind = Kind::from_number(queued.setting).unwrap();
    let of = settings::Change { kind, account: queued.account[0], a: queued.a.get().into(), b: queued.b.get().into() };
    (of.id(), queued.ready_at.get())
}

impl settings::Route for Issued {
    const MOST: u128 = u64::MAX as u128;

    fn new() -> Self {
        Issued(route())
    }

    fn set(&mut self, of: &settings::Change, now: u64) -> Result<Option<u64>, String> {
        let ready = change(of).set(&mut self.0, now).map_err(name)?;
        Ok((ready > 0).then_some(ready))
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
        change(of).may_cancel(&self.0, &[by; 32])
    }

    fn clear_queue(&mut self) {
        while self.0.queue_count > 0 {
            self.0.dequeue(0);
        }
    }

    fn seen(&self) -> Seen {
        let route = &self.0;
        assert_eq!(route.check(), Ok(()));
        let (minters, queue) = (route.minters(), route.queue());
        // What does not count is zero.
        assert!(route.minters[minters.len()..].iter().all(|minter| *minter == [0; 32]));
        assert!(route.queue[queue.len()..].iter().all(|queued| queued.as_bytes() == [0; 80]));
        Seen {
            capacity: route.bucket.capacity.get().into(),
            refill_per_second: route.bucket.refill_per_second.get().into(),
            max_lease: route.max_lease.get(),
            loosen_delay: route.loosen_delay.get(),
            guardian: route.guardian[0],
            minters: minters.iter().map(|minter| minter[0]).collect(),
            queue: queue.iter().map(queued).collect(),
        }
    }
}

settings_tests!(Issued);

#[test]
fn unknown_settings_are_refused() {
    for (setting, account, a) in [(5, 0, 0), (9, 0, 0), (255, 9, 1)] {
        let each = Change { setting, account: [account; 32], a: a.into(), b: 0.into() };
        let mut gate = route();
        let before = copy(&gate);
        assert_eq!(each.set(&mut gate, NOW), Err(Error::BadSetting));
        assert_eq!(each.apply(&mut gate, NOW), Err(Error::BadSetting));
        assert_eq!(each.cancel(&mut gate), Err(Error::BadSetting));
        assert_eq!(each.execute(&mut gate, NOW), Err(Error::BadSetting));
        assert_eq!(gate, before);
    }
}
