//! Which statements a route takes, and which mints they cover.

use crate::oracle::Oracle;
use crate::signer::{committee, copy, route, signed, taken, word, Signer, LEASE, NOW};
use ballast_gate::error::Error;
use ballast_gate::gate::{charge, redeem, submit, submit_with_mint};
use ballast_gate::state::Route;
use ballast_suite::statement_tests;
use ballast_suite::statements;
use ballast_suite::vectors::Taken;
use proptest::prelude::*;

const MINTER: [u8; 32] = [1; 32];

fn take(route: &mut Route, bytes: &[u8], now: u64) -> Result<(), Error> {
    submit::<Oracle>(route, &committee(&Signer::new("group")), bytes, now)
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

struct Program;

impl statements::Gate for Program {
    const CAP_WORDS: usize = 1;

    fn submit(last: u64, statement: &[u8], now: u64) -> Result<Taken, String> {
        let mut gate = route();
        gate.round.set(last);
        let committee = committee(&Signer::new("group"));
        taken(&mut gate, |gate| submit::<Oracle>(gate, &committee, statement, now))
    }
}

statement_tests!(Program);

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
    fn a_mint_passes_exactly_if_it_is_covered(cap: u64, supply: u64, amount: u64, close: bool) {
        let mut gate = live(cap);
        let amount = if close { cap.wrapping_sub(supply).wrapping_add(amount % 3).wrapping_sub(1) } else { amount };
        let covered = amount > 0 && u128::from(supply) + u128::from(amount) <= u128::from(cap);
        prop_assert_eq!(mint(&mut gate, supply, amount, NOW).is_ok(), covered);
    }
}
