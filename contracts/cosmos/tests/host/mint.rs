//! `mint`, over a cw20 and over a denom alike.

use crate::cw20::Mode;
use crate::factory;
use crate::signer::{LEASE, ROUTE};
use crate::world::{attributes, event, refused, register_msg, who, Kind, World, KINDS, SUBDENOM};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, QueryMsg, Setting, TokenMsg, B32};
use ballast_cosmos::query::RateLimitAnswer;
use cosmwasm_std::{coins, HexBinary, Uint128};
use cw_multi_test::{BankSudo, SudoMsg};

#[test]
fn mints_exactly_the_headroom_and_not_one_more() {
    for kind in KINDS {
        let mut world = World::live(kind, 1_000);
        assert_eq!(world.headroom(), 1_000);
        assert_eq!(refused(world.mint("holder", 1_001)), Error::ExceedsCap);
        let response = world.mint("holder", 400).unwrap();
        let expected = attributes(&[
            ("route", &HexBinary::from(&ROUTE).to_hex()),
            ("minter", who("minter").as_str()),
            ("to", who("holder").as_str()),
            ("amount", "400"),
        ]);
        assert_eq!(event(&response, "Minted"), expected);
        assert_eq!(refused(world.mint("holder", 601)), Error::ExceedsCap);
        world.mint("other", 600).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);
        assert_eq!((world.balance(kind, "holder"), world.balance(kind, "other")), (400, 600));
        assert_eq!((world.supply(kind), world.headroom(), world.cap()), (1_000, 0, 1_000));
        assert_eq!(world.stored(b"p"), None, "nothing is waited for any more");
    }
}

#[test]
fn the_greatest_amounts_fit() {
    for kind in KINDS {
        let mut world = World::live(kind, u128::MAX);
        world.mint("holder", u128::MAX - 1).unwrap();
        assert_eq!(world.headroom(), 1);
        assert_eq!(refused(world.mint("holder", 2)), Error::ExceedsCap);
        // The rate limit is as great, and all but one is taken from it.
        world.mint("holder", 1).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);
        assert_eq!(world.balance(kind, "holder"), u128::MAX);
    }
}

#[test]
fn a_supply_that_does_not_fit_leaves_no_room_and_can_be_redeemed() {
    let mut world = World::live(Kind::Denom, u128::MAX);
    world.mint("holder", 10).unwrap();
    // Beside the gate, as another module of the chain could: twice what fits.
    for _ in 0..2 {
        let amount = coins(u128::MAX, world.denom());
        let mint = BankSudo::Mint { to_address: who("thief").into(), amount };
        world.app.sudo(SudoMsg::Bank(mint)).unwrap();
    }
    assert_eq!(world.headroom(), 0);
    assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);
    world.redeem(Kind::Denom, "holder", 10).unwrap();
    assert_eq!(world.balance(Kind::Denom, "holder"), 0);
}

#[test]
fn refuses_without_statement() {
    for kind in KINDS {
        let mut world = World::new(kind);
        assert_eq!(refused(world.mint("holder", 1)), Error::NoStatement);
        assert_eq!(world.headroom(), 0);
        world.submit(0, 1).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap, "a cap of 0 is no unlimited one");
    }
}

#[test]
fn refuses_from_the_second_of_expiry_on() {
    for kind in KINDS {
        let mut world = World::live(kind, 10);
        world.wait(LEASE - 1);
        world.mint("holder", 1).unwrap();
        assert_eq!(world.headroom(), 9);
        world.wait(1);
        assert_eq!(world.headroom(), 0);
        assert_eq!(refused(world.mint("holder", 1)), Error::CapExpired);
    }
}

#[test]
fn refuses_who_is_no_minter_and_amounts_of_nothing() {
    for kind in KINDS {
        let mut world = World::live(kind, 10);
        for sender in ["holder", "owner", "guardian", "registrar", "issuer", "admin"] {
            let to = who("holder").into();
            let msg = ExecuteMsg::Mint { route: B32(ROUTE), to, amount: Uint128::one(), statement: None };
            assert_eq!(refused(world.by(sender, msg)), Error::NotMinter);
        }
        assert_eq!(refused(world.mint("holder", 0)), Error::ZeroAmount);
        assert_eq!(world.supply(kind), 0);
    }
}

#[test]
fn refuses_receivers_that_are_no_addresses_and_unknown_routes() {
    let mut world = World::live(Kind::Cw20, 10);
    for to in ["", "holder", &who("holder").as_str().to_uppercase(), "cosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysn3zhaqz"] {
        let msg = ExecuteMsg::Mint { route: B32(ROUTE), to: to.into(), amount: Uint128::one(), statement: None };
        assert_eq!(refused(world.by("minter", msg)), Error::BadAddress, "{to}");
    }
    let to = who("holder").to_string();
    let msg = ExecuteMsg::Mint { route: B32([1; 32]), to, amount: Uint128::one(), statement: None };
    assert_eq!(refused(world.by("minter", msg)), Error::UnknownRoute);
}

#[test]
fn refuses_while_paused() {
    for kind in KINDS {
        let mut world = World::live(kind, 10);
        world.by("guardian", ExecuteMsg::Pause { route: B32(ROUTE) }).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::GatePaused);
        assert_eq!(world.headroom(), 0);
        world.by("owner", ExecuteMsg::Unpause { route: B32(ROUTE) }).unwrap();
        world.mint("holder", 1).unwrap();
    }
}

