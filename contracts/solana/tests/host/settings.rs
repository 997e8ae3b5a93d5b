//! Tightening at once, loosening after the delay, against a model in collections.

use crate::signer::{copy, route, MAX_LEASE, NOW};
use ballast_gate::error::Error;
use ballast_gate::settings::{Change, LONGEST_DELAY, LONGEST_LEASE, OPEN_FOR, SHORTEST_DELAY};
use ballast_gate::state::Route;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zerocopy::IntoBytes;

const DELAY: u64 = 7_200;

fn change(setting: u8, account: u8, a: u64, b: u64) -> Change {
    Change { setting, account: [account; 32], a: a.into(), b: b.into() }
}

fn rate(capacity: u64, refill: u64) -> Change {
    change(0, 0, capacity, refill)
}

fn minter(account: u8, allowed: u64) -> Change {
    change(3, account, allowed, 0)
}

#[test]
fn bounds_hold_at_each_end() {
    let day = 86_400;
    assert_eq!((LONGEST_LEASE, SHORTEST_DELAY, LONGEST_DELAY, OPEN_FOR), (30 * day, 3_600, 30 * day, 7 * day));
    let good = [
        rate(0, 0),
        rate(u64::MAX, u64::MAX),
        change(1, 0, 1, 0),
        change(1, 0, LONGEST_LEASE, 0),
        change(2, 0, SHORTEST_DELAY, 0),
        change(2, 0, LONGEST_DELAY, 0),
        minter(9, 0),
        minter(9, 1),
        change(4, 9, 0, 0),
    ];
    let bad = [
        change(0, 9, 0, 0),
        change(1, 0, 0, 0),
        change(1, 0, LONGEST_LEASE + 1, 0),
        change(1, 0, 1 << 32 | 1, 0),
        change(1, 0, 1, 1),
        change(1, 9, 1, 0),
        change(2, 0, SHORTEST_DELAY - 1, 0),
        change(2, 0, LONGEST_DELAY + 1, 0),
        change(2, 0, SHORTEST_DELAY, 1),
        change(2, 9, SHORTEST_DELAY, 0),
        minter(0, 1),
        minter(0, 0),
        minter(9, 2),
        change(3, 9, 1, 1),
        change(4, 0, 0, 0),
        change(4, 9, 1, 0),
        change(4, 9, 0, 1),
        change(5, 0, 0, 0),
        change(255, 9, 1, 0),
    ];
    for each in good {
        assert!(each.set(&mut route(), NOW).is_ok(), "{each:?}");
        assert!(each.apply(&mut route(), NOW).is_ok(), "{each:?}");
    }
    for each in bad {
        let mut gate = route();
        let before = copy(&gate);
        assert_eq!(each.set(&mut gate, NOW), Err(Error::BadSetting), "{each:?}");
        assert_eq!(each.apply(&mut gate, NOW), Err(Error::BadSetting), "{each:?}");
        assert_eq!(gate, before);
    }
}

#[test]
fn tightening_takes_effect_at_once() {
    let mut gate = route();
    gate.bucket.change(100, 10, NOW);
    for (tighter, looser) in [
        (rate(100, 10), rate(101, 10)),
        (rate(99, 10), rate(99, 11)),
        (rate(50, 5), rate(u64::MAX, 0)),
        (change(1, 0, u64::from(MAX_LEASE), 0), change(1, 0, u64::from(MAX_LEASE) + 1, 0)),
        (change(1, 0, 60, 0), change(1, 0, 61, 0)),
        (change(2, 0, DELAY, 0), change(2, 0, DELAY - 1, 0)),
        (change(2, 0, DELAY + 1, 0), change(2, 0, DELAY, 0)),
        (minter(1, 0), minter(2, 1)),
        (minter(77, 0), change(4, 5, 0, 0)),
    ] {
        assert_eq!(tighter.set(&mut gate, NOW), Ok(0), "{tighter:?}");
        let (mut other, expected) = (copy(&gate), NOW + u64::from(gate.loosen_delay.get()));
        assert_eq!(looser.set(&mut other, NOW), Ok(expected), "{looser:?}");
        // A queued loosening changes nothing but the queue.
        other.dequeue(0);
        assert_eq!(other, gate);
    }
    assert_eq!((gate.bucket.capacity.get(), gate.bucket.refill_per_second.get()), (50, 5));
    assert_eq!((gate.max_lease.get(), gate.loosen_delay.get(), gate.minter_count), (60, 7_201, 0));
}

