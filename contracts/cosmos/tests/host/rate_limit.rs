//! The token bucket, against sums in wider numbers.

use ballast_cosmos::error::Error;
use ballast_cosmos::rate_limit::Bucket;
use num_bigint::BigUint;
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;

#[test]
fn empties_and_refills() {
    let mut bucket = Bucket::full(100, 10, NOW);
    assert_eq!(bucket.take(101, NOW), Err(Error::ExceedsRateLimit));
    assert_eq!(bucket.take(100, NOW), Ok(()));
    assert_eq!(bucket.take(1, NOW), Err(Error::ExceedsRateLimit));
    assert_eq!(bucket.take(10, NOW + 1), Ok(()));
    assert_eq!((bucket.available(NOW + 10), bucket.available(NOW + 11), bucket.available(NOW + 12)), (90, 100, 100));
}

#[test]
fn a_refused_take_changes_nothing() {
    let mut bucket = Bucket::full(100, 10, NOW);
    let before = bucket.clone();
    assert!(bucket.take(101, NOW + 5).is_err());
    assert_eq!(bucket, before);
}

#[test]
fn what_flowed_in_counts_at_the_old_rate() {
    let mut bucket = Bucket::full(1_000, 1, NOW);
    bucket.take(1_000, NOW).unwrap();
    bucket.change(2_000, 100, NOW + 10);
    assert_eq!(bucket.available(NOW + 10), 10, "a greater capacity adds nothing by itself");
    assert_eq!(bucket.available(NOW + 11), 110);
    bucket.change(50, 100, NOW + 11);
    assert_eq!(bucket.available(NOW + 11), 50);
}

#[test]
fn a_clock_that_went_back_adds_nothing() {
    let mut bucket = Bucket::full(100, 10, NOW);
    bucket.take(100, NOW).unwrap();
    assert_eq!(bucket.available(NOW - 100), 0);
    bucket.change(100, 10, NOW - 100);
    assert_eq!((bucket.updated_at, bucket.available(NOW + 1)), (NOW, 10));
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    let mut bucket = Bucket::full(u128::MAX, u128::MAX, 0);
    assert_eq!(bucket.take(u128::MAX, u64::MAX), Ok(()));
    assert_eq!(bucket.available(u64::MAX), 0);
    bucket.updated_at = u64::MAX - 1;
    assert_eq!(bucket.available(u64::MAX), u128::MAX);
}

proptest! {
    #[test]
    fn never_gives_more_than_capacity_and_inflow(
        capacity: u128, refill: u128, takes in prop::collection::vec((0..1_000u64, any::<u128>()), 1..30),
    ) {
        let mut bucket = Bucket::full(capacity, refill, NOW);
        let (mut now, mut taken) = (NOW, BigUint::ZERO);
        for (wait, part) in takes {
            now += wait;
            let left = bucket.available(now);
            prop_assert!(left <= capacity);
            let amount = if left == 0 { 0 } else { part % left };
            prop_assert_eq!(bucket.take(amount, now), Ok(()));
            taken += amount;
            prop_assert!(taken <= BigUint::from(capacity) + BigUint::from(refill) * (now - NOW));
            if let Some(more) = bucket.available(now).checked_add(1) {
                prop_assert_eq!(bucket.take(more, now), Err(Error::ExceedsRateLimit));
            }
        }
    }

    #[test]
    fn what_is_there_is_the_least_of_capacity_and_sum(capacity: u128, refill: u128, level: u128, elapsed: u64) {
        let level = level.min(capacity);
        let bucket = Bucket { capacity, refill_per_second: refill, level, updated_at: 0 };
        let sum = BigUint::from(level) + BigUint::from(refill) * elapsed;
        prop_assert_eq!(BigUint::from(bucket.available(elapsed)), sum.min(capacity.into()));
    }
}
