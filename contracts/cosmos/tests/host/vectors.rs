//! contracts/vectors: what is signed, and what a gate must refuse, with the code of the first check that fails.

use crate::signer::{self, crypto, MAX_LEASE};
use ballast_cosmos::committee::Committee;
use ballast_cosmos::crypto::Crypto;
use ballast_cosmos::error::Error;
use ballast_cosmos::gate::Judge;
use ballast_cosmos::state::State;
use ballast_cosmos::statement::{Handover, Header, Key, Leaf, MintCap, Signature, Submission, U256};
use ballast_cosmos::{frost, merkle};
use serde_json::Value;
use zerocopy::{FromBytes, IntoBytes};

const NOW: u64 = 1_790_000_000;

struct Case(Value);

impl Case {
    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_else(|| panic!("{}: no {field}", self.0["name"]))
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        let hex = self.text(field).strip_prefix("0x").unwrap();
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    fn b32(&self, field: &str) -> [u8; 32] {
        self.bytes(field).try_into().unwrap()
    }

    fn int<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, field: &str) -> T {
        self.text(field).parse().unwrap()
    }

    fn word(&self, field: &str) -> U256 {
        let number: num_bigint::BigUint = self.text(field).parse().unwrap();
        let mut bytes = [0; 32];
        let digits = number.to_bytes_be();
        bytes[32 - digits.len()..].copy_from_slice(&digits);
        U256::read_from_bytes(&bytes).unwrap()
    }

    fn is_valid(&self) -> bool {
        self.0["valid"].as_bool().unwrap()
    }

    fn key(&self) -> Option<Key> {
        Some(Key { px: self.bytes("px").try_into().ok()?, parity: self.int("parity") })
    }

    fn expected(&self) -> Result<(), Error> {
        Err(match self.text("error") {
            "" => return Ok(()),
            "bad_length" => Error::BadLength,
            "bad_kind" => Error::WrongKind,
            "bad_branch" => Error::BadBranch,
            "bad_domain" => Error::WrongDomain,
            "bad_route" => Error::WrongRoute,
            "bad_epoch" => Error::WrongEpoch,
            "bad_point" => Error::BadCommitment,
            "bad_scalar" => Error::BadScalar,
            "bad_signature" => Error::BadSignature,
            "bad_root" => Error::WrongRoot,
            "bad_key" => Error::BadKey,
            other => panic!("{}: unknown code {other}", self.text("name")),
        })
    }

    fn committee(&self) -> Committee {
        Committee { epoch: self.int("epoch"), since_round: 0, key: self.key().unwrap() }
    }
}

