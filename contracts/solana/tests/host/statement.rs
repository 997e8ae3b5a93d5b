//! Exact decoding of submissions.

use crate::signer::{handover_leaf, leaf, Signer, EPOCH};
use ballast_gate::error::Error;
use ballast_gate::statement::{Handover, Leaf, MintCap, Submission, MAX_DEPTH};
use proptest::prelude::*;
use zerocopy::IntoBytes;

/// A mint cap with a branch of this depth, side bits and siblings.
fn whole(depth: u8, sides: u32, siblings: usize) -> Vec<u8> {
    let branch = [&[depth], &sides.to_be_bytes()[..], &vec![0x5b; 32 * siblings]].concat();
    [leaf(1).as_bytes(), &branch, &[0xce; 145]].concat()
}

fn open(bytes: &[u8]) -> Result<(), Error> {
    Submission::<MintCap>::open(bytes).map(|_| ())
}

#[test]
fn every_depth_takes_its_own_length_and_sides() {
    for depth in 0..=MAX_DEPTH {
        let siblings = usize::from(depth);
        let all = ((1u64 << depth) - 1) as u32;
        let bytes = whole(depth, all, siblings);
        let opened = Submission::<MintCap>::open(&bytes).unwrap();
        assert_eq!((opened.siblings.len(), opened.sides), (siblings, all));
        assert_eq!(opened.tail.as_bytes(), [0xce; 145]);
        for bit in u32::from(depth)..32 {
            assert_eq!(open(&whole(depth, 1 << bit, siblings)), Err(Error::BadBranch));
        }
        assert_eq!(open(&whole(depth, 0, siblings + 1)), Err(Error::BadLength));
        if depth > 0 {
            assert_eq!(open(&whole(depth, 0, siblings - 1)), Err(Error::BadLength));
        }
    }
    for depth in [33, 64, 65, 96, 128, 255] {
        assert_eq!(open(&whole(depth, 0, usize::from(depth))), Err(Error::BadBranch));
    }
}

#[test]
fn kind_comes_before_length_and_length_before_branch() {
    assert_eq!(open(&[]), Err(Error::BadLength));
    for kind in [0, 2, 3, 255] {
        assert_eq!(open(&[kind]), Err(Error::WrongKind));
    }
    let good = whole(0, 0, 0);
    for size in 1..good.len() {
        assert_eq!(open(&good[..size]), Err(Error::BadLength));
    }
    // Too short, and of a depth that cannot be.
    assert_eq!(open(&whole(40, 0, 0)[..200]), Err(Error::BadLength));
    // Too long, and of a depth that cannot be.
    assert_eq!(open(&whole(40, 0, 2)), Err(Error::BadBranch));
}

#[test]
fn a_handover_ends_with_its_proof() {
    let signer = Signer::new("group");
    let bytes = signer.handover(&handover_leaf(&signer.key), EPOCH, 1);
    assert_eq!(Submission::<Handover>::open(&bytes).err(), Some(Error::BadLength));
    let with_proof = [&bytes[..], &[0x0f; 65]].concat();
    let opened = Submission::<Handover>::open(&with_proof).unwrap();
    assert_eq!(opened.tail.proof.as_bytes(), [0x0f; 65]);
    assert_eq!(opened.tail.certificate.as_bytes(), &bytes[bytes.len() - 145..]);
}

fn never_both_ways<L: Leaf>(bytes: &[u8]) -> bool {
    // What is taken is taken whole: the parts, put together again, are the bytes.
    Submission::<L>::open(bytes).is_ok_and(|s| {
        let depth = [s.siblings.len() as u8];
        let parts = [s.leaf.as_bytes(), &depth, &s.sides.to_be_bytes(), s.siblings.as_bytes()].concat();
        bytes.starts_with(&parts) && bytes.len() == parts.len() + size_of::<L::Tail>()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_exactly_or_not_at_all(
        kind in 0..4u8, bytes in prop::collection::vec(any::<u8>(), 0..1400), depth in 0..40u8, exact: bool,
    ) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        if exact {
            bytes.resize(177 + 5 + 145 + 32 * usize::from(depth), 0);
            bytes[177..182].copy_from_slice(&[depth, 0, 0, 0, 0]);
        }
        let taken = Submission::<MintCap>::open(&bytes).is_ok();
        prop_assert_eq!(taken, never_both_ways::<MintCap>(&bytes));
        if exact {
            prop_assert_eq!(taken, kind == 1 && depth <= 32);
        }
        let handover = Submission::<Handover>::open(&bytes).is_ok();
        prop_assert_eq!(handover, never_both_ways::<Handover>(&bytes));
        prop_assert!(!(taken && handover));
    }
}
