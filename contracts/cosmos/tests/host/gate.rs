//! Statements and mints at every boundary, and arbitrary bytes.

use crate::settings::rules;
use crate::signer::{committee, crypto, leaf, word, Host, Signer, DOMAIN, EPOCH, LEASE, MAX_LEASE, NOW, ROUTE};
use ballast_cosmos::error::Error;
use ballast_cosmos::gate::{Judge, Mint};
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::state::{Gate, Minters, State};
use ballast_rules::statement::{MintCap, SKEW};
use ballast_suite::damage;
use proptest::prelude::*;
use zerocopy::IntoBytes;

fn signed(change: impl Fn(&mut MintCap), round: u64) -> Vec<u8> {
    let mut stated = leaf(1_000);
    change(&mut stated);
    Signer::new("group").statement(stated.as_bytes(), EPOCH, round)
}

fn with_judge<T>(now: u64, act: impl FnOnce(&Judge<'_, Host>) -> T) -> T {
    let (crypto, committee) = (crypto(), committee(&Signer::new("group")));
    act(&Judge { crypto: &crypto, committee: &committee, domain: DOMAIN, route: ROUTE, max_lease: MAX_LEASE, now })
}

fn take(last: &State, bytes: &[u8], now: u64) -> Result<State, Error> {
    with_judge(now, |judge| judge.submit(last, bytes))
}

/// The error of a statement at a gate whose last round is 10.
fn refused(bytes: &[u8], now: u64) -> Error {
    take(&State { round: 10, ..State::default() }, bytes, now).unwrap_err()
}

/// A gate with a statement of this cap.
fn live(cap: u128) -> State {
    take(&State::default(), &signed(|l| l.cap = word(cap), 1), NOW).unwrap()
}

fn mint(state: &State, supply: u128, amount: u128, now: u64) -> Result<(), Error> {
    let (gate, minters) = (rules().gate, Minters(vec!["minter".into()]));
    let mut bucket = Bucket::full(u128::MAX, 0, NOW);
    Mint { gate: &gate, minters: &minters, minter: "minter", supply, amount, now }.charge(state, &mut bucket)
}

#[test]
fn keeps_exactly_what_the_statement_says() {
    let numbers = |l: &mut MintCap| {
        l.cap = word(u128::MAX);
        l.collateral = word(u128::MAX - 1);
        l.supply = word((1 << 64) + 2);
    };
    let expected = State {
        round: 11,
        cap: u128::MAX,
        collateral: u128::MAX - 1,
        supply: (1 << 64) + 2,
        observed_at: NOW - 10,
        expires_at: NOW + LEASE,
    };
    assert_eq!(take(&State::default(), &signed(numbers, 11), NOW), Ok(expected));
}

#[test]
fn refuses_each_fault_by_name() {
    let far = NOW + u64::from(MAX_LEASE);
    assert_eq!(refused(&signed(|_| (), 10), NOW), Error::StaleRound);
    assert_eq!(refused(&signed(|_| (), 0), NOW), Error::StaleRound);
    assert_eq!(take(&State::default(), &signed(|_| (), 0), NOW), Err(Error::StaleRound), "round 0 as the first");
    assert_eq!(refused(&signed(|l| l.domain[31] ^= 1, 11), NOW), Error::WrongDomain);
    assert_eq!(refused(&signed(|l| l.route[0] ^= 1, 11), NOW), Error::WrongRoute);
    assert_eq!(refused(&signed(|_| (), 11), NOW + LEASE), Error::StatementExpired);
    assert_eq!(refused(&signed(|l| l.expires_at.set(0), 11), NOW), Error::StatementExpired);
    assert_eq!(refused(&signed(|l| l.expires_at.set(far + 1), 11), NOW), Error::LeaseTooLong);
    assert_eq!(refused(&signed(|l| l.expires_at.set(u64::MAX), 11), NOW), Error::LeaseTooLong);
    assert_eq!(refused(&signed(|l| l.observed_at.set(NOW + SKEW + 1), 11), NOW), Error::ObservedInFuture);
    assert_eq!(refused(&signed(|l| l.observed_at.set(u64::MAX), 11), NOW), Error::ObservedInFuture);
    for (at, high) in [(1, 1), (0, 1 << 63), (0, u64::MAX), (1, u64::MAX)] {
        assert_eq!(refused(&signed(|l| l.cap[at].set(high), 11), NOW), Error::DoesNotFit);
        assert_eq!(refused(&signed(|l| l.collateral[at].set(high), 11), NOW), Error::DoesNotFit);
        assert_eq!(refused(&signed(|l| l.supply[at].set(high), 11), NOW), Error::DoesNotFit);
    }
    let stranger = Signer::new("stranger").statement(leaf(1).as_bytes(), EPOCH, 11);
    assert_eq!(refused(&stranger, NOW), Error::BadSignature);
    let of_another_epoch = Signer::new("group").statement(leaf(1).as_bytes(), EPOCH + 1, 11);
    assert_eq!(refused(&of_another_epoch, NOW), Error::WrongEpoch);
    let mut other_branch = signed(|_| (), 11);
    other_branch[177 + 5] ^= 1;
    assert_eq!(refused(&other_branch, NOW), Error::WrongRoot);
}

#[test]
fn takes_what_is_just_within_each_bound() {
    let far = NOW + u64::from(MAX_LEASE);
    let changes: [&dyn Fn(&mut MintCap); 5] = [
        &|l| l.expires_at.set(far),
        &|l| l.expires_at.set(NOW + 1),
        &|l| l.observed_at.set(NOW + SKEW),
        &|l| l.observed_at.set(0),
        &|l| l.cap = word(0),
    ];
    for change in changes {
        assert!(take(&State { round: 10, ..State::default() }, &signed(change, 11), NOW).is_ok());
    }
    assert_eq!(take(&State::default(), &signed(|_| (), u64::MAX), NOW).unwrap().round, u64::MAX);
}

#[test]
fn a_brought_statement_that_is_not_newer_is_ignored_but_must_be_well_formed() {
    let state = live(1_000);
    let bring = |bytes: &[u8]| with_judge(NOW, |judge| judge.submit_with_mint(&state, bytes));
    let wrong_and_old = signed(|l| l.domain = [0; 32], 1);
    assert_eq!(bring(&wrong_and_old), Ok(None));
    assert_eq!(bring(&wrong_and_old[..wrong_and_old.len() - 1]), Err(Error::BadLength));
    assert_eq!(bring(&[]), Err(Error::BadLength));
    assert_eq!(bring(&signed(|l| l.domain = [0; 32], 2)), Err(Error::WrongDomain));
    assert_eq!(bring(&signed(|_| (), 2)).unwrap().unwrap().round, 2);
}

#[test]
fn refuses_every_byte_altered() {
    let whole = signed(|_| (), 11);
    damage::each(&whole, |bytes| refused(bytes, NOW));
}

#[test]
fn mints_exactly_the_headroom_and_not_one_more() {
    for (cap, supply) in [(1_000, 0), (1_000, 400), (u128::MAX, 0), (u128::MAX, u128::MAX - 1), (1, 0)] {
        assert_eq!(mint(&live(cap), supply, cap - supply, NOW), Ok(()));
        if let Some(more) = (cap - supply).checked_add(1) {
            assert_eq!(mint(&live(cap), supply, more, NOW), Err(Error::ExceedsCap));
        }
    }
    assert_eq!(mint(&live(0), 0, 1, NOW), Err(Error::ExceedsCap));
    assert_eq!(mint(&live(10), 11, 1, NOW), Err(Error::ExceedsCap));
    assert_eq!(mint(&live(10), u128::MAX, u128::MAX, NOW), Err(Error::ExceedsCap));
    assert_eq!(mint(&live(u128::MAX), u128::MAX, 1, NOW), Err(Error::ExceedsCap));
}

#[test]
fn refuses_mints_in_the_documented_order() {
    let (state, mut gate, minters) = (live(1_000), rules().gate, Minters(vec!["minter".into()]));
    gate.paused = true;
    let charge = |gate: &Gate, state: &State, minter: &str, amount, now| {
        let mut bucket = Bucket::full(5, 0, NOW);
        Mint { gate, minters: &minters, minter, supply: 0, amount, now }.charge(state, &mut bucket)
    };
    let late = NOW + LEASE;
    assert_eq!(charge(&gate, &state, "other", 0, late), Err(Error::NotMinter));
    assert_eq!(charge(&gate, &state, "minter", 0, late), Err(Error::ZeroAmount));
    assert_eq!(charge(&gate, &state, "minter", 2_000, late), Err(Error::GatePaused));
    gate.paused = false;
    assert_eq!(charge(&gate, &State { round: 0, ..state.clone() }, "minter", 2_000, late), Err(Error::NoStatement));
    assert_eq!(charge(&gate, &state, "minter", 2_000, late), Err(Error::CapExpired));
    assert_eq!(charge(&gate, &state, "minter", 1_001, late - 1), Err(Error::ExceedsCap));
    assert_eq!(charge(&gate, &state, "minter", 6, late - 1), Err(Error::ExceedsRateLimit));
    assert_eq!(charge(&gate, &state, "minter", 5, late - 1), Ok(()));
}

#[test]
fn a_new_route_mints_nothing() {
    // Not even if the other fields said otherwise.
    let state = State { cap: u128::MAX, expires_at: u64::MAX, ..State::default() };
    assert_eq!(mint(&state, 0, 1, NOW), Err(Error::NoStatement));
    assert_eq!(state.headroom(&rules().gate, &Bucket::full(9, 0, NOW), 0, NOW), 0);
}

#[test]
fn redeeming_lowers_the_cap_and_nothing_else() {
    for (cap, amount, left) in [(10, 3, 7), (10, 10, 0), (10, 11, 0), (0, u128::MAX, 0)] {
        let mut state = live(cap);
        let expected = State { cap: left, ..state.clone() };
        assert_eq!(state.redeem(amount), Ok(()));
        assert_eq!(state, expected);
    }
    assert_eq!(live(1).redeem(0), Err(Error::ZeroAmount));
    assert_eq!(State::default().redeem(1), Ok(()), "without a statement");
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
    fn any_numbers_are_kept_as_they_are_or_refused(cap: [u128; 2], collateral: [u128; 2], fits: bool) {
        let words = |[high, low]: [u128; 2]| {
            let ([_, _, a, b], [_, _, c, d]) = (word(if fits { 0 } else { high }), word(low));
            [a, b, c, d]
        };
        let bytes = signed(|l| (l.cap, l.collateral) = (words(cap), words(collateral)), 1);
        match take(&State::default(), &bytes, NOW) {
            Ok(state) => {
                prop_assert!(fits || (cap[0] == 0 && collateral[0] == 0));
                prop_assert_eq!((state.cap, state.collateral), (cap[1], collateral[1]));
            }
            Err(error) => {
                prop_assert_eq!(error, Error::DoesNotFit);
                prop_assert!(!fits);
            }
        }
    }

    #[test]
    fn a_mint_passes_exactly_if_it_is_covered(cap: u128, supply: u128, amount: u128, close: bool) {
        let state = live(cap);
        let amount = if close { cap.wrapping_sub(supply).wrapping_add(amount % 3).wrapping_sub(1) } else { amount };
        let covered = amount > 0 && supply.checked_add(amount).is_some_and(|after| after <= cap);
        prop_assert_eq!(mint(&state, supply, amount, NOW).is_ok(), covered);
        let headroom = state.headroom(&rules().gate, &Bucket::full(u128::MAX, 0, NOW), supply, NOW);
        prop_assert_eq!(covered, amount > 0 && amount <= headroom);
    }
}