#[test]
fn a_loosening_opens_after_the_delay_for_seven_days() {
    let loosening = change(4, 9, 0, 0);
    for (now, expected) in [
        (NOW + DELAY - 1, Err(Error::TooEarly)),
        (NOW + DELAY, Ok(())),
        (NOW + DELAY + OPEN_FOR - 1, Ok(())),
        (NOW + DELAY + OPEN_FOR, Err(Error::NotQueued)),
    ] {
        let mut gate = route();
        assert_eq!(loosening.execute(&mut gate, now), Err(Error::NotQueued));
        loosening.set(&mut gate, NOW).unwrap();
        assert_eq!(loosening.set(&mut gate, NOW + 1), Err(Error::AlreadyQueued));
        assert_eq!(loosening.execute(&mut gate, now), expected);
        assert_eq!(gate.guardian == [9; 32], expected.is_ok());
        assert_eq!(usize::from(gate.queue_count), usize::from(expected.is_err()));
    }
}

#[test]
fn a_shorter_delay_does_not_reach_back() {
    let mut gate = route();
    let (shorter, guardian) = (change(2, 0, SHORTEST_DELAY, 0), change(4, 9, 0, 0));
    shorter.set(&mut gate, NOW).unwrap();
    guardian.set(&mut gate, NOW + DELAY - 1).unwrap();
    shorter.execute(&mut gate, NOW + DELAY).unwrap();
    assert_eq!(guardian.execute(&mut gate, NOW + DELAY + SHORTEST_DELAY), Err(Error::TooEarly));
    assert_eq!(guardian.execute(&mut gate, NOW + DELAY - 1 + DELAY), Ok(()));
}

#[test]
fn nine_do_not_fit_and_lapsed_ones_make_room() {
    let mut gate = route();
    for account in 10..18 {
        minter(account, 1).set(&mut gate, NOW).unwrap();
    }
    assert_eq!(minter(18, 1).set(&mut gate, NOW + 1), Err(Error::QueueFull));
    assert_eq!(minter(17, 1).set(&mut gate, NOW + 1), Err(Error::AlreadyQueued));
    let lapsed = NOW + DELAY + OPEN_FOR;
    assert_eq!(minter(18, 1).set(&mut gate, lapsed - 1), Err(Error::QueueFull));
    assert_eq!(minter(10, 1).set(&mut gate, lapsed), Ok(lapsed + DELAY));
    assert_eq!((gate.queue_count, gate.queue[0].account), (1, [10; 32]));
}

#[test]
fn eight_minters_and_no_ninth() {
    let mut gate = route();
    for account in 2..=8 {
        gate.add_minter(&[account; 32]).unwrap();
    }
    assert_eq!(gate.add_minter(&[8; 32]), Ok(()), "who is one already");
    minter(9, 1).set(&mut gate, NOW).unwrap();
    let before = copy(&gate);
    assert_eq!(minter(9, 1).apply(&mut gate, NOW), Err(Error::TooManyMinters));
    assert_eq!(gate, before);
    minter(3, 0).set(&mut gate, NOW).unwrap();
    minter(9, 1).execute(&mut gate, NOW + DELAY).unwrap();
    assert!(gate.minters().contains(&[9; 32]) && !gate.minters().contains(&[3; 32]));
}

