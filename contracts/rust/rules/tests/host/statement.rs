//! Exact decoding of submissions.

use ballast_rules::refusal::Refusal;
use ballast_rules::statement::{fit_u128, fit_u64, Certificate, Handover, Leaf, MintCap, Signature, Submission};
use ballast_rules::statement::{MAX_DEPTH, SKEW};
use ballast_suite::signer::{handover_leaf, leaf, word, Signer, DOMAIN, EPOCH, LEASE, MAX_LEASE, NOW, ROUTE};
use proptest::prelude::*;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A mint cap with a branch of this depth, side bits and siblings.
fn whole(depth: u8, sides: u32, siblings: usize) -> Vec<u8> {
    let branch = [&[depth], &sides.to_be_bytes()[..], &vec![0x5b; 32 * siblings]].concat();
    [leaf(1).as_bytes(), &branch, &[0xce; 145]].concat()
}

fn open(bytes: &[u8]) -> Result<(), Refusal> {
    Submission::<MintCap>::open(bytes).map(|_| ())
}

#[test]
fn every_depth_takes_its_own_length_and_sides() {
    for depth in 0..=MAX_DEPTH {
        let siblings = usize::from(depth);
        let all = ((1u64 << depth) - 1) as u32;
        let bytes = whole(depth, all, siblings);
        let opened = Submission::<MintCap>::open::<Refusal>(&bytes).unwrap();
        assert_eq!((opened.siblings.len(), opened.sides), (siblings, all));
        assert_eq!(opened.tail.as_bytes(), [0xce; 145]);
        for bit in u32::from(depth)..32 {
            assert_eq!(open(&whole(depth, 1 << bit, siblings)), Err(Refusal::BadBranch));
        }
        assert_eq!(open(&whole(depth, 0, siblings + 1)), Err(Refusal::BadLength));
        if depth > 0 {
            assert_eq!(open(&whole(depth, 0, siblings - 1)), Err(Refusal::BadLength));
        }
    }
    for depth in [33, 64, 65, 96, 128, 255] {
        assert_eq!(open(&whole(depth, 0, usize::from(depth))), Err(Refusal::BadBranch));
    }
}

#[test]
fn kind_comes_before_length_and_length_before_branch() {
    assert_eq!(open(&[]), Err(Refusal::BadLength));
    for kind in [0, 2, 3, 255] {
        assert_eq!(open(&[kind]), Err(Refusal::WrongKind));
    }
    let good = whole(0, 0, 0);
    for size in 1..good.len() {
        assert_eq!(open(&good[..size]), Err(Refusal::BadLength));
    }
    // Too short, and of a depth that cannot be.
    assert_eq!(open(&whole(40, 0, 0)[..200]), Err(Refusal::BadLength));
    // Too long, and of a depth that cannot be.
    assert_eq!(open(&whole(40, 0, 2)), Err(Refusal::BadBranch));
}

/// What a chain may put behind the certificate.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Longer {
    certificate: Certificate,
    more: Signature,
}

#[test]
fn what_follows_the_branch_is_as_long_as_the_chain_says() {
    let signer = Signer::new("group");
    let bytes = signer.statement(handover_leaf(&signer.key).as_bytes(), EPOCH, 1);
    assert!(Submission::<Handover>::open::<Refusal>(&bytes).is_ok());
    assert_eq!(Submission::<Handover, Longer>::open(&bytes).err(), Some(Refusal::BadLength));
    let longer = [&bytes[..], &[0x0f; 65]].concat();
    assert_eq!(Submission::<Handover>::open(&longer).err(), Some(Refusal::BadLength));
    let opened = Submission::<Handover, Longer>::open::<Refusal>(&longer).unwrap();
    assert_eq!(opened.tail.more.as_bytes(), [0x0f; 65]);
    assert_eq!(opened.tail.certificate.as_bytes(), &bytes[bytes.len() - 145..]);
}

