//! `submit` and `handover`: anyone may bring what the committee has signed.

use super::Call;
use crate::crypto::Chain;
use crate::domain::domain;
use crate::error::Error;
use crate::gate::Judge;
use crate::store::RouteId;
use crate::{event, store};
use cosmwasm_std::Response;

/// Takes a statement that is newer than the last.
pub fn submit(call: Call<'_>, route: &RouteId, statement: &[u8]) -> Result<Response, Error> {
    let max_lease = store::gate(call.deps.storage, route)?.max_lease;
    let state = call.judge(route, max_lease, |judge| {
        let last = store::state(call.deps.storage, route)?;
        judge.submit(&last, statement)
    })?;
    store::save_state(call.deps.storage, route, &state)?;
    Ok(Response::new().add_event(event::statement_accepted(route, &state)))
}

/// Puts the next epoch's key into force.
pub fn handover(call: Call<'_>, statement: &[u8], proof: &[u8]) -> Result<Response, Error> {
    let crypto = Chain(call.deps.api);
    let committee = store::committee(call.deps.storage)?;
    let next = committee.handover(&crypto, &call.domain(), statement, proof, call.now())?;
    store::save_committee(call.deps.storage, &next)?;
    Ok(Response::new().add_event(event::handed_over(&next)))
}

impl Call<'_> {
    /// Judges a statement for one route.
    pub(super) fn judge<T>(
        &self,
        route: &RouteId,
        max_lease: u32,
        judge: impl FnOnce(&Judge<'_, Chain<'_>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let committee = store::committee(self.deps.storage)?;
        judge(&Judge {
            crypto: &Chain(self.deps.api),
            committee: &committee,
            domain: self.domain(),
            route: *route,
            max_lease,
            now: self.now(),
        })
    }

    /// The contract's own domain, computed anew: on a fork of the chain with another id the old one must not count.
    fn domain(&self) -> [u8; 32] {
        domain(&self.env.block.chain_id, self.own_address())
    }
}
