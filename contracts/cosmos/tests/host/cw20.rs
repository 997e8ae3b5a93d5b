//! A stand-in for a cw20 (the messages of the specification that the contract uses), which can be told to misbehave.

use cosmwasm_std::{
    from_json, to_json_binary, to_json_vec, Addr, Binary, Deps, DepsMut, Env, MessageInfo, Response, StdError,
    StdResult, Storage, Uint128, WasmMsg,
};
use cw_multi_test::{Contract, ContractWrapper};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the token does instead of what it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    #[default]
    Honest,
    /// Mints one less to the receiver and the rest to somebody else: the supply is right.
    Fee,
    /// Mints one more to the receiver.
    Generous,
    /// Mints and burns nothing.
    Lazy,
    /// Burns one less of the supply.
    KeepSupply,
    /// Takes one more from whom it burns, and gives it to somebody else: the supply is right.
    Greedy,
    /// Calls this contract with this message before it answers.
    Call(Addr, Binary),
    /// Answers no query.
    Silent,
    /// Does not say its supply.
    NoSupply,
}

#[derive(Default, Serialize, Deserialize)]
struct Token {
    minter: Option<Addr>,
    mode: Mode,
    supply: Uint128,
    balances: BTreeMap<String, Uint128>,
    allowances: BTreeMap<String, Uint128>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execute {
    Mint { recipient: String, amount: Uint128 },
    Burn { amount: Uint128 },
    BurnFrom { owner: String, amount: Uint128 },
    Send { contract: String, amount: Uint128, msg: Binary },
    IncreaseAllowance { spender: String, amount: Uint128 },
    UpdateMinter { new_minter: Option<String> },
    Misbehave { mode: Mode },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    TokenInfo {},
    Balance { address: String },
    Minter {},
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Instantiate {}

pub fn code() -> Box<dyn Contract<cosmwasm_std::Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}

fn load(storage: &dyn Storage) -> StdResult<Token> {
    from_json(storage.get(b"token").unwrap())
}

fn instantiate(deps: DepsMut, _env: Env, info: MessageInfo, _msg: Instantiate) -> StdResult<Response> {
    let token = Token { minter: Some(info.sender), ..Token::default() };
    deps.storage.set(b"token", &to_json_vec(&token)?);
    Ok(Response::new())
}

fn query(deps: Deps, _env: Env, msg: Query) -> StdResult<Binary> {
    let token = load(deps.storage)?;
    let asks_supply = matches!(msg, Query::TokenInfo {});
    if token.mode == Mode::Silent || (token.mode == Mode::NoSupply && asks_supply) {
        return Err(StdError::msg("no answer"));
    }
    to_json_binary(&match msg {
        // As a real one answers, with more than is asked for.
        Query::TokenInfo {} => {
            serde_json::json!({ "name": "t", "symbol": "T", "decimals": 8, "total_supply": token.supply })
        }
        Query::Balance { address } => serde_json::json!({ "balance": token.balance(&address) }),
        Query::Minter {} => {
            serde_json::json!(token.minter.map(|minter| serde_json::json!({ "minter": minter, "cap": null })))
        }
    })
}

fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: Execute) -> StdResult<Response> {
    let mut token = load(deps.storage)?;
    let sender = info.sender.to_string();
    let mut response = Response::new();
    let moves = matches!(msg, Execute::Mint { .. } | Execute::Burn { .. } | Execute::BurnFrom { .. });
    match msg {
        Execute::Mint { recipient, amount } => {
            if token.minter != Some(info.sender) {
                return Err(StdError::msg("Unauthorized"));
            }
            token.mint(&recipient, amount)?;
        }
        Execute::Burn { amount } => token.burn(&sender, amount)?,
        Execute::BurnFrom { owner, amount } => {
            let allowance = token.allowances.entry(format!("{owner}/{sender}")).or_default();
            *allowance = allowance.checked_sub(amount).map_err(|_| StdError::msg("No allowance"))?;
            token.burn(&owner, amount)?;
        }
        Execute::Send { contract, amount, msg } => {
            token.move_to(&sender, &contract, amount)?;
            let hook = serde_json::json!({ "receive": { "sender": sender, "amount": amount, "msg": msg } });
            let msg = to_json_binary(&hook)?;
            response = response.add_message(WasmMsg::Execute { contract_addr: contract, msg, funds: vec![] });
        }
        Execute::IncreaseAllowance { spender, amount } => {
            *token.allowances.entry(format!("{sender}/{spender}")).or_default() += amount;
        }
        Execute::UpdateMinter { new_minter } => {
            if token.minter != Some(info.sender) {
                return Err(StdError::msg("Unauthorized"));
            }
            token.minter = new_minter.map(Addr::unchecked);
        }
        Execute::Misbehave { mode } => token.mode = mode,
    }
    if let (Mode::Call(contract, msg), true) = (&token.mode, moves) {
        let (contract_addr, msg) = (contract.to_string(), msg.clone());
        response = response.add_message(WasmMsg::Execute { contract_addr, msg, funds: vec![] });
    }
    deps.storage.set(b"token", &to_json_vec(&token)?);
    Ok(response)
}

impl Token {
    fn balance(&self, holder: &str) -> Uint128 {
        self.balances.get(holder).copied().unwrap_or_default()
    }

    fn credit(&mut self, holder: &str, amount: Uint128) {
        *self.balances.entry(holder.into()).or_default() += amount;
    }

    fn debit(&mut self, holder: &str, amount: Uint128) -> StdResult<()> {
        let balance = self.balances.entry(holder.into()).or_default();
        *balance = balance.checked_sub(amount).map_err(|_| StdError::msg("Cannot Sub"))?;
        Ok(())
    }

    fn move_to(&mut self, from: &str, to: &str, amount: Uint128) -> StdResult<()> {
        self.debit(from, amount)?;
        self.credit(to, amount);
        Ok(())
    }

    fn mint(&mut self, to: &str, amount: Uint128) -> StdResult<()> {
        let one = Uint128::one();
        if self.mode == Mode::Lazy {
            return Ok(());
        }
        self.supply = self.supply.checked_add(amount).map_err(StdError::from)?;
        self.credit(to, amount);
        match self.mode {
            Mode::Fee => self.move_to(to, "collector", one)?,
            Mode::Generous => self.credit(to, one),
            _ => (),
        }
        Ok(())
    }

    fn burn(&mut self, from: &str, amount: Uint128) -> StdResult<()> {
        let one = Uint128::one();
        if self.mode == Mode::Lazy {
            return Ok(());
        }
        self.debit(from, amount)?;
        self.supply -= amount;
        match self.mode {
            Mode::KeepSupply => self.supply += one,
            Mode::Greedy => self.move_to(from, "collector", one)?,
            _ => (),
        }
        Ok(())
    }
}
