//! `redeem` and `receive`: burning is always possible.

use super::Call;
use crate::error::{ensure, Error};
use crate::msg::HookMsg;
use crate::reply::{Expected, Pending};
use crate::store::RouteId;
use crate::token::{exact_funds, Token};
use crate::{event, store};
use cosmwasm_std::{from_json, Response, Uint256};

/// Burns the sender's tokens: a denom's that are sent along, a cw20's that the contract may spend.
pub fn redeem(call: Call<'_>, route: &RouteId, amount: u128) -> Result<Response, Error> {
    let token = store::gate(call.deps.storage, route)?.token;
    let funds = call.info.funds.as_slice();
    ensure(amount > 0, Error::ZeroAmount)?;
    match &token {
        Token::Denom(denom) => exact_funds(funds, denom, amount)?,
        Token::Cw20(_) => ensure(funds.is_empty(), Error::WrongFunds)?,
    }
    let holder = call.sender().to_owned();
    burn(call, route, token, amount, &holder, Source::Allowance)
}

/// Burns what a cw20 was told to send to the contract.
pub fn receive(call: Call<'_>, holder: &str, amount: u128, msg: &[u8]) -> Result<Response, Error> {
    let token = Token::Cw20(call.sender().to_owned());
    let route = store::route_of(call.deps.storage, &token)?.ok_or(Error::NotToken)?;
    let HookMsg::Redeem {} = from_json(msg).map_err(|_| Error::BadInstruction)?;
    burn(call, &route, token, amount, holder, Source::Sent)
}

/// Where a cw20 is burned from. A denom has always been sent.
enum Source {
    Allowance,
    Sent,
}

fn burn(
    call: Call<'_>,
    route: &RouteId,
    token: Token,
    amount: u128,
    holder: &str,
    source: Source,
) -> Result<Response, Error> {
    let mut state = store::state(call.deps.storage, route)?;
    state.redeem(amount)?;
    store::save_state(call.deps.storage, route, &state)?;

    let contract = store::contract(call.deps.storage)?;
    let (message, from) = match (&token, source) {
        (Token::Cw20(address), Source::Allowance) => (Token::burn_from(address, holder, amount)?, holder),
        _ => (token.burn(&contract, call.own_address(), amount)?, call.own_address()),
    };
    let event = event::redeemed(route, holder, amount, state.cap);
    let pending = Pending::moving(&call.deps.querier, Expected::Burn, token, from.to_owned(), amount)?;
    // Said here, since a token's own words for it differ.
    ensure(pending.supply.min(pending.balance) >= Uint256::from(amount), Error::BurnMismatch)?;
    Ok(Response::new().add_event(event).add_submessage(pending.send(call.deps.storage, message)?))
}
