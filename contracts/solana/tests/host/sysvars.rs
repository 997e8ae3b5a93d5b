//! The loader's program data account and the Rent sysvar.

use ballast_gate::error::Error;
use ballast_gate::loader::upgrade_authority;
use ballast_gate::rent::minimum_balance;
use proptest::prelude::*;

fn program_data(variant: u32, some: u8) -> Vec<u8> {
    [&variant.to_le_bytes()[..], &5u64.to_le_bytes(), &[some], &[7; 32], b"ELF"].concat()
}

fn rent(price: u64, threshold: f64) -> [u8; 16] {
    [price.to_le_bytes(), threshold.to_le_bytes()].concat().try_into().unwrap()
}

#[test]
fn only_program_data_with_an_authority_has_one() {
    assert_eq!(upgrade_authority(&program_data(3, 1)), Ok(&[7; 32]));
    assert_eq!(upgrade_authority(&program_data(3, 0)), Err(Error::NotUpgradeAuthority));
    assert_eq!(upgrade_authority(&program_data(3, 2)), Err(Error::BadState));
    // Uninitialised, buffer, program.
    for variant in [0, 1, 2, 4, u32::MAX] {
        assert_eq!(upgrade_authority(&program_data(variant, 1)), Err(Error::BadState));
    }
    for size in 0..45 {
        assert_eq!(upgrade_authority(&program_data(3, 1)[..size]), Err(Error::BadState));
    }
    assert_eq!(upgrade_authority(&program_data(3, 1)[..45]), Ok(&[7; 32]));
}

#[test]
fn both_forms_of_the_sysvar_give_one_price() {
    // 0.00089088 SOL for an account without data, as everywhere today.
    assert_eq!(minimum_balance(&rent(3_480, 2.0), 0), Some(890_880));
    assert_eq!(minimum_balance(&rent(6_960, 1.0), 0), Some(890_880));
    assert_eq!(minimum_balance(&rent(6_960, 1.0), 1_248), Some(6_960 * (128 + 1_248)));
}

#[test]
fn what_is_not_understood_is_refused() {
    for threshold in [0.0, 0.5, 1.5, 3.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(minimum_balance(&rent(6_960, threshold), 0), None);
    }
    assert_eq!(minimum_balance(&rent(u64::MAX, 1.0), 0), None);
    assert_eq!(minimum_balance(&rent(1, 1.0), u64::MAX), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..60), sysvar: [u8; 16], size: u64) {
        let _ = minimum_balance(&sysvar, size);
        if upgrade_authority(&data).is_ok() {
            prop_assert!(data.len() >= 45 && data[..4] == [3, 0, 0, 0] && data[12] == 1);
        }
    }

    #[test]
    fn no_price_wraps(price in 0..1u64 << 41, size in 0..1u64 << 17, two: bool) {
        let expected = u128::from(price) * u128::from(size + 128) * if two { 2 } else { 1 };
        let found = minimum_balance(&rent(price, if two { 2.0 } else { 1.0 }), size);
        prop_assert!(found.is_none() || found.map(u128::from) == Some(expected));
    }
}
