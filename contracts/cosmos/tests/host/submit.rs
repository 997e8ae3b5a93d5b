//! `submit` and `handover` through the contract: what is stored, who may, and what a refusal leaves behind.

use crate::signer::{word, Signer, EPOCH, LEASE, MAX_LEASE, NOW, ROUTE};
use crate::world::{attributes, event, refused, who, Kind, World};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, QueryMsg, B32};
use ballast_cosmos::query::{CommitteeAnswer, StateAnswer};
use ballast_rules::statement::{Handover, MintCap};
use cosmwasm_std::HexBinary;
use proptest::prelude::*;
use zerocopy::IntoBytes;

#[test]
fn keeps_what_the_statement_says_in_one_value() {
    let mut world = World::new(Kind::Cw20);
    let before = world.storage();
    let numbers = |l: &mut MintCap| {
        l.cap = word(u128::MAX);
        l.collateral = word(5);
        l.supply = word(6);
    };
    let statement = world.statement(0, 3, numbers);
    let response = world.bring(statement).unwrap();
    let (observed, expires) = (NOW - 10, NOW + LEASE);
    let expected = StateAnswer {
        round: 3u64.into(),
        cap: u128::MAX.into(),
        collateral: 5u128.into(),
        supply: 6u128.into(),
        observed_at: observed.into(),
        expires_at: expires.into(),
    };
    assert_eq!(world.state(), expected);
    let expected = attributes(&[
        ("route", &HexBinary::from(&ROUTE).to_hex()),
        ("round", "3"),
        ("cap", &u128::MAX.to_string()),
        ("collateral", "5"),
        ("supply", "6"),
        ("observed_at", &observed.to_string()),
        ("expires_at", &expires.to_string()),
    ]);
    assert_eq!(event(&response, "StatementAccepted"), expected);

    let key = [b"s", &ROUTE[..]].concat();
    let stored = [
        &[1][..],
        &3u64.to_be_bytes(),
        &u128::MAX.to_be_bytes(),
        &5u128.to_be_bytes(),
        &6u128.to_be_bytes(),
        &observed.to_be_bytes(),
        &expires.to_be_bytes(),
    ];
    assert_eq!(world.stored(&key).unwrap(), stored.concat());
    let changed: Vec<_> = world.storage().into_iter().filter(|record| !before.contains(record)).collect();
    assert_eq!(changed.len(), 1, "nothing else is written");
    assert_eq!(world.storage().len(), before.len());
}

#[test]
fn a_refused_statement_changes_nothing() {
    let mut world = World::live(Kind::Cw20, 100);
    let far = NOW + u64::from(MAX_LEASE) + 1;
    let faults: [(&dyn Fn(&mut MintCap), u64, Error); 7] = [
        (&|_| (), 1, Error::StaleRound),
        (&|l| l.domain = [9; 32], 2, Error::WrongDomain),
        (&|l| l.route = [9; 32], 2, Error::WrongRoute),
        (&|l| l.expires_at.set(NOW), 2, Error::StatementExpired),
        (&|l| l.expires_at.set(far), 2, Error::LeaseTooLong),
        (&|l| l.observed_at.set(NOW + 61), 2, Error::ObservedInFuture),
        (&|l| l.cap[0].set(1), 2, Error::DoesNotFit),
    ];
    let before = world.storage();
    for (change, round, expected) in faults {
        let statement = world.statement(1, round, change);
        assert_eq!(refused(world.bring(statement)), expected);
        assert_eq!(world.storage(), before);
    }
    assert_eq!(refused(world.bring(vec![])), Error::BadLength);
    let other = ExecuteMsg::Submit { route: B32([1; 32]), statement: world.statement(1, 2, |_| ()).into() };
    assert_eq!(refused(world.by("anybody", other)), Error::UnknownRoute);
    assert_eq!(world.storage(), before);
}

#[test]
fn anybody_submits_also_while_paused() {
    let mut world = World::new(Kind::Cw20);
    world.by("guardian", ExecuteMsg::Pause { route: B32(ROUTE) }).unwrap();
    world.submit(1, 1).unwrap();
}

#[test]
fn takes_nothing_meant_for_another_contract_or_chain() {
    let mut world = World::new(Kind::Cw20);
    let other = World::new(Kind::Cw20);
    assert_eq!(world.domain, other.domain, "the same name on the same chain");
    world.app.update_block(|block| block.chain_id = "fork-1".into());
    let statement = world.statement(1, 1, |_| ());
    assert_eq!(refused(world.bring(statement)), Error::WrongDomain);
    let second = World::live(Kind::Denom, 1).statement(1, 2, |l| l.domain[0] ^= 1);
    assert_eq!(refused(world.bring(second)), Error::WrongDomain);
}

