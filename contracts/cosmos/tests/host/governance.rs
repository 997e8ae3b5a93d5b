//! Roles, settings and ownership through the contract.

use crate::signer::{MAX_LEASE, ROUTE};
use crate::world::{attributes, event, governing, refused, who, Kind, World};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, QueryMsg, Setting, B32};
use ballast_cosmos::query::{QueueAnswer, QueuedAnswer, RouteAnswer};
use cosmwasm_std::{HexBinary, Uint128};

const R: B32 = B32(ROUTE);
const DELAY: u64 = 7_200;
const WEEK: u64 = 7 * 86_400;

fn set(setting: &Setting) -> ExecuteMsg {
    ExecuteMsg::Set { route: R, setting: setting.clone() }
}

fn execute(setting: &Setting) -> ExecuteMsg {
    ExecuteMsg::Execute { route: R, setting: setting.clone() }
}

fn cancel(setting: &Setting) -> ExecuteMsg {
    ExecuteMsg::Cancel { route: R, setting: setting.clone() }
}

fn minter(name: &str, allowed: bool) -> Setting {
    Setting::Minter { account: who(name).into(), allowed }
}

fn guardian(name: &str) -> Setting {
    Setting::Guardian { account: who(name).into() }
}

fn route(world: &World) -> RouteAnswer {
    world.ask(QueryMsg::Route { route: R })
}

fn queue(world: &World) -> Vec<QueuedAnswer> {
    world.ask::<QueueAnswer>(QueryMsg::Queue { route: R }).queue
}

#[test]
fn each_role_may_what_is_its_own() {
    let everybody = ["owner", "guardian", "minter", "registrar", "issuer", "admin", "anybody"];
    let setting = Setting::MaxLease { seconds: 60 };
    let messages: [(ExecuteMsg, &[&str], Error); 7] = [
        (ExecuteMsg::Pause { route: R }, &["owner", "guardian"], Error::NotGuardian),
        (ExecuteMsg::Unpause { route: R }, &["owner"], Error::NotOwner),
        (set(&setting), &["owner"], Error::NotOwner),
        (execute(&setting), &["owner"], Error::NotOwner),
        (cancel(&setting), &["owner", "guardian"], Error::NotGuardian),
        (ExecuteMsg::TransferOwnership { route: R, to: None }, &["owner"], Error::NotOwner),
        (ExecuteMsg::AcceptOwnership { route: R }, &[], Error::NotOwner),
    ];
    for (msg, allowed, error) in messages {
        for sender in everybody {
            let mut world = World::live(Kind::Cw20, 1);
            let before = world.storage();
            let outcome = world.by(sender, msg.clone());
            if !allowed.contains(&sender) {
                assert_eq!(refused(outcome), error, "{sender}: {msg:?}");
                assert_eq!(world.storage(), before);
            } else if let Err(text) = outcome {
                assert!(text.contains("NotQueued"), "{sender}: {msg:?}: {text}");
            }
        }
    }
}

#[test]
fn unknown_routes_have_no_owner() {
    let mut world = World::live(Kind::Cw20, 1);
    let route = B32([1; 32]);
    for msg in [governing(route), vec![ExecuteMsg::Redeem { route, amount: Uint128::one() }]].concat() {
        assert_eq!(refused(world.by("owner", msg)), Error::UnknownRoute);
    }
}

#[test]
fn pausing_says_who_did_it() {
    let mut world = World::live(Kind::Cw20, 1);
    let hex = HexBinary::from(&ROUTE).to_hex();
    let response = world.by("guardian", ExecuteMsg::Pause { route: R }).unwrap();
    assert_eq!(event(&response, "Paused"), attributes(&[("route", &hex), ("by", who("guardian").as_str())]));
    assert!(route(&world).paused);
    let response = world.by("owner", ExecuteMsg::Unpause { route: R }).unwrap();
    assert_eq!(event(&response, "Unpaused"), attributes(&[("route", &hex), ("by", who("owner").as_str())]));
    assert!(!route(&world).paused);
}

#[test]
fn removes_a_minter_at_once() {
    let mut world = World::live(Kind::Cw20, 10);
    let response = world.by("owner", set(&minter("minter", false))).unwrap();
    let hex = HexBinary::from(&ROUTE).to_hex();
    let expected =
        attributes(&[("route", &hex), ("setting", "3"), ("account", who("minter").as_str()), ("a", "0"), ("b", "0")]);
    assert_eq!(event(&response, "SettingChanged"), expected);
    assert_eq!(refused(world.mint("holder", 1)), Error::NotMinter);
    assert!(route(&world).minters.is_empty());
}

#[test]
fn a_new_minter_waits_and_lapses() {
    let mut world = World::live(Kind::Cw20, 10);
    let (setting, start) = (minter("second", true), world.now());
    assert_eq!(refused(world.by("owner", execute(&setting))), Error::NotQueued);
    let response = world.by("owner", set(&setting)).unwrap();
    let ready_at = start + DELAY;
    assert_eq!(event(&response, "LooseningQueued").last().unwrap(), &("ready_at".into(), ready_at.to_string()));
    assert_eq!(queue(&world), [QueuedAnswer { setting: setting.clone(), ready_at: ready_at.into() }]);
    assert_eq!(refused(world.by("owner", set(&setting))), Error::AlreadyQueued);
    world.wait(DELAY - 1);
    assert_eq!(refused(world.by("owner", execute(&setting))), Error::TooEarly);
    world.wait(1 + WEEK);
    assert!(queue(&world).is_empty());
    assert_eq!(refused(world.by("owner", execute(&setting))), Error::NotQueued);
    world.by("owner", set(&setting)).unwrap();
    world.wait(DELAY + WEEK - 1);
    assert_eq!(queue(&world).len(), 1);
    let response = world.by("owner", execute(&setting)).unwrap();
    event(&response, "SettingChanged");
    assert_eq!(route(&world).minters, [who("minter").as_str(), who("second").as_str()]);
    assert!(queue(&world).is_empty());
}

