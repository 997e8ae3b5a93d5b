//! Views.

use crate::contract::{NAME, VERSION};
use crate::domain::domain;
use crate::error::Error;
use crate::execute::address;
use crate::msg::{QueryMsg, Setting, TokenMsg, B32};
use crate::store::{self, RouteId};
use crate::token::{saturate, Token};
use cosmwasm_std::{to_json_binary, Binary, Deps, Env, Uint128, Uint64};
use serde::{Deserialize, Serialize};

/// Answer to `contract`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ContractAnswer {
    pub name: String,
    pub version: String,
    pub domain: B32,
    pub registrar: String,
    pub token_factory: Option<String>,
}

/// Answer to `committee`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CommitteeAnswer {
    pub epoch: Uint64,
    pub px: B32,
    pub parity: u8,
    pub since_round: Uint64,
}

/// Answer to `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StateAnswer {
    pub round: Uint64,
    pub cap: Uint128,
    pub collateral: Uint128,
    pub supply: Uint128,
    pub observed_at: Uint64,
    pub expires_at: Uint64,
}

/// Answer to `headroom`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HeadroomAnswer {
    pub headroom: Uint128,
}

/// Answer to `route`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RouteAnswer {
    pub token: TokenMsg,
    pub owner: String,
    pub guardian: String,
    pub pending_owner: Option<String>,
    pub minters: Vec<String>,
    pub paused: bool,
    pub max_lease: u32,
    pub loosen_delay: u32,
}

/// Answer to `rate_limit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RateLimitAnswer {
    pub capacity: Uint128,
    pub refill_per_second: Uint128,
    pub available: Uint128,
}

/// One loosening that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QueuedAnswer {
    pub setting: Setting,
    pub ready_at: Uint64,
}

/// Answer to `queue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QueueAnswer {
    pub queue: Vec<QueuedAnswer>,
}

/// Answer to `route_of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RouteOfAnswer {
    pub route: Option<B32>,
}

/// Answer to `reservation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReservationAnswer {
    pub registrant: Option<String>,
}

/// Answers one query.
pub fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, Error> {
    let now = env.block.time.seconds();
    match msg {
        QueryMsg::Contract {} => json(&contract(deps, env)?),
        QueryMsg::Committee {} => json(&committee(deps)?),
        QueryMsg::State { route } => json(&state(deps, &route.0)?),
        QueryMsg::Headroom { route } => json(&headroom(deps, &route.0, now)?),
        QueryMsg::Route { route } => json(&of_route(deps, &route.0)?),
        QueryMsg::RateLimit { route } => json(&rate_limit(deps, &route.0, now)?),
        QueryMsg::Queue { route } => json(&queue(deps, &route.0, now)?),
        QueryMsg::RouteOf { token } => json(&route_of(deps, token)?),
        QueryMsg::Reservation { route } => {
            let reservation = store::reservation(deps.storage, &route.0)?;
            json(&ReservationAnswer { registrant: reservation.map(|reservation| reservation.0) })
        }
    }
}

fn contract(deps: Deps<'_>, env: &Env) -> Result<ContractAnswer, Error> {
    let contract = store::contract(deps.storage)?;
    Ok(ContractAnswer {
        name: NAME.to_owned(),
        version: VERSION.to_owned(),
        domain: B32(domain(&env.block.chain_id, env.contract.address.as_str())),
        registrar: contract.registrar,
        token_factory: contract.token_factory,
    })
}

fn committee(deps: Deps<'_>) -> Result<CommitteeAnswer, Error> {
    let committee = store::committee(deps.storage)?;
    Ok(CommitteeAnswer {
        epoch: committee.epoch.into(),
        px: B32(committee.key.px),
        parity: committee.key.parity,
        since_round: committee.since_round.into(),
    })
}

fn state(deps: Deps<'_>, route: &RouteId) -> Result<StateAnswer, Error> {
    let state = store::state(deps.storage, route)?;
    Ok(StateAnswer {
        round: state.round.into(),
        cap: state.cap.into(),
        collateral: state.collateral.into(),
        supply: state.supply.into(),
        observed_at: state.observed_at.into(),
        expires_at: state.expires_at.into(),
    })
}

fn headroom(deps: Deps<'_>, route: &RouteId, now: u64) -> Result<HeadroomAnswer, Error> {
    let (gate, state) = (store::gate(deps.storage, route)?, store::state(deps.storage, route)?);
    let supply = saturate(gate.token.supply(&deps.querier)?);
    let bucket = store::bucket(deps.storage, route)?;
    Ok(HeadroomAnswer { headroom: state.headroom(&gate, &bucket, supply, now).into() })
}

fn of_route(deps: Deps<'_>, route: &RouteId) -> Result<RouteAnswer, Error> {
    let (gate, minters) = (store::gate(deps.storage, route)?, store::minters(deps.storage, route)?);
    Ok(RouteAnswer {
        token: match gate.token {
            Token::Cw20(address) => TokenMsg::Cw20(address),
            Token::Denom(denom) => TokenMsg::Denom(denom),
        },
        owner: gate.owner,
        guardian: gate.guardian,
        pending_owner: gate.pending_owner,
        minters: minters.0,
        paused: gate.paused,
        max_lease: gate.max_lease,
        loosen_delay: gate.loosen_delay,
    })
}

fn rate_limit(deps: Deps<'_>, route: &RouteId, now: u64) -> Result<RateLimitAnswer, Error> {
    let bucket = store::bucket(deps.storage, route)?;
    Ok(RateLimitAnswer {
        capacity: bucket.capacity.into(),
        refill_per_second: bucket.refill_per_second.into(),
        available: bucket.available(now).into(),
    })
}

fn queue(deps: Deps<'_>, route: &RouteId, now: u64) -> Result<QueueAnswer, Error> {
    let waiting = store::queue(deps.storage, route)?.0.into_iter().filter(|queued| !queued.is_lapsed(now));
    let queue = waiting.map(|queued| {
        let setting = Setting::of(&queued.change).ok_or(Error::BadState)?;
        Ok(QueuedAnswer { setting, ready_at: queued.ready_at.into() })
    });
    Ok(QueueAnswer { queue: queue.collect::<Result<_, Error>>()? })
}

fn route_of(deps: Deps<'_>, token: TokenMsg) -> Result<RouteOfAnswer, Error> {
    let token = match token {
        TokenMsg::Cw20(text) => Token::Cw20(address(deps.api, &text)?),
        TokenMsg::Denom(denom) => Token::denom(denom)?,
        TokenMsg::NewDenom(_) => return Err(Error::BadToken),
    };
    Ok(RouteOfAnswer { route: store::route_of(deps.storage, &token)?.map(B32) })
}

fn json<T: Serialize>(answer: &T) -> Result<Binary, Error> {
    to_json_binary(answer).map_err(|_| Error::BadState)
}
