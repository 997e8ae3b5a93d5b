//! Who signs: forged, stolen and old keys.

use super::{bring, forged, greatest, handing, put, put_record, submission, thief, turn, twin, COMMITTEE};
use crate::signer::{Signer, EPOCH, ROUTE};
use crate::world::{refused, register_msg, Kind, World, KINDS, SUBDENOM};
use ballast_cosmos::committee::Committee;
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, RegisterMsg, TokenMsg, B32};
use zerocopy::IntoBytes;

/// Wormhole 2022: the verifier was an account of the attacker's choice. Here the key stands in the contract's own record,
/// and nothing that is brought names another: a committee of the thief's counts in the thief's contract alone.
#[test]
fn wormhole_2022_forged_verifier() {
    let mut world = World::new(Kind::Cw20);
    let before = world.storage();
    let twin = twin(&mut world);
    let here = forged(&world, &thief(), EPOCH, 1);
    let gate = turn(&mut world, &twin);
    let there = forged(&world, &thief(), EPOCH, 1);
    assert_eq!(refused(bring(&mut world, &here)), Error::WrongDomain);
    bring(&mut world, &there).unwrap();
    turn(&mut world, &gate);

    assert_eq!(refused(bring(&mut world, &there)), Error::WrongDomain);
    assert_eq!(refused(bring(&mut world, &here)), Error::BadSignature);
    assert_eq!(refused(world.mint_with("thief", 1, Some(here.clone()))), Error::BadSignature);
    let made_up = handing(&world, &thief(), &thief(), 1);
    assert_eq!(refused(world.by("thief", made_up)), Error::BadSignature);
    assert_eq!(world.storage(), before);

    // The bug put back: the record that is asked is the thief's.
    let ours = Committee { epoch: EPOCH, since_round: 0, key: world.signer.key };
    put_record(&mut world, COMMITTEE, &Committee { key: thief().key, ..ours.clone() });
    bring(&mut world, &here).unwrap();
    world.mint("thief", u128::MAX).unwrap();
    put_record(&mut world, COMMITTEE, &ours);
    let next = forged(&world, &thief(), EPOCH, 2);
    assert_eq!(refused(bring(&mut world, &next)), Error::BadSignature);
}

/// A registered route without a statement, as in [`World::new`], with this rate limit.
fn limited(kind: Kind, capacity: u128, refill: u128) -> World {
    let mut world = World::bare();
    world.reserve(Some("issuer")).unwrap();
    let token = match kind {
        Kind::Cw20 => TokenMsg::Cw20(world.cw20.to_string()),
        Kind::Denom => TokenMsg::NewDenom(SUBDENOM.into()),
    };
    let (capacity, refill_per_second) = (capacity.into(), refill.into());
    let register = RegisterMsg { capacity, refill_per_second, ..register_msg(token) };
    world.by("issuer", ExecuteMsg::Register(register)).unwrap();
    if kind == Kind::Cw20 {
        world.hand_over_cw20();
    }
    world
}

/// Ronin and Harmony 2022, Orbit 2023: the keys are stolen. The rate limit bounds what can be minted until the guardian
/// pauses, whatever the forged statements say.
#[test]
fn stolen_keys_mint_no_more_than_the_rate_limit() {
    let (capacity, refill, pause) = (10_000, 3, 600);
    for kind in KINDS {
        let mut world = limited(kind, capacity, refill);
        let start = world.now();
        for round in 1..=20 {
            let statement = forged(&world, &world.signer, EPOCH, round);
            bring(&mut world, &statement).unwrap();
            let available = world.headroom();
            assert_eq!(refused(world.mint("thief", available + 1)), Error::ExceedsRateLimit);
            world.mint("thief", available).unwrap();
            assert!(world.supply(kind) <= capacity + refill * u128::from(world.now() - start));
            world.wait(pause);
        }
        assert!(world.supply(kind) > capacity);
        // Nor does waiting save up more than the capacity.
        world.wait(1_000_000);
        let statement = forged(&world, &world.signer, EPOCH, 21);
        assert_eq!(refused(world.mint_with("thief", capacity + 1, Some(statement))), Error::ExceedsRateLimit);
        world.by("guardian", ExecuteMsg::Pause { route: B32(ROUTE) }).unwrap();
        let statement = forged(&world, &world.signer, EPOCH, 22);
        bring(&mut world, &statement).unwrap();
        assert_eq!(refused(world.mint("thief", 1)), Error::GatePaused);

        // The bug put back: without a limit the same keys mint all that can be said at once.
        let mut unlimited = World::new(kind);
        let statement = forged(&unlimited, &unlimited.signer, EPOCH, 1);
        bring(&mut unlimited, &statement).unwrap();
        unlimited.mint("thief", u128::MAX).unwrap();
    }
}

/// gonka bridge: old keys went on being accepted.
#[test]
fn gonka_old_keys() {
    let mut world = World::new(Kind::Cw20);
    let (old, next) = (world.signer.clone(), Signer::new("next"));
    let before = world.stored(COMMITTEE).unwrap();
    let handover = handing(&world, &next, &old, 5);
    world.by("anybody", handover).unwrap();
    let after = world.stored(COMMITTEE).unwrap();

    let of_before = forged(&world, &old, EPOCH, 6);
    let faults = [
        (submission(&of_before), Error::WrongEpoch),
        (submission(&forged(&world, &old, EPOCH + 1, 6)), Error::BadSignature),
        // The new key is not heard in the old epoch, nor in a round before its own.
        (submission(&forged(&world, &next, EPOCH, 6)), Error::WrongEpoch),
        (submission(&forged(&world, &next, EPOCH + 1, 5)), Error::RoundBeforeEpoch),
        // The old key hands nothing over any more, not even to itself.
        (handing(&world, &old, &old, 6), Error::WrongEpoch),
    ];
    for (msg, expected) in faults {
        assert_eq!(refused(world.by("thief", msg)), expected);
    }
    assert_eq!(world.state().round.u64(), 0);

    // The bug put back: the old record is still in force.
    put(&mut world, COMMITTEE, &before);
    bring(&mut world, &of_before).unwrap();
    put(&mut world, COMMITTEE, &after);
    let later = next.statement(greatest(&world).as_bytes(), EPOCH + 1, 7);
    bring(&mut world, &later).unwrap();
}
