//! contracts/vectors: what a gate must take, and what it must refuse with the code of the first check that fails. How
//! statements are encoded is tested beside the decoder.

use ballast_rules::statement::{Handover, Key, Signature, U256};
use serde_json::Value;
use zerocopy::FromBytes;

/// Unix seconds, when none of the vectors' statements has expired.
pub const NOW: u64 = 1_790_000_000;
/// Seconds; all of the vectors' statements are shorter.
pub const MAX_LEASE: u32 = 30 * 86_400;

/// A committee in force, since round 0.
pub struct Committee {
    /// Of the key.
    pub epoch: u64,
    /// The key.
    pub key: Key,
    /// Of the gate, and of the committee.
    pub domain: [u8; 32],
}

/// What a gate stores of a statement.
#[allow(missing_docs)] // as in the leaf and the header
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    pub round: u64,
    pub cap: u128,
    pub collateral: u128,
    pub supply: u128,
    pub observed_at: u64,
    pub expires_at: u64,
}

/// What a committee's record holds after a handover.
#[allow(missing_docs)] // as in the leaf and the header
#[derive(Debug, PartialEq, Eq)]
pub struct Next {
    pub epoch: u64,
    pub key: Key,
    pub since_round: u64,
}

/// A family's gate. Errors are names; what refuses must change nothing, which is for the implementation to check.
pub trait Family {
    /// Whether a key can be verified with.
    fn check_key(key: &Key) -> Result<(), String>;
    /// Whether a signature is the key's.
    fn verify(key: &Key, message: &[u8; 32], signature: &Signature) -> Result<(), String>;
    /// What a gate of `route` without a statement, which allows [`MAX_LEASE`], stores of its first one at [`NOW`].
    fn submit(committee: &Committee, route: [u8; 32], statement: &[u8]) -> Result<Taken, String>;
    /// What comes into force with a handover at [`NOW`].
    fn handover(committee: &Committee, statement: &[u8], proof: &[u8]) -> Result<Next, String>;
}

/// One case of a file.
pub struct Case(Value);

impl Case {
    /// A field as it stands there.
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_else(|| panic!("{}: no {field}", self.0["name"]))
    }

    /// Hexadecimal bytes.
    pub fn bytes(&self, field: &str) -> Vec<u8> {
        let hex = self.text(field).strip_prefix("0x").unwrap();
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    /// 32 hexadecimal bytes.
    pub fn b32(&self, field: &str) -> [u8; 32] {
        self.bytes(field).try_into().unwrap()
    }

    /// A decimal number.
    pub fn int<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, field: &str) -> T {
        self.text(field).parse().unwrap()
    }

    /// A decimal number of 256 bits.
    pub fn word(&self, field: &str) -> U256 {
        let number: num_bigint::BigUint = self.text(field).parse().unwrap();
        let mut bytes = [0; 32];
        let digits = number.to_bytes_be();
        bytes[32 - digits.len()..].copy_from_slice(&digits);
        U256::read_from_bytes(&bytes).unwrap()
    }

    /// Whether it must be taken.
    pub fn is_valid(&self) -> bool {
        self.0["valid"].as_bool().unwrap()
    }

    /// The group key, if it is as long as one.
    pub fn key(&self) -> Option<Key> {
        Some(Key { px: self.bytes("px").try_into().ok()?, parity: self.int("parity") })
    }

    /// The name of the error, if it must be refused.
    pub fn expected(&self) -> Result<(), String> {
        let error = match self.text("error") {
            "" => return Ok(()),
            "bad_length" => "BadLength",
            "bad_kind" => "WrongKind",
            "bad_branch" => "BadBranch",
            "bad_domain" => "WrongDomain",
            "bad_route" => "WrongRoute",
            "bad_epoch" => "WrongEpoch",
            "bad_point" => "BadCommitment",
            "bad_scalar" => "BadScalar",
            "bad_signature" => "BadSignature",
            "bad_root" => "WrongRoot",
            "bad_key" | "bad_parity" => "BadKey",
            other => panic!("{}: unknown code {other}", self.text("name")),
        };
        Err(error.to_owned())
    }

    fn committee(&self) -> Committee {
        Committee { epoch: self.int("epoch"), key: self.key().unwrap(), domain: self.b32("domain") }
    }
}

