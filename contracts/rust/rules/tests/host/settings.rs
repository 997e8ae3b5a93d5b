//! What the suite's tests of settings take for granted.

use ballast_rules::settings::{is_lapsed, Kind, OPEN_FOR};

#[test]
fn kinds_have_their_numbers() {
    for number in 0..=u8::MAX {
        let kind = Kind::from_number(number);
        assert_eq!(kind, Kind::ALL.get(usize::from(number)).copied());
        assert!(kind.is_none_or(|kind| kind.number() == number));
    }
}

#[test]
fn a_loosening_lapses_after_its_time() {
    assert!(!is_lapsed(5, 5 + OPEN_FOR - 1) && is_lapsed(5, 5 + OPEN_FOR));
    assert!(!is_lapsed(u64::MAX, u64::MAX - 1), "times beyond the greatest number do not wrap");
}
