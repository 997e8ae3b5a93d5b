//! A stand-in for a chain's token factory, over the simulated bank. It decodes the protobufs by a library of its own.

use anybuf::{Anybuf, Bufany};
use cosmwasm_std::{
    coins, Addr, AnyMsg, Api, BankMsg, Binary, BlockInfo, Coin, CosmosMsg, CustomMsg, CustomQuery, GrpcQuery, Querier,
    StdError, StdResult, Storage,
};
use cw_multi_test::{AppResponse, BankSudo, CosmosRouter, Stargate, SudoMsg};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;

pub const PREFIX: &str = "/osmosis.tokenfactory.v1beta1.";

/// What the module does instead of what it is told.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    #[default]
    Honest,
    /// Mints one more to the receiver.
    Generous,
    /// Mints to somebody else.
    Astray(Addr),
    /// Burns one less.
    Sparing,
    /// Says that it created another denom.
    OtherDenom,
    /// A hook on the denom makes this account send a message before the module answers.
    Hook(Addr, CosmosMsg),
    /// Answers no query.
    Silent,
}

/// The module; what it does is shared with the test.
#[derive(Clone, Default)]
pub struct Factory(pub Rc<RefCell<Mode>>);

fn admin_key(denom: &str) -> Vec<u8> {
    format!("factory-admin/{denom}").into_bytes()
}

fn admin(storage: &dyn Storage, denom: &str) -> StdResult<String> {
    let admin = storage.get(&admin_key(denom)).ok_or_else(|| StdError::msg("denom does not exist"))?;
    Ok(String::from_utf8(admin).unwrap())
}

fn field(message: &Bufany<'_>, number: u32) -> String {
    message.string(number).unwrap()
}

impl Stargate for Factory {
    fn execute_any<ExecC, QueryC>(
        &self,
        api: &dyn Api,
        storage: &mut dyn Storage,
        router: &dyn CosmosRouter<ExecC = ExecC, QueryC = QueryC>,
        block: &BlockInfo,
        sender: Addr,
        msg: AnyMsg,
    ) -> StdResult<AppResponse>
    where
        ExecC: CustomMsg + DeserializeOwned + 'static,
        QueryC: CustomQuery + DeserializeOwned + 'static,
    {
        let mode = self.0.borrow().clone();
        let name = msg.type_url.strip_prefix(PREFIX).ok_or_else(|| StdError::msg("unknown message"))?;
        let fields = Bufany::deserialize(&msg.value).map_err(|_| StdError::msg("no protobuf"))?;
        // A chain checks that the signer is who sends.
        assert_eq!(field(&fields, 1), sender.as_str());
        let coin = || {
            let coin = fields.message(2).unwrap();
            let amount: u128 = field(&coin, 2).parse().unwrap();
            (field(&coin, 1), amount)
        };
        let mut answer = Anybuf::new();
        match name {
            "MsgCreateDenom" => {
                let mut denom = format!("factory/{sender}/{}", field(&fields, 2));
                if storage.get(&admin_key(&denom)).is_some() {
                    return Err(StdError::msg("denom already exists"));
                }
                storage.set(&admin_key(&denom), sender.as_bytes());
                if let Mode::OtherDenom = mode {
                    denom.push('x');
                }
                answer = answer.append_string(1, denom);
            }
            "MsgMint" => {
                let (denom, mut amount) = coin();
                if admin(storage, &denom)? != sender.as_str() {
                    return Err(StdError::msg("unauthorized account"));
                }
                let mut to_address = field(&fields, 3);
                match &mode {
                    Mode::Generous => amount += 1,
                    Mode::Astray(other) => to_address = other.to_string(),
                    _ => (),
                }
                let mint = BankSudo::Mint { to_address, amount: vec![Coin::new(amount, denom)] };
                router.sudo(api, storage, block, SudoMsg::Bank(mint))?;
            }
            "MsgBurn" => {
                let (denom, mut amount) = coin();
                if admin(storage, &denom)? != sender.as_str() {
                    return Err(StdError::msg("unauthorized account"));
                }
                if let Mode::Sparing = mode {
                    amount -= 1;
                }
                let from = Addr::unchecked(field(&fields, 3));
                router.execute(api, storage, block, from, BankMsg::Burn { amount: coins(amount, denom) }.into())?;
            }
            "MsgChangeAdmin" => {
                let denom = field(&fields, 2);
                if admin(storage, &denom)? != sender.as_str() {
                    return Err(StdError::msg("unauthorized account"));
                }
                storage.set(&admin_key(&denom), field(&fields, 3).as_bytes());
            }
            _ => return Err(StdError::msg("unknown message")),
        }
        if let Mode::Hook(who, message) = mode {
            let message = message.change_custom().unwrap();
            router.execute(api, storage, block, who, message)?;
        }
        Ok(AppResponse { data: Some(answer.into_vec().into()), ..AppResponse::default() })
    }

    fn query_grpc(
        &self,
        _api: &dyn Api,
        storage: &dyn Storage,
        _querier: &dyn Querier,
        _block: &BlockInfo,
        request: GrpcQuery,
    ) -> StdResult<Binary> {
        if let Mode::Silent = *self.0.borrow() {
            return Err(StdError::msg("not allowed on this chain"));
        }
        assert_eq!(request.path, format!("{PREFIX}Query/DenomAuthorityMetadata"));
        let denom = field(&Bufany::deserialize(&request.data).unwrap(), 1);
        let metadata = Anybuf::new().append_string(1, admin(storage, &denom)?);
        Ok(Anybuf::new().append_message(1, &metadata).into_vec().into())
    }
}

/// The denom's administration, by hand.
pub fn create_denom(sender: &Addr, subdenom: &str) -> CosmosMsg {
    let value = Anybuf::new().append_string(1, sender).append_string(2, subdenom).into_vec().into();
    AnyMsg { type_url: format!("{PREFIX}MsgCreateDenom"), value }.into()
}

/// Hands a denom over.
pub fn change_admin(sender: &Addr, denom: &str, to: &Addr) -> CosmosMsg {
    let value = Anybuf::new().append_string(1, sender).append_string(2, denom).append_string(3, to).into_vec().into();
    AnyMsg { type_url: format!("{PREFIX}MsgChangeAdmin"), value }.into()
}
