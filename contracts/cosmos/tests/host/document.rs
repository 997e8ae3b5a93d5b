//! docs/cosmos-contract.md against the sources: numbers, names and meanings of errors, sizes of records.

use ballast_cosmos::committee::Committee;
use ballast_cosmos::error::Error;
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::state::{Record, RouteOf, State};
use ballast_rules::statement::Key;
use ballast_suite::document::errors;
use ballast_suite::name;

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cosmos-contract.md")).unwrap()
}

#[test]
fn every_error_is_documented_under_its_number() {
    let expected: Vec<_> = Error::ALL.iter().map(|error| (error.number().into(), name(error))).collect();
    assert_eq!(errors(&document()), expected);
}

#[test]
fn numbers_rise_and_texts_have_the_documented_form() {
    assert!(Error::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    assert_eq!(Error::ExceedsCap.to_string(), "ballast error 45 ExceedsCap: supply would exceed the cap");
}

#[test]
fn records_have_the_documented_sizes() {
    let text = document();
    let key = Key { px: [1; 32], parity: 1 };
    let sizes = [
        ("committee", Committee { epoch: 1, since_round: 2, key }.encode()),
        ("statement", State::default().encode()),
        ("rate limit", Bucket::full(1, 2, 3).encode()),
        ("route of a token", RouteOf([7; 32]).encode()),
    ];
    for (name, record) in sizes {
        let size = record.unwrap().len();
        assert!(text.contains(&format!("{name}, {size} bytes")), "{name}: {size}");
    }
}
