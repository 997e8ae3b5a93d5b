//! Hashes and recovery by libraries that the program does not use.

use ballast_gate::crypto::Crypto;
use ballast_rules::Keccak;
use ballast_suite::signer::keccak;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::sec1::ToEncodedPoint;
use sha2::Digest;

pub struct Oracle;

impl Keccak for Oracle {
    fn keccak256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        *digest = keccak(parts);
    }
}

impl Crypto for Oracle {
    fn sha256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        *digest = sha2::Sha256::digest(parts.concat()).into();
    }

    /// k256 refuses an s above (n - 1) / 2, which is the strictest that a chain may do.
    fn recover(hash: &[u8; 32], recovery_id: u8, signature: &[u8; 64], point: &mut [u8; 64]) -> bool {
        let Some(id) = RecoveryId::from_byte(recovery_id) else { return false };
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        let Ok(key) = VerifyingKey::recover_from_prehash(hash, &signature, id) else { return false };
        point.copy_from_slice(&key.as_affine().to_encoded_point(false).as_bytes()[1..]);
        true
    }
}
