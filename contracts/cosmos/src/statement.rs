//! Decoding of submissions, `leaf | branch | certificate`: each has exactly one form (`docs/protocol.md`).

use crate::crypto::Crypto;
use crate::error::{ensure, Error};
use crate::merkle;
use zerocopy::big_endian::{U128, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Deepest branch that is taken.
pub const MAX_DEPTH: u8 = 32;

/// A 256-bit number, the higher half first.
pub type U256 = [U128; 2];

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
    /// The contract.
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
    /// The contract.
    pub domain: [u8; 32],
    /// The current epoch plus 1.
    pub new_epoch: U64,
    /// The new group key.
    pub key: Key,
    /// Unix seconds; taken strictly before.
    pub expires_at: U64,
}

/// A group key. Which are valid is for [`crate::frost::check_key`] to say.
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

/// A decoded submission: views into its bytes.
pub struct Submission<'a, L: Leaf> {
    /// What is stated.
    pub leaf: &'a L,
    /// Its siblings up to the root.
    pub siblings: &'a [[u8; 32]],
    /// Bit i: the sibling at level i stands left.
    pub sides: u32,
    /// What follows the branch.
    pub certificate: &'a Certificate,
}

impl<'a, L: Leaf> Submission<'a, L> {
    /// Checks kind, length and branch, in the order of `WrongKind`, `BadLength`, `BadBranch`, `BadLength`; no bytes
    /// at all are `BadLength`.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let kind = *bytes.first().ok_or(Error::BadLength)?;
        ensure(kind == L::KIND, Error::WrongKind)?;
        let (leaf, rest) = L::ref_from_prefix(bytes).map_err(|_| Error::BadLength)?;
        let (head, rest) = BranchHead::ref_from_prefix(rest).map_err(|_| Error::BadLength)?;
        let (siblings, certificate) = Certificate::ref_from_suffix(rest).map_err(|_| Error::BadLength)?;

        let (depth, sides) = (head.depth, head.sides.get());
        // The shift is by at most 32 of 64 bits.
        ensure(depth <= MAX_DEPTH && u64::from(sides) >> (depth & 63) == 0, Error::BadBranch)?;
        let siblings =
            <[[u8; 32]]>::ref_from_bytes_with_elems(siblings, usize::from(depth)).map_err(|_| Error::BadLength)?;
        Ok(Submission { leaf, siblings, sides, certificate })
    }

    /// Where the branch leads.
    pub fn root(&self, crypto: &impl Crypto) -> [u8; 32] {
        merkle::root(crypto, self.leaf.as_bytes(), self.siblings, self.sides)
    }
}

impl Header {
    /// The 32 bytes that the committee signs.
    pub fn message(&self, crypto: &impl Crypto) -> [u8; 32] {
        crypto.keccak256(&[b"ballast/round/v1", self.as_bytes()])
    }
}

impl Handover {
    /// The 32 bytes that the new key signs.
    pub fn proof_message(&self, crypto: &impl Crypto) -> [u8; 32] {
        crypto.keccak256(&[b"ballast/handover/v1", self.as_bytes()])
    }
}

/// The number as a u128, or `DoesNotFit`.
pub fn fit_u128(number: &U256) -> Result<u128, Error> {
    let [high, low] = number;
    ensure(high.get() == 0, Error::DoesNotFit)?;
    Ok(low.get())
}

const _: () = {
    assert!(size_of::<MintCap>() == 177);
    assert!(size_of::<Handover>() == 82);
    assert!(size_of::<Header>() == 80);
    assert!(size_of::<Certificate>() == 145);
    assert!(size_of::<Signature>() == 65);
    assert!(size_of::<BranchHead>() == 5);
};
