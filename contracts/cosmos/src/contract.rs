//! The entry points that the chain calls.

use crate::committee::Committee;
use crate::error::{ensure, Error};
use crate::msg::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use crate::state::Contract;
use crate::{event, execute, factory, query as views, reply as replies, store};
use ballast_rules::statement::Key;
use cosmwasm_std::{
    entry_point, from_json, to_json_vec, Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response, Storage,
};
use semver::Version;
use serde::{Deserialize, Serialize};

/// The contract's name (cw2).
pub const NAME: &str = "crates.io:ballast-cosmos";
/// The contract's version (cw2).
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where cw2 has name and version.
const CONTRACT_INFO: &[u8] = b"contract_info";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractInfo {
    contract: String,
    version: String,
}

/// Creates the committee's record and names the registrar.
#[entry_point]
pub fn instantiate(deps: DepsMut, _env: Env, info: MessageInfo, msg: InstantiateMsg) -> Result<Response, Error> {
    ensure(info.funds.is_empty(), Error::WrongFunds)?;
    let registrar = execute::address(deps.api, &msg.registrar)?;
    if let Some(prefix) = &msg.token_factory {
        factory::check_prefix(prefix)?;
    }
    let committee = Committee::start(msg.epoch.u64(), Key { px: msg.px.0, parity: msg.parity })?;
    store::save_committee(deps.storage, &committee)?;
    store::save_contract(deps.storage, &Contract { registrar, token_factory: msg.token_factory })?;
    save_info(deps.storage)?;
    Ok(Response::new().add_event(event::handed_over(&committee)))
}

/// Does what the message says, or nothing.
#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> Result<Response, Error> {
    execute::dispatch(deps, env, info, msg)
}

/// Goes on where a token has done what it was told.
#[entry_point]
pub fn reply(deps: DepsMut, _env: Env, reply: Reply) -> Result<Response, Error> {
    replies::finish(deps, reply)
}

/// Answers.
#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, Error> {
    views::answer(deps, &env, msg)
}

/// Takes over from an older version of this very contract; changes nothing but the version.
#[entry_point]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, Error> {
    let bytes = deps.storage.get(CONTRACT_INFO).ok_or(Error::BadMigration)?;
    let stored: ContractInfo = from_json(bytes).map_err(|_| Error::BadMigration)?;
    let version = |text: &str| Version::parse(text).map_err(|_| Error::BadMigration);
    ensure(stored.contract == NAME && version(&stored.version)? < version(VERSION)?, Error::BadMigration)?;
    save_info(deps.storage)?;
    Ok(Response::new())
}

fn save_info(storage: &mut dyn Storage) -> Result<(), Error> {
    let info = ContractInfo { contract: NAME.to_owned(), version: VERSION.to_owned() };
    storage.set(CONTRACT_INFO, &to_json_vec(&info).map_err(|_| Error::BadState)?);
    Ok(())
}
