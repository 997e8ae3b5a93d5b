//! What the committee account decides: certificates under the key in force, and who the next key is.

use crate::crypto::Crypto;
use crate::error::{ensure, Error};
use crate::frost;
use crate::state::Committee;
use ballast_rules::statement::{Certificate, Handover, Key, Signature, Submission};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// What follows the branch of a handover, 210 bytes: a certificate, and the new key's own signature over the leaf.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug)]
#[repr(C)]
pub struct HandoverTail {
    /// By the key in force.
    pub certificate: Certificate,
    /// By the new key.
    pub proof: Signature,
}

/// A decoded handover.
pub type HandoverSubmission<'a> = Submission<'a, Handover, HandoverTail>;

/// Refuses all but a certificate of the current epoch and key over `root`.
#[inline(never)]
pub fn verify<C: Crypto>(committee: &Committee, certificate: &Certificate, root: &[u8; 32]) -> Result<(), Error> {
    let header = &certificate.header;
    ensure(header.epoch.get() == committee.epoch.get(), Error::WrongEpoch)?;
    // Round 0 is "no statement" in a route, so this also keeps it out before the first handover.
    ensure(header.round.get() > committee.since_round.get(), Error::RoundBeforeEpoch)?;
    let mut message = [0; 32];
    header.message::<C>(&mut message);
    frost::verify::<C>(&committee.key(), &message, &certificate.signature)?;
    ensure(*root == header.root, Error::WrongRoot)
}

/// Starts with a first key, which is checked to be a point that can be verified with. It need not sign: nothing is at
/// stake before the first statement, since a gate without one mints nothing. The first statement taken is the proof.
pub fn start<C: Crypto>(committee: &mut Committee, epoch: u64, key: &Key) -> Result<(), Error> {
    frost::check_key::<C>(key)?;
    committee.epoch.set(epoch);
    (committee.px, committee.parity) = (key.px, key.parity);
    Ok(())
}

/// Replaces the key by one that the key in force has certified and that has signed itself, both for this account.
pub fn handover<C: Crypto>(committee: &mut Committee, statement: &[u8], now: u64) -> Result<(), Error> {
    let submission = HandoverSubmission::open::<Error>(statement)?;
    let (leaf, tail) = (submission.leaf, submission.tail);
    leaf.check::<Error>(&committee.domain, now)?;

    let mut root = [0; 32];
    submission.root::<C>(&mut root);
    verify::<C>(committee, &tail.certificate, &root)?;
    // After the last epoch there is no next one.
    ensure(committee.epoch.get().checked_add(1) == Some(leaf.new_epoch.get()), Error::WrongEpoch)?;

    frost::check_key::<C>(&leaf.key)?;
    let mut message = [0; 32];
    leaf.proof_message::<C>(&mut message);
    frost::verify::<C>(&leaf.key, &message, &tail.proof)?;

    committee.epoch.set(leaf.new_epoch.get());
    committee.since_round.set(tail.certificate.header.round.get());
    (committee.px, committee.parity) = (leaf.key.px, leaf.key.parity);
    Ok(())
}

const _: () = assert!(size_of::<HandoverTail>() == 210);
