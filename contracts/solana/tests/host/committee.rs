//! Handovers: by the key in force and the new key together, for this very account, to the very next epoch.

use crate::oracle::Oracle;
use crate::signer::{committee, handover_leaf, Signer, DOMAIN, EPOCH, LEASE, NOW};
use ballast_gate::committee::{handover, start, verify};
use ballast_gate::error::Error;
use ballast_gate::state::Committee;
use ballast_rules::statement::{Handover, Key};
use ballast_suite::damage;
use zerocopy::{FromZeros, IntoBytes};

fn old() -> Signer {
    Signer::new("old")
}

fn account() -> Committee {
    committee(&old())
}

fn next() -> Signer {
    Signer::new("next")
}

/// A right handover after `change` was made to its leaf, signed as given.
fn submission(change: impl Fn(&mut Handover), epoch: u64, round: u64, prover: &Signer) -> Vec<u8> {
    let mut leaf = handover_leaf(&next().key);
    change(&mut leaf);
    [old().statement(leaf.as_bytes(), epoch, round), prover.proof(&leaf)].concat()
}

fn refused(bytes: &[u8], now: u64) -> Error {
    let mut committee = account();
    let error = handover::<Oracle>(&mut committee, bytes, now).unwrap_err();
    assert_eq!(committee, account(), "a refused handover changes nothing");
    error
}

#[test]
fn takes_the_next_key_and_forgets_the_old_one() {
    let mut committee = account();
    let bytes = submission(|_| (), EPOCH, 50, &next());
    handover::<Oracle>(&mut committee, &bytes, NOW).unwrap();
    let mut expected = account();
    expected.epoch.set(EPOCH + 1);
    expected.since_round.set(50);
    (expected.px, expected.parity) = (next().key.px, next().key.parity);
    assert_eq!(committee, expected);

    let root = [9; 32];
    let check =
        |signer: &Signer, epoch, round| verify::<Oracle>(&committee, &signer.certificate(epoch, round, root), &root);
    assert_eq!(check(&next(), EPOCH + 1, 51), Ok(()));
    assert_eq!(check(&next(), EPOCH + 1, 50), Err(Error::RoundBeforeEpoch));
    assert_eq!(check(&old(), EPOCH + 1, 51), Err(Error::BadSignature));
    assert_eq!(check(&old(), EPOCH, 51), Err(Error::WrongEpoch));
    assert_eq!(handover::<Oracle>(&mut committee, &bytes, NOW), Err(Error::WrongEpoch));
}

#[test]
fn refuses_each_fault_by_name() {
    let keep = |_: &mut Handover| ();
    assert_eq!(refused(&submission(|l| l.domain[0] ^= 1, EPOCH, 5, &next()), NOW), Error::WrongDomain);
    assert_eq!(refused(&submission(keep, EPOCH, 5, &next()), NOW + LEASE), Error::HandoverExpired);
    assert_eq!(refused(&submission(keep, EPOCH + 1, 5, &next()), NOW), Error::WrongEpoch);
    assert_eq!(refused(&submission(keep, EPOCH, 0, &next()), NOW), Error::RoundBeforeEpoch);
    for new_epoch in [0, EPOCH, EPOCH + 2] {
        let bytes = submission(|l| l.new_epoch.set(new_epoch), EPOCH, 5, &next());
        assert_eq!(refused(&bytes, NOW), Error::WrongEpoch);
    }
    assert_eq!(refused(&submission(|l| l.key.parity = 2, EPOCH, 5, &next()), NOW), Error::BadKey);
    assert_eq!(refused(&submission(|l| l.key.px = [0; 32], EPOCH, 5, &next()), NOW), Error::BadKey);
    assert_eq!(refused(&submission(keep, EPOCH, 5, &old()), NOW), Error::BadSignature);
    assert_eq!(refused(&submission(|l| l.key.parity ^= 1, EPOCH, 5, &next()), NOW), Error::BadSignature);
    // A mint cap is no handover, and neither is the same leaf without its proof.
    assert_eq!(refused(&submission(|l| l.kind = 1, EPOCH, 5, &next()), NOW), Error::WrongKind);
    assert_eq!(refused(&old().statement(handover_leaf(&next().key).as_bytes(), EPOCH, 5), NOW), Error::BadLength);
    assert_eq!(refused(&[], NOW), Error::BadLength);
}

#[test]
fn expires_at_the_very_second() {
    let bytes = submission(|_| (), EPOCH, 5, &next());
    assert_eq!(handover::<Oracle>(&mut account(), &bytes, NOW + LEASE - 1), Ok(()));
    assert_eq!(refused(&bytes, NOW + LEASE), Error::HandoverExpired);
}

#[test]
fn after_the_last_epoch_there_is_no_next_one() {
    let mut committee = account();
    committee.epoch.set(u64::MAX);
    let bytes = submission(|l| l.new_epoch.set(0), u64::MAX, 5, &next());
    assert_eq!(handover::<Oracle>(&mut committee, &bytes, NOW), Err(Error::WrongEpoch));
}

#[test]
fn refuses_every_byte_altered() {
    let whole = submission(|_| (), EPOCH, 5, &next());
    damage::each(&whole, |bytes| refused(bytes, NOW));
}

#[test]
fn certificates_hold_for_one_root_only() {
    let committee = account();
    let certificate = old().certificate(EPOCH, 1, [9; 32]);
    assert_eq!(verify::<Oracle>(&committee, &certificate, &[9; 32]), Ok(()));
    assert_eq!(verify::<Oracle>(&committee, &certificate, &[8; 32]), Err(Error::WrongRoot));
}

#[test]
fn starts_with_a_usable_key_only() {
    let mut committee = Committee::new_zeroed();
    committee.domain = DOMAIN;
    start::<Oracle>(&mut committee, 3, &next().key).unwrap();
    assert_eq!((committee.epoch.get(), committee.since_round.get(), committee.key()), (3, 0, next().key));
    let before = committee.clone();
    for key in [Key { px: [0; 32], parity: 0 }, Key { parity: 2, ..next().key }] {
        assert_eq!(start::<Oracle>(&mut committee, 4, &key), Err(Error::BadKey));
        assert_eq!(committee, before);
    }
}
