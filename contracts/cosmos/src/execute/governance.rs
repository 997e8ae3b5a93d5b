//! Messages of the issuer and the guardian.

use super::{address, Call};
use crate::error::{ensure, Error};
use crate::msg::Setting;
use crate::settings::{Change, Rules};
use crate::state::Gate;
use crate::store::RouteId;
use crate::{event, store};
use cosmwasm_std::Response;

/// Stops minting. Guardian or owner.
pub fn pause(call: Call<'_>, route: &RouteId) -> Result<Response, Error> {
    let gate = store::gate(call.deps.storage, route)?;
    ensure([gate.guardian.as_str(), &gate.owner].contains(&call.sender()), Error::NotGuardian)?;
    set_paused(call, route, gate, true)
}

/// Lets minting go on. Owner.
pub fn unpause(call: Call<'_>, route: &RouteId) -> Result<Response, Error> {
    let gate = call.gate_of_owner(route)?;
    set_paused(call, route, gate, false)
}

/// Tightens a setting at once, or queues a loosening. Owner.
pub fn set(call: Call<'_>, route: &RouteId, setting: Setting) -> Result<Response, Error> {
    let (mut rules, change) = call.change_by_owner(route, setting)?;
    let event = match change.set(&mut rules, call.now())? {
        None => event::setting_changed(route, &change),
        Some(ready_at) => event::loosening_queued(route, &change, ready_at),
    };
    store::save_rules(call.deps.storage, route, &rules)?;
    Ok(Response::new().add_event(event))
}

/// Puts a loosening that has waited into effect. Owner.
pub fn execute(call: Call<'_>, route: &RouteId, setting: Setting) -> Result<Response, Error> {
    let (mut rules, change) = call.change_by_owner(route, setting)?;
    change.execute(&mut rules, call.now())?;
    store::save_rules(call.deps.storage, route, &rules)?;
    Ok(Response::new().add_event(event::setting_changed(route, &change)))
}

/// Drops a loosening that waits. Owner; the guardian as well, except for a new guardian.
pub fn cancel(call: Call<'_>, route: &RouteId, setting: Setting) -> Result<Response, Error> {
    let (mut rules, change) = (store::rules(call.deps.storage, route)?, setting.change());
    ensure(change.may_cancel(&rules.gate, call.sender()), Error::NotGuardian)?;
    change.cancel(&mut rules)?;
    store::save_rules(call.deps.storage, route, &rules)?;
    Ok(Response::new().add_event(event::loosening_cancelled(route, &change)))
}

/// Offers the ownership to an account, or takes an offer back. Owner.
pub fn transfer_ownership(call: Call<'_>, route: &RouteId, to: Option<String>) -> Result<Response, Error> {
    let mut gate = call.gate_of_owner(route)?;
    gate.pending_owner = to.map(|text| address(call.deps.api, &text)).transpose()?;
    store::save_gate(call.deps.storage, route, &gate)?;
    Ok(Response::new())
}

/// Takes the ownership that was offered. Pending owner.
pub fn accept_ownership(call: Call<'_>, route: &RouteId) -> Result<Response, Error> {
    let mut gate = store::gate(call.deps.storage, route)?;
    ensure(gate.pending_owner.as_deref() == Some(call.sender()), Error::NotOwner)?;
    let event = event::ownership_transferred(route, &gate.owner, call.sender());
    (gate.owner, gate.pending_owner) = (call.sender().to_owned(), None);
    store::save_gate(call.deps.storage, route, &gate)?;
    Ok(Response::new().add_event(event))
}

fn set_paused(call: Call<'_>, route: &RouteId, mut gate: Gate, paused: bool) -> Result<Response, Error> {
    gate.paused = paused;
    store::save_gate(call.deps.storage, route, &gate)?;
    Ok(Response::new().add_event(event::paused(route, call.sender(), paused)))
}

impl Call<'_> {
    fn gate_of_owner(&self, route: &RouteId) -> Result<Gate, Error> {
        let gate = store::gate(self.deps.storage, route)?;
        ensure(self.sender() == gate.owner, Error::NotOwner)?;
        Ok(gate)
    }

    fn change_by_owner(&self, route: &RouteId, setting: Setting) -> Result<(Rules, Change), Error> {
        let rules = store::rules(self.deps.storage, route)?;
        ensure(self.sender() == rules.gate.owner, Error::NotOwner)?;
        let change = setting.change();
        if !change.account.is_empty() {
            address(self.deps.api, &change.account)?;
        }
        Ok((rules, change))
    }
}
