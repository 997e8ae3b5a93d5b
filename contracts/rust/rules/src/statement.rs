//! Decoding of submissions, `leaf | branch | certificate`: each has exactly one form (`docs/protocol.md`).

use crate::merkle;
use crate::refusal::{hold, Refusal};
use crate::Keccak;
use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Deepest branch that is taken.
pub const MAX_DEPTH: u8 = 32;

/// A 256-bit number, the highest word first.
pub type U256 = [U64; 4];

/// How far a statement's readings may lie ahead of the clock, in seconds.
pub const SKEW: u64 = 60;

/// A leaf of one kind.
pub trait Leaf: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned {
    /// The first byte of every leaf of this kind.
    const KIND: u8;
}

/// Leaf of kind 1, 177 bytes: what one gate is told about one route.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct MintCap {
    /// 1.
    pub kind: u8,
    /// The gate that it is for.
    pub domain: [u8; 32],
    /// Keccak-256 of the route's name.
    pub route: [u8; 32],
    /// Greatest supply that may be reached by minting, base units.
    pub cap: U256,
    /// Locked in the whole route, route units.
    pub collateral: U256,
    /// Wrapped in the whole route, route units.
    pub supply: U256,
    /// Unix seconds.
    pub observed_at: U64,
    /// Unix seconds; live strictly before.
    pub expires_at: U64,
}

/// Leaf of kind 2, 82 bytes: the key of the next epoch.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Handover {
    /// 2.
    pub kind: u8,
    /// The committee that it is for.
    pub domain: [u8; 32],
    /// The current epoch plus 1.
    pub new_epoch: U64,
    /// The new group key.
    pub key: Key,
    /// Unix seconds; taken strictly before.
    pub expires_at: U64,
}

/// A group key. Which are valid is for the one who verifies to say.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Key {
    /// x coordinate, big-endian.
    pub px: [u8; 32],
    /// Of y: 0 even, 1 odd.
    pub parity: u8,
}

/// What the committee signs, 80 bytes.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Header {
    /// Of the key that signs.
    pub epoch: U64,
    /// Rises strictly.
    pub round: U64,
    /// Digest of what the round was computed from.
    pub evidence: [u8; 32],
    /// Of the tree of statements.
    pub root: [u8; 32],
}

/// A FROST signature, 65 bytes.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Signature {
    /// 02 or 03 by the parity of R's y.
    pub prefix: u8,
    /// x coordinate of R, big-endian.
    pub x: [u8; 32],
    /// Big-endian.
    pub z: [u8; 32],
}

/// A signed header, 145 bytes.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub struct Certificate {
    /// What is signed.
    pub header: Header,
    /// The group's.
    pub signature: Signature,
}

impl Leaf for MintCap {
    const KIND: u8 = 1;
}

impl Leaf for Handover {
    const KIND: u8 = 2;
}

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct BranchHead {
    depth: u8,
    sides: U32,
}

/// A decoded submission: views into its bytes. What follows the branch is a certificate, where a chain does not put more
/// behind it.
pub struct Submission<'a, L, T = Certificate> {
    /// What is stated.
    pub leaf: &'a L,
    /// Its siblings up to the root.
    pub siblings: &'a [[u8; 32]],
    /// Bit i: the sibling at level i stands left.
    pub sides: u32,
    /// What follows the branch.
    pub tail: &'a T,
}

