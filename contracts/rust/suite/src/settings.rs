//! An issuer's settings: tightening at once, loosening after the delay, against a model in maps and sets.

use crate::signer::{MAX_LEASE, NOW};
use ballast_rules::settings::{Kind, LONGEST_DELAY, LONGEST_LEASE, OPEN_FOR, SHORTEST_DELAY};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// How long a loosening waits at a new route, seconds.
pub const DELAY: u32 = 7_200;
/// The account of a new route's only minter.
pub const MINTER: u8 = 1;
/// The account of a new route's owner.
pub const OWNER: u8 = 2;
/// The account of a new route's guardian.
pub const GUARDIAN: u8 = 3;

const WAIT: u64 = DELAY as u64;

/// A setting with its new values; accounts are numbers, 0 being none.
#[allow(missing_docs)] // as the families' own
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: Kind,
    pub account: u8,
    pub a: u128,
    pub b: u128,
}

/// Kind, account and numbers of a change.
pub type Id = (u8, u8, u128, u128);

/// What settings have made of a route, whatever the order in which it is stored.
#[allow(missing_docs)] // as the families' own
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub capacity: u128,
    pub refill_per_second: u128,
    pub max_lease: u32,
    pub loosen_delay: u32,
    pub guardian: u8,
    pub minters: BTreeSet<u8>,
    /// From when it can be executed, by change.
    pub queue: BTreeMap<Id, u64>,
}

/// A family's route. Errors are names. Equal are routes that are stored alike.
pub trait Route: Clone + PartialEq + Debug {
    /// The greatest amount.
    const MOST: u128;

    /// A route with the accounts of this module, [`MAX_LEASE`], [`DELAY`] and a limit of [`Route::MOST`] that is never
    /// refilled.
    fn new() -> Self;
    /// Changes at once, or queues and returns from when it can be executed.
    fn set(&mut self, change: &Change, now: u64) -> Result<Option<u64>, String>;
    /// Puts what has waited into effect.
    fn execute(&mut self, change: &Change, now: u64) -> Result<(), String>;
    /// Drops what waits.
    fn cancel(&mut self, change: &Change) -> Result<(), String>;
    /// Puts it into effect.
    fn apply(&mut self, change: &Change, now: u64) -> Result<(), String>;
    /// Whether the account may cancel it.
    fn may_cancel(&self, change: &Change, account: u8) -> bool;
    /// Empties the queue.
    fn clear_queue(&mut self);
    /// What the settings are. Panics where what is stored is not in its own form.
    fn seen(&self) -> Seen;
}

impl Change {
    /// What tells it from others.
    pub fn id(&self) -> Id {
        (self.kind.number(), self.account, self.a, self.b)
    }
}

fn change(kind: Kind, account: u8, a: u128, b: u128) -> Change {
    Change { kind, account, a, b }
}

fn rate(capacity: u128, refill: u128) -> Change {
    change(Kind::RateLimit, 0, capacity, refill)
}

fn lease(seconds: u32) -> Change {
    change(Kind::MaxLease, 0, seconds.into(), 0)
}

fn delay(seconds: u32) -> Change {
    change(Kind::LoosenDelay, 0, seconds.into(), 0)
}

fn minter(account: u8, allowed: u128) -> Change {
    change(Kind::Minter, account, allowed, 0)
}

fn guardian(account: u8) -> Change {
    change(Kind::Guardian, account, 0, 0)
}

fn named<T>(error: &str) -> Result<T, String> {
    Err(error.to_owned())
}

/// Values at a bound are taken, the next ones are not.
pub fn bounds_hold_at_each_end<R: Route>() {
    let day = 86_400;
    assert_eq!((LONGEST_LEASE, SHORTEST_DELAY, LONGEST_DELAY, OPEN_FOR), (30 * day, 3_600, 30 * day, 7 * 86_400));
    let good = [
        rate(0, 0),
        rate(R::MOST, R::MOST),
        lease(1),
        lease(LONGEST_LEASE),
        delay(SHORTEST_DELAY),
        delay(LONGEST_DELAY),
        minter(9, 0),
        minter(9, 1),
        guardian(9),
    ];
    let bad = [
        change(Kind::RateLimit, 9, 0, 0),
        lease(0),
        lease(LONGEST_LEASE + 1),
        change(Kind::MaxLease, 0, 1 << 32 | 1, 0),
        change(Kind::MaxLease, 0, 1, 1),
        change(Kind::MaxLease, 9, 1, 0),
        delay(SHORTEST_DELAY - 1),
        delay(LONGEST_DELAY + 1),
        change(Kind::LoosenDelay, 0, SHORTEST_DELAY.into(), 1),
        change(Kind::LoosenDelay, 9, SHORTEST_DELAY.into(), 0),
        minter(0, 1),
        minter(0, 0),
        minter(9, 2),
        change(Kind::Minter, 9, 1, 1),
        guardian(0),
        change(Kind::Guardian, 9, 1, 0),
        change(Kind::Guardian, 9, 0, 1),
    ];
    for each in good {
        assert!(R::new().set(&each, NOW).is_ok(), "{each:?}");
        assert!(R::new().apply(&each, NOW).is_ok(), "{each:?}");
    }
    for each in bad {
        let mut route = R::new();
        assert_eq!(route.set(&each, NOW), named("BadSetting"), "{each:?}");
        assert_eq!(route.apply(&each, NOW), named("BadSetting"), "{each:?}");
        assert_eq!(route, R::new());
    }
}

