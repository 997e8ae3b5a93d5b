//! Instruction data of exactly the documented lengths.

use crate::signer::NOW;
use ballast_gate::error::Error;
use ballast_gate::instruction::{amount_and_rest, fixed, Initialize, Register};
use ballast_gate::settings::Change;
use ballast_gate::state::Route;
use proptest::prelude::*;
use zerocopy::little_endian::U64;
use zerocopy::FromZeros;

const OWNER: u8 = 2;
const GUARDIAN: u8 = 3;

/// Data of `register`, with as many minters as given bytes.
fn register(route: u8, max_lease: u32, loosen_delay: u32, minters: &[u8]) -> Vec<u8> {
    let minters: Vec<u8> = minters.iter().flat_map(|byte| [*byte; 32]).collect();
    let head = [[route; 32], [OWNER; 32], [GUARDIAN; 32]].concat();
    let limits = [&max_lease.to_le_bytes()[..], &loosen_delay.to_le_bytes(), &9u64.to_le_bytes(), &8u64.to_le_bytes()];
    [head, limits.concat(), vec![(minters.len() / 32) as u8], minters].concat()
}

fn applied(data: &[u8]) -> Result<Box<Route>, Error> {
    let mut route = Box::new(Route::new_zeroed());
    route.tag = Route::TAG;
    Register::parse(data)?.apply(&mut route, NOW)?;
    Ok(route)
}

#[test]
fn lengths_are_exact() {
    for size in 0..200 {
        let data = vec![0; size];
        assert_eq!(fixed::<Initialize>(&data).is_ok(), size == 73);
        assert_eq!(fixed::<Change>(&data).is_ok(), size == 49);
        assert_eq!(fixed::<U64>(&data).is_ok(), size == 8);
        assert_eq!(fixed::<[u8; 32]>(&data).is_ok(), size == 32);
        assert_eq!(fixed::<[u8; 0]>(&data).is_ok(), size == 0);
        assert_eq!(amount_and_rest(&data).is_ok(), size >= 8);
    }
    assert_eq!(amount_and_rest(&[1, 0, 0, 0, 0, 0, 0, 0, 5]), Ok((1, &[5u8][..])));
    let whole = register(1, 60, 3_600, &[4, 5]);
    assert_eq!(whole.len(), 121 + 64);
    assert!(Register::parse(&whole).is_ok());
    for size in 0..whole.len() {
        assert_eq!(Register::parse(&whole[..size]).err(), Some(Error::BadInstruction));
    }
    assert_eq!(Register::parse(&[&whole[..], &[0]].concat()).err(), Some(Error::BadInstruction));
}

#[test]
fn fields_of_initialize_stand_where_the_document_says() {
    let data = [&7u64.to_le_bytes()[..], &[1; 32], &[2], &[b'3'; 32]].concat();
    let initialize = fixed::<Initialize>(&data).unwrap();
    assert_eq!((initialize.epoch.get(), initialize.key.px, initialize.key.parity), (7, [1; 32], 2));
    assert_eq!((initialize.reference, initialize.check()), ([b'3'; 32], Ok(())));
    for character in [b'0', b'O', b'I', b'l', b' ', 0, 0x80, 0xff] {
        let data = [&data[..72], &[character]].concat();
        assert_eq!(fixed::<Initialize>(&data).unwrap().check(), Err(Error::BadSetting));
    }
}

#[test]
fn a_registered_route_has_the_settings_given_and_nothing_else() {
    let route = applied(&register(1, 60, 3_600, &[4, 5, 4])).unwrap();
    let mut expected = Box::new(Route::new_zeroed());
    expected.tag = Route::TAG;
    (expected.route, expected.owner, expected.guardian) = ([1; 32], [OWNER; 32], [GUARDIAN; 32]);
    expected.max_lease.set(60);
    expected.loosen_delay.set(3_600);
    expected.bucket.fill(9, 8, NOW);
    expected.minter_count = 2;
    (expected.minters[0], expected.minters[1]) = ([4; 32], [5; 32]);
    assert_eq!(route, expected);
}

#[test]
fn a_registration_keeps_the_bounds_of_later_changes() {
    let day = 86_400;
    let error = |data: &[u8]| applied(data).unwrap_err();
    assert!(applied(&register(1, 1, 3_600, &[])).is_ok());
    assert!(applied(&register(1, 30 * day, 30 * day, &[1, 2, 3, 4, 5, 6, 7, 8])).is_ok());
    assert_eq!(error(&register(0, 60, 3_600, &[])), Error::BadSetting);
    assert_eq!(error(&register(1, 0, 3_600, &[])), Error::BadSetting);
    assert_eq!(error(&register(1, 30 * day + 1, 3_600, &[])), Error::BadSetting);
    assert_eq!(error(&register(1, 60, 3_599, &[])), Error::BadSetting);
    assert_eq!(error(&register(1, 60, 30 * day + 1, &[])), Error::BadSetting);
    assert_eq!(error(&register(1, 60, 3_600, &[4, 0])), Error::BadSetting);
    assert_eq!(error(&register(1, 60, 3_600, &[1, 2, 3, 4, 5, 6, 7, 8, 9])), Error::TooManyMinters);
    for (at, byte) in [(32, OWNER), (64, GUARDIAN)] {
        let mut data = register(1, 60, 3_600, &[]);
        assert_eq!(data[at], byte);
        data[at..at + 32].fill(0);
        assert_eq!(error(&data), Error::BadSetting);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..500)) {
        let exact = data.len() >= 121 && data.len() == 121 + 32 * usize::from(data[120]);
        prop_assert_eq!(Register::parse(&data).is_ok(), exact);
        if let Ok(route) = applied(&data) {
            prop_assert!(route.check().is_ok());
        }
        if let Ok(change) = fixed::<Change>(&data) {
            let mut route = crate::signer::route();
            prop_assert!(change.execute(&mut route, NOW).is_err());
            prop_assert!(change.cancel(&mut route).is_err());
        }
    }
}
