//! Replies that nobody waits for, and tokens that call the contract while it waits.

use crate::cw20::Mode;
use crate::factory;
use crate::signer::{LEASE, ROUTE};
use crate::world::{governing, refused, who, Kind, World, KINDS};
use ballast_cosmos::contract::reply;
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, TokenMsg, B32};
use ballast_cosmos::reply::{Expected, Pending};
use ballast_cosmos::state::Record;
use ballast_cosmos::token::Token;
use cosmwasm_std::testing::{mock_dependencies, mock_env};
use cosmwasm_std::{
    coins, to_json_binary, Binary, CosmosMsg, MsgResponse, Reply, Storage, SubMsgResponse, SubMsgResult, Uint128,
    WasmMsg,
};

fn answer(id: u64, result: SubMsgResult) -> Reply {
    Reply { id, payload: Binary::default(), gas_used: 0, result }
}

fn success(msg_responses: Vec<MsgResponse>) -> SubMsgResult {
    #[allow(deprecated)]
    let response = SubMsgResponse { events: vec![], data: None, msg_responses };
    SubMsgResult::Ok(response)
}

fn created(denom: &str) -> MsgResponse {
    let value = anybuf::Anybuf::new().append_string(1, denom).into_vec().into();
    MsgResponse { type_url: String::new(), value }
}

#[test]
fn nobody_waits_without_a_message() {
    for id in 0..=4 {
        for result in [success(vec![]), SubMsgResult::Err("failed".into())] {
            let mut deps = mock_dependencies();
            assert_eq!(reply(deps.as_mut(), mock_env(), answer(id, result)), Err(Error::UnknownReply));
        }
    }
}

#[test]
fn only_the_reply_that_is_waited_for_counts() {
    let denom = "factory/x/y".to_owned();
    let pending = Pending::creating(Token::Denom(denom.clone()));
    let finish = |id, result| {
        let mut deps = mock_dependencies();
        deps.storage.set(b"p", &pending.encode().unwrap());
        reply(deps.as_mut(), mock_env(), answer(id, result)).map(|_| ())
    };
    assert_eq!(finish(3, success(vec![created(&denom)])), Ok(()));
    for id in [0, 1, 2, 4, 259, u64::MAX] {
        assert_eq!(finish(id, success(vec![created(&denom)])), Err(Error::UnknownReply));
    }
    assert_eq!(finish(3, SubMsgResult::Err("failed".into())), Err(Error::UnknownReply));
    let two = vec![created(&denom), created(&denom)];
    for responses in [vec![], two, vec![created("factory/x/z")], vec![created("")]] {
        assert_eq!(finish(3, success(responses)), Err(Error::BadToken));
    }
    let garbage = MsgResponse { type_url: String::new(), value: vec![0xff; 3].into() };
    assert_eq!(finish(3, success(vec![garbage])), Err(Error::BadToken));
}

#[test]
fn ids_are_those_of_the_document() {
    assert_eq!([Expected::Mint.id(), Expected::Burn.id(), Expected::Create.id()], [1, 2, 3]);
}