#[test]
fn mints_nothing_before_the_cw20_is_handed_over() {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    let token = TokenMsg::Cw20(world.cw20.to_string());
    world.by("issuer", ExecuteMsg::Register(register_msg(token))).unwrap();
    world.submit(10, 1).unwrap();
    let before = world.storage();
    assert_eq!(refused(world.mint("holder", 1)), Error::NotMintAuthority);
    assert_eq!(world.storage(), before);
    world.hand_over_cw20();
    world.mint("holder", 1).unwrap();
}

#[test]
fn cap_below_supply_stops_mints_and_not_burns() {
    for kind in KINDS {
        let mut world = World::live(kind, 100);
        world.mint("holder", 100).unwrap();
        world.submit(40, 2).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);
        assert_eq!(world.headroom(), 0);
        world.redeem(kind, "holder", 100).unwrap();
        assert_eq!((world.supply(kind), world.cap()), (0, 0));
    }
}

#[test]
fn rate_limit_bounds_a_huge_cap() {
    for kind in KINDS {
        let mut world = World::live(kind, u128::MAX);
        let (capacity, refill_per_second) = (Uint128::new(100), Uint128::zero());
        let setting = Setting::RateLimit { capacity, refill_per_second };
        world.by("owner", ExecuteMsg::Set { route: B32(ROUTE), setting }).unwrap();
        assert_eq!(world.headroom(), 100);
        assert_eq!(refused(world.mint("thief", 101)), Error::ExceedsRateLimit);
        world.mint("thief", 100).unwrap();
        assert_eq!(refused(world.mint("thief", 1)), Error::ExceedsRateLimit);
        world.wait(LEASE - 1);
        assert_eq!(refused(world.mint("thief", 1)), Error::ExceedsRateLimit);
        let limit: RateLimitAnswer = world.ask(QueryMsg::RateLimit { route: B32(ROUTE) });
        assert_eq!((limit.capacity, limit.available), (capacity, Uint128::zero()));
    }
}

#[test]
fn takes_a_statement_that_comes_along() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let statement = world.statement(10, 1, |_| ());
        let response = world.mint_with("holder", 10, Some(statement.clone())).unwrap();
        assert_eq!(event(&response, "StatementAccepted")[1], ("round".into(), "1".into()));
        assert_eq!((world.cap(), world.supply(kind)), (10, 10));
        // Once more it is not newer, and ignored.
        assert_eq!(refused(world.mint_with("holder", 1, Some(statement.clone()))), Error::ExceedsCap);
        world.redeem(kind, "holder", 10).unwrap();
        assert_eq!(refused(world.mint_with("holder", 1, Some(statement))), Error::ExceedsCap, "the cap stays lowered");
    }
}

#[test]
fn a_refused_mint_takes_no_statement_either() {
    for kind in KINDS {
        let mut world = World::live(kind, 10);
        let before = world.storage();
        let newer = world.statement(20, 2, |_| ());
        assert_eq!(refused(world.mint_with("holder", 21, Some(newer.clone()))), Error::ExceedsCap);
        let wrong = world.statement(20, 2, |l| l.route = [9; 32]);
        assert_eq!(refused(world.mint_with("holder", 1, Some(wrong))), Error::WrongRoute);
        assert_eq!(refused(world.mint_with("holder", 1, Some(vec![]))), Error::BadLength);
        assert_eq!(refused(world.mint_with("holder", 1, Some(newer[1..].to_vec()))), Error::WrongKind);
        assert_eq!(world.storage(), before);
    }
}

#[test]
fn a_cw20_that_mints_another_amount_is_refused() {
    for mode in [Mode::Fee, Mode::Generous, Mode::Lazy] {
        let mut world = World::live(Kind::Cw20, 100);
        world.misbehave(mode);
        let before = world.storage();
        assert_eq!(refused(world.mint("holder", 10)), Error::MintMismatch);
        assert_eq!(world.storage(), before);
        assert_eq!(world.supply(Kind::Cw20), 0);
    }
    let mut world = World::live(Kind::Cw20, 100);
    world.misbehave(Mode::Silent);
    assert_eq!(refused(world.mint("holder", 10)), Error::BadToken);
}

#[test]
fn a_module_that_mints_another_amount_is_refused() {
    for mode in [factory::Mode::Generous, factory::Mode::Astray(who("thief"))] {
        let mut world = World::live(Kind::Denom, 100);
        *world.factory.0.borrow_mut() = mode;
        let before = world.storage();
        assert_eq!(refused(world.mint("holder", 10)), Error::MintMismatch);
        assert_eq!(world.storage(), before);
        assert_eq!(world.supply(Kind::Denom), 0);
    }
}

#[test]
fn a_burn_outside_the_gate_lowers_nothing() {
    let mut world = World::live(Kind::Denom, 100);
    world.mint("holder", 60).unwrap();
    let burn = cosmwasm_std::BankMsg::Burn { amount: coins(60, world.denom()) };
    world.raw(&who("holder"), burn.into()).unwrap();
    assert_eq!((world.cap(), world.headroom()), (100, 40 + 60));
}

#[test]
fn coins_sent_along_are_refused() {
    let mut world = World::live(Kind::Denom, 100);
    world.mint("minter", 50).unwrap();
    let msg = ExecuteMsg::Mint { route: B32(ROUTE), to: who("holder").into(), amount: Uint128::one(), statement: None };
    let funds = coins(1, format!("factory/{}/{SUBDENOM}", world.gate));
    assert_eq!(refused(world.send("minter", &msg, &funds)), Error::WrongFunds);
}
