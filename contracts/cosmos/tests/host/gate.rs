//! Statements and mints at every boundary, and arbitrary bytes.

use crate::settings::rules;
use crate::signer::{committee, crypto, signed, taken, word, Host, Signer, DOMAIN, LEASE, MAX_LEASE, NOW, ROUTE};
use ballast_cosmos::error::Error;
use ballast_cosmos::gate::{Judge, Mint};
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::state::{Gate, Minters, State};
use ballast_suite::statements;
use ballast_suite::vectors::Taken;
use ballast_suite::{name, statement_tests};
use proptest::prelude::*;

fn with_judge<T>(now: u64, act: impl FnOnce(&Judge<'_, Host>) -> T) -> T {
    let (crypto, committee) = (crypto(), committee(&Signer::new("group")));
    act(&Judge { crypto: &crypto, committee: &committee, domain: DOMAIN, route: ROUTE, max_lease: MAX_LEASE, now })
}

fn take(last: &State, bytes: &[u8], now: u64) -> Result<State, Error> {
    with_judge(now, |judge| judge.submit(last, bytes))
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

struct Contract;

impl statements::Gate for Contract {
    const CAP_WORDS: usize = 2;

    fn submit(last: u64, statement: &[u8], now: u64) -> Result<Taken, String> {
        take(&State { round: last, ..State::default() }, statement, now).map(taken).map_err(name)
    }
}

statement_tests!(Contract);

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
    fn a_mint_passes_exactly_if_it_is_covered(cap: u128, supply: u128, amount: u128, close: bool) {
        let state = live(cap);
        let amount = if close { cap.wrapping_sub(supply).wrapping_add(amount % 3).wrapping_sub(1) } else { amount };
        let covered = amount > 0 && supply.checked_add(amount).is_some_and(|after| after <= cap);
        prop_assert_eq!(mint(&state, supply, amount, NOW).is_ok(), covered);
        let headroom = state.headroom(&rules().gate, &Bucket::full(u128::MAX, 0, NOW), supply, NOW);
        prop_assert_eq!(covered, amount > 0 && amount <= headroom);
    }
}
