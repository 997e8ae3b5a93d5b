//! The events, of the names that all families use.

use crate::committee::Committee;
use crate::settings::Change;
use crate::state::{Gate, State};
use crate::store::RouteId;
use cosmwasm_std::{Event, HexBinary};

/// A statement was taken.
pub fn statement_accepted(route: &RouteId, state: &State) -> Event {
    of_route("StatementAccepted", route)
        .add_attribute("round", state.round.to_string())
        .add_attribute("cap", state.cap.to_string())
        .add_attribute("collateral", state.collateral.to_string())
        .add_attribute("supply", state.supply.to_string())
        .add_attribute("observed_at", state.observed_at.to_string())
        .add_attribute("expires_at", state.expires_at.to_string())
}

/// A minter minted.
pub fn minted(route: &RouteId, minter: &str, to: &str, amount: u128) -> Event {
    of_route("Minted", route)
        .add_attribute("minter", minter)
        .add_attribute("to", to)
        .add_attribute("amount", amount.to_string())
}

/// A holder burned, and `cap` is what is left of the cap.
pub fn redeemed(route: &RouteId, from: &str, amount: u128, cap: u128) -> Event {
    of_route("Redeemed", route)
        .add_attribute("from", from)
        .add_attribute("amount", amount.to_string())
        .add_attribute("cap", cap.to_string())
}

/// The committee has this key now.
pub fn handed_over(committee: &Committee) -> Event {
    Event::new("HandedOver")
        .add_attribute("epoch", committee.epoch.to_string())
        .add_attribute("px", hex(&committee.key.px))
        .add_attribute("parity", committee.key.parity.to_string())
        .add_attribute("since_round", committee.since_round.to_string())
}

/// The gate was paused or unpaused.
pub fn paused(route: &RouteId, by: &str, paused: bool) -> Event {
    of_route(if paused { "Paused" } else { "Unpaused" }, route).add_attribute("by", by)
}

/// A setting has taken effect.
pub fn setting_changed(route: &RouteId, change: &Change) -> Event {
    of_change("SettingChanged", route, change)
}

/// A loosening waits.
pub fn loosening_queued(route: &RouteId, change: &Change, ready_at: u64) -> Event {
    of_change("LooseningQueued", route, change).add_attribute("ready_at", ready_at.to_string())
}

/// A loosening was dropped.
pub fn loosening_cancelled(route: &RouteId, change: &Change) -> Event {
    of_change("LooseningCancelled", route, change)
}

/// A route id is for this account to register, or for none.
pub fn reserved(route: &RouteId, registrant: Option<&str>) -> Event {
    with_account(of_route("Reserved", route), "registrant", registrant.unwrap_or_default())
}

/// A route was made.
pub fn registered(route: &RouteId, gate: &Gate) -> Event {
    of_route("Registered", route)
        .add_attribute("token_kind", gate.token.kind().to_string())
        .add_attribute("token", gate.token.name())
        .add_attribute("owner", &gate.owner)
        .add_attribute("guardian", &gate.guardian)
}

/// A route has another owner.
pub fn ownership_transferred(route: &RouteId, from: &str, to: &str) -> Event {
    of_route("OwnershipTransferred", route).add_attribute("from", from).add_attribute("to", to)
}

fn of_route(name: &str, route: &RouteId) -> Event {
    Event::new(name).add_attribute("route", hex(route))
}

fn of_change(name: &str, route: &RouteId, change: &Change) -> Event {
    let event = of_route(name, route).add_attribute("setting", change.kind.number().to_string());
    with_account(event, "account", &change.account)
        .add_attribute("a", change.a.to_string())
        .add_attribute("b", change.b.to_string())
}

/// Chains may refuse an attribute without a value.
fn with_account(event: Event, key: &str, account: &str) -> Event {
    if account.is_empty() {
        event
    } else {
        event.add_attribute(key, account)
    }
}

fn hex(bytes: &[u8]) -> String {
    HexBinary::from(bytes).to_hex()
}