/// What tightens changes the route and queues nothing, what loosens does the reverse.
pub fn tightening_takes_effect_at_once<R: Route>() {
    let mut route = R::new();
    route.apply(&rate(100, 10), NOW).unwrap();
    for (tighter, looser) in [
        (rate(100, 10), rate(101, 10)),
        (rate(99, 10), rate(99, 11)),
        (rate(50, 5), rate(R::MOST, 0)),
        (lease(MAX_LEASE), lease(MAX_LEASE + 1)),
        (lease(60), lease(61)),
        (delay(DELAY), delay(DELAY - 1)),
        (delay(DELAY + 1), delay(DELAY)),
        (minter(MINTER, 0), minter(9, 1)),
        (minter(77, 0), guardian(5)),
    ] {
        assert_eq!(route.set(&tighter, NOW), Ok(None), "{tighter:?}");
        let (mut other, expected) = (route.clone(), NOW + u64::from(route.seen().loosen_delay));
        assert_eq!(other.set(&looser, NOW), Ok(Some(expected)), "{looser:?}");
        other.clear_queue();
        assert_eq!(other, route, "a queued loosening changes nothing but the queue");
    }
    let expected = Seen {
        capacity: 50,
        refill_per_second: 5,
        max_lease: 60,
        loosen_delay: 7_201,
        guardian: GUARDIAN,
        minters: BTreeSet::new(),
        queue: BTreeMap::new(),
    };
    assert_eq!(route.seen(), expected);
}

/// To the second, and only once.
pub fn a_loosening_opens_after_the_delay_for_seven_days<R: Route>() {
    let loosening = guardian(9);
    for (now, expected) in [
        (NOW + WAIT - 1, named("TooEarly")),
        (NOW + WAIT, Ok(())),
        (NOW + WAIT + OPEN_FOR - 1, Ok(())),
        (NOW + WAIT + OPEN_FOR, named("NotQueued")),
    ] {
        let mut route = R::new();
        assert_eq!(route.execute(&loosening, now), named("NotQueued"));
        route.set(&loosening, NOW).unwrap();
        assert_eq!(route.set(&loosening, NOW + 1), named("AlreadyQueued"));
        assert_eq!(route.execute(&loosening, now), expected);
        assert_eq!(route.seen().guardian == 9, expected.is_ok());
        assert_eq!(route.seen().queue.len(), usize::from(expected.is_err()));
    }
}

/// What was queued under the longer delay waits for it.
pub fn a_shorter_delay_does_not_reach_back<R: Route>() {
    let mut route = R::new();
    let (shorter, guardian) = (delay(SHORTEST_DELAY), guardian(9));
    route.set(&shorter, NOW).unwrap();
    route.set(&guardian, NOW + WAIT - 1).unwrap();
    route.execute(&shorter, NOW + WAIT).unwrap();
    assert_eq!(route.execute(&guardian, NOW + WAIT + u64::from(SHORTEST_DELAY)), named("TooEarly"));
    assert_eq!(route.execute(&guardian, NOW + WAIT - 1 + WAIT), Ok(()));
}

/// Eight loosenings wait; those whose time has passed count no more.
pub fn nine_do_not_fit_and_lapsed_ones_make_room<R: Route>() {
    let mut route = R::new();
    for account in 10..18 {
        route.set(&minter(account, 1), NOW).unwrap();
    }
    assert_eq!(route.set(&minter(18, 1), NOW + 1), named("QueueFull"));
    assert_eq!(route.set(&minter(17, 1), NOW + 1), named("AlreadyQueued"));
    let lapsed = NOW + WAIT + OPEN_FOR;
    assert_eq!(route.set(&minter(18, 1), lapsed - 1), named("QueueFull"));
    assert_eq!(route.set(&minter(10, 1), lapsed), Ok(Some(lapsed + WAIT)));
    assert_eq!(route.seen().queue, BTreeMap::from([(minter(10, 1).id(), lapsed + WAIT)]));
}

