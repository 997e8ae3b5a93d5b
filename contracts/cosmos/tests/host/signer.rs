//! A committee of one, and statements that it certifies. Test keys only.

use ballast_cosmos::committee::Committee;
use ballast_cosmos::crypto::{Chain, Crypto};
use ballast_cosmos::frost;
use ballast_cosmos::statement::{Certificate, Handover, Header, Key, MintCap, Signature};
use cosmwasm_std::testing::MockApi;
use k256::elliptic_curve::ops::{MulByGenerator, Reduce};
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{ProjectivePoint, Scalar, U256};
use zerocopy::IntoBytes;

pub const NOW: u64 = 1_800_000_000;
pub const LEASE: u64 = 3_600;
pub const MAX_LEASE: u32 = 86_400;
pub const EPOCH: u64 = 7;
pub const DOMAIN: [u8; 32] = [0xd0; 32];
pub const ROUTE: [u8; 32] = [0x40; 32];

/// What the chain computes, by the library that the chain uses.
pub struct Host(MockApi);

pub fn crypto() -> Host {
    Host(MockApi::default())
}

impl Crypto for Host {
    fn keccak256(&self, parts: &[&[u8]]) -> [u8; 32] {
        Chain(&self.0).keccak256(parts)
    }

    fn recover(&self, hash: &[u8; 32], parity: u8, signature: &[u8; 64]) -> Option<[u8; 65]> {
        Chain(&self.0).recover(hash, parity, signature)
    }
}

#[derive(Clone)]
pub struct Signer {
    secret: Scalar,
    pub key: Key,
}

/// Prefix and x of secret * G.
fn compressed(secret: &Scalar) -> [u8; 33] {
    let point = ProjectivePoint::mul_by_generator(secret).to_affine().to_encoded_point(true);
    point.as_bytes().try_into().unwrap()
}

fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    <Scalar as Reduce<U256>>::reduce_bytes(&crypto().keccak256(parts).into())
}

impl Signer {
    pub fn new(label: &str) -> Self {
        let secret = hash_to_scalar(&[label.as_bytes()]);
        let encoded = compressed(&secret);
        Signer { secret, key: Key { px: encoded[1..].try_into().unwrap(), parity: encoded[0] & 1 } }
    }

    /// z = k + e * secret, as RFC 9591 adds it up over the members.
    pub fn sign(&self, message: &[u8; 32]) -> Signature {
        let k = hash_to_scalar(&[b"nonce", &self.key.px, message]);
        let r = compressed(&k);
        let mut signature = Signature { prefix: r[0], x: r[1..].try_into().unwrap(), z: [0; 32] };
        let e = frost::challenge(&self.key, message, &signature).unwrap();
        signature.z = (k + e * self.secret).to_bytes().into();
        signature
    }

    /// leaf | branch | certificate, the leaf being the second of four.
    pub fn statement(&self, leaf: &[u8], epoch: u64, round: u64) -> Vec<u8> {
        let crypto = crypto();
        let (left, right) = ([0x11; 32], [0x22; 32]);
        let node = crypto.keccak256(&[&[1], &left, &crypto.keccak256(&[&[0], leaf])]);
        let root = crypto.keccak256(&[&[1], &node, &right]);
        let header = Header { epoch: epoch.into(), round: round.into(), evidence: [0xe7; 32], root };
        let certificate = Certificate { header, signature: self.sign(&header.message(&crypto)) };
        [leaf, &[2, 0, 0, 0, 1], &left, &right, certificate.as_bytes()].concat()
    }

    pub fn proof(&self, leaf: &Handover) -> Vec<u8> {
        self.sign(&leaf.proof_message(&crypto())).as_bytes().to_vec()
    }

    pub fn committee(&self) -> Committee {
        Committee { epoch: EPOCH, since_round: 0, key: self.key }
    }
}

/// A leaf that is good for an hour.
pub fn leaf(cap: u128) -> MintCap {
    let word = |value: u128| [0.into(), value.into()];
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

pub fn handover_leaf(next: &Key) -> Handover {
    Handover { kind: 2, domain: DOMAIN, new_epoch: (EPOCH + 1).into(), key: *next, expires_at: (NOW + LEASE).into() }
}
