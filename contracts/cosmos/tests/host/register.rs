//! `instantiate`, `reserve`, `register`: how contract and routes come to be.

use crate::cw20;
use crate::factory::{self, change_admin, create_denom};
use crate::signer::{MAX_LEASE, ROUTE};
use crate::world::{attributes, event, instantiate_msg, refused, register_msg, who, Kind, World, KINDS, SUBDENOM};
use ballast_cosmos::contract::instantiate;
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, InstantiateMsg, QueryMsg, RegisterMsg, TokenMsg, B32};
use ballast_cosmos::query::{CommitteeAnswer, ContractAnswer, ReservationAnswer, RouteAnswer, RouteOfAnswer};
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cosmwasm_std::{coins, HexBinary, Uint128, Uint256};

fn start(change: impl Fn(&mut InstantiateMsg), funds: u128) -> Result<(), Error> {
    let mut msg = instantiate_msg();
    change(&mut msg);
    let funds = if funds == 0 { vec![] } else { coins(funds, "stake") };
    let info = message_info(&who("creator"), &funds);
    instantiate(mock_dependencies().as_mut(), mock_env(), info, msg).map(|_| ())
}

#[test]
fn instantiates_only_with_what_can_be() {
    assert_eq!(start(|_| (), 0), Ok(()));
    assert_eq!(start(|m| m.token_factory = None, 0), Ok(()));
    assert_eq!(start(|_| (), 1), Err(Error::WrongFunds));
    assert_eq!(start(|m| m.px = B32([0; 32]), 0), Err(Error::BadKey));
    assert_eq!(start(|m| m.parity = 2, 0), Err(Error::BadKey));
    assert_eq!(start(|m| m.registrar = String::new(), 0), Err(Error::BadAddress));
    assert_eq!(start(|m| m.registrar = m.registrar.to_uppercase(), 0), Err(Error::BadAddress));
    assert_eq!(start(|m| m.registrar = "other1qqqsyqcyq5rqwzqf20jfz9".into(), 0), Err(Error::BadAddress));
    for prefix in ["", "/", "/.", "osmosis.", "/osmosis", "/osmo sis.", "/osmosis\u{e9}."] {
        assert_eq!(start(|m| m.token_factory = Some(prefix.into()), 0), Err(Error::BadSetting), "{prefix}");
    }
    assert_eq!(start(|m| m.token_factory = Some(format!("/{}.", "a".repeat(126))), 0), Ok(()));
    assert_eq!(start(|m| m.token_factory = Some(format!("/{}.", "a".repeat(127))), 0), Err(Error::BadSetting));
}

#[test]
fn a_new_contract_knows_its_committee_and_no_route() {
    let world = World::bare();
    let committee: CommitteeAnswer = world.ask(QueryMsg::Committee {});
    let msg = instantiate_msg();
    assert_eq!((committee.epoch, committee.px, committee.parity), (msg.epoch, msg.px, msg.parity));
    assert_eq!(committee.since_round.u64(), 0);
    let contract: ContractAnswer = world.ask(QueryMsg::Contract {});
    assert_eq!((contract.registrar, contract.token_factory), (msg.registrar, msg.token_factory));
    assert_eq!((contract.name.as_str(), contract.version.as_str()), ("crates.io:ballast-cosmos", "0.1.0"));
    // The committee, the contract's own record, and cw2's.
    assert_eq!(world.storage().len(), 3);
    let info = world.stored(b"contract_info").unwrap();
    assert_eq!(info, br#"{"contract":"crates.io:ballast-cosmos","version":"0.1.0"}"#);
}

#[test]
fn only_the_registrar_reserves() {
    let mut world = World::bare();
    for sender in ["issuer", "owner", "guardian", "admin"] {
        let msg = ExecuteMsg::Reserve { route: B32(ROUTE), registrant: Some(who(sender).into()) };
        assert_eq!(refused(world.by(sender, msg)), Error::NotRegistrar);
    }
    let response = world.reserve(Some("issuer")).unwrap();
    let route = HexBinary::from(&ROUTE).to_hex();
    let expected = attributes(&[("route", &route), ("registrant", who("issuer").as_str())]);
    assert_eq!(event(&response, "Reserved"), expected);
    let reservation = |world: &World| world.ask::<ReservationAnswer>(QueryMsg::Reservation { route: B32(ROUTE) });
    assert_eq!(reservation(&world).registrant, Some(who("issuer").into()));
    // Another replaces it, and none takes it back.
    world.reserve(Some("other")).unwrap();
    assert_eq!(reservation(&world).registrant, Some(who("other").into()));
    let response = world.reserve(None).unwrap();
    assert_eq!(event(&response, "Reserved"), attributes(&[("route", &route)]));
    assert_eq!(reservation(&world).registrant, None);
    let msg = ExecuteMsg::Reserve { route: B32(ROUTE), registrant: Some("nobody".into()) };
    assert_eq!(refused(world.by("registrar", msg)), Error::BadAddress);
}

fn register(world: &mut World, sender: &str, change: impl Fn(&mut RegisterMsg)) -> crate::world::Outcome {
    let mut msg = register_msg(TokenMsg::Cw20(world.cw20.to_string()));
    change(&mut msg);
    world.by(sender, ExecuteMsg::Register(msg))
}

#[test]
fn nobody_registers_what_is_not_reserved_for_him() {
    let mut world = World::bare();
    assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::NotReserved);
    world.reserve(Some("squatter")).unwrap();
    assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::NotReserved);
    // With a reservation, but not the token's minter.
    assert_eq!(refused(register(&mut world, "squatter", |_| ())), Error::NotMintAuthority);
    world.reserve(Some("issuer")).unwrap();
    assert_eq!(refused(register(&mut world, "squatter", |_| ())), Error::NotReserved);
    assert!(register(&mut world, "issuer", |_| ()).is_ok());
}

