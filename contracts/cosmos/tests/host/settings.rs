//! Tightening at once, loosening after the delay, against a model in maps and sets.

use crate::signer::{MAX_LEASE, NOW};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::Setting;
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::settings::{Change, Kind, Rules, LONGEST_DELAY, LONGEST_LEASE, OPEN_FOR, SHORTEST_DELAY};
use ballast_cosmos::state::{Gate, Minters, Queue, Record};
use ballast_cosmos::token::Token;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DELAY: u64 = 7_200;

pub fn rules() -> Rules {
    Rules {
        gate: Gate {
            paused: false,
            max_lease: MAX_LEASE,
            loosen_delay: 7_200,
            token: Token::Denom("denom".into()),
            owner: "owner".into(),
            guardian: "guardian".into(),
            pending_owner: None,
        },
        bucket: Bucket::full(u128::MAX, 0, NOW),
        minters: Minters(vec!["m1".into()]),
        queue: Queue::default(),
    }
}

fn change(kind: Kind, account: &str, a: u128, b: u128) -> Change {
    Change { kind, account: account.into(), a, b }
}

fn rate(capacity: u128, refill: u128) -> Change {
    change(Kind::RateLimit, "", capacity, refill)
}

fn minter(account: u8, allowed: u128) -> Change {
    change(Kind::Minter, &format!("m{account}"), allowed, 0)
}

fn guardian(account: &str) -> Change {
    change(Kind::Guardian, account, 0, 0)
}

fn lease(seconds: u128) -> Change {
    change(Kind::MaxLease, "", seconds, 0)
}

fn delay(seconds: u128) -> Change {
    change(Kind::LoosenDelay, "", seconds, 0)
}

#[test]
fn bounds_hold_at_each_end() {
    let day = 86_400;
    assert_eq!((LONGEST_LEASE, SHORTEST_DELAY, LONGEST_DELAY), (30 * day, 3_600, 30 * day));
    assert_eq!(OPEN_FOR, 7 * 86_400);
    let good = [
        rate(0, 0),
        rate(u128::MAX, u128::MAX),
        lease(1),
        lease(LONGEST_LEASE),
        delay(SHORTEST_DELAY),
        delay(LONGEST_DELAY),
        minter(9, 0),
        minter(9, 1),
        guardian("g"),
    ];
    let bad = [
        change(Kind::RateLimit, "x", 0, 0),
        lease(0),
        lease(LONGEST_LEASE + 1),
        lease(1 << 32 | 1),
        change(Kind::MaxLease, "", 1, 1),
        change(Kind::MaxLease, "x", 1, 0),
        delay(SHORTEST_DELAY - 1),
        delay(LONGEST_DELAY + 1),
        change(Kind::LoosenDelay, "", SHORTEST_DELAY, 1),
        change(Kind::LoosenDelay, "x", SHORTEST_DELAY, 0),
        change(Kind::Minter, "", 1, 0),
        minter(9, 2),
        change(Kind::Minter, "x", 1, 1),
        guardian(""),
        change(Kind::Guardian, "x", 1, 0),
        change(Kind::Guardian, "x", 0, 1),
    ];
    for each in good {
        assert!(each.set(&mut rules(), NOW).is_ok(), "{each:?}");
        assert!(each.apply(&mut rules(), NOW).is_ok(), "{each:?}");
        let setting = Setting::of(&each).unwrap();
        assert_eq!(setting.change(), each);
    }
    for each in bad {
        let mut got = rules();
        assert_eq!(each.set(&mut got, NOW), Err(Error::BadSetting), "{each:?}");
        assert_eq!(each.apply(&mut got, NOW), Err(Error::BadSetting), "{each:?}");
        assert_eq!(got, rules());
    }
}

