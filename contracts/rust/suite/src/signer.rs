//! A committee of one, and statements that it certifies. Test keys only. Hashes and curve are a library's, and not what a
//! family verifies with.

use ballast_rules::statement::{Certificate, Handover, Header, Key, MintCap, Signature, U256};
use ballast_rules::Keccak;
use k256::elliptic_curve::hash2curve::{ExpandMsgXmd, GroupDigest};
use k256::elliptic_curve::ops::{MulByGenerator, Reduce};
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{ProjectivePoint, Scalar, Secp256k1};
use sha3::Digest;
use zerocopy::IntoBytes;

/// Unix seconds.
pub const NOW: u64 = 1_800_000_000;
/// How long [`leaf`] and [`handover_leaf`] live on, seconds.
pub const LEASE: u64 = 3_600;
/// Longest lease that gates under test allow, seconds.
pub const MAX_LEASE: u32 = 86_400;
/// Of the key in force.
pub const EPOCH: u64 = 7;
/// Of the gate under test.
pub const DOMAIN: [u8; 32] = [0xd0; 32];
/// Of the gate under test.
pub const ROUTE: [u8; 32] = [0x40; 32];

/// Keccak-256 by a library.
pub struct Library;

impl Keccak for Library {
    fn keccak256(parts: &[&[u8]], digest: &mut [u8; 32]) {
        *digest = keccak(parts);
    }
}

/// Keccak-256 of the parts one after the other.
pub fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    sha3::Keccak256::digest(parts.concat()).into()
}

/// Whoever knows the whole key.
#[derive(Clone)]
pub struct Signer {
    secret: Scalar,
    /// The group key.
    pub key: Key,
}

/// Prefix and x of secret * G.
fn compressed(secret: &Scalar) -> [u8; 33] {
    let point = ProjectivePoint::mul_by_generator(secret).to_affine().to_encoded_point(true);
    point.as_bytes().try_into().unwrap()
}

fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    <Scalar as Reduce<k256::U256>>::reduce_bytes(&keccak(parts).into())
}

/// e = H2(R | P | message) of RFC 9591, section 6.5.
pub fn challenge(key: &Key, message: &[u8; 32], signature: &Signature) -> Scalar {
    let parts: [&[u8]; 5] = [&[signature.prefix], &signature.x, &[2 + key.parity], &key.px, message];
    Secp256k1::hash_to_scalar::<ExpandMsgXmd<sha2::Sha256>>(&parts, &[b"FROST-secp256k1-SHA256-v1chal"]).unwrap()
}

impl Signer {
    /// The signer of this name.
    pub fn new(label: &str) -> Self {
        let secret = hash_to_scalar(&[label.as_bytes()]);
        let encoded = compressed(&secret);
        Signer { secret, key: Key { px: encoded[1..].try_into().unwrap(), parity: encoded[0] & 1 } }
    }

    /// z = k + e * secret, as RFC 9591 adds it up over the members.
    pub fn sign(&self, message: &[u8; 32]) -> Signature {
        self.sign_for(message, 0)
    }

    /// A signature whose equation holds for R, but which names (and hashes) the other point of the same x.
    pub fn sign_for_the_other_point(&self, message: &[u8; 32]) -> Signature {
        self.sign_for(message, 1)
    }

    fn sign_for(&self, message: &[u8; 32], flip: u8) -> Signature {
        let k = hash_to_scalar(&[b"nonce", &self.key.px, message]);
        let r = compressed(&k);
        let mut signature = Signature { prefix: r[0] ^ flip, x: r[1..].try_into().unwrap(), z: [0; 32] };
        signature.z = (k + challenge(&self.key, message, &signature) * self.secret).to_bytes().into();
        signature
    }

    /// A signed header over `root`.
    pub fn certificate(&self, epoch: u64, round: u64, root: [u8; 32]) -> Certificate {
        let header = Header { epoch: epoch.into(), round: round.into(), evidence: [0xe7; 32], root };
        let mut message = [0; 32];
        header.message::<Library>(&mut message);
        Certificate { header, signature: self.sign(&message) }
    }

    /// leaf | branch | certificate, the leaf being the second of four.
    pub fn statement(&self, leaf: &[u8], epoch: u64, round: u64) -> Vec<u8> {
        let (left, right) = ([0x11; 32], [0x22; 32]);
        let node = keccak(&[&[1], &left, &keccak(&[&[0], leaf])]);
        let root = keccak(&[&[1], &node, &right]);
        let certificate = self.certificate(epoch, round, root);
        [leaf, &[2, 0, 0, 0, 1], &left, &right, certificate.as_bytes()].concat()
    }

    /// The signature of a new key over the leaf that names it, 65 bytes.
    pub fn proof(&self, leaf: &Handover) -> Vec<u8> {
        let mut message = [0; 32];
        leaf.proof_message::<Library>(&mut message);
        self.sign(&message).as_bytes().to_vec()
    }
}

/// A leaf for [`DOMAIN`] and [`ROUTE`] that is good for an hour.
pub fn leaf(cap: u128) -> MintCap {
    MintCap {
        kind: 1,
        domain: DOMAIN,
        route: ROUTE,
        cap: word(cap),
        collateral: word(cap / 2),
        supply: word(cap / 3),
        observed_at: (NOW - 10).into(),
        expires_at: (NOW + LEASE).into(),
    }
}

/// A statement by the signer `group` about [`leaf`], changed before it is signed.
pub fn signed(change: impl Fn(&mut MintCap), round: u64) -> Vec<u8> {
    let mut stated = leaf(1_000);
    change(&mut stated);
    Signer::new("group").statement(stated.as_bytes(), EPOCH, round)
}

/// A leaf for [`DOMAIN`] that names the next key.
pub fn handover_leaf(next: &Key) -> Handover {
    Handover { kind: 2, domain: DOMAIN, new_epoch: (EPOCH + 1).into(), key: *next, expires_at: (NOW + LEASE).into() }
}

/// The number as a leaf has it.
pub fn word(number: u128) -> U256 {
    [0.into(), 0.into(), ((number >> 64) as u64).into(), (number as u64).into()]
}
