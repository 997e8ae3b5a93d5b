//! `migrate`: who, from what, and that it changes nothing.

use crate::signer::ROUTE;
use crate::world::{refused, who, Kind, World};
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::MigrateMsg;
use cw_multi_test::Executor;

fn set_info(world: &mut World, contract: &str, version: &str) {
    let info = format!(r#"{{"contract":"{contract}","version":"{version}"}}"#);
    let gate = world.gate.clone();
    world.app.contract_storage_mut(&gate).set(b"contract_info", info.as_bytes());
}

fn migrate(world: &mut World, sender: &str) -> crate::world::Outcome {
    let (gate, code) = (world.gate.clone(), world.code_id);
    world.app.migrate_contract(who(sender), gate, &MigrateMsg {}, code).map_err(|error| error.to_string())
}

const NAME: &str = "crates.io:ballast-cosmos";

#[test]
fn takes_over_from_an_older_version_and_changes_nothing_else() {
    let mut world = World::live(Kind::Cw20, 100);
    world.mint("holder", 60).unwrap();
    let current = world.storage();
    for older in ["0.0.9", "0.0.1", "0.1.0-rc.1"] {
        set_info(&mut world, NAME, older);
        migrate(&mut world, "admin").unwrap();
        // The version is the code's again, all else as before.
        assert_eq!(world.storage(), current);
    }
    assert_eq!((world.cap(), world.headroom()), (100, 40));
    assert!(world.stored(&[b"s", &ROUTE[..]].concat()).is_some());
}

#[test]
fn refuses_other_contracts_and_versions_that_are_not_older() {
    let mut world = World::live(Kind::Cw20, 100);
    assert_eq!(refused(migrate(&mut world, "admin")), Error::BadMigration, "the same version");
    for (name, version) in [
        (NAME, "0.1.1"),
        (NAME, "1.0.0"),
        (NAME, "0.0"),
        (NAME, ""),
        ("crates.io:cw20-base", "0.0.1"),
        ("crates.io:ballast-cosmos2", "0.0.1"),
        ("", "0.0.1"),
    ] {
        set_info(&mut world, name, version);
        let before = world.storage();
        assert_eq!(refused(migrate(&mut world, "admin")), Error::BadMigration, "{name} {version}");
        assert_eq!(world.storage(), before);
    }
    let gate = world.gate.clone();
    for bytes in [&b"{}"[..], br#"{"contract":"crates.io:ballast-cosmos","version":"0.0.1","more":1}"#] {
        world.app.contract_storage_mut(&gate).set(b"contract_info", bytes);
        assert_eq!(refused(migrate(&mut world, "admin")), Error::BadMigration);
    }
    world.app.contract_storage_mut(&gate).remove(b"contract_info");
    assert_eq!(refused(migrate(&mut world, "admin")), Error::BadMigration);
}

#[test]
fn the_chain_lets_only_its_admin_migrate() {
    let mut world = World::live(Kind::Cw20, 100);
    set_info(&mut world, NAME, "0.0.1");
    for sender in ["owner", "guardian", "registrar", "minter", "issuer", "anybody"] {
        assert!(migrate(&mut world, sender).is_err());
    }
    assert!(migrate(&mut world, "admin").is_ok());
}
