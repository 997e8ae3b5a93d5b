//! Which statements a route takes, and which mints they cover.

use crate::oracle::Oracle;
use crate::signer::{committee, copy, leaf, route, word, Signer, EPOCH, LEASE, MAX_LEASE, NOW};
use ballast_gate::error::Error;
use ballast_gate::gate::{charge, redeem, submit, submit_with_mint};
use ballast_gate::state::Route;
use ballast_rules::statement::{MintCap, SKEW};
use ballast_suite::damage;
use proptest::prelude::*;
use zerocopy::big_endian::U64;
use zerocopy::IntoBytes;

const MINTER: [u8; 32] = [1; 32];

fn signed(change: impl Fn(&mut MintCap), round: u64) -> Vec<u8> {
    let mut stated = leaf(1_000);
    change(&mut stated);
    Signer::new("group").statement(stated.as_bytes(), EPOCH, round)
}

fn take(route: &mut Route, bytes: &[u8], now: u64) -> Result<(), Error> {
    submit::<Oracle>(route, &committee(&Signer::new("group")), bytes, now)
}

/// The error of a statement at a gate whose last round is 10, which must not change.
fn refused(bytes: &[u8], now: u64) -> Error {
    let mut route = route();
    route.round.set(10);
    let before = copy(&route);
    let error = take(&mut route, bytes, now).unwrap_err();
    assert_eq!(route, before);
    error
}

/// A gate with a statement of this cap.
fn live(cap: u64) -> Box<Route> {
    let mut route = route();
    take(&mut route, &signed(|l| l.cap = word(cap.into()), 1), NOW).unwrap();
    route
}

fn mint(route: &mut Route, supply: u64, amount: u64, now: u64) -> Result<(), Error> {
    charge(route, &MINTER, supply, amount, now)
}

#[test]
fn keeps_exactly_what_the_statement_says() {
    let mut gate = route();
    let mut expected = copy(&gate);
    let numbers = |l: &mut MintCap| {
        l.cap = word(u64::MAX.into());
        l.collateral = word(u128::MAX);
        l.supply = word((1 << 64) + 2);
    };
    take(&mut gate, &signed(numbers, 11), NOW).unwrap();
    expected.round.set(11);
    expected.cap.set(u64::MAX);
    expected.collateral.set(u128::MAX);
    expected.supply.set((1 << 64) + 2);
    expected.observed_at.set(NOW - 10);
    expected.expires_at.set(NOW + LEASE);
    assert_eq!(gate, expected);
}

#[test]
fn refuses_each_fault_by_name() {
    let far = NOW + u64::from(MAX_LEASE);
    assert_eq!(refused(&signed(|_| (), 10), NOW), Error::StaleRound);
    assert_eq!(refused(&signed(|_| (), 0), NOW), Error::StaleRound);
    assert_eq!(refused(&signed(|l| l.domain[31] ^= 1, 11), NOW), Error::WrongDomain);
    assert_eq!(refused(&signed(|l| l.route[0] ^= 1, 11), NOW), Error::WrongRoute);
    assert_eq!(refused(&signed(|_| (), 11), NOW + LEASE), Error::StatementExpired);
    assert_eq!(refused(&signed(|l| l.expires_at.set(far + 1), 11), NOW), Error::LeaseTooLong);
    assert_eq!(refused(&signed(|l| l.expires_at.set(u64::MAX), 11), NOW), Error::LeaseTooLong);
    assert_eq!(refused(&signed(|l| l.observed_at.set(NOW + SKEW + 1), 11), NOW), Error::ObservedInFuture);
    assert_eq!(refused(&signed(|l| l.observed_at.set(u64::MAX), 11), NOW), Error::ObservedInFuture);
    for at in 0..3 {
        assert_eq!(refused(&signed(|l| l.cap[at].set(1), 11), NOW), Error::DoesNotFit);
    }
    for at in 0..2 {
        assert_eq!(refused(&signed(|l| l.collateral[at].set(1 << 63), 11), NOW), Error::DoesNotFit);
        assert_eq!(refused(&signed(|l| l.supply[at].set(1), 11), NOW), Error::DoesNotFit);
    }
    let stranger = Signer::new("stranger").statement(leaf(1).as_bytes(), EPOCH, 11);
    assert_eq!(refused(&stranger, NOW), Error::BadSignature);
    let of_another_epoch = Signer::new("group").statement(leaf(1).as_bytes(), EPOCH + 1, 11);
    assert_eq!(refused(&of_another_epoch, NOW), Error::WrongEpoch);
}

