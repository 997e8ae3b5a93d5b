//! Binary forms of the records: exactly one for each value, and every other refused.

use crate::signer::Signer;
use ballast_cosmos::committee::Committee;
use ballast_cosmos::error::Error;
use ballast_cosmos::rate_limit::Bucket;
use ballast_cosmos::reply::{Expected, Pending};
use ballast_cosmos::settings::Change;
use ballast_cosmos::state::{Contract, Gate, Minters, Queue, Queued, Record, Reservation, RouteOf, State};
use ballast_cosmos::token::Token;
use ballast_rules::settings::Kind;
use cosmwasm_std::{Uint128, Uint256};
use proptest::prelude::*;
use std::fmt::Debug;

fn gate() -> Gate {
    Gate {
        paused: true,
        max_lease: 0x0102_0304,
        loosen_delay: 0x0506_0708,
        token: Token::Denom("factory/x/y".into()),
        owner: "owner".into(),
        guardian: "guardian".into(),
        pending_owner: None,
    }
}

#[test]
fn forms_are_those_of_the_document() {
    let state = State { round: 1, cap: 2, collateral: 3, supply: u128::MAX, observed_at: 1 << 63, expires_at: 0x0a0b };
    let expected = [
        &[1][..],
        &[0, 0, 0, 0, 0, 0, 0, 1],
        &2u128.to_be_bytes(),
        &3u128.to_be_bytes(),
        &[0xff; 16],
        &[0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 0, 0, 0x0a, 0x0b],
    ];
    assert_eq!(state.encode().unwrap(), expected.concat());

    let text: &[&[u8]] =
        &[&[1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 11], b"factory/x/y", &[5], b"owner", &[8], b"guardian", &[0]];
    assert_eq!(gate().encode().unwrap(), text.concat());
    let offered = Gate { pending_owner: Some("n".into()), token: Token::Cw20("a".into()), ..gate() };
    let text: &[&[u8]] = &[&[1, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1], b"a", &[5], b"owner", &[8], b"guardian", &[1], b"n"];
    assert_eq!(offered.encode().unwrap(), text.concat());

    let key = Signer::new("group").key;
    let committee = Committee { epoch: 1, since_round: 2, key };
    let expected = [&[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2][..], &key.px, &[key.parity]];
    assert_eq!(committee.encode().unwrap(), expected.concat());

    let change = Change { kind: Kind::Minter, account: "m".into(), a: 1, b: 0 };
    let queue = Queue(vec![Queued { change, ready_at: 9 }]);
    let expected = [&[1, 1, 3, 1, b'm'][..], &1u128.to_be_bytes(), &0u128.to_be_bytes(), &9u64.to_be_bytes()];
    assert_eq!(queue.encode().unwrap(), expected.concat());
    assert_eq!(Minters(vec!["a".into(), "bc".into()]).encode().unwrap(), b"\x01\x02\x01a\x02bc");
    assert_eq!(Reservation("a".into()).encode().unwrap(), b"\x01\x01a");
    let contract = Contract { registrar: "a".into(), token_factory: None };
    assert_eq!(contract.encode().unwrap(), b"\x01\x01a\x00");
}

/// One of each, with the only form it has.
fn all() -> Vec<Vec<u8>> {
    let change = Change { kind: Kind::Guardian, account: "m".into(), a: 0, b: 0 };
    let pending = Pending {
        expected: Expected::Burn,
        token: Token::Cw20("a".into()),
        account: "b".into(),
        amount: 3,
        supply: Uint256::MAX,
        balance: Uint256::from(Uint128::new(7)),
    };
    let records = [
        Committee { epoch: 1, since_round: 2, key: Signer::new("group").key }.encode(),
        State { round: 3, ..State::default() }.encode(),
        gate().encode(),
        Bucket::full(5, 6, 7).encode(),
        Minters(vec!["a".into()]).encode(),
        Queue(vec![Queued { change, ready_at: 9 }]).encode(),
        Contract { registrar: "a".into(), token_factory: Some("/x.".into()) }.encode(),
        Reservation("a".into()).encode(),
        RouteOf([9; 32]).encode(),
        pending.encode(),
    ];
    records.map(Result::unwrap).into()
}

fn decode(which: usize, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    fn again<T: Record + Debug>(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        T::decode(bytes)?.encode()
    }
    match which {
        0 => again::<Committee>(bytes),
        1 => again::<State>(bytes),
        2 => again::<Gate>(bytes),
        3 => again::<Bucket>(bytes),
        4 => again::<Minters>(bytes),
        5 => again::<Queue>(bytes),
        6 => again::<Contract>(bytes),
        7 => again::<Reservation>(bytes),
        8 => again::<RouteOf>(bytes),
        _ => again::<Pending>(bytes),
    }
}

#[test]
fn every_record_comes_back_and_no_other_length_does() {
    for (which, record) in all().iter().enumerate() {
        assert_eq!(decode(which, record).as_ref(), Ok(record));
        for size in 0..record.len() {
            assert_eq!(decode(which, &record[..size]), Err(Error::BadState), "{which}: {size}");
        }
        assert_eq!(decode(which, &[&record[..], &[0]].concat()), Err(Error::BadState), "{which}");
        for version in [0, 2] {
            let other = [&[version], &record[1..]].concat();
            assert_eq!(decode(which, &other), Err(Error::BadState), "{which}");
        }
    }
}

#[test]
fn refuses_fields_that_cannot_be() {
    let level_above_capacity = Bucket { capacity: 1, refill_per_second: 0, level: 2, updated_at: 0 };
    assert_eq!(Bucket::decode(&level_above_capacity.encode().unwrap()), Err(Error::BadState));
    let nine = Minters(vec!["a".into(); 9]);
    assert_eq!(Minters::decode(&nine.encode().unwrap()), Err(Error::BadState));
    for (at, value) in [(1, 2), (2, 2), (12, 0xc3)] {
        let mut bytes = gate().encode().unwrap();
        bytes[at] = value;
        assert_eq!(Gate::decode(&bytes), Err(Error::BadState), "byte {at}");
    }
    assert_eq!(Reservation::decode(b"\x01\x02\xc3\xa9"), Err(Error::BadState), "a text that is not ASCII");
    assert_eq!(Minters(vec!["a".repeat(256)]).encode(), Err(Error::DoesNotFit));
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_have_one_form(which in 0..10usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let versioned = [&[1], &bytes[..]].concat();
        for bytes in [bytes, versioned] {
            match decode(which, &bytes) {
                Ok(again) => prop_assert_eq!(again, bytes),
                Err(error) => prop_assert_eq!(error, Error::BadState),
            }
        }
    }

    #[test]
    fn altered_records_are_refused_or_have_one_form(which in 0..10usize, at: prop::sample::Index, mask in 1..=255u8) {
        let mut bytes = all().swap_remove(which);
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        match decode(which, &bytes) {
            Ok(again) => prop_assert_eq!(again, bytes),
            Err(error) => prop_assert_eq!(error, Error::BadState),
        }
    }
}