#[test]
fn a_mint_cap_is_for_one_gate_one_route_and_a_time() {
    let check = |change: &dyn Fn(&mut MintCap), now| {
        let mut leaf = leaf(1);
        change(&mut leaf);
        leaf.check(&DOMAIN, &ROUTE, MAX_LEASE, now)
    };
    let far = NOW + u64::from(MAX_LEASE);
    assert_eq!(check(&|_| (), NOW), Ok(()));
    assert_eq!(check(&|l| l.domain[31] ^= 1, NOW), Err(Refusal::WrongDomain));
    assert_eq!(check(&|l| l.route[0] ^= 1, NOW), Err(Refusal::WrongRoute));
    assert_eq!(check(&|_| (), NOW + LEASE - 1), Ok(()));
    assert_eq!(check(&|_| (), NOW + LEASE), Err(Refusal::StatementExpired));
    assert_eq!(check(&|l| l.expires_at.set(far), NOW), Ok(()));
    assert_eq!(check(&|l| l.expires_at.set(far + 1), NOW), Err(Refusal::LeaseTooLong));
    assert_eq!(check(&|l| l.observed_at.set(NOW + SKEW), NOW), Ok(()));
    assert_eq!(check(&|l| l.observed_at.set(NOW + SKEW + 1), NOW), Err(Refusal::ObservedInFuture));
    assert_eq!(SKEW, 60);
}

#[test]
fn a_handover_is_for_one_committee_and_a_time() {
    let leaf = handover_leaf(&Signer::new("next").key);
    assert_eq!(leaf.check::<Refusal>(&DOMAIN, NOW + LEASE - 1), Ok(()));
    assert_eq!(leaf.check(&DOMAIN, NOW + LEASE), Err(Refusal::HandoverExpired));
    assert_eq!(leaf.check(&[0; 32], NOW + LEASE), Err(Refusal::WrongDomain));
}

#[test]
fn numbers_fit_or_are_refused() {
    for number in [0, 1, u128::from(u64::MAX), 1 << 64, u128::MAX] {
        assert_eq!(fit_u128::<Refusal>(&word(number)), Ok(number));
        assert_eq!(fit_u64(&word(number)), u64::try_from(number).map_err(|_| Refusal::DoesNotFit));
    }
    for at in 0..4 {
        for high in [1, 1 << 63, u64::MAX] {
            let mut number = word(0);
            number[at].set(high);
            assert_eq!(fit_u128::<Refusal>(&number).is_ok(), at >= 2);
            assert_eq!(fit_u64::<Refusal>(&number).is_ok(), at == 3);
        }
    }
}

fn never_both_ways<L: Leaf>(bytes: &[u8]) -> bool {
    // What is taken is taken whole: the parts, put together again, are the bytes.
    Submission::<L>::open::<Refusal>(bytes).is_ok_and(|s| {
        let depth = [s.siblings.len() as u8];
        let sides = s.sides.to_be_bytes();
        let parts = [s.leaf.as_bytes(), &depth, &sides, s.siblings.as_bytes(), s.tail.as_bytes()];
        bytes == parts.concat()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_exactly_or_not_at_all(
        kind in 0..4u8, bytes in prop::collection::vec(any::<u8>(), 0..1400), depth in 0..40u8, exact: bool,
    ) {
        let mut bytes = bytes;
        if exact {
            bytes.resize(177 + 5 + 145 + 32 * usize::from(depth), 0);
            bytes[177..182].copy_from_slice(&[depth, 0, 0, 0, 0]);
        }
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let taken = Submission::<MintCap>::open::<Refusal>(&bytes).is_ok();
        prop_assert_eq!(taken, never_both_ways::<MintCap>(&bytes));
        if exact {
            prop_assert_eq!(taken, kind == 1 && depth <= 32);
        }
        let handover = Submission::<Handover>::open::<Refusal>(&bytes).is_ok();
        prop_assert_eq!(handover, never_both_ways::<Handover>(&bytes));
        prop_assert!(!(taken && handover));
    }
}
