//! What is proven: zero roots, amounts, indices, replays, and what no proof should allow.

use super::{bring, forged, greatest, put, put_record, record, COMMITTEE};
use crate::signer::{committee, crypto, keccak, word, Library, EPOCH, ROUTE};
use crate::world::{refused, Kind, World, KINDS};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, Setting, B32};
use ballast_cosmos::state::State;
use ballast_rules::statement::{Certificate, MintCap, Submission};
use ballast_suite::damage;
use cosmwasm_std::Uint128;
use zerocopy::IntoBytes;

const LEAF: usize = size_of::<MintCap>();
const CERTIFICATE: usize = size_of::<Certificate>();

/// Nomad 2022: the zero root counted as proven, since zero is what a record is before anything is in it. Here no root is
/// ever stored: a certificate over the zero root needs a leaf that hashes to it, and zeros for a signature are none.
#[test]
fn nomad_2022_zero_root() {
    let mut world = World::new(Kind::Cw20);
    let before = world.storage();
    let leaf = greatest(&world);
    let certificate = world.signer.certificate(EPOCH, 1, [0; 32]);
    let signed = [leaf.as_bytes(), &[0; 5], certificate.as_bytes()].concat();
    assert_eq!(refused(bring(&mut world, &signed)), Error::WrongRoot);
    let unsigned = [&signed[..signed.len() - 65], &[0; 65]].concat();
    assert_eq!(refused(bring(&mut world, &unsigned)), Error::BadCommitment);
    let mut zeros = vec![0; signed.len()];
    assert_eq!(refused(bring(&mut world, &zeros)), Error::WrongKind);
    zeros[0] = 1;
    assert_eq!(refused(bring(&mut world, &zeros)), Error::StaleRound);
    assert_eq!(world.storage(), before);

    // The bug put back: the certificate is good where the zero root counts as the leaf's.
    assert_eq!(committee(&world.signer).verify(&crypto(), &certificate, &[0; 32]), Ok(()));
}

/// The same: what nothing was written to proves and allows nothing.
#[test]
fn nomad_2022_records_of_zeros() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let (state, zeros) = (world.stored(&record(b"s")).unwrap(), [&[1][..], &[0; 72]].concat());
        assert_eq!(state, zeros, "a route begins with a record of zeros");
        assert_eq!(refused(world.mint("thief", 1)), Error::NoStatement);
        let statement = forged(&world, &world.signer, EPOCH, 0);
        assert_eq!(refused(bring(&mut world, &statement)), Error::StaleRound);
        // Round 0 is no statement, even if everything else of one were there; the bug put back is a round that is.
        let expires_at = world.now() + 1;
        put_record(&mut world, &record(b"s"), &State { cap: u128::MAX, expires_at, ..State::default() });
        assert_eq!(refused(world.mint("thief", 1)), Error::NoStatement);
        put_record(&mut world, &record(b"s"), &State { round: 1, cap: u128::MAX, expires_at, ..State::default() });
        world.mint("thief", 1).unwrap();
    }
    // A committee of zeros is no key that anything could be signed for.
    let mut world = World::new(Kind::Cw20);
    put(&mut world, COMMITTEE, &[&[1][..], &[0; 49]].concat());
    let statement = forged(&world, &world.signer, 0, 1);
    assert_eq!(refused(bring(&mut world, &statement)), Error::BadKey);
}

/// Verus 2026: the amount was not bound by the proof. Here every byte of the leaf is.
#[test]
fn verus_2026_amount_not_bound() {
    let mut world = World::new(Kind::Cw20);
    let before = world.storage();
    let statement = world.statement(1_000, 1, |_| ());
    damage::each(&statement[..LEAF], |leaf| {
        let altered = [leaf, &statement[LEAF..]].concat();
        refused(bring(&mut world, &altered))
    });
    for (at, amount) in [(65, 1_000_000), (65, 0), (97, u128::MAX), (129, 0)] {
        let altered = [&statement[..at], word(amount).as_bytes(), &statement[at + 32..]].concat();
        assert_eq!(refused(bring(&mut world, &altered)), Error::WrongRoot);
        // The bug put back: the certificate is good, and nobody asks whether it is about this leaf.
        let certificate = Submission::<MintCap>::open::<Error>(&altered).unwrap().tail;
        let signed = certificate.header.root;
        assert_eq!(committee(&world.signer).verify(&crypto(), certificate, &signed), Ok(()));
    }
    assert_eq!(world.storage(), before);
    bring(&mut world, &statement).unwrap();
}

/// Messina 2026: one deposit approved many times. A statement sets a cap and grants no amount, so what is stated again adds
/// nothing; and it is not taken again, so that it cannot bring back what was redeemed.
#[test]
fn messina_2026_one_deposit_many_times() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let statement = world.statement(1_000, 1, |_| ());
        bring(&mut world, &statement).unwrap();
        world.mint("holder", 1_000).unwrap();
        let again = world.statement(1_000, 2, |_| ()); // the same deposit, stated once more
        bring(&mut world, &again).unwrap();
        assert_eq!(refused(world.mint("holder", 1)), Error::ExceedsCap);

        world.redeem(kind, "holder", 400).unwrap();
        for used in [&statement, &again] {
            assert_eq!(refused(bring(&mut world, used)), Error::StaleRound);
            assert_eq!(refused(world.mint_with("holder", 1, Some(used.clone()))), Error::ExceedsCap);
        }
        assert_eq!((world.cap(), world.supply(kind)), (600, 600));
        // The bug put back: which rounds were taken is forgotten, and what was redeemed is minted once more.
        put_record(&mut world, &record(b"s"), &State::default());
        bring(&mut world, &again).unwrap();
        world.mint("holder", 400).unwrap();
    }
}