#[test]
fn takes_what_is_just_within_each_bound() {
    assert_eq!(SKEW, 60);
    let far = NOW + u64::from(MAX_LEASE);
    let changes: [&dyn Fn(&mut MintCap); 5] = [
        &|l| l.expires_at.set(far),
        &|l| l.expires_at.set(NOW + 1),
        &|l| l.observed_at.set(NOW + SKEW),
        &|l| l.observed_at.set(0),
        &|l| l.cap = [U64::ZERO; 4],
    ];
    for change in changes {
        let mut gate = route();
        gate.round.set(10);
        assert_eq!(take(&mut gate, &signed(change, 11), NOW), Ok(()));
    }
    assert_eq!(take(&mut route(), &signed(|_| (), u64::MAX), NOW), Ok(()));
}

#[test]
fn a_brought_statement_that_is_not_newer_is_ignored_but_must_be_well_formed() {
    let committee = committee(&Signer::new("group"));
    let mut gate = live(1_000);
    let before = copy(&gate);
    let wrong_and_old = signed(|l| l.domain = [0; 32], 1);
    assert_eq!(submit_with_mint::<Oracle>(&mut gate, &committee, &wrong_and_old, NOW), Ok(false));
    assert_eq!(gate, before);
    let short = &wrong_and_old[..wrong_and_old.len() - 1];
    assert_eq!(submit_with_mint::<Oracle>(&mut gate, &committee, short, NOW), Err(Error::BadLength));
    let wrong_and_new = signed(|l| l.domain = [0; 32], 2);
    assert_eq!(submit_with_mint::<Oracle>(&mut gate, &committee, &wrong_and_new, NOW), Err(Error::WrongDomain));
    assert_eq!(gate, before);
    assert_eq!(submit_with_mint::<Oracle>(&mut gate, &committee, &signed(|_| (), 2), NOW), Ok(true));
    assert_eq!(gate.round.get(), 2);
}

#[test]
fn refuses_every_byte_altered() {
    let whole = signed(|_| (), 11);
    damage::each(&whole, |bytes| refused(bytes, NOW));
}

#[test]
fn mints_exactly_the_headroom_and_not_one_more() {
    for (cap, supply) in [(1_000, 0), (1_000, 400), (u64::MAX, 0), (u64::MAX, u64::MAX - 1), (1, 0)] {
        assert_eq!(mint(&mut live(cap), supply, cap - supply, NOW), Ok(()));
        if let Some(more) = (cap - supply).checked_add(1) {
            assert_eq!(mint(&mut live(cap), supply, more, NOW), Err(Error::ExceedsCap));
        }
    }
    assert_eq!(mint(&mut live(0), 0, 1, NOW), Err(Error::ExceedsCap));
    assert_eq!(mint(&mut live(10), 11, 1, NOW), Err(Error::ExceedsCap));
    assert_eq!(mint(&mut live(10), u64::MAX, u64::MAX, NOW), Err(Error::ExceedsCap));
}