#[test]
fn two_routes_of_one_contract_are_kept_apart() {
    let mut world = World::new(Kind::Cw20);
    let other = B32([7; 32]);
    let mut register = crate::world::register_msg(ballast_cosmos::msg::TokenMsg::NewDenom("second".into()));
    register.route = other;
    world.by("registrar", ExecuteMsg::Reserve { route: other, registrant: Some(who("issuer").into()) }).unwrap();
    world.by("issuer", ExecuteMsg::Register(register)).unwrap();
    let first = world.statement(100, 1, |_| ());
    let second = world.statement(5, 9, |l| l.route = other.0);
    let swapped = ExecuteMsg::Submit { route: other, statement: first.clone().into() };
    assert_eq!(refused(world.by("anybody", swapped)), Error::WrongRoute);
    world.bring(first).unwrap();
    world.by("anybody", ExecuteMsg::Submit { route: other, statement: second.into() }).unwrap();
    assert_eq!((world.cap(), world.state().round.u64()), (100, 1));
    let state: StateAnswer = world.ask(QueryMsg::State { route: other });
    assert_eq!((state.cap.u128(), state.round.u64()), (5, 9));
    // A mint of one does not touch the other's room.
    world.mint("holder", 100).unwrap();
    let msg = ExecuteMsg::Mint { route: other, to: who("holder").into(), amount: 6u128.into(), statement: None };
    assert_eq!(refused(world.by("minter", msg)), Error::ExceedsCap);
}

fn handover(world: &World, round: u64) -> (Signer, ExecuteMsg) {
    let next = Signer::new("next");
    let leaf = Handover {
        kind: 2,
        domain: world.domain,
        new_epoch: (EPOCH + 1).into(),
        key: next.key,
        expires_at: (world.now() + LEASE).into(),
    };
    let statement = world.signer.statement(leaf.as_bytes(), EPOCH, round).into();
    let proof = next.proof(&leaf).into();
    (next, ExecuteMsg::Handover { statement, proof })
}

#[test]
fn after_a_handover_only_the_new_key_counts() {
    let mut world = World::live(Kind::Cw20, 100);
    let (next, msg) = handover(&world, 20);
    let old = world.statement(50, 21, |_| ());
    let response = world.by("anybody", msg.clone()).unwrap();
    let px = HexBinary::from(&next.key.px).to_hex();
    let parity = next.key.parity.to_string();
    let expected = attributes(&[("epoch", "8"), ("px", &px), ("parity", &parity), ("since_round", "20")]);
    assert_eq!(event(&response, "HandedOver"), expected);
    let committee: CommitteeAnswer = world.ask(QueryMsg::Committee {});
    assert_eq!((committee.epoch.u64(), committee.px.0, committee.since_round.u64()), (8, next.key.px, 20));
    let stored = [&[1][..], &8u64.to_be_bytes(), &20u64.to_be_bytes(), &next.key.px, &[next.key.parity]].concat();
    assert_eq!(world.stored(b"c").unwrap(), stored);

    assert_eq!(refused(world.bring(old)), Error::WrongEpoch);
    assert_eq!(refused(world.by("anybody", msg)), Error::WrongEpoch);
    let mut leaf = crate::signer::leaf(70);
    (leaf.domain, leaf.expires_at) = (world.domain, (world.now() + LEASE).into());
    for (round, expected) in [(20, Some(Error::RoundBeforeEpoch)), (21, None)] {
        let outcome = world.bring(next.statement(leaf.as_bytes(), EPOCH + 1, round));
        match expected {
            Some(error) => assert_eq!(refused(outcome), error),
            None => assert!(outcome.is_ok()),
        }
    }
    assert_eq!(world.cap(), 70);
}

#[test]
fn a_handover_for_another_chain_or_too_late_is_refused() {
    let mut world = World::new(Kind::Cw20);
    let (_, msg) = handover(&world, 20);
    world.wait(LEASE);
    assert_eq!(refused(world.by("anybody", msg.clone())), Error::HandoverExpired);
    world.app.update_block(|block| block.chain_id = "fork-1".into());
    assert_eq!(refused(world.by("anybody", msg)), Error::WrongDomain);
    assert_eq!(world.ask::<CommitteeAnswer>(QueryMsg::Committee {}).epoch.u64(), EPOCH);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_statements_are_refused_and_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..500), kind in 0..4u8) {
        let mut world = World::new(Kind::Cw20);
        let before = world.storage();
        let kinded = [&[kind], &bytes[..]].concat();
        for bytes in [bytes, kinded] {
            refused(world.bring(bytes.clone()));
            let proof = bytes[..bytes.len().min(65)].to_vec().into();
            refused(world.by("anybody", ExecuteMsg::Handover { statement: bytes.into(), proof }));
        }
        prop_assert_eq!(world.storage(), before);
    }
}
