//! The numbered invariants of docs/invariants.md, after each of any sequence of right and wrong messages.

use crate::signer::{LEASE, ROUTE};
use crate::world::{Kind, World, KINDS};
use ballast_cosmos::msg::{ExecuteMsg, Setting, B32};
use cosmwasm_std::Uint128;
use proptest::prelude::*;

/// What anybody may try.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    /// Cap, round ahead of the last, and what is wrong with it: nothing, or a field.
    Submit(u128, u64, u8),
    Mint(u8, u128),
    MintWith(u128, u128, u64),
    Redeem(u8, u128, bool),
    Pause(bool),
    RateLimit(u128, u128),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop_oneof![0..3u128, 0..120u128];
    prop_oneof![
        1 => prop_oneof![0..100u64, Just(LEASE - 1), Just(LEASE)].prop_map(Step::Wait),
        3 => (0..200u128, 0..3u64, prop_oneof![4 => Just(0), 1 => 1..6u8]).prop_map(|(c, r, w)| Step::Submit(c, r, w)),
        4 => (0..4u8, amount()).prop_map(|(who, a)| Step::Mint(who, a)),
        2 => (amount(), 0..200u128, 0..3u64).prop_map(|(a, c, r)| Step::MintWith(a, c, r)),
        3 => (0..2u8, amount(), any::<bool>()).prop_map(|(who, a, s)| Step::Redeem(who, a, s)),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => (0..150u128, 0..3u128).prop_map(|(c, r)| Step::RateLimit(c, r)),
    ]
}

/// What must be so, in plain numbers.
struct Model {
    round: u64,
    cap: u128,
    expires: u64,
    supply: u128,
    balances: [u128; 2],
    paused: bool,
    /// Capacity, refill, level, since when.
    bucket: (u128, u128, u128, u64),
}

const HOLDERS: [&str; 2] = ["first", "second"];

impl Model {
    fn available(&self, now: u64) -> u128 {
        let (capacity, refill, level, since) = self.bucket;
        capacity.min(level.saturating_add(refill.saturating_mul((now - since).into())))
    }

    fn take_statement(&mut self, cap: u128, round: u64, now: u64) {
        (self.round, self.cap, self.expires) = (round, cap, now + LEASE);
    }

    fn mint(&mut self, holder: usize, amount: u128, now: u64) -> bool {
        let covered = amount > 0
            && !self.paused
            && self.round > 0
            && now < self.expires
            && self.supply + amount <= self.cap
            && amount <= self.available(now);
        if covered {
            let left = self.available(now) - amount;
            (self.bucket.2, self.bucket.3) = (left, now);
            self.supply += amount;
            self.balances[holder] += amount;
        }
        covered
    }
}

fn run(kind: Kind, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut world = World::new(kind);
    let mut model = Model {
        round: 0,
        cap: 0,
        expires: 0,
        supply: 0,
        balances: [0; 2],
        paused: false,
        bucket: (u128::MAX, 0, u128::MAX, world.now()),
    };
    for step in steps {
        let (before, now) = (world.storage(), world.now());
        let (got, expected) = match step.clone() {
            Step::Wait(seconds) => {
                world.wait(seconds);
                continue;
            }
            Step::Submit(cap, ahead, wrong) => {
                let round = model.round + ahead;
                let statement = world.statement(cap, round, |leaf| match wrong {
                    1 => leaf.domain[3] ^= 1,
                    2 => leaf.route[3] ^= 1,
                    3 => leaf.expires_at.set(now),
                    4 => leaf.cap[0].set(1),
                    5 => leaf.observed_at.set(now + 61),
                    _ => (),
                });
                let right = ahead > 0 && wrong == 0;
                if right {
                    model.take_statement(cap, round, now);
                }
                (world.bring(statement).is_ok(), right)
            }
            Step::Mint(3, amount) => {
                let to = crate::world::who(HOLDERS[0]).into();
                let msg = ExecuteMsg::Mint { route: B32(ROUTE), to, amount: amount.into(), statement: None };
                (world.by("first", msg).is_ok(), false)
            }
            Step::Mint(who, amount) => {
                let holder = usize::from(who % 2);
                (world.mint(HOLDERS[holder], amount).is_ok(), model.mint(holder, amount, now))
            }
            Step::MintWith(amount, cap, ahead) => {
                let round = model.round + ahead;
                let statement = world.statement(cap, round, |_| ());
                let saved = (model.round, model.cap, model.expires);
                if ahead > 0 {
                    model.take_statement(cap, round, now);
                }
                let expected = model.mint(0, amount, now);
                if !expected {
                    (model.round, model.cap, model.expires) = saved;
                }
                (world.mint_with(HOLDERS[0], amount, Some(statement)).is_ok(), expected)
            }
            Step::Redeem(who, amount, by_send) => {
                let holder = usize::from(who);
                let expected = amount > 0 && amount <= model.balances[holder];
                if expected {
                    model.balances[holder] -= amount;
                    model.supply -= amount;
                    model.cap = model.cap.saturating_sub(amount);
                }
                let outcome = match kind {
                    Kind::Cw20 if by_send => world.redeem_by_send(HOLDERS[holder], amount),
                    _ => world.redeem(kind, HOLDERS[holder], amount),
                };
                (outcome.is_ok(), expected)
            }
            Step::Pause(paused) => {
                model.paused = paused;
                let msg = if paused {
                    ExecuteMsg::Pause { route: B32(ROUTE) }
                } else {
                    ExecuteMsg::Unpause { route: B32(ROUTE) }
                };
                (world.by("owner", msg).is_ok(), true)
            }
            Step::RateLimit(capacity, refill) => {
                let tightens = capacity <= model.bucket.0 && refill <= model.bucket.1;
                if tightens {
                    let level = model.available(now).min(capacity);
                    model.bucket = (capacity, refill, level, now);
                }
                let (capacity, refill_per_second) = (Uint128::new(capacity), Uint128::new(refill));
                let setting = Setting::RateLimit { capacity, refill_per_second };
                let queued = world.by("owner", ExecuteMsg::Set { route: B32(ROUTE), setting });
                if !tightens {
                    // It waits, or waits already; in any case nothing changes now.
                    continue;
                }
                (queued.is_ok(), true)
            }
        };
        prop_assert_eq!(got, expected, "{:?}", step);
        if !got {
            prop_assert_eq!(world.storage(), before, "I4: a refused message changed something");
        }
        let state = world.state();
        prop_assert_eq!(
            (state.round.u64(), state.cap.u128(), state.expires_at.u64()),
            (model.round, model.cap, model.expires)
        );
        prop_assert_eq!(world.supply(kind), model.supply, "I5, I10");
        let balances = HOLDERS.map(|holder| world.balance(kind, holder));
        prop_assert_eq!(balances, model.balances, "I5, I10");
        let (live, now) = (model.round > 0 && now < model.expires && !model.paused, world.now());
        let room = if live { model.cap.saturating_sub(model.supply).min(model.available(now)) } else { 0 };
        prop_assert_eq!(world.headroom(), room, "I1, I3, I6, I7");
        prop_assert!(world.stored(b"p").is_none());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hold_after_every_message(steps in prop::collection::vec(step(), 1..40), which in 0..2usize) {
        run(KINDS[which], steps)?;
    }
}
