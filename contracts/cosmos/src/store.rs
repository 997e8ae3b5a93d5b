//! Where the records stand (`docs/cosmos-contract.md`, Storage).

use crate::committee::Committee;
use crate::error::{ensure, Error};
use crate::rate_limit::Bucket;
use crate::reply::Pending;
use crate::settings::Rules;
use crate::state::{Contract, Gate, Minters, Queue, Record, Reservation, RouteOf, State};
use crate::token::Token;
use cosmwasm_std::Storage;

const CONTRACT: &[u8] = b"f";
const COMMITTEE: &[u8] = b"c";
const PENDING: &[u8] = b"p";

const GATE: &[u8] = b"g";
const STATE: &[u8] = b"s";
const BUCKET: &[u8] = b"b";
const MINTERS: &[u8] = b"m";
const QUEUE: &[u8] = b"q";
const RESERVATION: &[u8] = b"r";
const ROUTE_OF: &[u8] = b"t";

/// A route id.
pub type RouteId = [u8; 32];

/// The contract's own record.
pub fn contract(storage: &dyn Storage) -> Result<Contract, Error> {
    required(storage, CONTRACT)
}

/// The committee's record.
pub fn committee(storage: &dyn Storage) -> Result<Committee, Error> {
    required(storage, COMMITTEE)
}

/// Writes the contract's own record.
pub fn save_contract(storage: &mut dyn Storage, contract: &Contract) -> Result<(), Error> {
    save(storage, CONTRACT, contract)
}

/// Writes the committee's record.
pub fn save_committee(storage: &mut dyn Storage, committee: &Committee) -> Result<(), Error> {
    save(storage, COMMITTEE, committee)
}

/// Token, roles and limits of a route, or `UnknownRoute`.
pub fn gate(storage: &dyn Storage, route: &RouteId) -> Result<Gate, Error> {
    load(storage, &key(GATE, route))?.ok_or(Error::UnknownRoute)
}

/// Whether the route is registered.
pub fn is_registered(storage: &dyn Storage, route: &RouteId) -> bool {
    storage.get(&key(GATE, route)).is_some()
}

/// What the newest statement of a registered route says.
pub fn state(storage: &dyn Storage, route: &RouteId) -> Result<State, Error> {
    of_route(storage, STATE, route)
}

/// The rate limit of a registered route.
pub fn bucket(storage: &dyn Storage, route: &RouteId) -> Result<Bucket, Error> {
    of_route(storage, BUCKET, route)
}

/// The minters of a registered route.
pub fn minters(storage: &dyn Storage, route: &RouteId) -> Result<Minters, Error> {
    of_route(storage, MINTERS, route)
}

/// What waits in a registered route.
pub fn queue(storage: &dyn Storage, route: &RouteId) -> Result<Queue, Error> {
    of_route(storage, QUEUE, route)
}

/// All of a route but its statement, or `UnknownRoute`.
pub fn rules(storage: &dyn Storage, route: &RouteId) -> Result<Rules, Error> {
    Ok(Rules {
        gate: gate(storage, route)?,
        bucket: bucket(storage, route)?,
        minters: minters(storage, route)?,
        queue: queue(storage, route)?,
    })
}

/// Writes token, roles and limits.
pub fn save_gate(storage: &mut dyn Storage, route: &RouteId, gate: &Gate) -> Result<(), Error> {
    save(storage, &key(GATE, route), gate)
}

/// Writes what the newest statement says.
pub fn save_state(storage: &mut dyn Storage, route: &RouteId, state: &State) -> Result<(), Error> {
    save(storage, &key(STATE, route), state)
}

/// Writes the rate limit.
pub fn save_bucket(storage: &mut dyn Storage, route: &RouteId, bucket: &Bucket) -> Result<(), Error> {
    save(storage, &key(BUCKET, route), bucket)
}

/// Writes all of a route but its statement.
pub fn save_rules(storage: &mut dyn Storage, route: &RouteId, rules: &Rules) -> Result<(), Error> {
    save_gate(storage, route, &rules.gate)?;
    save_bucket(storage, route, &rules.bucket)?;
    save(storage, &key(MINTERS, route), &rules.minters)?;
    save(storage, &key(QUEUE, route), &rules.queue)
}

/// Whom the route id is reserved for.
pub fn reservation(storage: &dyn Storage, route: &RouteId) -> Result<Option<Reservation>, Error> {
    load(storage, &key(RESERVATION, route))
}

/// Reserves a route id, or takes the reservation back.
pub fn save_reservation(
    storage: &mut dyn Storage,
    route: &RouteId,
    reservation: Option<&Reservation>,
) -> Result<(), Error> {
    match reservation {
        Some(reservation) => save(storage, &key(RESERVATION, route), reservation),
        None => {
            storage.remove(&key(RESERVATION, route));
            Ok(())
        }
    }
}

/// The route that the token has.
pub fn route_of(storage: &dyn Storage, token: &Token) -> Result<Option<RouteId>, Error> {
    Ok(load::<RouteOf>(storage, &token_key(token))?.map(|RouteOf(route)| route))
}

/// Writes which route the token has.
pub fn save_route_of(storage: &mut dyn Storage, token: &Token, route: &RouteId) -> Result<(), Error> {
    save(storage, &token_key(token), &RouteOf(*route))
}

/// Refuses whoever calls while a reply is waited for.
pub fn refuse_reentry(storage: &dyn Storage) -> Result<(), Error> {
    ensure(storage.get(PENDING).is_none(), Error::Reentered)
}

/// Remembers what a reply is waited for.
pub fn save_pending(storage: &mut dyn Storage, pending: &Pending) -> Result<(), Error> {
    save(storage, PENDING, pending)
}

/// Forgets what a reply was waited for, and gives it.
pub fn take_pending(storage: &mut dyn Storage) -> Result<Option<Pending>, Error> {
    let pending = load(storage, PENDING)?;
    storage.remove(PENDING);
    Ok(pending)
}

fn of_route<T: Record>(storage: &dyn Storage, tag: &[u8], route: &RouteId) -> Result<T, Error> {
    load(storage, &key(tag, route))?.ok_or(Error::UnknownRoute)
}

fn required<T: Record>(storage: &dyn Storage, key: &[u8]) -> Result<T, Error> {
    load(storage, key)?.ok_or(Error::BadState)
}

fn load<T: Record>(storage: &dyn Storage, key: &[u8]) -> Result<Option<T>, Error> {
    storage.get(key).map(|bytes| T::decode(&bytes)).transpose()
}

fn save<T: Record>(storage: &mut dyn Storage, key: &[u8], record: &T) -> Result<(), Error> {
    storage.set(key, &record.encode()?);
    Ok(())
}

fn key(tag: &[u8], route: &RouteId) -> Vec<u8> {
    [tag, route].concat()
}

fn token_key(token: &Token) -> Vec<u8> {
    [ROUTE_OF, &[token.kind()], token.name().as_bytes()].concat()
}