/// Eight may mint; who may already takes no other place.
pub fn eight_minters_and_no_ninth<R: Route>() {
    let mut route = R::new();
    for account in 2..=8 {
        route.apply(&minter(account, 1), NOW).unwrap();
    }
    assert_eq!(route.apply(&minter(8, 1), NOW), Ok(()), "who is one already");
    route.set(&minter(9, 1), NOW).unwrap();
    let before = route.clone();
    assert_eq!(route.apply(&minter(9, 1), NOW), named("TooManyMinters"));
    assert_eq!(route, before);
    route.set(&minter(3, 0), NOW).unwrap();
    route.execute(&minter(9, 1), NOW + WAIT).unwrap();
    assert_eq!(route.seen().minters, BTreeSet::from([1, 2, 4, 5, 6, 7, 8, 9]));
}

/// The owner all, the guardian all but a new guardian, and only what is queued.
pub fn who_may_cancel_what<R: Route>() {
    let mut route = R::new();
    for kind in Kind::ALL {
        let each = change(kind, 9, 1, 0);
        assert!(route.may_cancel(&each, OWNER));
        assert_eq!(route.may_cancel(&each, GUARDIAN), kind != Kind::Guardian, "{kind:?}");
        assert!(!route.may_cancel(&each, 9));
    }
    let looser = lease(MAX_LEASE + 1);
    assert_eq!(route.cancel(&looser), named("NotQueued"));
    route.set(&looser, NOW).unwrap();
    for near in [lease(MAX_LEASE + 2), rate(u128::from(MAX_LEASE) + 1, 0)] {
        assert_eq!(route.cancel(&near), named("NotQueued"));
    }
    assert_eq!(route.cancel(&looser), Ok(()));
    assert_eq!(route, R::new());
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
        (0..4u32).prop_map(lease),
        (0..4u32).prop_map(|a| delay(SHORTEST_DELAY - 1 + a)),
        (0..12u8, 0..3u128).prop_map(|(account, a)| minter(account, a)),
        (0..3u8).prop_map(guardian),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![0..2 * WAIT, Just(3_600), Just(OPEN_FOR)].prop_map(Step::Wait),
        any_change().prop_map(Step::Set),
        any_change().prop_map(Step::Execute),
        any_change().prop_map(Step::Cancel),
    ]
}

/// Queue and minters agree with a model, whatever is asked in whatever order.
pub fn agrees_with_maps_and_sets<R: Route>() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(step(), 1..60);
    TestRunner::new(config).run(&steps, |steps| follow::<R>(&steps)).unwrap_or_else(|error| panic!("{error}"));
}

fn follow<R: Route>(steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut route, mut now) = (R::new(), NOW);
    route.apply(&rate(1, 1), now).unwrap();
    let Seen { mut queue, mut minters, .. } = route.seen();
    for step in steps {
        let before = route.clone();
        let wait = u64::from(route.seen().loosen_delay);
        let outcome = match step {
            Step::Wait(seconds) => {
                now += seconds;
                continue;
            }
            Step::Set(change) => {
                let outcome = route.set(change, now);
                if let Ok(Some(ready)) = outcome {
                    prop_assert_eq!(ready, now + wait);
                    queue.retain(|_, ready| now < *ready + OPEN_FOR);
                    prop_assert_eq!(queue.insert(change.id(), ready), None);
                } else if outcome == Ok(None) && change.kind == Kind::Minter {
                    minters.remove(&change.account);
                }
                outcome.map(|_| ())
            }
            Step::Execute(change) => {
                let outcome = route.execute(change, now);
                let open = queue.get(&change.id()).is_some_and(|ready| (*ready..*ready + OPEN_FOR).contains(&now));
                let is_minter = change.kind == Kind::Minter;
                let full = is_minter && minters.len() == 8 && !minters.contains(&change.account);
                prop_assert_eq!(outcome.is_ok(), open && !full);
                if open && !full {
                    queue.remove(&change.id());
                    if is_minter {
                        minters.insert(change.account);
                    }
                }
                outcome
            }
            Step::Cancel(change) => {
                let outcome = route.cancel(change);
                prop_assert_eq!(outcome.is_ok(), queue.remove(&change.id()).is_some());
                outcome
            }
        };
        if outcome.is_err() {
            // As the chain undoes a refused call.
            route = before;
            queue = route.seen().queue;
        }
        let seen = route.seen();
        prop_assert_eq!((&seen.queue, &seen.minters), (&queue, &minters));
    }
    Ok(())
}
