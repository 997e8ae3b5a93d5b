//! `mint`: what the newest statement covers, and no more.

use super::{address, Call};
use crate::error::{ensure, Error};
use crate::gate::Mint;
use crate::reply::{Expected, Pending};
use crate::store::RouteId;
use crate::token::{saturate, Token};
use crate::{event, store};
use cosmwasm_std::Response;

/// Takes the statement, if one comes along and is newer, and mints to `to`. What the token did is compared in the reply.
pub fn mint(
    call: Call<'_>,
    route: &RouteId,
    to: &str,
    amount: u128,
    statement: Option<&[u8]>,
) -> Result<Response, Error> {
    let (contract, gate) = (store::contract(call.deps.storage)?, store::gate(call.deps.storage, route)?);
    let to = address(call.deps.api, to)?;
    // A denom's module refuses by itself whoever is not the admin, and not every chain lets a contract ask.
    if let Token::Cw20(_) = gate.token {
        let authority = gate.token.authority(&call.deps.querier, &contract)?;
        ensure(authority.as_deref() == Some(call.own_address()), Error::NotMintAuthority)?;
    }

    let mut response = Response::new();
    let mut state = store::state(call.deps.storage, route)?;
    if let Some(statement) = statement {
        if let Some(newer) = call.judge(route, gate.max_lease, |judge| judge.submit_with_mint(&state, statement))? {
            state = newer;
            store::save_state(call.deps.storage, route, &state)?;
            response = response.add_event(event::statement_accepted(route, &state));
        }
    }

    let supply = gate.token.supply(&call.deps.querier)?;
    let minters = store::minters(call.deps.storage, route)?;
    let mut bucket = store::bucket(call.deps.storage, route)?;
    Mint { gate: &gate, minters: &minters, minter: call.sender(), supply: saturate(supply), amount, now: call.now() }
        .charge(&state, &mut bucket)?;
    store::save_bucket(call.deps.storage, route, &bucket)?;

    let message = gate.token.mint(&contract, call.own_address(), &to, amount)?;
    let minted = event::minted(route, call.sender(), &to, amount);
    let pending = Pending::moving(&call.deps.querier, Expected::Mint, gate.token, to, amount)?;
    Ok(response.add_event(minted).add_submessage(pending.send(call.deps.storage, message)?))
}