impl<'a, L: Leaf, T: FromBytes + KnownLayout + Immutable + Unaligned> Submission<'a, L, T> {
    /// Checks kind, length and branch, in the order of `WrongKind`, `BadLength`, `BadBranch`, `BadLength`; no bytes
    /// at all are `BadLength`.
    #[inline(always)]
    pub fn open<E: From<Refusal>>(bytes: &'a [u8]) -> Result<Self, E> {
        let kind = *bytes.first().ok_or(E::from(Refusal::BadLength))?;
        hold::<E>(kind == L::KIND, Refusal::WrongKind)?;
        let (leaf, rest) = L::ref_from_prefix(bytes).map_err(|_| E::from(Refusal::BadLength))?;
        let (head, rest) = BranchHead::ref_from_prefix(rest).map_err(|_| E::from(Refusal::BadLength))?;
        let (siblings, tail) = T::ref_from_suffix(rest).map_err(|_| E::from(Refusal::BadLength))?;

        let (depth, sides) = (head.depth, head.sides.get());
        // The shift is by at most 32 of 64 bits.
        hold(depth <= MAX_DEPTH && u64::from(sides) >> (depth & 63) == 0, Refusal::BadBranch)?;
        let siblings = <[[u8; 32]]>::ref_from_bytes_with_elems(siblings, usize::from(depth))
            .map_err(|_| E::from(Refusal::BadLength))?;
        Ok(Submission { leaf, siblings, sides, tail })
    }

    /// Where the branch leads.
    #[inline(always)]
    pub fn root<K: Keccak>(&self, root: &mut [u8; 32]) {
        merkle::root::<K>(self.leaf.as_bytes(), self.siblings, self.sides, root);
    }
}

impl MintCap {
    /// Refuses what is not for this gate and route now: `WrongDomain`, `WrongRoute`, `StatementExpired`,
    /// `LeaseTooLong`, `ObservedInFuture`, in this order. The longest lease and the clock are in seconds.
    #[inline(always)]
    pub fn check<E: From<Refusal>>(
        &self,
        domain: &[u8; 32],
        route: &[u8; 32],
        max_lease: u32,
        now: u64,
    ) -> Result<(), E> {
        hold::<E>(self.domain == *domain, Refusal::WrongDomain)?;
        hold::<E>(self.route == *route, Refusal::WrongRoute)?;
        let left = self.expires_at.get().saturating_sub(now);
        hold::<E>(left > 0, Refusal::StatementExpired)?;
        hold::<E>(left <= u64::from(max_lease), Refusal::LeaseTooLong)?;
        hold(self.observed_at.get().saturating_sub(now) <= SKEW, Refusal::ObservedInFuture)
    }
}

impl Header {
    /// The 32 bytes that the committee signs.
    #[inline(always)]
    pub fn message<K: Keccak>(&self, message: &mut [u8; 32]) {
        K::keccak256(&[b"ballast/round/v1", self.as_bytes()], message);
    }
}

impl Handover {
    /// Refuses what is not for this committee now: `WrongDomain`, `HandoverExpired`, in this order. The clock is in
    /// seconds.
    #[inline(always)]
    pub fn check<E: From<Refusal>>(&self, domain: &[u8; 32], now: u64) -> Result<(), E> {
        hold::<E>(self.domain == *domain, Refusal::WrongDomain)?;
        hold(self.expires_at.get() > now, Refusal::HandoverExpired)
    }

    /// The 32 bytes that the new key signs.
    #[inline(always)]
    pub fn proof_message<K: Keccak>(&self, message: &mut [u8; 32]) {
        K::keccak256(&[b"ballast/handover/v1", self.as_bytes()], message);
    }
}

/// The number as a u64, or `DoesNotFit`.
#[inline(always)]
pub fn fit_u64<E: From<Refusal>>(number: &U256) -> Result<u64, E> {
    let [a, b, c, low] = number;
    hold::<E>(a.get() | b.get() | c.get() == 0, Refusal::DoesNotFit)?;
    Ok(low.get())
}

/// The number as a u128, or `DoesNotFit`.
#[inline(always)]
pub fn fit_u128<E: From<Refusal>>(number: &U256) -> Result<u128, E> {
    let [a, b, high, low] = number;
    hold::<E>(a.get() | b.get() == 0, Refusal::DoesNotFit)?;
    Ok(u128::from(high.get()) << 64 | u128::from(low.get()))
}

const _: () = {
    assert!(size_of::<MintCap>() == 177);
    assert!(size_of::<Handover>() == 82);
    assert!(size_of::<Header>() == 80);
    assert!(size_of::<Certificate>() == 145);
    assert!(size_of::<Signature>() == 65);
    assert!(size_of::<BranchHead>() == 5);
};
