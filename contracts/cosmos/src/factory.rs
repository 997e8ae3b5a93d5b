//! The token factory's messages and its query, in protobuf (osmosis/tokenfactory/v1beta1, tx.proto and query.proto).

use crate::error::{ensure, Error};
use anybuf::{Anybuf, Bufany};
use cosmwasm_std::{AnyMsg, CosmosMsg, QuerierWrapper};

/// Longest subdenom (MaxSubdenomLength of the module).
const MAX_SUBDENOM: usize = 44;
/// Longest type URL prefix.
const MAX_PREFIX: usize = 128;

/// Refuses what cannot begin a type URL.
pub fn check_prefix(prefix: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./".contains(&byte);
    let ok = prefix.len() <= MAX_PREFIX && prefix.len() > 2 && prefix.bytes().all(plain);
    ensure(ok && prefix.starts_with('/') && prefix.ends_with('.'), Error::BadSetting)
}

/// The denom that `creator` makes of a subdenom, which is checked to be one.
pub fn denom(creator: &str, subdenom: &str) -> Result<String, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    ensure((1..=MAX_SUBDENOM).contains(&subdenom.len()) && subdenom.bytes().all(plain), Error::BadToken)?;
    Ok(format!("factory/{creator}/{subdenom}"))
}

/// MsgCreateDenom { sender = 1, subdenom = 2 }.
pub fn create(prefix: &str, sender: &str, subdenom: &str) -> CosmosMsg {
    message(prefix, "MsgCreateDenom", Anybuf::new().append_string(1, sender).append_string(2, subdenom))
}

/// MsgMint { sender = 1, amount = 2, mintToAddress = 3 }.
pub fn mint(prefix: &str, sender: &str, denom: &str, amount: u128, to: &str) -> CosmosMsg {
    let fields = Anybuf::new().append_string(1, sender).append_message(2, &coin(denom, amount)).append_string(3, to);
    message(prefix, "MsgMint", fields)
}

/// MsgBurn { sender = 1, amount = 2, burnFromAddress = 3 }, from the sender's own balance.
pub fn burn(prefix: &str, sender: &str, denom: &str, amount: u128) -> CosmosMsg {
    let fields =
        Anybuf::new().append_string(1, sender).append_message(2, &coin(denom, amount)).append_string(3, sender);
    message(prefix, "MsgBurn", fields)
}

/// The denom in a MsgCreateDenomResponse { new_token_denom = 1 }.
pub fn created(response: &[u8]) -> Option<String> {
    Bufany::deserialize(response).ok()?.string(1)
}

/// A denom's admin: QueryDenomAuthorityMetadataRequest { denom = 1 }, whose response is { authority_metadata = 1: {
/// admin = 1 } }. `None` where it has none; `BadToken` where the chain does not answer.
pub fn admin(querier: &QuerierWrapper<'_>, prefix: &str, denom: &str) -> Result<Option<String>, Error> {
    let path = format!("{prefix}Query/DenomAuthorityMetadata");
    let request = Anybuf::new().append_string(1, denom).into_vec();
    let answer = querier.query_grpc(path, request.into()).map_err(|_| Error::BadToken)?;
    let answer = Bufany::deserialize(&answer).map_err(|_| Error::BadToken)?;
    let metadata = answer.message(1).ok_or(Error::BadToken)?;
    let admin = metadata.string(1).ok_or(Error::BadToken)?;
    Ok(Some(admin).filter(|admin| !admin.is_empty()))
}

/// cosmos.base.v1beta1.Coin { denom = 1, amount = 2 }, the amount in decimal.
fn coin(denom: &str, amount: u128) -> Anybuf {
    Anybuf::new().append_string(1, denom).append_string(2, amount.to_string())
}

fn message(prefix: &str, name: &str, fields: Anybuf) -> CosmosMsg {
    AnyMsg { type_url: format!("{prefix}{name}"), value: fields.into_vec().into() }.into()
}
