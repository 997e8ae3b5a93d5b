//! Who calls: look-alikes, open beginnings, public functions.

use super::{evil_instantiate_msg, forged, handing, put, put_record, record, submission, thief, turn, twin};
use crate::cw20;
use crate::signer::{EPOCH, ROUTE};
use crate::world::{refused, register_msg, who, Kind, Outcome, World, KINDS, SUBDENOM};
use ballast_cosmos::contract;
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{
    ExecuteMsg, HookMsg, InstantiateMsg, MigrateMsg, QueryMsg, RegisterMsg, Setting, TokenMsg, B32,
};
use ballast_cosmos::query::CommitteeAnswer;
use ballast_cosmos::state::{Minters, Reservation, RouteOf};
use cosmwasm_std::{coins, from_json, to_json_binary, Addr, DepsMut, Env, MessageInfo, Response};
use cw_multi_test::{ContractWrapper, Executor};
use serde::Serialize;
use std::collections::BTreeSet;

/// A token of the thief's with as much as he likes of it, that says the contract is its minter.
fn look_alike(world: &mut World) -> Addr {
    let code = world.app.store_code(cw20::code());
    let twin = world.app.instantiate_contract(code, who("thief"), &cw20::Instantiate {}, &[], "cw20", None).unwrap();
    let new_minter = Some(world.gate.to_string());
    for msg in [
        cw20::Execute::Mint { recipient: who("thief").into(), amount: 1_000u128.into() },
        cw20::Execute::UpdateMinter { new_minter },
    ] {
        world.app.execute_contract(who("thief"), twin.clone(), &msg, &[]).unwrap();
    }
    twin
}

/// Cashio 2022: accounts that all agreed with each other and with nothing real. Here a token that agrees in everything with
/// the real one, and says that it was sent to the contract.
#[test]
fn cashio_2022_look_alike_token() {
    let mut world = World::live(Kind::Cw20, 1_000);
    world.mint("holder", 600).unwrap();
    let twin = look_alike(&mut world);
    let before = world.storage();
    let msg = to_json_binary(&HookMsg::Redeem {}).unwrap();
    let send = cw20::Execute::Send { contract: world.gate.to_string(), amount: 500u128.into(), msg: msg.clone() };
    let sent = |world: &mut World| {
        let outcome = world.app.execute_contract(who("thief"), twin.clone(), &send, &[]);
        outcome.map_err(|error| error.to_string())
    };
    assert_eq!(refused(sent(&mut world)), Error::NotToken);
    let said = ExecuteMsg::Receive { sender: who("thief").into(), amount: 500u128.into(), msg };
    assert_eq!(refused(world.by("thief", said)), Error::NotToken);
    // Nor does it become the token of this route, or of one of the thief's own.
    for route in [B32(ROUTE), B32([7; 32])] {
        let register = RegisterMsg { route, ..register_msg(TokenMsg::Cw20(twin.to_string())) };
        assert!(matches!(
            refused(world.by("thief", ExecuteMsg::Register(register))),
            Error::AlreadyInitialized | Error::NotReserved
        ));
    }
    assert_eq!((world.storage(), world.cap(), world.supply(Kind::Cw20)), (before, 1_000, 600));

    // The bug put back: the look-alike counts as the route's token, and what is worth nothing takes the cap away.
    let key = [b"t\0", twin.as_bytes()].concat();
    put_record(&mut world, &key, &RouteOf(ROUTE));
    sent(&mut world).unwrap();
    assert_eq!((world.cap(), world.supply(Kind::Cw20)), (500, 600));
}

/// The same with a contract of the same code, which would have the real token, and a denom of the same name.
#[test]
fn cashio_2022_look_alike_contract() {
    for kind in KINDS {
        let mut world = World::live(kind, 1_000);
        world.mint("holder", 600).unwrap();
        let before = world.storage();
        let token = match kind {
            Kind::Cw20 => TokenMsg::Cw20(world.cw20.to_string()),
            Kind::Denom => TokenMsg::Denom(world.denom()),
        };
        let twin = twin(&mut world);
        let gate = turn(&mut world, &twin);
        let (second, to) = (B32([7; 32]), who("thief").to_string());
        world.by("thief", ExecuteMsg::Reserve { route: second, registrant: Some(to.clone()) }).unwrap();
        let register = RegisterMsg { route: second, ..register_msg(token) };
        assert_eq!(refused(world.by("thief", ExecuteMsg::Register(register))), Error::NotMintAuthority);
        let mint = ExecuteMsg::Mint { route: B32(ROUTE), to, amount: 500u128.into(), statement: None };
        let statement = forged(&world, &thief(), EPOCH, 1);
        world.by("thief", submission(&statement)).unwrap();
        world.by("thief", mint.clone()).unwrap();
        let worthless = coins(500, world.denom());
        turn(&mut world, &gate);

        // What is good there is nothing here: neither the right to mint, nor the tokens.
        assert_eq!(refused(world.by("thief", mint)), Error::NotMinter);
        let redeem = ExecuteMsg::Redeem { route: B32(ROUTE), amount: 500u128.into() };
        assert_eq!(refused(world.send("thief", &redeem, &worthless)), Error::WrongFunds);
        assert_eq!((world.storage(), world.supply(kind)), (before, 600));
    }
}

