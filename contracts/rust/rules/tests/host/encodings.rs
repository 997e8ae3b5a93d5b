//! contracts/vectors: how statements are encoded, and where branches lead.

use ballast_rules::merkle;
use ballast_rules::refusal::Refusal;
use ballast_rules::statement::{Handover, Header, Leaf, MintCap, Submission};
use ballast_suite::name;
use ballast_suite::signer::{keccak, leaf, Library};
use ballast_suite::vectors::{cases, Case};
use zerocopy::{FromBytes, IntoBytes};

#[test]
fn encodings() {
    for case in cases("statements", 60) {
        // What no encoder may encode, which has no bytes, and keys that the one who verifies refuses.
        if ["out_of_range", "bad_parity"].contains(&case.text("error")) {
            continue;
        }
        let bytes = case.bytes("bytes");
        match (case.text("type"), case.is_valid()) {
            ("mint_cap", true) => {
                let leaf = MintCap::ref_from_bytes(&bytes).unwrap();
                assert_eq!((leaf.domain, leaf.route), (case.b32("domain"), case.b32("route")));
                assert_eq!((leaf.cap, leaf.collateral), (case.word("mint_cap"), case.word("collateral")));
                assert_eq!(leaf.supply, case.word("supply"));
                assert_eq!(leaf.observed_at.get(), case.int::<u64>("observed_at"));
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
                let mut message = [0; 32];
                header.message::<Library>(&mut message);
                assert_eq!(message, case.b32("hash"), "{}", case.text("name"));
            }
            ("evidence" | "name", true) => assert_eq!(keccak(&[&bytes]), case.b32("hash")),
            ("mint_cap", false) => refuse_leaf::<MintCap>(&case, &bytes),
            ("handover", false) => refuse_leaf::<Handover>(&case, &bytes),
            (other, _) => panic!("{}: unknown type {other}", case.text("name")),
        }
    }
}

fn check_leaf_hash(case: &Case, leaf: &[u8]) {
    let mut hash = [0; 32];
    merkle::root::<Library>(leaf, &[], 0, &mut hash);
    assert_eq!(hash, case.b32("hash"), "{}", case.text("name"));
}

fn refuse_leaf<L: Leaf>(case: &Case, leaf: &[u8]) {
    let bytes = [leaf, &[0; 5], &[0; 145]].concat();
    let refusal = Submission::<L>::open::<Refusal>(&bytes).err();
    let refusal = refusal.unwrap_or_else(|| panic!("{}: taken", case.text("name")));
    if case.text("error") == "bad_length" {
        // Where the leaf ends cannot be seen, so a wrong length may also show as a branch that cannot be.
        assert!(matches!(refusal, Refusal::BadLength | Refusal::BadBranch | Refusal::WrongKind));
    } else {
        assert_eq!(Err(name(refusal)), case.expected(), "{}", case.text("name"));
    }
}

#[test]
fn branches() {
    for case in cases("tree", 100).iter().filter(|case| case.text("type") == "branch") {
        let whole = [leaf(1).as_bytes(), &case.bytes("branch"), &[0; 145]].concat();
        let got = Submission::<MintCap>::open::<Refusal>(&whole).map_err(name).and_then(|opened| {
            let mut root = [0; 32];
            merkle::root::<Library>(&case.bytes("leaf"), opened.siblings, opened.sides, &mut root);
            if root == case.b32("root") {
                Ok(())
            } else {
                Err("WrongRoot".to_owned())
            }
        });
        assert_eq!(got, case.expected(), "{}", case.text("name"));
    }
}