#[test]
fn registers_once_with_what_it_was_given() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let (token, name) = match kind {
            Kind::Cw20 => (TokenMsg::Cw20(world.cw20.to_string()), world.cw20.to_string()),
            Kind::Denom => (TokenMsg::Denom(world.denom()), world.denom()),
        };
        let expected = RouteAnswer {
            token: token.clone(),
            owner: who("owner").into(),
            guardian: who("guardian").into(),
            pending_owner: None,
            minters: vec![who("minter").into()],
            paused: false,
            max_lease: MAX_LEASE,
            loosen_delay: 7_200,
        };
        assert_eq!(world.ask::<RouteAnswer>(QueryMsg::Route { route: B32(ROUTE) }), expected);
        let route_of: RouteOfAnswer = world.ask(QueryMsg::RouteOf { token });
        assert_eq!(route_of.route, Some(B32(ROUTE)));
        let state = world.stored(&[b"s", &ROUTE[..]].concat()).unwrap();
        assert_eq!(state, [&[1][..], &[0; 72]].concat(), "no statement yet");
        let key = [b"t", &[u8::from(kind == Kind::Denom)][..], name.as_bytes()].concat();
        assert_eq!(world.stored(&key).unwrap(), [&[1][..], &ROUTE].concat());
        assert_eq!(world.stored(&[b"r", &ROUTE[..]].concat()), None, "the reservation is used up");

        assert_eq!(refused(world.reserve(Some("issuer"))), Error::AlreadyInitialized);
        assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::AlreadyInitialized);
    }
}

#[test]
fn a_token_has_one_route() {
    let mut world = World::bare();
    let other = B32([7; 32]);
    world.reserve(Some("issuer")).unwrap();
    world.by("registrar", ExecuteMsg::Reserve { route: other, registrant: Some(who("issuer").into()) }).unwrap();
    register(&mut world, "issuer", |_| ()).unwrap();
    assert_eq!(refused(register(&mut world, "issuer", |m| m.route = other)), Error::AlreadyInitialized);
    let new_denom = |m: &mut RegisterMsg| (m.route, m.token) = (other, TokenMsg::NewDenom(SUBDENOM.into()));
    register(&mut world, "issuer", new_denom).unwrap();
}

#[test]
fn says_what_was_registered() {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    let response = register(&mut world, "issuer", |_| ()).unwrap();
    let expected = attributes(&[
        ("route", &HexBinary::from(&ROUTE).to_hex()),
        ("token_kind", "0"),
        ("token", world.cw20.as_str()),
        ("owner", who("owner").as_str()),
        ("guardian", who("guardian").as_str()),
    ]);
    assert_eq!(event(&response, "Registered"), expected);
}

#[test]
fn registers_within_the_bounds_of_later_changes() {
    let day = 86_400;
    let faults: [(&dyn Fn(&mut RegisterMsg), Error); 11] = [
        (&|m| m.max_lease = 0, Error::BadSetting),
        (&|m| m.max_lease = 30 * day + 1, Error::BadSetting),
        (&|m| m.loosen_delay = 3_599, Error::BadSetting),
        (&|m| m.loosen_delay = 30 * day + 1, Error::BadSetting),
        (&|m| m.owner = "x".into(), Error::BadAddress),
        (&|m| m.guardian = String::new(), Error::BadAddress),
        (&|m| m.minters.push("x".into()), Error::BadAddress),
        (&|m| m.minters = (0..9).map(|i| who(&i.to_string()).into()).collect(), Error::TooManyMinters),
        (&|m| m.minters = vec![who("minter").into(); 9], Error::TooManyMinters),
        (&|m| m.token = TokenMsg::Cw20("x".to_owned()), Error::BadAddress),
        (&|m| m.token = TokenMsg::Cw20(who("nobody").into()), Error::BadToken),
    ];
    for (change, expected) in faults {
        let mut world = World::bare();
        world.reserve(Some("issuer")).unwrap();
        let before = world.storage();
        assert_eq!(refused(register(&mut world, "issuer", change)), expected);
        assert_eq!(world.storage(), before);
    }
    let mut world = World::bare();
    let zero = B32([0; 32]);
    world.by("registrar", ExecuteMsg::Reserve { route: zero, registrant: Some(who("issuer").into()) }).unwrap();
    assert_eq!(refused(register(&mut world, "issuer", |m| m.route = zero)), Error::BadSetting);
    world.reserve(Some("issuer")).unwrap();
    let ends = |m: &mut RegisterMsg| {
        (m.max_lease, m.loosen_delay, m.capacity) = (30 * day, 3_600, Uint128::zero());
        m.minters = (0..8).map(|i| who(&i.to_string()).into()).collect();
    };
    register(&mut world, "issuer", ends).unwrap();
}