/// The cases of one file that are not of the EVM alone, no fewer than there were when this was written.
pub fn cases(file: &str, at_least: usize) -> Vec<Case> {
    let path = format!("{}/../../vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let Value::Array(all) = file["cases"].take() else { panic!("{path}: no cases") };
    let cases: Vec<_> = all.into_iter().filter(|case| case["scope"] != "evm").map(Case).collect();
    assert!(cases.len() >= at_least, "{path}: {} cases", cases.len());
    cases
}

/// What the vectors do not know, since it is the gate's own state: its clock, its lease, its last round, its fields.
fn is_gates_own(error: &str) -> bool {
    let own = ["DoesNotFit", "HandoverExpired", "LeaseTooLong", "ObservedInFuture", "StaleRound", "StatementExpired"];
    own.contains(&error)
}

/// Signatures are taken and refused as the vectors say.
pub fn signatures<F: Family>() {
    let mut valid = 0;
    for case in cases("frost", 150) {
        let got = case.key().ok_or_else(|| "BadKey".to_owned()).and_then(|key| {
            F::check_key(&key)?;
            let signature = [case.bytes("r"), case.bytes("z")].concat();
            F::verify(&key, &case.b32("message"), Signature::ref_from_bytes(&signature).unwrap())
        });
        assert_eq!(got, case.expected(), "{}", case.text("name"));
        valid += usize::from(case.is_valid());
    }
    assert!(valid >= 12, "{valid}");
}

/// A leaf with a parity above 1 is decoded; its key is none.
pub fn parities<F: Family>() {
    let cases = cases("statements", 60);
    let cases: Vec<_> = cases.iter().filter(|case| case.text("error") == "bad_parity").collect();
    assert!(!cases.is_empty());
    for case in cases {
        let bytes = case.bytes("bytes");
        let leaf = Handover::ref_from_bytes(&bytes).unwrap();
        assert_eq!(F::check_key(&leaf.key), case.expected(), "{}", case.text("name"));
    }
}

/// Statements are taken and refused as the vectors say, and stored as they are.
pub fn certificates<F: Family>() {
    let mut taken = 0;
    for case in cases("certificates", 150) {
        match F::submit(&case.committee(), case.b32("route"), &case.bytes("statement")) {
            Ok(got) => {
                assert!(case.is_valid(), "{}: taken", case.text("name"));
                let expected = Taken {
                    round: case.int("round"),
                    cap: case.int("mint_cap"),
                    collateral: case.int("collateral"),
                    supply: case.int("supply"),
                    observed_at: case.int("observed_at"),
                    expires_at: case.int("expires_at"),
                };
                assert_eq!(got, expected, "{}", case.text("name"));
                taken += 1;
            }
            Err(error) => {
                let named = is_gates_own(&error) || Err(&error) == case.expected().as_ref();
                assert!(named, "{}: {error}", case.text("name"));
            }
        }
    }
    assert!(taken >= 10, "{taken}");
}

/// Handovers are taken and refused as the vectors say.
pub fn handovers<F: Family>() {
    let mut taken = 0;
    for case in cases("handover", 75) {
        let proof = [case.bytes("proof_r"), case.bytes("proof_z")].concat();
        match F::handover(&case.committee(), &case.bytes("statement"), &proof) {
            Ok(got) => {
                assert!(case.is_valid(), "{}: taken", case.text("name"));
                let key = Key { px: case.b32("new_px"), parity: case.int("new_parity") };
                let expected = Next { epoch: case.int("new_epoch"), key, since_round: case.int("round") };
                assert_eq!(got, expected, "{}", case.text("name"));
                taken += 1;
            }
            Err(error) => {
                let named = match case.text("error") {
                    "bad_proof" => ["BadCommitment", "BadScalar", "BadSignature"].contains(&error.as_str()),
                    _ => Err(&error) == case.expected().as_ref(),
                };
                assert!(is_gates_own(&error) || named, "{}: {error}", case.text("name"));
            }
        }
    }
    assert!(taken >= 2, "{taken}");
}