/// The cases of one file that are not of the EVM alone, no fewer than there were when this was written.
fn cases(file: &str, at_least: usize) -> Vec<Case> {
    let path = format!("{}/../vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let Value::Array(all) = file["cases"].take() else { panic!("{path}: no cases") };
    let cases: Vec<_> = all.into_iter().filter(|case| case["scope"] != "evm").map(Case).collect();
    assert!(cases.len() >= at_least, "{path}: {} cases", cases.len());
    cases
}

/// What the vectors do not know, since it is the gate's own state: its clock, its lease, its last round, its fields.
fn is_gates_own(error: Error) -> bool {
    use Error::{DoesNotFit, HandoverExpired, LeaseTooLong, ObservedInFuture, StaleRound, StatementExpired};
    matches!(error, DoesNotFit | HandoverExpired | LeaseTooLong | ObservedInFuture | StaleRound | StatementExpired)
}

#[test]
fn signatures() {
    let mut valid = 0;
    for case in cases("frost", 150) {
        let got = case.key().ok_or(Error::BadKey).and_then(|key| {
            frost::check_key(&key)?;
            let signature = [case.bytes("r"), case.bytes("z")].concat();
            frost::verify(&crypto(), &key, &case.b32("message"), Signature::ref_from_bytes(&signature).unwrap())
        });
        assert_eq!(got, case.expected(), "{}", case.text("name"));
        valid += usize::from(case.is_valid());
    }
    assert!(valid >= 12, "{valid}");
}

#[test]
fn encodings() {
    for case in cases("statements", 60) {
        if case.text("error") == "out_of_range" {
            continue; // what no encoder may encode: there are no bytes
        }
        let bytes = case.bytes("bytes");
        match (case.text("type"), case.is_valid()) {
            ("mint_cap", true) => {
                let leaf = MintCap::ref_from_bytes(&bytes).unwrap();
                assert_eq!((leaf.domain, leaf.route), (case.b32("domain"), case.b32("route")));
                assert_eq!((leaf.cap, leaf.collateral), (case.word("mint_cap"), case.word("collateral")));
                assert_eq!(
                    (leaf.supply, leaf.observed_at),
                    (case.word("supply"), case.int::<u64>("observed_at").into())
                );
                assert_eq!(leaf.expires_at.get(), case.int::<u64>("expires_at"));
                check_leaf_hash(&case, &bytes);
            }
            ("handover", true) => {
                let leaf = Handover::ref_from_bytes(&bytes).unwrap();
                assert_eq!((leaf.domain, leaf.key), (case.b32("domain"), case.key().unwrap()));
                assert_eq!(leaf.new_epoch.get(), case.int::<u64>("new_epoch"));
                assert_eq!(leaf.expires_at.get(), case.int::<u64>("expires_at"));
                check_leaf_hash(&case, &bytes);
            }
            ("header", true) => {
                let header = Header::ref_from_bytes(&bytes).unwrap();
                assert_eq!((header.evidence, header.root), (case.b32("evidence"), case.b32("root")));
                assert_eq!(header.epoch.get(), case.int::<u64>("epoch"));
                assert_eq!(header.round.get(), case.int::<u64>("round"));
                assert_eq!(header.message(&crypto()), case.b32("hash"), "{}", case.text("name"));
            }
            ("evidence" | "name", true) => assert_eq!(crypto().keccak256(&[&bytes]), case.b32("hash")),
            ("mint_cap", false) => refuse_leaf::<MintCap>(&case, &bytes),
            ("handover", false) => refuse_leaf::<Handover>(&case, &bytes),
            (other, _) => panic!("{}: unknown type {other}", case.text("name")),
        }
    }
}

fn check_leaf_hash(case: &Case, leaf: &[u8]) {
    assert_eq!(merkle::root(&crypto(), leaf, &[], 0), case.b32("hash"), "{}", case.text("name"));
}

fn refuse_leaf<L: Leaf>(case: &Case, leaf: &[u8]) {
    if case.text("error") == "bad_parity" {
        let key = Handover::ref_from_bytes(leaf).unwrap().key;
        return assert_eq!(frost::check_key(&key), Err(Error::BadKey));
    }
    let bytes = [leaf, &[0; 5], &[0; 145]].concat();
    let error = Submission::<L>::open(&bytes).err().unwrap_or_else(|| panic!("{}: taken", case.text("name")));
    match case.expected() {
        // Where the leaf ends cannot be seen, so a wrong length may also show as a branch that cannot be.
        Err(Error::BadLength) => assert!(matches!(error, Error::BadLength | Error::BadBranch | Error::WrongKind)),
        expected => assert_eq!(Err(error), expected, "{}", case.text("name")),
    }
}

#[test]
fn branches() {
    for case in cases("tree", 100).iter().filter(|case| case.text("type") == "branch") {
        let branch = case.bytes("branch");
        let whole = [signer::leaf(1).as_bytes(), &branch, &[0; 145]].concat();
        let got = Submission::<MintCap>::open(&whole).and_then(|opened| {
            let root = merkle::root(&crypto(), &case.bytes("leaf"), opened.siblings, opened.sides);
            if root == case.b32("root") {
                Ok(())
            } else {
                Err(Error::WrongRoot)
            }
        });
        assert_eq!(got, case.expected(), "{}", case.text("name"));
    }
}

#[test]
fn certificates() {
    let mut taken = 0;
    for case in cases("certificates", 150) {
        let judge = Judge {
            crypto: &crypto(),
            committee: &case.committee(),
            domain: case.b32("domain"),
            route: case.b32("route"),
            max_lease: 30 * MAX_LEASE,
            now: NOW,
        };
        match judge.submit(&State::default(), &case.bytes("statement")) {
            Ok(state) => {
                assert!(case.is_valid(), "{}: taken", case.text("name"));
                assert_eq!(state.cap, case.int::<u128>("mint_cap"));
                assert_eq!(state.collateral, case.int::<u128>("collateral"));
                assert_eq!(state.supply, case.int::<u128>("supply"));
                assert_eq!(state.round, case.int::<u64>("round"));
                assert_eq!(state.observed_at, case.int::<u64>("observed_at"));
                assert_eq!(state.expires_at, case.int::<u64>("expires_at"));
                taken += 1;
            }
            Err(error) => {
                assert!(is_gates_own(error) || Err(error) == case.expected(), "{}: {error:?}", case.text("name"));
            }
        }
    }
    assert!(taken >= 10, "{taken}");
}

#[test]
fn handovers() {
    let mut taken = 0;
    for case in cases("handover", 75) {
        let proof = [case.bytes("proof_r"), case.bytes("proof_z")].concat();
        let committee = case.committee();
        match committee.handover(&crypto(), &case.b32("domain"), &case.bytes("statement"), &proof, NOW) {
            Ok(next) => {
                assert!(case.is_valid(), "{}: taken", case.text("name"));
                assert_eq!(next.epoch, case.int::<u64>("new_epoch"));
                assert_eq!((next.key.px, next.key.parity), (case.b32("new_px"), case.int("new_parity")));
                assert_eq!(next.since_round, case.int::<u64>("round"));
                taken += 1;
            }
            Err(error) => {
                let named = match case.text("error") {
                    "bad_proof" => {
                        matches!(error, Error::BadCommitment | Error::BadScalar | Error::BadSignature)
                    }
                    _ => Err(error) == case.expected(),
                };
                assert!(is_gates_own(error) || named, "{}: {error:?}", case.text("name"));
            }
        }
    }
    assert!(taken >= 2, "{taken}");
}