fn key(world: &World) -> [u8; 32] {
    world.ask::<CommitteeAnswer>(QueryMsg::Committee {}).px.0
}

fn migrate(world: &mut World, told: &impl Serialize, code: u64) -> Outcome {
    let gate = world.gate.clone();
    world.app.migrate_contract(who("admin"), gate, told, code).map_err(|error| error.to_string())
}

fn open_initialiser(deps: DepsMut, env: Env, info: MessageInfo, msg: InstantiateMsg) -> Result<Response, Error> {
    contract::instantiate(deps, env, info, msg)
}

fn upgraded(_: DepsMut, _: Env, _: MigrateMsg) -> Result<Response, Error> {
    Ok(Response::new())
}

/// Ronin 2024: an upgrade left the initialiser open, and anybody could have called it. Here a contract has its key from its
/// first moment, no message begins again, and an upgrade sets nothing.
#[test]
fn ronin_2024_initialiser_open() {
    let mut world = World::live(Kind::Cw20, 1_000);
    let (gate, code, current) = (world.gate.clone(), world.code_id, world.storage());
    let evil = evil_instantiate_msg();
    for sender in ["thief", "registrar", "admin"] {
        for told in [serde_json::json!(evil), serde_json::json!({ "instantiate": evil })] {
            world.app.execute_contract(who(sender), gate.clone(), &told, &[]).unwrap_err();
        }
    }
    // An upgrade from a version before, which would be let through.
    put(&mut world, b"contract_info", br#"{"contract":"crates.io:ballast-cosmos","version":"0.0.1"}"#);
    migrate(&mut world, &evil, code).unwrap_err();
    migrate(&mut world, &MigrateMsg {}, code).unwrap();
    assert_eq!(world.storage(), current);
    assert_eq!(key(&world), world.signer.key.px);

    // The bug put back: an upgrade to a code that begins whenever it is told to.
    let open = ContractWrapper::new(open_initialiser, contract::instantiate, contract::query).with_migrate(upgraded);
    let code = world.app.store_code(Box::new(open));
    migrate(&mut world, &MigrateMsg {}, code).unwrap();
    world.app.execute_contract(who("thief"), gate, &evil, &[]).unwrap();
    assert_eq!(key(&world), thief().key.px);
}

/// The same of what is left to begin, a route: it begins once, by whom it is reserved for, and nothing works before.
#[test]
fn ronin_2024_routes_begin_once() {
    let mut world = World::bare();
    let before = world.storage();
    let mut stolen = register_msg(TokenMsg::NewDenom(SUBDENOM.into()));
    stolen.owner = who("thief").into();
    let stolen = ExecuteMsg::Register(stolen);
    let statement = forged(&world, &world.signer, EPOCH, 1);
    for msg in [submission(&statement), ExecuteMsg::Pause { route: B32(ROUTE) }] {
        assert_eq!(refused(world.by("thief", msg)), Error::UnknownRoute);
    }
    assert_eq!(refused(world.by("thief", stolen.clone())), Error::NotReserved);
    assert_eq!(world.storage(), before);
    world.reserve(Some("issuer")).unwrap();
    assert_eq!(refused(world.by("thief", stolen.clone())), Error::NotReserved);
    let register = ExecuteMsg::Register(register_msg(TokenMsg::Cw20(world.cw20.to_string())));
    world.by("issuer", register.clone()).unwrap();
    let begun = world.storage();
    for sender in ["thief", "issuer", "registrar"] {
        for msg in [&register, &stolen] {
            assert_eq!(refused(world.by(sender, msg.clone())), Error::AlreadyInitialized);
        }
    }
    assert_eq!(refused(world.reserve(Some("thief"))), Error::AlreadyInitialized);
    assert_eq!(world.storage(), begun);

    // The bug put back: it is not asked for whom the route is.
    let mut open = World::bare();
    put_record(&mut open, &record(b"r"), &Reservation(who("thief").into()));
    open.by("thief", stolen).unwrap();
    open.by("thief", ExecuteMsg::Pause { route: B32(ROUTE) }).unwrap();
}

/// The names of all messages, as the decoder tells them to who sends another.
fn doors() -> BTreeSet<String> {
    let told = from_json::<ExecuteMsg>(br#"{"x":{}}"#).unwrap_err().to_string();
    let (_, names) = told.split_once("expected one of ").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn name(msg: &ExecuteMsg) -> String {
    let json = serde_json::to_value(msg).unwrap();
    json.as_object().unwrap().keys().next().unwrap().clone()
}

/// Every message, as a stranger could make it up, and how it is refused.
fn made_up(world: &World, kind: Kind) -> Vec<(ExecuteMsg, Error)> {
    let (route, to) = (B32(ROUTE), who("thief").to_string());
    let statement = forged(world, &thief(), EPOCH, 2);
    let setting = Setting::Minter { account: to.clone(), allowed: true };
    let register = RegisterMsg { owner: to.clone(), ..register_msg(TokenMsg::Cw20(world.cw20.to_string())) };
    let reserve = |route| ExecuteMsg::Reserve { route, registrant: Some(to.clone()) };
    let receive = ExecuteMsg::Receive {
        sender: who("holder").into(),
        amount: 1u128.into(),
        msg: to_json_binary(&HookMsg::Redeem {}).unwrap(),
    };
    let nothing_to_burn = if kind == Kind::Cw20 { Error::BurnMismatch } else { Error::WrongFunds };
    vec![
        (submission(&statement), Error::BadSignature),
        (mint_one(None), Error::NotMinter),
        (mint_one(Some(&statement)), Error::BadSignature),
        (handing(world, &thief(), &thief(), 2), Error::BadSignature),
        (reserve(route), Error::NotRegistrar),
        (reserve(B32([7; 32])), Error::NotRegistrar),
        (ExecuteMsg::Register(register), Error::AlreadyInitialized),
        (ExecuteMsg::Redeem { route, amount: 1u128.into() }, nothing_to_burn),
        (receive, Error::NotToken),
        (ExecuteMsg::Pause { route }, Error::NotGuardian),
        (ExecuteMsg::Unpause { route }, Error::NotOwner),
        (ExecuteMsg::Set { route, setting: setting.clone() }, Error::NotOwner),
        (ExecuteMsg::Execute { route, setting: setting.clone() }, Error::NotOwner),
        (ExecuteMsg::Cancel { route, setting }, Error::NotGuardian),
        (ExecuteMsg::TransferOwnership { route, to: Some(to.clone()) }, Error::NotOwner),
        (ExecuteMsg::AcceptOwnership { route }, Error::NotOwner),
    ]
}

fn mint_one(statement: Option<&[u8]>) -> ExecuteMsg {
    let (to, amount) = (who("thief").into(), 1u128.into());
    ExecuteMsg::Mint { route: B32(ROUTE), to, amount, statement: statement.map(Into::into) }
}

/// CrossCurve 2026: a public function did what only the verified way may do. Here every message there is, sent by a
/// stranger with made-up contents, leaves everything as it was.
#[test]
fn cross_curve_2026_public_functions() {
    for kind in KINDS {
        let mut world = World::live(kind, 1_000);
        world.mint("holder", 10).unwrap();
        let tries = made_up(&world, kind);
        let tried: BTreeSet<_> = tries.iter().map(|(msg, _)| name(msg)).collect();
        assert_eq!(tried, doors(), "every message there is, and no other");
        let before = world.storage();
        for (msg, expected) in tries {
            assert_eq!(refused(world.by("thief", msg.clone())), expected, "{msg:?}");
            assert_eq!(world.storage(), before);
        }
        assert_eq!((world.supply(kind), world.balance(kind, "thief"), world.balance(kind, "holder")), (10, 0, 10));

        // The bug put back: who may mint is whoever calls.
        put_record(&mut world, &record(b"m"), &Minters(vec![who("thief").into()]));
        world.by("thief", mint_one(None)).unwrap();
    }
}
