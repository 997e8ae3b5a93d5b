//! The two kinds of tokens: what they say of themselves, and the messages that mint and burn them.

use crate::error::{ensure, Error};
use crate::factory;
use crate::state::Contract;
use cosmwasm_std::{to_json_binary, Binary, Coin, CosmosMsg, QuerierWrapper, Uint128, Uint256, WasmMsg};
use serde::{Deserialize, Serialize};

/// Longest denom of a Cosmos SDK chain (types/coin.go of the SDK).
const MAX_DENOM: usize = 128;

/// What a route mints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Address of a cw20 contract.
    Cw20(String),
    /// Denom of the token factory.
    Denom(String),
}

/// What the contract says to a cw20 (cw20 specification, version 2).
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Call<'a> {
    Mint { recipient: &'a str, amount: Uint128 },
    Burn { amount: Uint128 },
    BurnFrom { owner: &'a str, amount: Uint128 },
}

/// What the contract asks a cw20.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Ask<'a> {
    TokenInfo {},
    Balance { address: &'a str },
    Minter {},
}

#[derive(Deserialize)]
struct TokenInfo {
    total_supply: Uint128,
}

#[derive(Deserialize)]
struct Balance {
    balance: Uint128,
}

#[derive(Deserialize)]
struct Minter {
    minter: String,
}

impl Token {
    /// The token of a stored kind and name.
    pub fn new(kind: u8, name: String) -> Result<Self, Error> {
        match kind {
            _ if name.is_empty() => Err(Error::BadState),
            0 => Ok(Token::Cw20(name)),
            1 => Ok(Token::Denom(name)),
            _ => Err(Error::BadState),
        }
    }

    /// The denom of this name, if it can be one.
    pub fn denom(name: String) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:._-".contains(&byte);
        ensure((3..=MAX_DENOM).contains(&name.len()) && name.bytes().all(plain), Error::BadToken)?;
        Ok(Token::Denom(name))
    }

    /// 0 for a cw20, 1 for a denom.
    pub const fn kind(&self) -> u8 {
        match self {
            Token::Cw20(_) => 0,
            Token::Denom(_) => 1,
        }
    }

    /// Address or denom.
    pub fn name(&self) -> &str {
        let (Token::Cw20(name) | Token::Denom(name)) = self;
        name
    }

    /// Total supply, base units.
    pub fn supply(&self, querier: &QuerierWrapper<'_>) -> Result<Uint256, Error> {
        match self {
            Token::Cw20(address) => Ok(ask::<TokenInfo>(querier, address, &Ask::TokenInfo {})?.total_supply.into()),
            Token::Denom(denom) => {
                let supply = querier.query_supply(denom).map_err(|_| Error::BadToken)?;
                ensure(supply.denom == *denom, Error::BadToken)?;
                Ok(supply.amount)
            }
        }
    }

    /// What the account holds, base units.
    pub fn balance(&self, querier: &QuerierWrapper<'_>, account: &str) -> Result<Uint256, Error> {
        match self {
            Token::Cw20(address) => {
                Ok(ask::<Balance>(querier, address, &Ask::Balance { address: account })?.balance.into())
            }
            Token::Denom(denom) => {
                let balance = querier.query_balance(account, denom).map_err(|_| Error::BadToken)?;
                ensure(balance.denom == *denom, Error::BadToken)?;
                Ok(balance.amount)
            }
        }
    }

    /// Who may mint it now: a cw20's minter, a denom's admin; `None` where nobody may.
    pub fn authority(&self, querier: &QuerierWrapper<'_>, contract: &Contract) -> Result<Option<String>, Error> {
        match self {
            Token::Cw20(address) => {
                Ok(ask::<Option<Minter>>(querier, address, &Ask::Minter {})?.map(|answer| answer.minter))
            }
            Token::Denom(denom) => factory::admin(querier, prefix(contract)?, denom),
        }
    }

    /// Mints to `to`.
    pub fn mint(&self, contract: &Contract, own: &str, to: &str, amount: u128) -> Result<CosmosMsg, Error> {
        match self {
            Token::Cw20(address) => call(address, &Call::Mint { recipient: to, amount: amount.into() }),
            Token::Denom(denom) => Ok(factory::mint(prefix(contract)?, own, denom, amount, to)),
        }
    }

    /// Burns what the contract itself holds.
    pub fn burn(&self, contract: &Contract, own: &str, amount: u128) -> Result<CosmosMsg, Error> {
        match self {
            Token::Cw20(address) => call(address, &Call::Burn { amount: amount.into() }),
            Token::Denom(denom) => Ok(factory::burn(prefix(contract)?, own, denom, amount)),
        }
    }

    /// Burns what `holder` holds and has allowed the contract to spend; cw20 only.
    pub fn burn_from(address: &str, holder: &str, amount: u128) -> Result<CosmosMsg, Error> {
        call(address, &Call::BurnFrom { owner: holder, amount: amount.into() })
    }
}

/// How the type URLs of the chain's token factory begin, or `BadToken` where there is none.
pub fn prefix(contract: &Contract) -> Result<&str, Error> {
    contract.token_factory.as_deref().ok_or(Error::BadToken)
}

/// `amount` of `denom` and nothing else, or `WrongFunds`.
pub fn exact_funds(funds: &[Coin], denom: &str, amount: u128) -> Result<(), Error> {
    let exact = matches!(funds, [coin] if coin.denom == denom && coin.amount == Uint256::from(amount));
    ensure(exact, Error::WrongFunds)
}

/// A number for what the contract keeps: the greatest one stands for what does not fit.
pub fn saturate(number: Uint256) -> u128 {
    Uint128::try_from(number).map_or(u128::MAX, |number| number.u128())
}

fn ask<T: serde::de::DeserializeOwned>(
    querier: &QuerierWrapper<'_>,
    address: &str,
    question: &Ask<'_>,
) -> Result<T, Error> {
    querier.query_wasm_smart(address, question).map_err(|_| Error::BadToken)
}

fn call(address: &str, message: &Call<'_>) -> Result<CosmosMsg, Error> {
    let msg: Binary = to_json_binary(message).map_err(|_| Error::BadToken)?;
    Ok(WasmMsg::Execute { contract_addr: address.to_owned(), msg, funds: Vec::new() }.into())
}