#[test]
fn who_may_cancel_what() {
    let mut gate = route();
    let (owner, guardian, other) = (gate.owner, gate.guardian, [9; 32]);
    for (setting, by_guardian) in [(0, true), (1, true), (2, true), (3, true), (4, false)] {
        let each = change(setting, 9, 1, 0);
        assert!(each.may_cancel(&gate, &owner));
        assert_eq!(each.may_cancel(&gate, &guardian), by_guardian, "setting {setting}");
        assert!(!each.may_cancel(&gate, &other));
    }
    let looser = change(1, 0, u64::from(MAX_LEASE) + 1, 0);
    assert_eq!(looser.cancel(&mut gate), Err(Error::NotQueued));
    looser.set(&mut gate, NOW).unwrap();
    for near in [change(1, 0, u64::from(MAX_LEASE) + 2, 0), change(0, 0, u64::from(MAX_LEASE) + 1, 0)] {
        assert_eq!(near.cancel(&mut gate), Err(Error::NotQueued));
    }
    assert_eq!(looser.cancel(&mut gate), Ok(()));
    assert_eq!(gate, route());
    assert_eq!(change(9, 0, 0, 0).cancel(&mut gate), Err(Error::BadSetting));
    assert_eq!(change(9, 0, 0, 0).execute(&mut gate, NOW), Err(Error::BadSetting));
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Set(Change),
    Execute(Change),
    Cancel(Change),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0..4u64, 0..4u64).prop_map(|(a, b)| rate(a, b)),
        (0..4u64).prop_map(|a| change(1, 0, a, 0)),
        (0..4u64).prop_map(|a| change(2, 0, SHORTEST_DELAY - 1 + a, 0)),
        (0..12u8, 0..3u64).prop_map(|(account, a)| minter(account, a)),
        (0..3u8).prop_map(|account| change(4, account, 0, 0)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![0..2 * DELAY, Just(SHORTEST_DELAY), Just(OPEN_FOR)].prop_map(Step::Wait),
        any_change().prop_map(Step::Set),
        any_change().prop_map(Step::Execute),
        any_change().prop_map(Step::Cancel),
    ]
}

/// Setting, account, a, b.
type Id = (u8, u8, u64, u64);

fn id(change: &Change) -> Id {
    (change.setting, change.account[0], change.a.get(), change.b.get())
}

/// What the queue and the minters are, whatever their order.
fn contents(route: &Route) -> (BTreeMap<Id, u64>, BTreeSet<u8>) {
    let queued = |q: &ballast_gate::state::Queued| ((q.setting, q.account[0], q.a.get(), q.b.get()), q.ready_at.get());
    (route.queue().iter().map(queued).collect(), route.minters().iter().map(|m| m[0]).collect())
}

proptest! {
    #[test]
    fn agrees_with_maps_and_sets(steps in prop::collection::vec(step(), 1..60)) {
        let (mut gate, mut now) = (route(), NOW);
        gate.bucket.change(1, 1, now);
        let (mut queue, mut minters) = contents(&gate);
        for step in steps {
            let before = copy(&gate);
            let delay = u64::from(gate.loosen_delay.get());
            let outcome = match step {
                Step::Wait(seconds) => {
                    now += seconds;
                    continue;
                }
                Step::Set(change) => {
                    let got = change.set(&mut gate, now);
                    if let Ok(ready @ 1..) = got {
                        prop_assert_eq!(ready, now + delay);
                        queue.retain(|_, ready| now < *ready + OPEN_FOR);
                        prop_assert_eq!(queue.insert(id(&change), ready), None);
                    } else if got == Ok(0) && change.setting == 3 {
                        minters.remove(&change.account[0]);
                    }
                    got.map(|_| ())
                }
                Step::Execute(change) => {
                    let got = change.execute(&mut gate, now);
                    let open = queue.get(&id(&change)).is_some_and(|ready| (*ready..*ready + OPEN_FOR).contains(&now));
                    let full = change.setting == 3 && minters.len() == 8 && !minters.contains(&change.account[0]);
                    prop_assert_eq!(got.is_ok(), open && !full);
                    if open && !full {
                        queue.remove(&id(&change));
                        if change.setting == 3 {
                            minters.insert(change.account[0]);
                        }
                    }
                    got
                }
                Step::Cancel(change) => {
                    let got = change.cancel(&mut gate);
                    prop_assert_eq!(got.is_ok(), queue.remove(&id(&change)).is_some());
                    got
                }
            };
            if outcome.is_err() {
                // As the chain undoes a refused call.
                gate = before;
                queue = contents(&gate).0;
            }
            prop_assert!(gate.check().is_ok());
            prop_assert_eq!(contents(&gate), (queue.clone(), minters.clone()));
            // What does not count is zero.
            prop_assert!(gate.minters[minters.len()..].iter().all(|m| *m == [0; 32]));
            prop_assert!(gate.queue[queue.len()..].iter().all(|q| q.as_bytes() == [0; 80]));
        }
    }
}
