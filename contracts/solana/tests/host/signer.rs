//! A committee of one, and statements that it certifies. Test keys only.

use crate::oracle::{keccak, Oracle};
use ballast_gate::frost;
use ballast_gate::scalar;
use ballast_gate::state::{Committee, Route};
use ballast_gate::statement::{Certificate, Handover, Header, Key, MintCap, Signature};
use k256::elliptic_curve::ops::{MulByGenerator, Reduce};
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{ProjectivePoint, Scalar, U256};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

pub const NOW: u64 = 1_800_000_000;
pub const LEASE: u64 = 3_600;
pub const MAX_LEASE: u32 = 86_400;
pub const EPOCH: u64 = 7;
pub const DOMAIN: [u8; 32] = [0xd0; 32];
pub const ROUTE: [u8; 32] = [0x40; 32];

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
    <Scalar as Reduce<U256>>::reduce_bytes(&keccak(parts).into())
}

impl Signer {
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
        let (mut limbs, mut e) = ([0; 8], [0; 32]);
        frost::challenge::<Oracle>(&self.key, message, &signature, &mut limbs);
        scalar::to_be(&limbs, &mut e);
        let e = <Scalar as Reduce<U256>>::reduce_bytes(&e.into());
        signature.z = (k + e * self.secret).to_bytes().into();
        signature
    }

    pub fn certificate(&self, epoch: u64, round: u64, root: [u8; 32]) -> Certificate {
        let mut certificate = Certificate::new_zeroed();
        certificate.header = Header { epoch: epoch.into(), round: round.into(), evidence: [0xe7; 32], root };
        let mut message = [0; 32];
        certificate.header.message::<Oracle>(&mut message);
        certificate.signature = self.sign(&message);
        certificate
    }

    /// leaf | branch | certificate, the leaf being the second of four.
    pub fn statement(&self, leaf: &[u8], epoch: u64, round: u64) -> Vec<u8> {
        let (left, right) = ([0x11; 32], [0x22; 32]);
        let node = keccak(&[&[1], &left, &keccak(&[&[0], leaf])]);
        let root = keccak(&[&[1], &node, &right]);
        let certificate = self.certificate(epoch, round, root);
        [leaf, &[2, 0, 0, 0, 1], &left, &right, certificate.as_bytes()].concat()
    }

    /// A handover to `next`, without its proof.
    pub fn handover(&self, leaf: &Handover, epoch: u64, round: u64) -> Vec<u8> {
        self.statement(leaf.as_bytes(), epoch, round)
    }

    pub fn proof(&self, leaf: &Handover) -> Signature {
        let mut message = [0; 32];
        leaf.proof_message::<Oracle>(&mut message);
        self.sign(&message)
    }

    pub fn committee(&self) -> Committee {
        let mut committee = Committee::new_zeroed();
        committee.tag = Committee::TAG;
        committee.epoch.set(EPOCH);
        (committee.px, committee.parity, committee.domain) = (self.key.px, self.key.parity, DOMAIN);
        committee
    }
}

/// A leaf for [`route`] that is good for an hour.
pub fn leaf(cap: u64) -> MintCap {
    let word = |value: u64| [0.into(), 0.into(), 0.into(), value.into()];
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

/// A registered route with one minter, [1; 32], and a rate limit that never binds.
pub fn route() -> Box<Route> {
    let mut route = Box::new(Route::new_zeroed());
    route.tag = Route::TAG;
    route.max_lease.set(MAX_LEASE);
    route.loosen_delay.set(7_200);
    (route.domain, route.route) = (DOMAIN, ROUTE);
    (route.owner, route.guardian) = ([2; 32], [3; 32]);
    route.bucket.fill(u64::MAX, 0, NOW);
    route.add_minter(&[1; 32]).unwrap();
    route
}

/// A copy, to compare with.
pub fn copy(route: &Route) -> Box<Route> {
    Box::new(Route::read_from_bytes(route.as_bytes()).unwrap())
}