#[test]
fn refuses_mints_in_the_documented_order() {
    let mut gate = live(1_000);
    gate.bucket.change(5, 0, NOW);
    gate.paused = 1;
    let faults: [(&[u8; 32], u64, u64, Error); 2] =
        [(&[0; 32], 0, 0, Error::NotMinter), (&MINTER, 0, 0, Error::ZeroAmount)];
    for (minter, supply, amount, error) in faults {
        assert_eq!(charge(&mut gate, minter, supply, amount, NOW + LEASE), Err(error));
    }
    assert_eq!(mint(&mut gate, 0, 2_000, NOW + LEASE), Err(Error::GatePaused));
    gate.paused = 0;
    assert_eq!(mint(&mut gate, 0, 2_000, NOW + LEASE), Err(Error::CapExpired));
    assert_eq!(mint(&mut gate, 0, 1_001, NOW + LEASE - 1), Err(Error::ExceedsCap));
    assert_eq!(mint(&mut gate, 0, 6, NOW + LEASE - 1), Err(Error::ExceedsRateLimit));
    assert_eq!(mint(&mut gate, 0, 5, NOW + LEASE - 1), Ok(()));
    gate.round.set(0);
    assert_eq!(mint(&mut gate, 0, 2_000, NOW + LEASE), Err(Error::NoStatement));
}

#[test]
fn a_new_route_mints_nothing() {
    let mut gate = route();
    // Not even if the other fields said otherwise.
    gate.cap.set(u64::MAX);
    gate.expires_at.set(u64::MAX);
    assert_eq!(mint(&mut gate, 0, 1, NOW), Err(Error::NoStatement));
}

#[test]
fn only_counted_minters_mint() {
    let mut gate = live(10);
    gate.minter_count = 0;
    assert_eq!(mint(&mut gate, 0, 1, NOW), Err(Error::NotMinter));
    assert_eq!(charge(&mut live(10), &[0; 32], 0, 1, NOW), Err(Error::NotMinter), "the free places are no minter");
}

#[test]
fn redeeming_lowers_the_cap_and_nothing_else() {
    for (cap, amount, left) in [(10, 3, 7), (10, 10, 0), (10, 11, 0), (0, u64::MAX, 0)] {
        let mut gate = live(cap);
        gate.paused = 1;
        let mut expected = copy(&gate);
        expected.cap.set(left);
        assert_eq!(redeem(&mut gate, amount), Ok(()));
        assert_eq!(gate, expected);
    }
    assert_eq!(redeem(&mut live(1), 0), Err(Error::ZeroAmount));
    assert_eq!(redeem(&mut route(), 1), Ok(()), "without a statement");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_refused(bytes in damage::alien()) {
        refused(&bytes, NOW);
    }

    #[test]
    fn any_bits_altered_are_refused(bytes in damage::altered(signed(|_| (), 11))) {
        refused(&bytes, NOW);
    }

    #[test]
    fn any_numbers_are_kept_as_they_are_or_refused(cap: [u64; 4], collateral: [u64; 4], zero in 0..4usize) {
        let mut gate = route();
        let words = |mut words: [u64; 4]| { words[..zero].fill(0); words.map(U64::new) };
        let bytes = signed(|l| (l.cap, l.collateral) = (words(cap), words(collateral)), 1);
        match take(&mut gate, &bytes, NOW) {
            Ok(()) => {
                prop_assert!(zero == 3);
                prop_assert_eq!((gate.cap.get(), gate.collateral.get()), (cap[3], collateral[3].into()));
            }
            Err(error) => {
                prop_assert_eq!(error, Error::DoesNotFit);
                prop_assert!(zero < 3);
            }
        }
    }

    #[test]
    fn a_mint_passes_exactly_if_it_is_covered(cap: u64, supply: u64, amount: u64, close: bool) {
        let mut gate = live(cap);
        let amount = if close { cap.wrapping_sub(supply).wrapping_add(amount % 3).wrapping_sub(1) } else { amount };
        let covered = amount > 0 && u128::from(supply) + u128::from(amount) <= u128::from(cap);
        prop_assert_eq!(mint(&mut gate, supply, amount, NOW).is_ok(), covered);
    }
}