#[test]
fn tightening_takes_effect_at_once() {
    let mut got = rules();
    got.bucket.change(100, 10, NOW);
    for (tighter, looser) in [
        (rate(100, 10), rate(101, 10)),
        (rate(99, 10), rate(99, 11)),
        (rate(50, 5), rate(u128::MAX, 0)),
        (lease(MAX_LEASE.into()), lease(u128::from(MAX_LEASE) + 1)),
        (lease(60), lease(61)),
        (delay(DELAY.into()), delay(u128::from(DELAY) - 1)),
        (delay(u128::from(DELAY) + 1), delay(DELAY.into())),
        (minter(1, 0), minter(2, 1)),
        (minter(77, 0), guardian("other")),
    ] {
        assert_eq!(tighter.set(&mut got, NOW), Ok(None), "{tighter:?}");
        let (mut other, expected) = (got.clone(), NOW + u64::from(got.gate.loosen_delay));
        assert_eq!(looser.set(&mut other, NOW), Ok(Some(expected)), "{looser:?}");
        // A queued loosening changes nothing but the queue.
        other.queue.0.clear();
        assert_eq!(other, got);
    }
    assert_eq!((got.bucket.capacity, got.bucket.refill_per_second), (50, 5));
    assert_eq!((got.gate.max_lease, got.gate.loosen_delay, got.minters.0.len()), (60, 7_201, 0));
}

#[test]
fn a_loosening_opens_after_the_delay_for_seven_days() {
    let loosening = guardian("other");
    for (now, expected) in [
        (NOW + DELAY - 1, Err(Error::TooEarly)),
        (NOW + DELAY, Ok(())),
        (NOW + DELAY + OPEN_FOR - 1, Ok(())),
        (NOW + DELAY + OPEN_FOR, Err(Error::NotQueued)),
    ] {
        let mut got = rules();
        assert_eq!(loosening.execute(&mut got, now), Err(Error::NotQueued));
        loosening.set(&mut got, NOW).unwrap();
        assert_eq!(loosening.set(&mut got, NOW + 1), Err(Error::AlreadyQueued));
        assert_eq!(loosening.execute(&mut got, now), expected);
        assert_eq!(got.gate.guardian == "other", expected.is_ok());
        assert_eq!(got.queue.0.len(), usize::from(expected.is_err()));
    }
}

#[test]
fn a_shorter_delay_does_not_reach_back() {
    let mut got = rules();
    let (shorter, guardian) = (delay(SHORTEST_DELAY), guardian("other"));
    let short = u64::try_from(SHORTEST_DELAY).unwrap();
    shorter.set(&mut got, NOW).unwrap();
    guardian.set(&mut got, NOW + DELAY - 1).unwrap();
    shorter.execute(&mut got, NOW + DELAY).unwrap();
    assert_eq!(guardian.execute(&mut got, NOW + DELAY + short), Err(Error::TooEarly));
    assert_eq!(guardian.execute(&mut got, NOW + DELAY - 1 + DELAY), Ok(()));
}

#[test]
fn nine_do_not_fit_and_lapsed_ones_make_room() {
    let mut got = rules();
    for account in 10..18 {
        minter(account, 1).set(&mut got, NOW).unwrap();
    }
    assert_eq!(minter(18, 1).set(&mut got, NOW + 1), Err(Error::QueueFull));
    assert_eq!(minter(17, 1).set(&mut got, NOW + 1), Err(Error::AlreadyQueued));
    let lapsed = NOW + DELAY + OPEN_FOR;
    assert_eq!(minter(18, 1).set(&mut got, lapsed - 1), Err(Error::QueueFull));
    assert_eq!(minter(10, 1).set(&mut got, lapsed), Ok(Some(lapsed + DELAY)));
    assert_eq!((got.queue.0.len(), got.queue.0[0].change.account.as_str()), (1, "m10"));
}

#[test]
fn eight_minters_and_no_ninth() {
    let mut got = rules();
    for account in 2..=8 {
        minter(account, 1).apply(&mut got, NOW).unwrap();
    }
    assert_eq!(minter(8, 1).apply(&mut got, NOW), Ok(()), "who is one already");
    minter(9, 1).set(&mut got, NOW).unwrap();
    let before = got.clone();
    assert_eq!(minter(9, 1).apply(&mut got, NOW), Err(Error::TooManyMinters));
    assert_eq!(got, before);
    minter(3, 0).set(&mut got, NOW).unwrap();
    minter(9, 1).execute(&mut got, NOW + DELAY).unwrap();
    assert!(got.minters.contains("m9") && !got.minters.contains("m3"));
}

