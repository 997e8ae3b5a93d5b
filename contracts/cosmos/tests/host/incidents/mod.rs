//! Losses of this field, replayed against the contract in a simulated chain. Where it shows most, the bug is put back beside
//! it: by writing into the contract's storage what no message can, by another code in its place, or by leaving out a step.

mod keys;
mod proofs;
mod strangers;

use crate::signer::{leaf, Signer, EPOCH, LEASE, ROUTE};
use crate::world::{instantiate_msg, register_msg, who, Outcome, World, SUBDENOM};
use ballast_cosmos::msg::{ExecuteMsg, InstantiateMsg, TokenMsg, B32};
use ballast_cosmos::state::Record;
use ballast_rules::statement::{Handover, MintCap};
use cosmwasm_std::Addr;
use cw_multi_test::Executor;
use zerocopy::IntoBytes;

/// Where the committee's record stands.
const COMMITTEE: &[u8] = b"c";

fn thief() -> Signer {
    Signer::new("thief")
}

/// Where the route's record of this kind stands.
fn record(tag: &[u8]) -> Vec<u8> {
    [tag, &ROUTE].concat()
}

/// For the contract that `world` talks to, now: as much as can be said.
fn greatest(world: &World) -> MintCap {
    let mut leaf = leaf(u128::MAX);
    (leaf.domain, leaf.route) = (world.domain, ROUTE);
    leaf.observed_at.set(world.now());
    leaf.expires_at.set(world.now() + LEASE);
    leaf
}

/// A statement that allows as much as can be said, by whoever signs.
fn forged(world: &World, by: &Signer, epoch: u64, round: u64) -> Vec<u8> {
    by.statement(greatest(world).as_bytes(), epoch, round)
}

/// A handover to `to` as the next epoch, which `by` certifies.
fn handing(world: &World, to: &Signer, by: &Signer, round: u64) -> ExecuteMsg {
    let (new_epoch, expires_at) = ((EPOCH + 1).into(), (world.now() + LEASE).into());
    let leaf = Handover { kind: 2, domain: world.domain, new_epoch, key: to.key, expires_at };
    let statement = by.statement(leaf.as_bytes(), EPOCH, round).into();
    ExecuteMsg::Handover { statement, proof: to.proof(&leaf).into() }
}

fn submission(statement: &[u8]) -> ExecuteMsg {
    ExecuteMsg::Submit { route: B32(ROUTE), statement: statement.into() }
}

/// Brings a statement, borrowed.
fn bring(world: &mut World, statement: &[u8]) -> Outcome {
    world.bring(statement.to_vec())
}

/// Writes into the contract's storage, as no message can.
fn put(world: &mut World, key: &[u8], value: &[u8]) {
    let gate = world.gate.clone();
    world.app.contract_storage_mut(&gate).set(key, value);
}

/// The same of a record.
fn put_record(world: &mut World, key: &[u8], value: &impl Record) {
    put(world, key, &value.encode().unwrap());
}

/// From now on `world` talks to the contract at `gate`; the one before comes back.
fn turn(world: &mut World, gate: &Addr) -> Addr {
    let before = std::mem::replace(&mut world.gate, gate.clone());
    world.domain = ballast_cosmos::domain::domain(&world.app.block_info().chain_id, gate.as_str());
    before
}

/// What would begin a contract with the thief's key.
fn evil_instantiate_msg() -> InstantiateMsg {
    let (px, parity, registrar) = (B32(thief().key.px), thief().key.parity, who("thief").into());
    InstantiateMsg { px, parity, registrar, ..instantiate_msg() }
}

/// The contract's code once more, where all is the thief's: the key, the roles, and the token of a route of the same id.
fn twin(world: &mut World) -> Addr {
    let (code, name) = (world.code_id, who("thief"));
    let twin = world.app.instantiate_contract(code, name.clone(), &evil_instantiate_msg(), &[], "gate", None).unwrap();
    let gate = turn(world, &twin);
    world.by("thief", ExecuteMsg::Reserve { route: B32(ROUTE), registrant: Some(name.to_string()) }).unwrap();
    let mut register = register_msg(TokenMsg::NewDenom(SUBDENOM.into()));
    (register.owner, register.guardian, register.minters) = (name.to_string(), name.to_string(), vec![name.into()]);
    world.by("thief", ExecuteMsg::Register(register)).unwrap();
    turn(world, &gate)
}
