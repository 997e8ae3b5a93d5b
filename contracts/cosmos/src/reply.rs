//! What the contract waits for, and what it compares once a token has done what it was told.

use crate::codec::{Reader, Writer};
use crate::error::{ensure, Error};
use crate::state::Record;
use crate::token::Token;
use crate::{factory, store};
use cosmwasm_std::{
    CosmosMsg, DepsMut, QuerierWrapper, Reply, Response, Storage, SubMsg, SubMsgResponse, SubMsgResult, Uint256,
};

/// What a token was told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// To grow supply and an account's balance.
    Mint,
    /// To lower supply and an account's balance.
    Burn,
    /// To be created.
    Create,
}

/// What the contract waits for between a message to a token and its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What is to happen.
    pub expected: Expected,
    /// To which token.
    pub token: Token,
    /// Whose balance moves; empty where none does.
    pub account: String,
    /// By how much.
    pub amount: u128,
    /// Before it.
    pub supply: Uint256,
    /// Before it.
    pub balance: Uint256,
}

impl Expected {
    const ALL: [Expected; 3] = [Expected::Mint, Expected::Burn, Expected::Create];

    /// The id of the reply, which is the number in storage too.
    pub const fn id(self) -> u8 {
        match self {
            Expected::Mint => 1,
            Expected::Burn => 2,
            Expected::Create => 3,
        }
    }
}

impl Pending {
    /// Supply and balance as they are before the token moves `amount`.
    pub fn moving(
        querier: &QuerierWrapper<'_>,
        expected: Expected,
        token: Token,
        account: String,
        amount: u128,
    ) -> Result<Self, Error> {
        let (supply, balance) = (token.supply(querier)?, token.balance(querier, &account)?);
        Ok(Pending { expected, token, account, amount, supply, balance })
    }

    /// A denom to be created.
    pub fn creating(token: Token) -> Self {
        let zero = Uint256::zero();
        Pending { expected: Expected::Create, token, account: String::new(), amount: 0, supply: zero, balance: zero }
    }

    /// Remembers this until the reply to `message`.
    pub fn send(&self, storage: &mut dyn Storage, message: CosmosMsg) -> Result<SubMsg, Error> {
        store::save_pending(storage, self)?;
        Ok(SubMsg::reply_on_success(message, self.expected.id().into()))
    }

    fn moved(&self, querier: &QuerierWrapper<'_>, by: impl Fn(Uint256) -> Option<Uint256>) -> Result<bool, Error> {
        let (supply, balance) = (self.token.supply(querier)?, self.token.balance(querier, &self.account)?);
        Ok(by(self.supply) == Some(supply) && by(self.balance) == Some(balance))
    }
}

/// Compares what happened with what was to happen; anything else undoes the whole transaction.
pub fn finish(deps: DepsMut<'_>, reply: Reply) -> Result<Response, Error> {
    let pending = store::take_pending(deps.storage)?.ok_or(Error::UnknownReply)?;
    ensure(reply.id == u64::from(pending.expected.id()), Error::UnknownReply)?;
    let SubMsgResult::Ok(response) = reply.result else { return Err(Error::UnknownReply) };

    let amount = Uint256::from(pending.amount);
    match pending.expected {
        Expected::Mint => {
            let grown = pending.moved(&deps.querier, |before| before.checked_add(amount).ok())?;
            ensure(grown, Error::MintMismatch)?;
        }
        Expected::Burn => {
            let fallen = pending.moved(&deps.querier, |before| before.checked_sub(amount).ok())?;
            ensure(fallen, Error::BurnMismatch)?;
        }
        Expected::Create => {
            let denom = created(&response).ok_or(Error::BadToken)?;
            ensure(pending.token == Token::Denom(denom), Error::BadToken)?;
        }
    }
    Ok(Response::new())
}

/// The denom that was created, as the module's response names it.
fn created(response: &SubMsgResponse) -> Option<String> {
    match response.msg_responses.as_slice() {
        [only] => factory::created(&only.value),
        _ => None,
    }
}

impl Record for Pending {
    fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        writer.bytes(&[self.expected.id(), self.token.kind()]).text(self.token.name())?.text(&self.account)?;
        writer.bytes(&self.amount.to_be_bytes());
        writer.bytes(&self.supply.to_be_bytes()).bytes(&self.balance.to_be_bytes());
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (id, kind) = (reader.u8()?, reader.u8()?);
        let expected = Expected::ALL.into_iter().find(|expected| expected.id() == id).ok_or(Error::BadState)?;
        Ok(Pending {
            expected,
            token: Token::new(kind, reader.text()?)?,
            account: reader.text()?,
            amount: reader.u128()?,
            supply: Uint256::from_be_bytes(reader.array()?),
            balance: Uint256::from_be_bytes(reader.array()?),
        })
    }
}