#[test]
fn who_may_cancel_what() {
    let mut got = rules();
    for kind in Kind::ALL {
        let each = change(kind, "x", 1, 0);
        assert!(each.may_cancel(&got.gate, "owner"));
        assert_eq!(each.may_cancel(&got.gate, "guardian"), kind != Kind::Guardian, "{kind:?}");
        assert!(!each.may_cancel(&got.gate, "other"));
    }
    let looser = lease(u128::from(MAX_LEASE) + 1);
    assert_eq!(looser.cancel(&mut got), Err(Error::NotQueued));
    looser.set(&mut got, NOW).unwrap();
    for near in [lease(u128::from(MAX_LEASE) + 2), rate(u128::from(MAX_LEASE) + 1, 0)] {
        assert_eq!(near.cancel(&mut got), Err(Error::NotQueued));
    }
    assert_eq!(looser.cancel(&mut got), Ok(()));
    assert_eq!(got, rules());
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
        (0..4u128, 0..4u128).prop_map(|(a, b)| rate(a, b)),
        (0..4u128).prop_map(lease),
        (0..4u128).prop_map(|a| delay(SHORTEST_DELAY - 1 + a)),
        (0..12u8, 0..3u128).prop_map(|(account, a)| minter(account, a)),
        prop::sample::select(vec!["", "a", "b"]).prop_map(guardian),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![0..2 * DELAY, Just(3_600), Just(OPEN_FOR)].prop_map(Step::Wait),
        any_change().prop_map(Step::Set),
        any_change().prop_map(Step::Execute),
        any_change().prop_map(Step::Cancel),
    ]
}

/// Setting, account, a, b.
type Id = (u8, String, u128, u128);

fn id(change: &Change) -> Id {
    (change.kind.number(), change.account.clone(), change.a, change.b)
}

/// What the queue and the minters are, whatever their order.
fn contents(rules: &Rules) -> (BTreeMap<Id, u64>, BTreeSet<String>) {
    let queue = rules.queue.0.iter().map(|queued| (id(&queued.change), queued.ready_at)).collect();
    (queue, rules.minters.0.iter().cloned().collect())
}

proptest! {
    #[test]
    fn agrees_with_maps_and_sets(steps in prop::collection::vec(step(), 1..60)) {
        let (mut got, mut now) = (rules(), NOW);
        got.bucket.change(1, 1, now);
        let (mut queue, mut minters) = contents(&got);
        for step in steps {
            let before = got.clone();
            let wait = u64::from(got.gate.loosen_delay);
            let outcome = match step {
                Step::Wait(seconds) => {
                    now += seconds;
                    continue;
                }
                Step::Set(change) => {
                    let outcome = change.set(&mut got, now);
                    if let Ok(Some(ready)) = outcome {
                        prop_assert_eq!(ready, now + wait);
                        queue.retain(|_, ready| now < *ready + OPEN_FOR);
                        prop_assert_eq!(queue.insert(id(&change), ready), None);
                    } else if outcome == Ok(None) && change.kind == Kind::Minter {
                        minters.remove(&change.account);
                    }
                    outcome.map(|_| ())
                }
                Step::Execute(change) => {
                    let outcome = change.execute(&mut got, now);
                    let open = queue.get(&id(&change)).is_some_and(|ready| (*ready..*ready + OPEN_FOR).contains(&now));
                    let is_minter = change.kind == Kind::Minter;
                    let full = is_minter && minters.len() == 8 && !minters.contains(&change.account);
                    prop_assert_eq!(outcome.is_ok(), open && !full);
                    if open && !full {
                        queue.remove(&id(&change));
                        if is_minter {
                            minters.insert(change.account);
                        }
                    }
                    outcome
                }
                Step::Cancel(change) => {
                    let outcome = change.cancel(&mut got);
                    prop_assert_eq!(outcome.is_ok(), queue.remove(&id(&change)).is_some());
                    outcome
                }
            };
            if outcome.is_err() {
                // As the chain undoes a refused call.
                got = before;
                queue = contents(&got).0;
            }
            prop_assert_eq!(contents(&got), (queue.clone(), minters.clone()));
            let stored = (Queue::decode(&got.queue.encode().unwrap()), Minters::decode(&got.minters.encode().unwrap()));
            prop_assert_eq!(stored, (Ok(got.queue.clone()), Ok(got.minters.clone())));
        }
    }
}
