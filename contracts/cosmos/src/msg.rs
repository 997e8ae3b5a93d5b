//! The messages, in JSON: exactly these fields.

use crate::settings::Change;
use ballast_rules::settings::Kind;
use cosmwasm_std::{Binary, HexBinary, Uint128, Uint64};
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};

/// 32 bytes, hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct B32(pub [u8; 32]);

impl Serialize for B32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HexBinary::from(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for B32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Vec<u8> = HexBinary::deserialize(deserializer)?.into();
        bytes.try_into().map(B32).map_err(|_| de::Error::custom("expected 64 hexadecimal characters"))
    }
}

/// Of `instantiate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstantiateMsg {
    /// Of the first key.
    pub epoch: Uint64,
    /// x coordinate of the first key.
    pub px: B32,
    /// Of its y: 0 even, 1 odd.
    pub parity: u8,
    /// Says who may register which route id, for ever.
    pub registrar: String,
    /// How the type URLs of the chain's token factory begin, if it has one.
    pub token_factory: Option<String>,
}

/// Of `migrate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateMsg {}

/// What a route mints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenMsg {
    /// A contract's address.
    Cw20(String),
    /// A denom of the token factory.
    Denom(String),
    /// `register` only: a denom that the contract is to create.
    NewDenom(String),
}

/// What `register` sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterMsg {
    /// Keccak-256 of the route's name.
    pub route: B32,
    /// What it mints.
    pub token: TokenMsg,
    /// The issuer's admin.
    pub owner: String,
    /// May pause and cancel.
    pub guardian: String,
    /// Seconds.
    pub max_lease: u32,
    /// Seconds.
    pub loosen_delay: u32,
    /// Of the rate limit.
    pub capacity: Uint128,
    /// Of the rate limit.
    pub refill_per_second: Uint128,
    /// Who may mint.
    pub minters: Vec<String>,
}

/// A setting with its new values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // the fields are documented by `settings`
pub enum Setting {
    /// Of minting.
    RateLimit { capacity: Uint128, refill_per_second: Uint128 },
    /// Longest time that a statement may live on.
    MaxLease { seconds: u32 },
    /// How long a loosening waits.
    LoosenDelay { seconds: u32 },
    /// Who may mint.
    Minter { account: String, allowed: bool },
    /// Who may pause and cancel.
    Guardian { account: String },
}

/// Of `execute`; who may say what is in `docs/cosmos-contract.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // the fields are documented there
pub enum ExecuteMsg {
    /// Says who may register a route id.
    Reserve { route: B32, registrant: Option<String> },
    /// Makes a route.
    Register(RegisterMsg),
    /// Takes a statement.
    Submit { route: B32, statement: Binary },
    /// Mints, and takes a statement before where one comes along.
    Mint { route: B32, to: String, amount: Uint128, statement: Option<Binary> },
    /// Burns the sender's tokens.
    Redeem { route: B32, amount: Uint128 },
    /// From a cw20: burns what it was told to send.
    Receive { sender: String, amount: Uint128, msg: Binary },
    /// Puts the next key into force.
    Handover { statement: Binary, proof: Binary },
    /// Stops minting.
    Pause { route: B32 },
    /// Lets minting go on.
    Unpause { route: B32 },
    /// Tightens at once, or queues a loosening.
    Set { route: B32, setting: Setting },
    /// Puts a loosening that has waited into effect.
    Execute { route: B32, setting: Setting },
    /// Drops a loosening that waits.
    Cancel { route: B32, setting: Setting },
    /// Offers the ownership, or takes an offer back.
    TransferOwnership { route: B32, to: Option<String> },
    /// Takes the ownership that was offered.
    AcceptOwnership { route: B32 },
}

/// What a holder says with a cw20's `send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HookMsg {
    /// Burns what is sent.
    Redeem {},
}

/// Of `query`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // a route id each
pub enum QueryMsg {
    /// Name, version, domain, registrar, token factory.
    Contract {},
    /// Epoch and key.
    Committee {},
    /// What the newest statement says.
    State { route: B32 },
    /// What could be minted now.
    Headroom { route: B32 },
    /// Token, roles, limits.
    Route { route: B32 },
    /// The rate limit, and what it would let through now.
    RateLimit { route: B32 },
    /// Loosenings that wait.
    Queue { route: B32 },
    /// The route of a token.
    RouteOf { token: TokenMsg },
    /// Whom a route id is reserved for.
    Reservation { route: B32 },
}

impl Setting {
    /// The change that it is. Accounts are as given.
    pub fn change(self) -> Change {
        let (kind, account, a, b) = match self {
            Setting::RateLimit { capacity, refill_per_second } => {
                (Kind::RateLimit, String::new(), capacity.u128(), refill_per_second.u128())
            }
            Setting::MaxLease { seconds } => (Kind::MaxLease, String::new(), seconds.into(), 0),
            Setting::LoosenDelay { seconds } => (Kind::LoosenDelay, String::new(), seconds.into(), 0),
            Setting::Minter { account, allowed } => (Kind::Minter, account, allowed.into(), 0),
            Setting::Guardian { account } => (Kind::Guardian, account, 0, 0),
        };
        Change { kind, account, a, b }
    }

    /// The setting of a stored change, if it is one.
    pub fn of(change: &Change) -> Option<Self> {
        let account = change.account.clone();
        let seconds = u32::try_from(change.a);
        Some(match change.kind {
            Kind::RateLimit => Setting::RateLimit { capacity: change.a.into(), refill_per_second: change.b.into() },
            Kind::MaxLease => Setting::MaxLease { seconds: seconds.ok()? },
            Kind::LoosenDelay => Setting::LoosenDelay { seconds: seconds.ok()? },
            Kind::Minter => Setting::Minter { account, allowed: change.a == 1 },
            Kind::Guardian => Setting::Guardian { account },
        })
    }
}