/// Hyperbridge 2026: a leaf index out of range skipped the proof. Here the sides beyond the depth must be zero and each
/// level hashes, so no branch is a way round the root.
#[test]
fn hyperbridge_2026_leaf_index_out_of_range() {
    let mut world = World::new(Kind::Cw20);
    let (leaf, root) = (greatest(&world), keccak(&[b"root of an honest round"]));
    let certificate = world.signer.certificate(EPOCH, 1, root);
    let submitted = |depth: u8, sides: u32, siblings: &[[u8; 32]]| {
        [leaf.as_bytes(), &[depth], &sides.to_be_bytes(), siblings.as_bytes(), certificate.as_bytes()].concat()
    };
    let before = world.storage();
    for (depth, sides) in [(0, 1), (0, 1 << 31), (1, 2), (1, 3), (1, u32::MAX), (31, 1 << 31)] {
        let siblings = vec![root; depth.into()];
        assert_eq!(refused(bring(&mut world, &submitted(depth, sides, &siblings))), Error::BadBranch);
    }
    let siblings = [root; 33];
    assert_eq!(refused(bring(&mut world, &submitted(33, 0, &siblings))), Error::BadBranch);
    for (depth, sides) in [(0, 0), (1, 0), (1, 1), (2, 3), (32, 0), (32, u32::MAX)] {
        let siblings = vec![root; depth.into()];
        assert_eq!(refused(bring(&mut world, &submitted(depth, sides, &siblings))), Error::WrongRoot);
    }
    assert_eq!(world.storage(), before);
    // The bug put back: the certificate is good, so whatever ends at its root without the leaf lets the leaf in.
    assert_eq!(committee(&world.signer).verify(&crypto(), &certificate, &root), Ok(()));
}

/// Syscoin 2026: where two parsers disagree about one message, what was checked is not what is done. A submission has one
/// form: whatever is put before, between or behind its parts is refused.
#[test]
fn syscoin_2026_two_parsers() {
    let mut world = World::new(Kind::Cw20);
    let before = world.storage();
    let whole = world.statement(1_000, 1, |_| ());
    let (leaf, rest) = whole.split_at(LEAF);
    let (branch, certificate) = rest.split_at(rest.len() - CERTIFICATE);
    for extra in [&[0][..], &[0; 32], leaf, certificate] {
        for altered in [
            [extra, &whole].concat(),
            [leaf, extra, branch, certificate].concat(),
            [leaf, branch, extra, certificate].concat(),
            [&whole, extra].concat(),
        ] {
            refused(bring(&mut world, &altered));
        }
    }
    // A depth that takes siblings for the certificate, and ones that take the certificate's first words for siblings.
    assert_eq!(branch[0], 2);
    for depth in [0, 1, 3, 32, 33, 255] {
        let altered = [leaf, &[depth], &branch[1..], certificate].concat();
        assert!(matches!(refused(bring(&mut world, &altered)), Error::BadLength | Error::BadBranch));
    }
    assert_eq!(world.storage(), before);
    // What was hashed is what is kept.
    bring(&mut world, &whole).unwrap();
    let mut root = [0; 32];
    let opened = Submission::<MintCap>::open::<Error>(&whole).unwrap();
    opened.root::<Library>(&mut root);
    assert_eq!((opened.leaf.as_bytes(), opened.tail.header.root), (leaf, root));
    assert_eq!((word(world.cap()), world.state().round.u64()), (opened.leaf.cap, 1));
}

/// Paxos 2025 (300 trillion minted by mistake), Resolv 2026: a right minter, an absurd amount.
#[test]
fn paxos_2025_absurd_mint() {
    let absurd = 300 * 10u128.pow(12) * 10u128.pow(6);
    for kind in KINDS {
        let mut world = World::live(kind, 1_000);
        let (capacity, refill_per_second) = (Uint128::new(100_000), Uint128::zero());
        let limit = ExecuteMsg::Set { route: B32(ROUTE), setting: Setting::RateLimit { capacity, refill_per_second } };
        for amount in [absurd, u128::MAX] {
            assert_eq!(refused(world.mint("holder", amount)), Error::ExceedsCap);
        }
        let statement = forged(&world, &world.signer, EPOCH, 2);
        world.by("owner", limit).unwrap();
        for amount in [absurd, u128::MAX] {
            assert_eq!(refused(world.mint_with("holder", amount, Some(statement.clone()))), Error::ExceedsRateLimit);
        }
        assert_eq!(world.supply(kind), 0);

        // The bug put back: neither bound is there.
        let mut unbounded = World::live(kind, u128::MAX);
        unbounded.mint("holder", absurd).unwrap();
    }
}