#[test]
fn a_cw20_that_nobody_may_mint_cannot_be_registered() {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    world.token("issuer", &cw20::Execute::UpdateMinter { new_minter: None }).unwrap();
    assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::NotMintAuthority);
    world.misbehave(cw20::Mode::Silent);
    assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::BadToken);

    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    world.misbehave(cw20::Mode::NoSupply);
    assert_eq!(refused(register(&mut world, "issuer", |_| ())), Error::BadToken, "and not at the first mint");
}

#[test]
fn takes_over_a_denom_whose_admin_signs() {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    world.raw(&who("creator"), create_denom(&who("creator"), SUBDENOM)).unwrap();
    let denom = format!("factory/{}/{SUBDENOM}", who("creator"));
    let take = |m: &mut RegisterMsg| m.token = TokenMsg::Denom(denom.clone());
    // The creator's name is in the denom, but its admin is another by now.
    assert_eq!(refused(register(&mut world, "issuer", take)), Error::NotMintAuthority);
    world.raw(&who("creator"), change_admin(&who("creator"), &denom, &who("issuer"))).unwrap();
    register(&mut world, "issuer", take).unwrap();

    let statement = world.statement(100, 1, |_| ());
    world.bring(statement).unwrap();
    assert!(world.mint("holder", 1).unwrap_err().contains("unauthorized account"));
    let gate = world.gate.clone();
    world.raw(&who("issuer"), change_admin(&who("issuer"), &denom, &gate)).unwrap();
    world.mint("holder", 1).unwrap();
    assert_eq!(world.app.wrap().query_supply(&denom).unwrap().amount, Uint256::one());
}

#[test]
fn refuses_denoms_that_cannot_be_taken_over() {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    let with = |world: &mut World, denom: &str| {
        refused(register(world, "issuer", |m| m.token = TokenMsg::Denom(denom.into())))
    };
    for denom in ["", "ab", "fac tory", "stake", "factory/nobody/x", &"a".repeat(129)] {
        assert_eq!(with(&mut world, denom), Error::BadToken, "{denom}");
    }
    world.raw(&who("issuer"), create_denom(&who("issuer"), SUBDENOM)).unwrap();
    *world.factory.0.borrow_mut() = factory::Mode::Silent;
    let denom = format!("factory/{}/{SUBDENOM}", who("issuer"));
    assert_eq!(with(&mut world, &denom), Error::BadToken, "a chain that lets contracts ask nothing");
}

#[test]
fn creates_only_denoms_that_can_be() {
    for subdenom in ["", "a b", "\u{e9}", &"a".repeat(45)] {
        let mut world = World::bare();
        world.reserve(Some("issuer")).unwrap();
        let new = |m: &mut RegisterMsg| m.token = TokenMsg::NewDenom(subdenom.into());
        assert_eq!(refused(register(&mut world, "issuer", new)), Error::BadToken, "{subdenom}");
    }
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    *world.factory.0.borrow_mut() = factory::Mode::OtherDenom;
    let new = |m: &mut RegisterMsg| m.token = TokenMsg::NewDenom(SUBDENOM.into());
    let before = world.storage();
    assert_eq!(refused(register(&mut world, "issuer", new)), Error::BadToken);
    assert_eq!(world.storage(), before);
}

#[test]
fn a_chain_without_a_token_factory_has_no_denoms() {
    let mut world = World::bare();
    let msg = InstantiateMsg { token_factory: None, ..instantiate_msg() };
    let code = world.code_id;
    use cw_multi_test::Executor;
    world.gate = world.app.instantiate_contract(code, who("registrar"), &msg, &[], "gate", None).unwrap();
    world.reserve(Some("issuer")).unwrap();
    for token in [TokenMsg::NewDenom(SUBDENOM.into()), TokenMsg::Denom("factory/x/y".into())] {
        assert_eq!(refused(register(&mut world, "issuer", |m| m.token = token.clone())), Error::BadToken);
    }
    register(&mut world, "issuer", |_| ()).unwrap();
}
