//! What the chain computes for the program.

use ballast_rules::Keccak;

/// Hashes and public-key recovery: syscalls in the program, a library in host tests.
pub trait Crypto: Keccak {
    /// SHA-256 of the parts one after the other.
    fn sha256(parts: &[&[u8]], digest: &mut [u8; 32]);

    /// ECDSA public-key recovery over secp256k1 (SEC 1, section 4.1.6).
    ///
    /// `signature` is r and s, 32 bytes each, big-endian; callers give an s of at most (n - 1) / 2, since
    /// implementations differ in whether they take a greater one. Bit 0 of `recovery_id` is the parity of R's y; bit 1
    /// says that R's x is r + n. Writes x and y of the point, big-endian, or returns false where there is none.
    fn recover(hash: &[u8; 32], recovery_id: u8, signature: &[u8; 64], point: &mut [u8; 64]) -> bool;
}
