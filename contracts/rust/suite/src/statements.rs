//! Statements at every boundary of a gate, and bytes that are none.

use crate::damage;
use crate::signer::{leaf, signed, word, Signer, EPOCH, LEASE, MAX_LEASE, NOW};
use crate::vectors::Taken;
use ballast_rules::statement::{MintCap, SKEW};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fmt::Debug;
use zerocopy::big_endian::U64;
use zerocopy::IntoBytes;

/// A family's gate of the domain and route in [`crate::signer`], whose committee is the signer `group`. Errors are names.
pub trait Gate {
    /// How many of the last words of a number a cap may fill.
    const CAP_WORDS: usize;

    /// What a gate whose last round is `last` stores of a statement. Panics where it changes more than that, or changes
    /// anything although it refuses.
    fn submit(last: u64, statement: &[u8], now: u64) -> Result<Taken, String>;
}

/// What is changed in a leaf, and how the error is called.
type Fault<'a> = (&'a dyn Fn(&mut MintCap), &'a str);

const LAST: u64 = 10;
const NEXT: u64 = LAST + 1;

fn refused<G: Gate>(bytes: &[u8], now: u64) -> String {
    G::submit(LAST, bytes, now).unwrap_err()
}

/// The greatest cap.
fn most<G: Gate>() -> u128 {
    u128::MAX >> (128 - 64 * G::CAP_WORDS)
}

/// All six numbers.
pub fn keeps_exactly_what_the_statement_says<G: Gate>() {
    let expected = Taken {
        round: NEXT,
        cap: most::<G>(),
        collateral: u128::MAX - 1,
        supply: (1 << 64) + 2,
        observed_at: NOW - 10,
        expires_at: NOW + LEASE,
    };
    let numbers = |l: &mut MintCap| {
        (l.cap, l.collateral, l.supply) = (word(expected.cap), word(expected.collateral), word(expected.supply));
    };
    assert_eq!(G::submit(0, &signed(numbers, NEXT), NOW), Ok(expected));
}

/// The first fault that the protocol looks for.
pub fn refuses_each_fault_by_name<G: Gate>() {
    let far = NOW + u64::from(MAX_LEASE);
    assert_eq!(refused::<G>(&signed(|_| (), LAST), NOW), "StaleRound");
    assert_eq!(refused::<G>(&signed(|_| (), 0), NOW), "StaleRound");
    assert_eq!(G::submit(0, &signed(|_| (), 0), NOW), Err("StaleRound".to_owned()), "round 0 as the first");
    assert_eq!(refused::<G>(&signed(|_| (), NEXT), NOW + LEASE), "StatementExpired");
    let faults: [Fault; 7] = [
        (&|l| l.domain[31] ^= 1, "WrongDomain"),
        (&|l| l.route[0] ^= 1, "WrongRoute"),
        (&|l| l.expires_at.set(0), "StatementExpired"),
        (&|l| l.expires_at.set(far + 1), "LeaseTooLong"),
        (&|l| l.expires_at.set(u64::MAX), "LeaseTooLong"),
        (&|l| l.observed_at.set(NOW + SKEW + 1), "ObservedInFuture"),
        (&|l| l.observed_at.set(u64::MAX), "ObservedInFuture"),
    ];
    for (change, expected) in faults {
        assert_eq!(refused::<G>(&signed(change, NEXT), NOW), expected);
    }
    for high in [1, 1 << 63, u64::MAX] {
        for at in 0..4 - G::CAP_WORDS {
            assert_eq!(refused::<G>(&signed(|l| l.cap[at].set(high), NEXT), NOW), "DoesNotFit");
        }
        for at in 0..2 {
            assert_eq!(refused::<G>(&signed(|l| l.collateral[at].set(high), NEXT), NOW), "DoesNotFit");
            assert_eq!(refused::<G>(&signed(|l| l.supply[at].set(high), NEXT), NOW), "DoesNotFit");
        }
    }
    let by = |label, epoch| Signer::new(label).statement(leaf(1).as_bytes(), epoch, NEXT);
    assert_eq!(refused::<G>(&by("stranger", EPOCH), NOW), "BadSignature");
    assert_eq!(refused::<G>(&by("group", EPOCH + 1), NOW), "WrongEpoch");
    let mut other_branch = signed(|_| (), NEXT);
    other_branch[177 + 5] ^= 1;
    assert_eq!(refused::<G>(&other_branch, NOW), "WrongRoot");
}

/// The greatest and the least that are allowed.
pub fn takes_what_is_just_within_each_bound<G: Gate>() {
    let far = NOW + u64::from(MAX_LEASE);
    let changes: [&dyn Fn(&mut MintCap); 5] = [
        &|l| l.expires_at.set(far),
        &|l| l.expires_at.set(NOW + 1),
        &|l| l.observed_at.set(NOW + SKEW),
        &|l| l.observed_at.set(0),
        &|l| l.cap = word(0),
    ];
    for change in changes {
        assert!(G::submit(LAST, &signed(change, NEXT), NOW).is_ok());
    }
    assert_eq!(G::submit(0, &signed(|_| (), u64::MAX), NOW).unwrap().round, u64::MAX);
}

/// Byte by byte, and at every length.
pub fn refuses_every_byte_altered<G: Gate>() {
    damage::each(&signed(|_| (), NEXT), |bytes| refused::<G>(bytes, NOW));
}

/// Whatever they are.
pub fn any_bytes_are_refused<G: Gate>() {
    check(damage::alien(), |bytes| drop(refused::<G>(&bytes, NOW)));
}

/// Wherever they stand.
pub fn any_bits_altered_are_refused<G: Gate>() {
    check(damage::altered(signed(|_| (), NEXT)), |bytes| drop(refused::<G>(&bytes, NOW)));
}

/// No number is cut short.
pub fn any_numbers_are_kept_as_they_are_or_refused<G: Gate>() {
    let number = || {
        (any::<[u64; 4]>(), 0..=4usize).prop_map(|(mut words, zero)| {
            words[..zero].fill(0);
            words
        })
    };
    check((number(), number()), |(cap, collateral)| {
        let statement = signed(|l| (l.cap, l.collateral) = (cap.map(U64::new), collateral.map(U64::new)), NEXT);
        let low = |words: [u64; 4]| u128::from(words[2]) << 64 | u128::from(words[3]);
        let fits = |words: [u64; 4], last: usize| words[..4 - last].iter().all(|word| *word == 0);
        let got = G::submit(LAST, &statement, NOW).map(|taken| (taken.cap, taken.collateral));
        if fits(cap, G::CAP_WORDS) && fits(collateral, 2) {
            assert_eq!(got, Ok((low(cap), low(collateral))));
        } else {
            assert_eq!(got, Err("DoesNotFit".to_owned()));
        }
    });
}

fn check<T: Debug>(values: impl Strategy<Value = T>, test: impl Fn(T)) {
    let config = Config { failure_persistence: None, ..Config::with_cases(64) };
    let outcome = TestRunner::new(config).run(&values, |value| {
        test(value);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