#[test]
fn the_guardian_cancels_all_but_its_successor() {
    let mut world = World::live(Kind::Cw20, 10);
    for setting in [minter("second", true), guardian("second")] {
        world.by("owner", set(&setting)).unwrap();
    }
    let response = world.by("guardian", cancel(&minter("second", true))).unwrap();
    event(&response, "LooseningCancelled");
    assert_eq!(refused(world.by("guardian", cancel(&guardian("second")))), Error::NotGuardian);
    world.wait(DELAY);
    world.by("owner", execute(&guardian("second"))).unwrap();
    assert_eq!(route(&world).guardian, who("second").as_str());
    assert_eq!(refused(world.by("guardian", ExecuteMsg::Pause { route: R })), Error::NotGuardian);
    world.by("second", ExecuteMsg::Pause { route: R }).unwrap();
}

#[test]
fn accounts_must_be_addresses_and_seconds_within_bounds() {
    let mut world = World::live(Kind::Cw20, 10);
    let before = world.storage();
    for account in ["x", &who("second").as_str().to_uppercase()] {
        let setting = Setting::Minter { account: account.into(), allowed: true };
        assert_eq!(refused(world.by("owner", set(&setting))), Error::BadAddress);
        assert_eq!(refused(world.by("owner", set(&Setting::Guardian { account: account.into() }))), Error::BadAddress);
    }
    for setting in [
        Setting::Guardian { account: String::new() },
        Setting::MaxLease { seconds: 0 },
        Setting::MaxLease { seconds: 30 * 86_400 + 1 },
        Setting::LoosenDelay { seconds: 3_599 },
        Setting::LoosenDelay { seconds: u32::MAX },
    ] {
        assert_eq!(refused(world.by("owner", set(&setting))), Error::BadSetting);
    }
    assert_eq!(world.storage(), before);
}

#[test]
fn a_shorter_lease_counts_at_once() {
    let mut world = World::live(Kind::Cw20, 10);
    world.by("owner", set(&Setting::MaxLease { seconds: 60 })).unwrap();
    assert_eq!(refused(world.submit(10, 2)), Error::LeaseTooLong);
    world.mint("holder", 1).unwrap();
    world.by("owner", set(&Setting::MaxLease { seconds: MAX_LEASE })).unwrap();
    assert_eq!(route(&world).max_lease, 60, "a longer one waits");
}

#[test]
fn ownership_goes_over_in_two_steps() {
    let mut world = World::live(Kind::Cw20, 10);
    let offer = |to: Option<&str>| ExecuteMsg::TransferOwnership { route: R, to: to.map(|name| who(name).into()) };
    world.by("owner", offer(Some("next"))).unwrap();
    assert_eq!(route(&world).pending_owner, Some(who("next").into()));
    assert_eq!(route(&world).owner, who("owner").as_str(), "not yet");
    world.by("owner", offer(None)).unwrap();
    assert_eq!(refused(world.by("next", ExecuteMsg::AcceptOwnership { route: R })), Error::NotOwner);
    world.by("owner", offer(Some("next"))).unwrap();
    assert_eq!(refused(world.by("owner", ExecuteMsg::AcceptOwnership { route: R })), Error::NotOwner);
    let response = world.by("next", ExecuteMsg::AcceptOwnership { route: R }).unwrap();
    let hex = HexBinary::from(&ROUTE).to_hex();
    let expected = attributes(&[("route", &hex), ("from", who("owner").as_str()), ("to", who("next").as_str())]);
    assert_eq!(event(&response, "OwnershipTransferred"), expected);
    assert_eq!((route(&world).owner, route(&world).pending_owner), (who("next").into(), None));
    assert_eq!(refused(world.by("owner", ExecuteMsg::Unpause { route: R })), Error::NotOwner);
    let msg = ExecuteMsg::TransferOwnership { route: R, to: Some("x".into()) };
    assert_eq!(refused(world.by("next", msg)), Error::BadAddress);
}

#[test]
fn nothing_of_this_moves_what_the_statement_says() {
    let mut world = World::live(Kind::Cw20, 10);
    let key = [b"s", &ROUTE[..]].concat();
    let before = (world.stored(&key), world.stored(b"c"));
    for msg in [
        ExecuteMsg::Pause { route: R },
        ExecuteMsg::Unpause { route: R },
        set(&Setting::MaxLease { seconds: 1 }),
        set(&Setting::RateLimit { capacity: Uint128::zero(), refill_per_second: Uint128::zero() }),
        set(&minter("minter", false)),
        set(&guardian("second")),
        cancel(&guardian("second")),
        ExecuteMsg::TransferOwnership { route: R, to: Some(who("next").into()) },
    ] {
        world.by("owner", msg).unwrap();
        assert_eq!((world.stored(&key), world.stored(b"c")), before);
    }
}
