//! The suite's signer, and the accounts that go with it.

use ballast_gate::error::Error;
use ballast_gate::state::{Committee, Route};
use ballast_suite::name;
pub use ballast_suite::signer::*;
use ballast_suite::vectors::Taken;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// The account with the signer's key in force.
pub fn committee(signer: &Signer) -> Committee {
    let mut committee = Committee::new_zeroed();
    committee.tag = Committee::TAG;
    committee.epoch.set(EPOCH);
    (committee.px, committee.parity, committee.domain) = (signer.key.px, signer.key.parity, DOMAIN);
    committee
}

/// A registered route with one minter, [1; 32], and a rate limit that never binds.
pub fn route() -> Box<Route> {
    let mut route = Box::new(Route::new_zeroed());
    route.tag = Route::TAG;
    route.max_lease.set(MAX_LEASE);
    route.loosen_delay.set(7_200);
    (route.domain, route.route) = (DOMAIN, ROUTE);
    (route.owner, route.guardian) = ([2; 32], [3; 32]);
    route.bucket.fill(u64::MAX, 0, NOW);
    route.add_minter(&[1; 32]).unwrap();
    route
}

/// A copy, to compare with.
pub fn copy(route: &Route) -> Box<Route> {
    Box::new(Route::read_from_bytes(route.as_bytes()).unwrap())
}

/// What `submit` makes of a route, as the suite sees it. Panics where it changes more than that, or changes anything
/// although it refuses.
pub fn taken(route: &mut Route, submit: impl FnOnce(&mut Route) -> Result<(), Error>) -> Result<Taken, String> {
    let mut expected = copy(route);
    let outcome = submit(route);
    if outcome.is_ok() {
        expected.round = route.round;
        (expected.cap, expected.collateral, expected.supply) = (route.cap, route.collateral, route.supply);
        (expected.observed_at, expected.expires_at) = (route.observed_at, route.expires_at);
    }
    assert_eq!(*route, *expected, "{outcome:?}");
    outcome.map_err(name)?;
    Ok(Taken {
        round: route.round.get(),
        cap: route.cap.get().into(),
        collateral: route.collateral.get(),
        supply: route.supply.get(),
        observed_at: route.observed_at.get(),
        expires_at: route.expires_at.get(),
    })
}
