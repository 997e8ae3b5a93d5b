//! The accounts' bytes: every field at its documented offset, and nothing taken that the program did not write.

use crate::signer::{committee, copy, route, Signer};
use ballast_gate::error::Error;
use ballast_gate::state::{Account, Committee, Queued, Route};
use proptest::prelude::*;
use zerocopy::{FromZeros, IntoBytes};

#[test]
fn committee_fields_stand_where_the_document_says() {
    let committee = Committee {
        tag: *b"BLSTCMT1",
        bump: 1,
        parity: 2,
        epoch: 0x0807_0605_0403_0201.into(),
        since_round: 3.into(),
        px: [4; 32],
        reference: [5; 32],
        domain: [6; 32],
        reserved: [7; 40],
    };
    let parts: [&[u8]; 9] = [
        b"BLSTCMT1",
        &[1],
        &[2],
        &[1, 2, 3, 4, 5, 6, 7, 8],
        &3u64.to_le_bytes(),
        &[4; 32],
        &[5; 32],
        &[6; 32],
        &[7; 40],
    ];
    assert_eq!(committee.as_bytes(), parts.concat());
}

#[test]
fn route_fields_stand_where_the_document_says() {
    let mut route = Box::new(Route::new_zeroed());
    let numbers = |from: u8| -> Vec<u8> { (from..from + 8).collect() };
    route.tag = *b"BLSTRTE1";
    (route.bump, route.paused, route.minter_count, route.queue_count) = (1, 2, 3, 4);
    route.max_lease.set(5);
    route.loosen_delay.set(6);
    (route.domain, route.route, route.mint, route.token_program) = ([7; 32], [8; 32], [9; 32], [10; 32]);
    (route.owner, route.pending_owner, route.guardian) = ([11; 32], [12; 32], [13; 32]);
    route.round.set(u64::from_le_bytes(numbers(14).try_into().unwrap()));
    route.cap.set(15);
    route.observed_at.set(16);
    route.expires_at.set(17);
    route.collateral.set(18 << 64 | 19);
    route.supply.set(20);
    route.bucket.fill(21, 22, 23);
    route.minters[7] = [24; 32];
    route.queue[7] = Queued {
        setting: 25,
        reserved: [0; 7],
        account: [26; 32],
        a: 27.into(),
        b: 28.into(),
        ready_at: 29.into(),
        reserved_2: [0; 16],
    };
    let (u32_of, u64_of) = (|n: u32| n.to_le_bytes().to_vec(), |n: u64| n.to_le_bytes().to_vec());
    let head = [b"BLSTRTE1".to_vec(), vec![1, 2, 3, 4], u32_of(5), u32_of(6), vec![0; 4]].concat();
    let keys: Vec<u8> = (7..14).flat_map(|byte| [byte; 32]).collect();
    let totals = [u64_of(19), u64_of(18), u64_of(20), u64_of(0)].concat();
    let bucket = [u64_of(21), u64_of(22), u64_of(21), u64_of(23), vec![0; 8]].concat();
    let minters = [vec![0; 224], vec![24; 32]].concat();
    let last = [vec![25, 0, 0, 0, 0, 0, 0, 0], vec![26; 32], u64_of(27), u64_of(28), u64_of(29), vec![0; 16]].concat();
    let numbers = [numbers(14), u64_of(15), u64_of(16), u64_of(17)].concat();
    assert_eq!(route.as_bytes(), [head, keys, numbers, totals, bucket, minters, vec![0; 560], last].concat());
}

#[test]
fn sizes_tags_and_fields_that_cannot_be_are_refused() {
    let (committee, route) = (committee(&Signer::new("group")), route());
    assert_eq!(Committee::view(committee.as_bytes()).unwrap().check(), Ok(()));
    assert_eq!(Route::view(route.as_bytes()).unwrap().check(), Ok(()));
    for size in [0, 1, 161, 163, 1247, 1249] {
        assert_eq!(Committee::view(&vec![0; size]).err(), Some(Error::BadState));
        assert_eq!(Route::view(&vec![0; size]).err(), Some(Error::BadState));
    }
    for at in 0..8 {
        let mut other = committee.clone();
        other.tag[at] ^= 1;
        assert_eq!(other.check(), Err(Error::BadState));
        let mut other = copy(&route);
        other.tag[at] ^= 1;
        assert_eq!(other.check(), Err(Error::BadState));
    }
    let changes: [fn(&mut Route); 4] = [
        |r| r.paused = 2,
        |r| r.minter_count = 9,
        |r| r.queue_count = 9,
        |r| (r.bucket.capacity, r.bucket.level) = (1.into(), 2.into()),
    ];
    for change in changes {
        let mut other = copy(&route);
        change(&mut other);
        assert_eq!(other.check(), Err(Error::BadState));
    }
    assert_eq!(Committee { parity: 2, ..committee }.check(), Err(Error::BadState));
}

proptest! {
    #[test]
    fn any_bytes_are_no_account(bytes in prop::collection::vec(any::<u8>(), 1248)) {
        prop_assert!(Route::view(&bytes).unwrap().check().is_err());
        prop_assert!(Committee::view(&bytes[..162]).unwrap().check().is_err());
    }

    /// Whatever stands in the fields, reading lists does not leave them.
    #[test]
    fn any_counts_are_survived(bytes in prop::collection::vec(any::<u8>(), 1248), account: [u8; 32], at in 0..300usize) {
        let mut bytes = bytes;
        let route = Route::view_mut(&mut bytes).unwrap();
        prop_assert!(route.minters().len() <= 8 && route.queue().len() <= 8);
        let _ = route.add_minter(&account);
        route.remove_minter(&account);
        prop_assert!(route.enqueue(Queued::new_zeroed()).is_ok() || route.queue_count >= 8);
        route.dequeue(at);
    }
}
