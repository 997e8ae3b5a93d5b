//! The committee's record: handovers, epochs, rounds.

use crate::signer::{committee, crypto, handover_leaf, leaf, Library, Signer, DOMAIN, EPOCH, LEASE, NOW};
use ballast_cosmos::committee::Committee;
use ballast_cosmos::error::Error;
use ballast_rules::statement::{Handover, Key, MintCap, Submission};
use ballast_suite::damage;
use zerocopy::IntoBytes;

const ROUND: u64 = 20;

fn hand_over(committee: &Committee, statement: &[u8], proof: &[u8], now: u64) -> Result<Committee, Error> {
    committee.handover(&crypto(), &DOMAIN, statement, proof, now)
}

/// A handover by the group to `next`, altered before it is signed.
fn altered(change: impl Fn(&mut Handover)) -> (Vec<u8>, Vec<u8>) {
    let next = Signer::new("next");
    let mut leaf = handover_leaf(&next.key);
    change(&mut leaf);
    (Signer::new("group").statement(leaf.as_bytes(), EPOCH, ROUND), next.proof(&leaf))
}

fn refused(statement: &[u8], proof: &[u8], now: u64) -> Error {
    hand_over(&committee(&Signer::new("group")), statement, proof, now).unwrap_err()
}

#[test]
fn the_next_key_comes_into_force() {
    let (statement, proof) = altered(|_| ());
    let next = Signer::new("next");
    let committee = hand_over(&committee(&Signer::new("group")), &statement, &proof, NOW).unwrap();
    assert_eq!(committee, Committee { epoch: EPOCH + 1, since_round: ROUND, key: next.key });
    // Neither again nor back: the old key certifies nothing any more.
    assert_eq!(hand_over(&committee, &statement, &proof, NOW), Err(Error::WrongEpoch));
    let old = Signer::new("group").statement(leaf(1).as_bytes(), EPOCH + 1, ROUND + 1);
    let opened = Submission::<MintCap>::open::<Error>(&old).unwrap();
    let mut root = [0; 32];
    opened.root::<Library>(&mut root);
    assert_eq!(committee.verify(&crypto(), opened.tail, &root), Err(Error::BadSignature));
}

#[test]
fn refuses_each_fault_by_name() {
    let (statement, proof) = altered(|_| ());
    assert_eq!(refused(&statement, &proof, NOW + LEASE), Error::HandoverExpired);
    assert_eq!(refused(&statement, &proof[..64], NOW), Error::BadLength);
    assert_eq!(refused(&statement, &[&proof[..], &[0]].concat(), NOW), Error::BadLength);
    assert_eq!(refused(&[&statement[..], &proof[..1]].concat(), &proof[1..], NOW), Error::BadLength);
    assert_eq!(
        refused(&statement, &Signer::new("group").proof(&handover_leaf(&Signer::new("next").key)), NOW),
        Error::BadSignature
    );
    let faults: [(&dyn Fn(&mut Handover), Error); 7] = [
        (&|l| l.domain[0] ^= 1, Error::WrongDomain),
        (&|l| l.new_epoch.set(EPOCH), Error::WrongEpoch),
        (&|l| l.new_epoch.set(EPOCH + 2), Error::WrongEpoch),
        (&|l| l.key.parity = 2, Error::BadKey),
        (&|l| l.key.px = [0xff; 32], Error::BadKey),
        (&|l| l.key.parity ^= 1, Error::BadSignature),
        (&|l| l.expires_at.set(NOW), Error::HandoverExpired),
    ];
    for (change, expected) in faults {
        let (statement, proof) = altered(change);
        assert_eq!(refused(&statement, &proof, NOW), expected);
    }
    let by_stranger = Signer::new("next").statement(handover_leaf(&Signer::new("next").key).as_bytes(), EPOCH, ROUND);
    assert_eq!(refused(&by_stranger, &proof, NOW), Error::BadSignature);
    let mint_cap = Signer::new("group").statement(leaf(1).as_bytes(), EPOCH, ROUND);
    assert_eq!(refused(&mint_cap, &proof, NOW), Error::WrongKind);
}

#[test]
fn rounds_must_come_after_the_handover() {
    let group = Signer::new("group");
    let committee = Committee { since_round: 9, ..committee(&group) };
    for (round, expected) in [(8, Err(Error::RoundBeforeEpoch)), (9, Err(Error::RoundBeforeEpoch)), (10, Ok(()))] {
        let statement = group.statement(leaf(1).as_bytes(), EPOCH, round);
        let opened = Submission::<MintCap>::open::<Error>(&statement).unwrap();
        let mut root = [0; 32];
        opened.root::<Library>(&mut root);
        assert_eq!(committee.verify(&crypto(), opened.tail, &root), expected);
    }
}

#[test]
fn after_the_last_epoch_there_is_no_next() {
    let (group, next) = (Signer::new("group"), Signer::new("next"));
    let committee = Committee { epoch: u64::MAX, ..committee(&group) };
    let mut leaf = handover_leaf(&next.key);
    leaf.new_epoch.set(0);
    let statement = group.statement(leaf.as_bytes(), u64::MAX, ROUND);
    assert_eq!(hand_over(&committee, &statement, &next.proof(&leaf), NOW), Err(Error::WrongEpoch));
}

#[test]
fn a_record_starts_only_with_a_key() {
    let key = Signer::new("group").key;
    assert_eq!(Committee::start(0, key), Ok(Committee { epoch: 0, since_round: 0, key }));
    assert_eq!(Committee::start(1, Key { px: [0; 32], parity: 0 }), Err(Error::BadKey));
}

#[test]
fn refuses_every_byte_altered() {
    let (statement, proof) = altered(|_| ());
    damage::each(&statement, |bytes| refused(bytes, &proof, NOW));
    damage::each(&proof, |bytes| refused(&statement, bytes, NOW));
}
