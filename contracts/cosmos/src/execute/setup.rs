//! `reserve` and `register`: how routes come to be.

use super::{address, Call};
use crate::error::{ensure, Error};
use crate::msg::{RegisterMsg, TokenMsg};
use crate::rate_limit::Bucket;
use crate::reply::Pending;
use crate::settings::{Change, Rules};
use crate::state::{Gate, Minters, Queue, Reservation, State, MAX_ENTRIES};
use crate::store::RouteId;
use crate::token::{self, Token};
use crate::{event, factory, store};
use ballast_rules::settings::Kind;
use cosmwasm_std::Response;

/// Says who may register a route id. Registrar.
pub fn reserve(call: Call<'_>, route: &RouteId, registrant: Option<String>) -> Result<Response, Error> {
    ensure(call.sender() == store::contract(call.deps.storage)?.registrar, Error::NotRegistrar)?;
    ensure(!store::is_registered(call.deps.storage, route), Error::AlreadyInitialized)?;
    let registrant = registrant.map(|text| address(call.deps.api, &text)).transpose()?;
    let event = event::reserved(route, registrant.as_deref());
    store::save_reservation(call.deps.storage, route, registrant.map(Reservation).as_ref())?;
    Ok(Response::new().add_event(event))
}

/// Makes a route. Whom its id is reserved for, being the token's minter or admin.
pub fn register(call: Call<'_>, msg: RegisterMsg) -> Result<Response, Error> {
    let route = msg.route.0;
    ensure(!store::is_registered(call.deps.storage, &route), Error::AlreadyInitialized)?;
    let reservation = store::reservation(call.deps.storage, &route)?.ok_or(Error::NotReserved)?;
    ensure(reservation.0 == call.sender(), Error::NotReserved)?;

    let (token, subdenom) = call.token(&msg.token)?;
    ensure(store::route_of(call.deps.storage, &token)?.is_none(), Error::AlreadyInitialized)?;
    let contract = store::contract(call.deps.storage)?;
    if subdenom.is_none() {
        let authority = token.authority(&call.deps.querier, &contract)?;
        ensure(authority.as_deref() == Some(call.sender()), Error::NotMintAuthority)?;
    }
    // What does not answer fails here and not at the first mint.
    token.supply(&call.deps.querier)?;

    let rules = call.rules(token.clone(), &msg)?;
    let storage = call.deps.storage;
    store::save_rules(storage, &route, &rules)?;
    store::save_state(storage, &route, &State::default())?;
    store::save_route_of(storage, &token, &route)?;
    store::save_reservation(storage, &route, None)?;
    let response = Response::new().add_event(event::registered(&route, &rules.gate));
    let Some(subdenom) = subdenom else { return Ok(response) };
    let message = factory::create(token::prefix(&contract)?, call.env.contract.address.as_str(), &subdenom);
    Ok(response.add_submessage(Pending::creating(token).send(storage, message)?))
}

impl Call<'_> {
    /// The token, and the subdenom if it is yet to be created.
    fn token(&self, token: &TokenMsg) -> Result<(Token, Option<String>), Error> {
        Ok(match token {
            TokenMsg::Cw20(text) => (Token::Cw20(address(self.deps.api, text)?), None),
            TokenMsg::Denom(denom) => (Token::denom(denom.clone())?, None),
            TokenMsg::NewDenom(subdenom) => {
                (Token::denom(factory::denom(self.own_address(), subdenom)?)?, Some(subdenom.clone()))
            }
        })
    }

    /// The rules of a new route, within the bounds that hold for later changes too.
    fn rules(&self, token: Token, msg: &RegisterMsg) -> Result<Rules, Error> {
        let (api, now) = (self.deps.api, self.now());
        ensure(msg.route.0 != [0; 32], Error::BadSetting)?;
        ensure(msg.minters.len() <= MAX_ENTRIES, Error::TooManyMinters)?;
        let mut rules = Rules {
            gate: Gate {
                paused: false,
                max_lease: 0,
                loosen_delay: 0,
                token,
                owner: address(api, &msg.owner)?,
                guardian: address(api, &msg.guardian)?,
                pending_owner: None,
            },
            bucket: Bucket::full(msg.capacity.u128(), msg.refill_per_second.u128(), now),
            minters: Minters::default(),
            queue: Queue::default(),
        };
        let seconds = |kind, seconds: u32| Change { kind, account: String::new(), a: seconds.into(), b: 0 };
        seconds(Kind::MaxLease, msg.max_lease).apply(&mut rules, now)?;
        seconds(Kind::LoosenDelay, msg.loosen_delay).apply(&mut rules, now)?;
        for minter in &msg.minters {
            let account = address(api, minter)?;
            Change { kind: Kind::Minter, account, a: 1, b: 0 }.apply(&mut rules, now)?;
        }
        Ok(rules)
    }
}
