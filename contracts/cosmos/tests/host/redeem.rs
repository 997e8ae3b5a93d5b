//! `redeem` and `receive`: burning is always possible, and burns exactly what it says.

use crate::cw20::{self, Mode};
use crate::factory;
use crate::signer::{LEASE, ROUTE};
use crate::world::{attributes, event, refused, who, Kind, Outcome, World, KINDS};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, B32};
use cosmwasm_std::{coin, coins, Binary, HexBinary, Uint128};

/// Every way to redeem.
#[derive(Clone, Copy, Debug)]
enum Way {
    Allowance,
    Send,
    Funds,
}

const WAYS: [Way; 3] = [Way::Allowance, Way::Send, Way::Funds];

impl Way {
    fn kind(self) -> Kind {
        match self {
            Way::Allowance | Way::Send => Kind::Cw20,
            Way::Funds => Kind::Denom,
        }
    }

    fn redeem(self, world: &mut World, holder: &str, amount: u128) -> Outcome {
        match self {
            Way::Send => world.redeem_by_send(holder, amount),
            Way::Allowance | Way::Funds => world.redeem(self.kind(), holder, amount),
        }
    }
}

#[test]
fn redeeming_lowers_the_cap_so_that_reminting_waits_for_a_statement() {
    for way in WAYS {
        let (mut world, kind) = (World::live(way.kind(), 100), way.kind());
        world.mint("holder", 100).unwrap();
        let response = way.redeem(&mut world, "holder", 30).unwrap();
        let expected = attributes(&[
            ("route", &HexBinary::from(&ROUTE).to_hex()),
            ("from", who("holder").as_str()),
            ("amount", "30"),
            ("cap", "70"),
        ]);
        assert_eq!(event(&response, "Redeemed"), expected, "{way:?}");
        assert_eq!((world.cap(), world.supply(kind), world.balance(kind, "holder")), (70, 70, 70));
        assert_eq!(world.balance_of(kind, &world.gate), 0);
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);
        world.submit(100, 2).unwrap();
        world.mint("holder", 30).unwrap();
        assert_eq!(world.stored(b"p"), None);
    }
}

#[test]
fn the_cap_falls_to_zero_and_not_below() {
    for way in WAYS {
        let mut world = World::live(way.kind(), 100);
        world.mint("holder", 100).unwrap();
        world.submit(10, 2).unwrap();
        way.redeem(&mut world, "holder", 11).unwrap();
        assert_eq!(world.cap(), 0);
        way.redeem(&mut world, "holder", 89).unwrap();
        assert_eq!((world.cap(), world.supply(way.kind())), (0, 0));
    }
}

#[test]
fn redeems_paused_and_expired() {
    for way in WAYS {
        let mut world = World::live(way.kind(), 100);
        world.mint("holder", 100).unwrap();
        world.by("guardian", ExecuteMsg::Pause { route: B32(ROUTE) }).unwrap();
        way.redeem(&mut world, "holder", 1).unwrap();
        world.wait(LEASE);
        way.redeem(&mut world, "holder", 1).unwrap();
        assert_eq!(world.supply(way.kind()), 98);
    }
}

#[test]
fn redeems_before_the_first_statement() {
    let mut world = World::bare();
    // Tokens that were there before the route.
    let mint = cw20::Execute::Mint { recipient: who("holder").into(), amount: Uint128::new(50) };
    world.token("issuer", &mint).unwrap();
    world.reserve(Some("issuer")).unwrap();
    let token = ballast_cosmos::msg::TokenMsg::Cw20(world.cw20.to_string());
    world.by("issuer", ExecuteMsg::Register(crate::world::register_msg(token))).unwrap();
    // Not even handed over.
    world.redeem(Kind::Cw20, "holder", 20).unwrap();
    world.redeem_by_send("holder", 30).unwrap();
    assert_eq!((world.supply(Kind::Cw20), world.cap()), (0, 0));
}

#[test]
fn redeems_no_more_than_the_holder_has_and_nobody_elses() {
    for kind in KINDS {
        let mut world = World::live(kind, 100);
        world.mint("holder", 50).unwrap();
        world.mint("other", 50).unwrap();
        let before = world.storage();
        let outcome = world.redeem(kind, "holder", 51);
        match kind {
            Kind::Cw20 => assert_eq!(refused(outcome), Error::BurnMismatch),
            Kind::Denom => assert!(outcome.is_err(), "the bank itself refuses"),
        }
        assert!(world.redeem(kind, "stranger", 1).is_err());
        assert_eq!(world.storage(), before);
        assert_eq!((world.balance(kind, "holder"), world.balance(kind, "other")), (50, 50));
    }
    // Without an allowance.
    let mut world = World::live(Kind::Cw20, 100);
    world.mint("holder", 50).unwrap();
    let msg = ExecuteMsg::Redeem { route: B32(ROUTE), amount: Uint128::one() };
    assert!(world.by("holder", msg).unwrap_err().contains("No allowance"));
}

