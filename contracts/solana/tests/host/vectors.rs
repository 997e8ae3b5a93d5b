//! contracts/vectors, as the suite tests them.

use crate::oracle::Oracle;
use crate::signer::{route, taken};
use ballast_gate::state::Committee;
use ballast_gate::{committee, frost, gate};
use ballast_rules::statement::{Key, Signature};
use ballast_suite::vectors::{self, Family, Next, Taken, MAX_LEASE, NOW};
use ballast_suite::{name, vector_tests};
use zerocopy::FromZeros;

struct Program;

fn account(given: &vectors::Committee) -> Committee {
    let mut committee = Committee::new_zeroed();
    committee.tag = Committee::TAG;
    committee.epoch.set(given.epoch);
    (committee.px, committee.parity, committee.domain) = (given.key.px, given.key.parity, given.domain);
    committee
}

impl Family for Program {
    fn check_key(key: &Key) -> Result<(), String> {
        frost::check_key::<Oracle>(key).map_err(name)
    }

    fn verify(key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), String> {
        frost::verify::<Oracle>(key, message, signature).map_err(name)
    }

    fn submit(given: &vectors::Committee, id: [u8; 32], statement: &[u8]) -> Result<Taken, String> {
        let mut route = route();
        route.max_lease.set(MAX_LEASE);
        (route.domain, route.route) = (given.domain, id);
        taken(&mut route, |route| gate::submit::<Oracle>(route, &account(given), statement, NOW))
    }

    fn handover(given: &vectors::Committee, statement: &[u8], proof: &[u8]) -> Result<Next, String> {
        let mut committee = account(given);
        committee::handover::<Oracle>(&mut committee, &[statement, proof].concat(), NOW).map_err(|error| {
            assert_eq!(committee, account(given), "{error:?}");
            name(error)
        })?;
        Ok(Next { epoch: committee.epoch.get(), key: committee.key(), since_round: committee.since_round.get() })
    }
}

vector_tests!(Program);
