//! The JSON of messages: exactly the documented one.

use crate::signer::ROUTE;
use crate::world::{instantiate_msg, register_msg, who};
use ballast_cosmos::msg::{ExecuteMsg, HookMsg, InstantiateMsg, MigrateMsg, QueryMsg, Setting, TokenMsg, B32};
use cosmwasm_std::{from_json, to_json_string, Binary, Uint128};
use proptest::prelude::*;
use serde::{de::DeserializeOwned, Serialize};
use std::fmt::Debug;

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(msg: &T, json: &str) {
    assert_eq!(to_json_string(msg).unwrap(), json);
    assert_eq!(&from_json::<T>(json).unwrap(), msg);
}

#[test]
fn messages_are_those_of_the_document() {
    let (route, r) = (B32(ROUTE), "40".repeat(32));
    let statement = Binary::new(vec![1, 2, 3]);
    let to = who("holder").to_string();
    same(
        &ExecuteMsg::Submit { route, statement: statement.clone() },
        &format!(r#"{{"submit":{{"route":"{r}","statement":"AQID"}}}}"#),
    );
    same(
        &ExecuteMsg::Mint { route, to: to.clone(), amount: Uint128::MAX, statement: Some(statement.clone()) },
        &format!(r#"{{"mint":{{"route":"{r}","to":"{to}","amount":"{}","statement":"AQID"}}}}"#, u128::MAX),
    );
    same(
        &ExecuteMsg::Redeem { route, amount: Uint128::new(7) },
        &format!(r#"{{"redeem":{{"route":"{r}","amount":"7"}}}}"#),
    );
    same(
        &ExecuteMsg::Handover { statement: statement.clone(), proof: statement },
        r#"{"handover":{"statement":"AQID","proof":"AQID"}}"#,
    );
    same(
        &ExecuteMsg::Set { route, setting: Setting::Minter { account: "a".into(), allowed: true } },
        &format!(r#"{{"set":{{"route":"{r}","setting":{{"minter":{{"account":"a","allowed":true}}}}}}}}"#),
    );
    same(&ExecuteMsg::Pause { route }, &format!(r#"{{"pause":{{"route":"{r}"}}}}"#));
    same(
        &Setting::RateLimit { capacity: Uint128::new(1), refill_per_second: Uint128::new(2) },
        r#"{"rate_limit":{"capacity":"1","refill_per_second":"2"}}"#,
    );
    same(&Setting::MaxLease { seconds: 60 }, r#"{"max_lease":{"seconds":60}}"#);
    same(&Setting::LoosenDelay { seconds: 60 }, r#"{"loosen_delay":{"seconds":60}}"#);
    same(&Setting::Guardian { account: "a".into() }, r#"{"guardian":{"account":"a"}}"#);
    same(&HookMsg::Redeem {}, r#"{"redeem":{}}"#);
    same(&MigrateMsg {}, "{}");
    same(&QueryMsg::Committee {}, r#"{"committee":{}}"#);
    same(&QueryMsg::RouteOf { token: TokenMsg::Denom("d".into()) }, r#"{"route_of":{"token":{"denom":"d"}}}"#);
    let msg = instantiate_msg();
    let json = to_json_string(&msg).unwrap();
    same(&msg, &json);
    assert!(json.starts_with(r#"{"epoch":"7","px":""#), "{json}");
    let msg = ExecuteMsg::Register(register_msg(TokenMsg::Cw20("c".into())));
    same(&msg, &to_json_string(&msg).unwrap());
}

#[test]
fn what_may_be_missing_is_the_same_as_null() {
    let r = "40".repeat(32);
    let without = format!(r#"{{"transfer_ownership":{{"route":"{r}"}}}}"#);
    let null = format!(r#"{{"transfer_ownership":{{"route":"{r}","to":null}}}}"#);
    assert_eq!(from_json::<ExecuteMsg>(without).unwrap(), from_json::<ExecuteMsg>(null).unwrap());
}

#[test]
fn other_forms_are_refused() {
    let r = "40".repeat(32);
    let short = &r[2..];
    for json in [
        format!(r#"{{"pause":{{"route":"{short}"}}}}"#),
        format!(r#"{{"pause":{{"route":"{r}40"}}}}"#),
        format!(r#"{{"pause":{{"route":"0x{r}"}}}}"#),
        format!(r#"{{"pause":{{"route":"{}"}}}}"#, "zz".repeat(32)),
        r#"{"pause":{}}"#.into(),
        r#"{"pause":{"route":null}}"#.into(),
        format!(r#"{{"pause":{{"route":"{r}","more":1}}}}"#),
        format!(r#"{{"pause":{{"route":"{r}","route":"{r}"}}}}"#),
        format!(r#"{{"pause":{{"route":"{r}"}},"unpause":{{"route":"{r}"}}}}"#),
        format!(r#"{{"pause":{{"route":"{r}"}}}} "x""#),
        format!(r#"{{"redeem":{{"route":"{r}","amount":7}}}}"#),
        format!(r#"{{"redeem":{{"route":"{r}","amount":"-7"}}}}"#),
        format!(r#"{{"redeem":{{"route":"{r}","amount":"340282366920938463463374607431768211456"}}}}"#),
        format!(r#"{{"redeem":{{"route":"{r}","amount":"1e3"}}}}"#),
        format!(r#"{{"submit":{{"route":"{r}","statement":"!"}}}}"#),
        format!(r#"{{"set":{{"route":"{r}","setting":{{"max_lease":{{"seconds":"60"}}}}}}}}"#),
        format!(r#"{{"set":{{"route":"{r}","setting":{{"max_lease":{{"seconds":4294967296}}}}}}}}"#),
        format!(r#"{{"set":{{"route":"{r}","setting":{{"max_lease":{{"seconds":60,"more":1}}}}}}}}"#),
        format!(r#"{{"set":{{"route":"{r}","setting":{{}}}}}}"#),
        "{}".into(),
        "null".into(),
        String::new(),
        "[".repeat(100_000),
    ] {
        assert!(from_json::<ExecuteMsg>(&json).is_err(), "{}", &json[..json.len().min(200)]);
    }
    let msg = instantiate_msg();
    let json = to_json_string(&msg).unwrap();
    assert!(from_json::<InstantiateMsg>(json.replace(r#""parity":"#, r#""more":1,"parity":"#)).is_err());
    assert!(from_json::<MigrateMsg>(r#"{"more":1}"#).is_err());
    let register = to_json_string(&ExecuteMsg::Register(register_msg(TokenMsg::Cw20("c".into())))).unwrap();
    assert!(from_json::<ExecuteMsg>(register.replace(r#""owner":"#, r#""more":1,"owner":"#)).is_err());
}

proptest! {
    #[test]
    fn arbitrary_texts_do_no_harm(text: String, bytes: Vec<u8>) {
        for input in [text.as_bytes(), &bytes] {
            let _ = from_json::<ExecuteMsg>(input);
            let _ = from_json::<QueryMsg>(input);
            prop_assert!(from_json::<HookMsg>(input).is_err());
        }
    }

    #[test]
    fn bytes_come_back(bytes: [u8; 32]) {
        let json = to_json_string(&B32(bytes)).unwrap();
        prop_assert_eq!(from_json::<B32>(json).unwrap(), B32(bytes));
    }
}