#[test]
fn amounts_of_nothing_are_refused() {
    for way in WAYS {
        let mut world = World::live(way.kind(), 100);
        world.mint("holder", 50).unwrap();
        assert_eq!(refused(way.redeem(&mut world, "holder", 0)), Error::ZeroAmount, "{way:?}");
    }
}

#[test]
fn exactly_the_amount_of_the_denom_must_come_along() {
    let mut world = World::live(Kind::Denom, 100);
    world.mint("holder", 50).unwrap();
    let stake = cw_multi_test::BankSudo::Mint { to_address: who("holder").into(), amount: coins(9, "stake") };
    world.app.sudo(cw_multi_test::SudoMsg::Bank(stake)).unwrap();
    let (denom, before) = (world.denom(), world.storage());
    let msg = ExecuteMsg::Redeem { route: B32(ROUTE), amount: Uint128::new(5) };
    let both = [coin(5, denom.clone()), coin(1, "stake")];
    for funds in [&[][..], &coins(4, &denom), &coins(6, &denom), &coins(5, "stake"), &both] {
        assert_eq!(refused(world.send("holder", &msg, funds)), Error::WrongFunds);
    }
    assert_eq!(world.storage(), before);
    assert_eq!(world.balance(Kind::Denom, "holder"), 50);
    let mut cw20 = World::live(Kind::Cw20, 100);
    let stake = cw_multi_test::BankSudo::Mint { to_address: who("holder").into(), amount: coins(9, "stake") };
    cw20.app.sudo(cw_multi_test::SudoMsg::Bank(stake)).unwrap();
    assert_eq!(refused(cw20.send("holder", &msg, &coins(5, "stake"))), Error::WrongFunds);
}

#[test]
fn only_a_cw20_with_a_route_may_say_that_it_sent() {
    let mut world = World::live(Kind::Cw20, 100);
    world.mint("holder", 50).unwrap();
    let msg = Binary::new(br#"{"redeem":{}}"#.to_vec());
    let receive = ExecuteMsg::Receive { sender: who("holder").into(), amount: Uint128::one(), msg };
    for sender in ["holder", "owner", "registrar", "minter", "issuer"] {
        assert_eq!(refused(world.by(sender, receive.clone())), Error::NotToken);
    }
    // A cw20 without a route.
    let mut other = World::bare();
    let mint = cw20::Execute::Mint { recipient: who("holder").into(), amount: Uint128::new(5) };
    other.token("issuer", &mint).unwrap();
    assert_eq!(refused(other.redeem_by_send("holder", 5)), Error::NotToken);
    assert_eq!(other.balance(Kind::Cw20, "holder"), 5);
    assert_eq!((world.cap(), world.supply(Kind::Cw20)), (100, 50));
}

#[test]
fn tokens_sent_with_other_words_are_sent_back() {
    let mut world = World::live(Kind::Cw20, 100);
    world.mint("holder", 50).unwrap();
    for text in ["", "{}", "redeem", r#"{"redeem":{"x":1}}"#, r#"{"redeem":{}} x"#, r#"{"mint":{}}"#, r#"["redeem"]"#] {
        let msg = Binary::new(text.as_bytes().to_vec());
        let send = cw20::Execute::Send { contract: world.gate.to_string(), amount: Uint128::new(5), msg };
        assert_eq!(refused(world.token("holder", &send)), Error::BadInstruction, "{text}");
        assert_eq!(world.balance(Kind::Cw20, "holder"), 50);
    }
}

#[test]
fn a_cw20_that_burns_another_amount_is_refused() {
    for mode in [Mode::KeepSupply, Mode::Greedy, Mode::Lazy] {
        for way in [Way::Allowance, Way::Send] {
            let mut world = World::live(Kind::Cw20, 100);
            world.mint("holder", 50).unwrap();
            // The gate holds some itself, so that more than was sent can be taken.
            let stray = cw20::Execute::Send {
                contract: world.gate.to_string(),
                amount: Uint128::one(),
                msg: Binary::default(),
            };
            assert!(world.token("holder", &stray).is_err());
            world.mint("holder", 10).unwrap();
            let gate = world.gate.clone();
            let to_gate =
                ExecuteMsg::Mint { route: B32(ROUTE), to: gate.into(), amount: Uint128::new(3), statement: None };
            world.by("minter", to_gate).unwrap();
            world.misbehave(mode.clone());
            let before = world.storage();
            assert_eq!(refused(way.redeem(&mut world, "holder", 20)), Error::BurnMismatch, "{mode:?} {way:?}");
            assert_eq!(world.storage(), before);
            assert_eq!((world.balance(Kind::Cw20, "holder"), world.supply(Kind::Cw20)), (60, 63));
        }
    }
}

#[test]
fn a_module_that_burns_another_amount_is_refused() {
    let mut world = World::live(Kind::Denom, 100);
    world.mint("holder", 50).unwrap();
    *world.factory.0.borrow_mut() = factory::Mode::Sparing;
    let before = world.storage();
    assert_eq!(refused(world.redeem(Kind::Denom, "holder", 20)), Error::BurnMismatch);
    assert_eq!(world.storage(), before);
    assert_eq!(world.balance(Kind::Denom, "holder"), 50);
}
