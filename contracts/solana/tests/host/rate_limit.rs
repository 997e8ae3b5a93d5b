//! The token bucket against one of unbounded numbers.

use ballast_gate::error::Error;
use ballast_gate::rate_limit::Bucket;
use proptest::prelude::*;
use zerocopy::FromZeros;

fn full(capacity: u64, refill: u64, now: u64) -> Bucket {
    let mut bucket = Bucket::new_zeroed();
    bucket.fill(capacity, refill, now);
    bucket
}

#[test]
fn extremes_do_not_wrap() {
    let mut bucket = full(u64::MAX, u64::MAX, 0);
    assert_eq!(bucket.available(u64::MAX), u64::MAX);
    bucket.take(u64::MAX, 0).unwrap();
    assert_eq!(bucket.available(0), 0);
    for now in [1, 2, 1 << 32, u64::MAX] {
        assert_eq!(bucket.available(now), u64::MAX);
    }
    let mut slow = full(u64::MAX, 1, 0);
    slow.take(u64::MAX, 0).unwrap();
    assert_eq!(slow.available(u64::MAX), u64::MAX);
    assert_eq!(slow.available(u64::MAX - 1), u64::MAX - 1);
    assert_eq!(full(0, u64::MAX, 0).available(u64::MAX), 0);
}

#[test]
fn one_more_than_there_is_is_refused_and_changes_nothing() {
    let mut bucket = full(10, 1, 100);
    bucket.take(8, 100).unwrap();
    let before = bucket;
    assert_eq!(bucket.take(6, 103), Err(Error::ExceedsRateLimit));
    assert_eq!(bucket, before);
    assert_eq!(bucket.take(5, 103), Ok(()));
    assert_eq!(bucket.available(103), 0);
}

#[test]
fn a_clock_that_goes_back_adds_nothing_twice() {
    let mut bucket = full(100, 1, 1_000);
    bucket.take(100, 1_000).unwrap();
    bucket.take(10, 1_010).unwrap();
    assert_eq!(bucket.take(1, 900), Err(Error::ExceedsRateLimit));
    bucket.take(0, 900).unwrap();
    assert_eq!(bucket.available(1_010), 0);
    assert_eq!(bucket.available(1_011), 1);
}

#[test]
fn a_greater_capacity_adds_nothing_by_itself() {
    let mut bucket = full(10, 1, 0);
    bucket.take(10, 0).unwrap();
    bucket.change(1_000, 2, 3);
    assert_eq!((bucket.level.get(), bucket.available(3), bucket.available(4)), (3, 3, 5));
    bucket.change(2, 2, 4);
    assert_eq!((bucket.level.get(), bucket.available(100)), (2, 2));
}

#[test]
fn a_level_above_the_capacity_cannot_be() {
    let mut bucket = full(10, 1, 0);
    assert_eq!(bucket.check(), Ok(()));
    bucket.level.set(11);
    assert_eq!(bucket.check(), Err(Error::BadState));
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Take(u64),
    Change(u64, u64),
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000u64, any::<u64>(), Just(u64::MAX)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![0..100u64, 0..1u64 << 40].prop_map(Step::Wait),
        number().prop_map(Step::Take),
        (number(), number()).prop_map(|(capacity, refill)| Step::Change(capacity, refill)),
    ]
}

proptest! {
    #[test]
    fn agrees_with_unbounded_numbers_and_never_exceeds_the_bound(
        capacity in number(), refill in number(), steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut now = 1_000;
        let mut bucket = full(capacity, refill, now);
        let (mut limit, mut rate, mut level) = (u128::from(capacity), u128::from(refill), u128::from(capacity));
        // Greatest capacity and rate in force, and what was taken since the beginning.
        let (mut greatest, mut fastest, mut taken) = (limit, rate, 0u128);
        for step in steps {
            match step {
                Step::Wait(seconds) => {
                    now += seconds;
                    level = limit.min(level + rate * u128::from(seconds));
                }
                Step::Take(amount) => {
                    prop_assert_eq!(u128::from(bucket.available(now)), level);
                    let amount = amount.min(bucket.available(now).saturating_add(1));
                    let fits = u128::from(amount) <= level;
                    prop_assert_eq!(bucket.take(amount, now).is_ok(), fits);
                    if fits {
                        level -= u128::from(amount);
                        taken += u128::from(amount);
                    }
                }
                Step::Change(capacity, refill) => {
                    bucket.change(capacity, refill, now);
                    (limit, rate) = (capacity.into(), refill.into());
                    level = level.min(limit);
                    (greatest, fastest) = (greatest.max(limit), fastest.max(rate));
                }
            }
            prop_assert!(taken <= greatest + fastest * u128::from(now - 1_000));
            prop_assert_eq!(u128::from(bucket.available(now)), level);
            prop_assert!(bucket.check().is_ok());
        }
    }
}
