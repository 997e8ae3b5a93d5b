//! What messages do.

mod governance;
mod mint;
mod redeem;
mod setup;
mod statements;

use crate::error::{ensure, Error};
use crate::msg::ExecuteMsg;
use crate::store;
use cosmwasm_std::{Addr, Api, DepsMut, Env, MessageInfo, Response};

/// A message's surroundings.
pub struct Call<'a> {
    deps: DepsMut<'a>,
    env: Env,
    info: MessageInfo,
}

impl Call<'_> {
    /// The block's time, Unix seconds.
    fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    fn sender(&self) -> &str {
        self.info.sender.as_str()
    }

    fn own_address(&self) -> &str {
        self.env.contract.address.as_str()
    }
}

/// Does what one message says.
pub fn dispatch(deps: DepsMut<'_>, env: Env, info: MessageInfo, msg: ExecuteMsg) -> Result<Response, Error> {
    store::refuse_reentry(deps.storage)?;
    // What is sent along with `redeem` depends on the route.
    ensure(info.funds.is_empty() || matches!(msg, ExecuteMsg::Redeem { .. }), Error::WrongFunds)?;
    let call = Call { deps, env, info };
    match msg {
        ExecuteMsg::Reserve { route, registrant } => setup::reserve(call, &route.0, registrant),
        ExecuteMsg::Register(register) => setup::register(call, register),
        ExecuteMsg::Submit { route, statement } => statements::submit(call, &route.0, &statement),
        ExecuteMsg::Handover { statement, proof } => statements::handover(call, &statement, &proof),
        ExecuteMsg::Mint { route, to, amount, statement } => {
            mint::mint(call, &route.0, &to, amount.u128(), statement.as_deref())
        }
        ExecuteMsg::Redeem { route, amount } => redeem::redeem(call, &route.0, amount.u128()),
        ExecuteMsg::Receive { sender, amount, msg } => redeem::receive(call, &sender, amount.u128(), &msg),
        ExecuteMsg::Pause { route } => governance::pause(call, &route.0),
        ExecuteMsg::Unpause { route } => governance::unpause(call, &route.0),
        ExecuteMsg::Set { route, setting } => governance::set(call, &route.0, setting),
        ExecuteMsg::Execute { route, setting } => governance::execute(call, &route.0, setting),
        ExecuteMsg::Cancel { route, setting } => governance::cancel(call, &route.0, setting),
        ExecuteMsg::TransferOwnership { route, to } => governance::transfer_ownership(call, &route.0, to),
        ExecuteMsg::AcceptOwnership { route } => governance::accept_ownership(call, &route.0),
    }
}

/// The address, if it is one of this chain in its one form.
pub fn address(api: &dyn Api, text: &str) -> Result<String, Error> {
    api.addr_validate(text).map(Addr::into_string).map_err(|_| Error::BadAddress)
}