/// Every message, as somebody with the right to it would send it.
fn everything(world: &World) -> Vec<ExecuteMsg> {
    let (route, statement) = (B32(ROUTE), Binary::from(world.statement(1_000, 9, |_| ())));
    let others = vec![
        ExecuteMsg::Reserve { route: B32([1; 32]), registrant: None },
        ExecuteMsg::Register(crate::world::register_msg(TokenMsg::NewDenom("x".into()))),
        ExecuteMsg::Submit { route, statement: statement.clone() },
        ExecuteMsg::Mint { route, to: who("holder").into(), amount: Uint128::one(), statement: None },
        ExecuteMsg::Redeem { route, amount: Uint128::one() },
        ExecuteMsg::Receive {
            sender: who("holder").into(),
            amount: Uint128::one(),
            msg: Binary::new(br#"{"redeem":{}}"#.to_vec()),
        },
        ExecuteMsg::Handover { statement: statement.clone(), proof: Binary::new(vec![0; 65]) },
    ];
    [others, governing(route)].concat()
}

#[test]
fn a_cw20_that_calls_back_undoes_everything() {
    let mut world = World::live(Kind::Cw20, 100);
    world.mint("holder", 20).unwrap();
    for msg in everything(&world) {
        world.misbehave(Mode::Call(world.gate.clone(), to_json_binary(&msg).unwrap()));
        let before = world.storage();
        assert_eq!(refused(world.mint("holder", 5)), Error::Reentered, "{msg:?}");
        assert_eq!(refused(world.redeem(Kind::Cw20, "holder", 5)), Error::Reentered, "{msg:?}");
        assert_eq!(refused(world.redeem_by_send("holder", 5)), Error::Reentered, "{msg:?}");
        assert_eq!(world.storage(), before);
    }
}

#[test]
fn a_hook_of_a_denom_that_calls_back_undoes_everything() {
    let mut world = World::live(Kind::Denom, 100);
    world.mint("owner", 20).unwrap();
    for msg in everything(&world) {
        let call = |sender: &str, funds| {
            let (contract_addr, msg) = (world.gate.to_string(), to_json_binary(&msg).unwrap());
            factory::Mode::Hook(who(sender), CosmosMsg::Wasm(WasmMsg::Execute { contract_addr, msg, funds }))
        };
        let funds = match msg {
            ExecuteMsg::Redeem { .. } => coins(1, world.denom()),
            _ => vec![],
        };
        let mode = call("owner", funds);
        *world.factory.0.borrow_mut() = mode;
        let before = world.storage();
        assert_eq!(refused(world.mint("owner", 5)), Error::Reentered, "{msg:?}");
        assert_eq!(refused(world.redeem(Kind::Denom, "owner", 5)), Error::Reentered, "{msg:?}");
        assert_eq!(world.storage(), before);
    }
}

#[test]
fn a_denom_that_moves_elsewhere_meanwhile_is_refused() {
    // A hook that passes the coins on during the mint.
    let mut world = World::live(Kind::Denom, 100);
    let amount = coins(1, world.denom());
    let send = cosmwasm_std::BankMsg::Send { to_address: who("thief").into(), amount };
    *world.factory.0.borrow_mut() = factory::Mode::Hook(who("holder"), send.into());
    assert_eq!(refused(world.mint("holder", 5)), Error::MintMismatch);
    assert_eq!(world.supply(Kind::Denom), 0);
}

#[test]
fn after_a_refusal_everything_goes_on() {
    for kind in KINDS {
        let mut world = World::live(kind, 100);
        world.misbehave(Mode::Lazy);
        *world.factory.0.borrow_mut() = factory::Mode::Generous;
        assert_eq!(refused(world.mint("holder", 5)), Error::MintMismatch);
        world.misbehave(Mode::Honest);
        *world.factory.0.borrow_mut() = factory::Mode::Honest;
        world.mint("holder", 5).unwrap();
        world.wait(LEASE);
        world.redeem(kind, "holder", 5).unwrap();
    }
}

#[test]
fn no_message_but_redeem_takes_coins() {
    let mut world = World::live(Kind::Denom, 100);
    for name in ["owner", "guardian", "registrar", "issuer", "minter"] {
        let stake = cw_multi_test::BankSudo::Mint { to_address: who(name).into(), amount: coins(100, "stake") };
        world.app.sudo(cw_multi_test::SudoMsg::Bank(stake)).unwrap();
    }
    for msg in everything(&world) {
        if !matches!(msg, ExecuteMsg::Redeem { .. }) {
            for sender in ["owner", "guardian", "registrar", "issuer", "minter"] {
                assert_eq!(refused(world.send(sender, &msg, &coins(1, "stake"))), Error::WrongFunds, "{msg:?}");
            }
        }
    }
}
