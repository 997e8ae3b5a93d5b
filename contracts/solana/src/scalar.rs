//! Integers modulo n, the order of secp256k1's group (SEC 2, section 2.4.1). Eight u32 limbs, the lowest first: products
//! of two limbs fit the 64 bits that sBPF multiplies. Nothing here is secret.
// Every index is a loop's, with bounds known when compiled; every sum of products fits u64, as said at each.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

/// A 256-bit integer, limbs from low to high.
pub type Limbs = [u32; 8];

/// n, big-endian.
pub const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc,
    0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

const N: Limbs =
    [0xd036_4141, 0xbfd2_5e8c, 0xaf48_a03b, 0xbaae_dce6, 0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff];

/// (n - 1) / 2.
const HALF: Limbs =
    [0x681b_20a0, 0xdfe9_2f46, 0x57a4_501d, 0x5d57_6e73, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0x7fff_ffff];

/// 2^256 - n.
const FOLD: [u32; 5] = [0x2fc9_bebf, 0x402d_a173, 0x50b7_5fc4, 0x4551_2319, 1];

/// The limbs of 32 big-endian bytes.
#[inline(always)]
pub fn from_be(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 8];
    for (limb, word) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u32::from_be_bytes(*word);
    }
    limbs
}

/// Writes the limbs as 32 big-endian bytes.
#[inline(always)]
pub fn to_be(limbs: &Limbs, bytes: &mut [u8; 32]) {
    for (limb, word) in limbs.iter().rev().zip(bytes.as_chunks_mut().0) {
        *word = limb.to_be_bytes();
    }
}

/// Whether `a` is 0.
#[inline(always)]
pub fn is_zero(a: &Limbs) -> bool {
    let mut all = 0;
    for limb in a {
        all |= *limb;
    }
    all == 0
}

/// Whether `a` is below n.
#[inline(always)]
pub fn is_reduced(a: &Limbs) -> bool {
    less(a, &N)
}

/// Whether `a`, which is below n, is above (n - 1) / 2.
#[inline(always)]
pub fn is_high(a: &Limbs) -> bool {
    less(&HALF, a)
}

/// n - `a`, for `a` from 1 to n.
#[inline(always)]
pub fn negate(a: &mut Limbs) {
    let mut borrow = 0;
    for i in 0..8 {
        // N[i] + 2^32 is more than a[i] + borrow.
        let difference = (1 << 32) + u64::from(N[i]) - u64::from(a[i]) - borrow;
        a[i] = difference as u32;
        borrow = 1 - (difference >> 32);
    }
}

/// `a` - n, where a bit 2^256 that the limbs do not hold is lost with the borrow.
#[inline(always)]
pub fn subtract_order(a: &mut Limbs) {
    let mut borrow = 0;
    for i in 0..8 {
        let difference = (1 << 32) + u64::from(a[i]) - u64::from(N[i]) - borrow;
        a[i] = difference as u32;
        borrow = 1 - (difference >> 32);
    }
}

/// `a` times `b` modulo n.
#[inline(never)]
pub fn multiply(a: &Limbs, b: &Limbs, product: &mut Limbs) {
    let mut wide = [0u32; 16];
    schoolbook::<8, 8>(a, b, &mut wide);
    reduce(&wide, product);
}

/// 384 bits, big-endian, in two parts, modulo n.
#[inline(never)]
pub fn from_48(high: &[u8; 32], low: &[u8; 16], scalar: &mut Limbs) {
    let mut wide = [0; 16];
    let (lowest, rest) = wide.split_at_mut(4);
    for (limb, word) in lowest.iter_mut().rev().zip(low.as_chunks().0) {
        *limb = u32::from_be_bytes(*word);
    }
    rest[..8].copy_from_slice(&from_be(high));
    reduce(&wide, scalar);
}

#[inline(always)]
fn less(a: &Limbs, b: &Limbs) -> bool {
    for i in (0..8).rev() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// Writes `a` times `b`; `product` has A + B limbs.
#[inline(always)]
fn schoolbook<const A: usize, const B: usize>(a: &[u32], b: &[u32], product: &mut [u32]) {
    for i in 0..A {
        let (x, mut carry) = (u64::from(a[i]), 0);
        for j in 0..B {
            // At most (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
            let t = x * u64::from(b[j]) + u64::from(product[i + j]) + carry;
            product[i + j] = t as u32;
            carry = t >> 32;
        }
        product[i + B] = carry as u32;
    }
}

/// Adds 256 bits to `sum`, which has room for the carry.
#[inline(always)]
fn add_low(low: &[u32], sum: &mut [u32]) {
    let mut carry = 0;
    for (i, limb) in sum.iter_mut().enumerate() {
        let t = u64::from(*limb) + carry + if i < 8 { u64::from(low[i]) } else { 0 };
        *limb = t as u32;
        carry = t >> 32;
    }
}

/// 512 bits modulo n. 2^256 is 2^256 - n modulo n, so what stands above 256 bits is folded down until nothing does.
#[inline(never)]
fn reduce(wide: &[u32; 16], scalar: &mut Limbs) {
    // 2^256 - n is below 2^129, so this is below 2^385 + 2^256.
    let mut first = [0; 13];
    schoolbook::<8, 5>(&wide[8..], &FOLD, &mut first);
    add_low(&wide[..8], &mut first);
    // What stood above was at most 2^129: now below 2^259.
    let mut second = [0; 10];
    schoolbook::<5, 5>(&first[8..], &FOLD, &mut second);
    add_low(&first[..8], &mut second);
    // What stood above was below 2^3: now below 2^256 + 2^132, which is below 2 n.
    let mut third = [0; 9];
    schoolbook::<1, 5>(&second[8..], &FOLD, &mut third);
    add_low(&second[..8], &mut third);

    scalar.copy_from_slice(&third[..8]);
    if third[8] != 0 || !is_reduced(scalar) {
        subtract_order(scalar);
    }
}
