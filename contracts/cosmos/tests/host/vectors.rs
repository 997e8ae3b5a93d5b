//! contracts/vectors, as the suite tests them.

use crate::signer::{crypto, taken};
use ballast_cosmos::committee::Committee;
use ballast_cosmos::frost;
use ballast_cosmos::gate::Judge;
use ballast_cosmos::state::State;
use ballast_rules::statement::{Key, Signature};
use ballast_suite::vectors::{self, Family, Next, Taken, MAX_LEASE, NOW};
use ballast_suite::{name, vector_tests};

struct Contract;

fn record(given: &vectors::Committee) -> Committee {
    Committee { epoch: given.epoch, since_round: 0, key: given.key }
}

impl Family for Contract {
    fn check_key(key: &Key) -> Result<(), String> {
        frost::check_key(key).map_err(name)
    }

    fn verify(key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), String> {
        frost::verify(&crypto(), key, message, signature).map_err(name)
    }

    fn submit(given: &vectors::Committee, route: [u8; 32], statement: &[u8]) -> Result<Taken, String> {
        let (crypto, committee) = (&crypto(), &record(given));
        let judge = Judge { crypto, committee, domain: given.domain, route, max_lease: MAX_LEASE, now: NOW };
        judge.submit(&State::default(), statement).map(taken).map_err(name)
    }

    fn handover(given: &vectors::Committee, statement: &[u8], proof: &[u8]) -> Result<Next, String> {
        let Committee { epoch, since_round, key } =
            record(given).handover(&crypto(), &given.domain, statement, proof, NOW).map_err(name)?;
        Ok(Next { epoch, key, since_round })
    }
}

vector_tests!(Contract);
