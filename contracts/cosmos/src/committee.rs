//! What the committee's record decides: certificates under the key in force, and who the next key is.

use crate::crypto::{Crypto, Sponge};
use crate::error::{ensure, Error};
use crate::frost;
use ballast_rules::statement::{Certificate, Handover, Key, Signature, Submission};
use zerocopy::FromBytes;

/// Epoch and group key in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// Rises by one with each handover.
    pub epoch: u64,
    /// Round of the handover that began the epoch; 0 for the first.
    pub since_round: u64,
    /// The key.
    pub key: Key,
}

impl Committee {
    /// Starts with a first key, which is checked to be a point that can be verified with. It need not sign: nothing is
    /// at stake before the first statement, since a gate without one mints nothing. The first statement taken is the
    /// proof.
    pub fn start(epoch: u64, key: Key) -> Result<Self, Error> {
        frost::check_key(&key)?;
        Ok(Committee { epoch, since_round: 0, key })
    }

    /// Refuses all but a certificate of the current epoch and key over `root`.
    pub fn verify(&self, crypto: &impl Crypto, certificate: &Certificate, root: &[u8; 32]) -> Result<(), Error> {
        let header = &certificate.header;
        ensure(header.epoch.get() == self.epoch, Error::WrongEpoch)?;
        // Round 0 is "no statement" in a route, so this also keeps it out before the first handover.
        ensure(header.round.get() > self.since_round, Error::RoundBeforeEpoch)?;
        let mut message = [0; 32];
        header.message::<Sponge>(&mut message);
        frost::verify(crypto, &self.key, &message, &certificate.signature)?;
        ensure(*root == header.root, Error::WrongRoot)
    }

    /// The record after a handover to a key that the key in force has certified and that has signed itself, both for
    /// this contract.
    pub fn handover(
        &self,
        crypto: &impl Crypto,
        domain: &[u8; 32],
        statement: &[u8],
        proof: &[u8],
        now: u64,
    ) -> Result<Self, Error> {
        let submission = Submission::<Handover>::open::<Error>(statement)?;
        let (leaf, certificate) = (submission.leaf, submission.tail);
        leaf.check::<Error>(domain, now)?;

        let mut root = [0; 32];
        submission.root::<Sponge>(&mut root);
        self.verify(crypto, certificate, &root)?;
        // After the last epoch there is no next one.
        ensure(self.epoch.checked_add(1) == Some(leaf.new_epoch.get()), Error::WrongEpoch)?;

        frost::check_key(&leaf.key)?;
        let proof = Signature::ref_from_bytes(proof).map_err(|_| Error::BadLength)?;
        let mut message = [0; 32];
        leaf.proof_message::<Sponge>(&mut message);
        frost::verify(crypto, &leaf.key, &message, proof)?;
        Ok(Committee { epoch: leaf.new_epoch.get(), since_round: certificate.header.round.get(), key: leaf.key })
    }
}
