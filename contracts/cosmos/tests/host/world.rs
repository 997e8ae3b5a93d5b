//! A simulated chain with the contract, a cw20 and a token factory.

use crate::cw20;
use crate::factory::{self, Factory};
use crate::signer::{leaf, Signer, EPOCH, LEASE, MAX_LEASE, NOW, ROUTE};
use ballast_cosmos::contract;
use ballast_cosmos::error::Error;
use ballast_cosmos::msg::{ExecuteMsg, HookMsg, InstantiateMsg, QueryMsg, RegisterMsg, Setting, TokenMsg, B32};
use ballast_cosmos::query::{ContractAnswer, HeadroomAnswer, StateAnswer};
use ballast_rules::statement::MintCap;
use cosmwasm_std::testing::{MockApi, MockStorage};
use cosmwasm_std::{coins, to_json_binary, Addr, Coin, CosmosMsg, Empty, Record, Uint128};
use cw_multi_test::{
    no_init, App, AppBuilder, AppResponse, BankKeeper, ContractWrapper, DistributionKeeper, Executor, FailingModule,
    GovFailingModule, IbcFailingModule, StakeKeeper, WasmKeeper,
};
use serde::de::DeserializeOwned;
use zerocopy::IntoBytes;

type Chain = App<
    BankKeeper,
    MockApi,
    MockStorage,
    FailingModule<Empty, Empty, Empty>,
    WasmKeeper<Empty, Empty>,
    StakeKeeper,
    DistributionKeeper,
    IbcFailingModule,
    GovFailingModule,
    Factory,
>;

/// What a message did, or the words with which it was refused.
pub type Outcome = Result<AppResponse, String>;

pub struct World {
    pub app: Chain,
    pub factory: Factory,
    pub gate: Addr,
    pub cw20: Addr,
    pub domain: [u8; 32],
    pub signer: Signer,
    pub code_id: u64,
}

/// Which token a test's route has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cw20,
    Denom,
}

pub const KINDS: [Kind; 2] = [Kind::Cw20, Kind::Denom];
pub const SUBDENOM: &str = "uwrapped";

pub fn who(name: &str) -> Addr {
    MockApi::default().addr_make(name)
}

/// The contract's error in a refusal.
pub fn refused(outcome: Outcome) -> Error {
    let text = outcome.expect_err("was not refused");
    Error::ALL
        .iter()
        .find(|error| text.contains(&error.to_string()))
        .copied()
        .unwrap_or_else(|| panic!("not the contract's words: {text}"))
}

pub fn instantiate_msg() -> InstantiateMsg {
    let key = Signer::new("group").key;
    InstantiateMsg {
        epoch: EPOCH.into(),
        px: B32(key.px),
        parity: key.parity,
        registrar: who("registrar").into(),
        token_factory: Some(factory::PREFIX.into()),
    }
}

/// Every message of owner and guardian about a route.
pub fn governing(route: B32) -> Vec<ExecuteMsg> {
    let setting = Setting::MaxLease { seconds: 60 };
    vec![
        ExecuteMsg::Pause { route },
        ExecuteMsg::Unpause { route },
        ExecuteMsg::Set { route, setting: setting.clone() },
        ExecuteMsg::Execute { route, setting: setting.clone() },
        ExecuteMsg::Cancel { route, setting },
        ExecuteMsg::TransferOwnership { route, to: None },
        ExecuteMsg::AcceptOwnership { route },
    ]
}

pub fn register_msg(token: TokenMsg) -> RegisterMsg {
    RegisterMsg {
        route: B32(ROUTE),
        token,
        owner: who("owner").into(),
        guardian: who("guardian").into(),
        max_lease: MAX_LEASE,
        loosen_delay: 7_200,
        capacity: Uint128::MAX,
        refill_per_second: Uint128::zero(),
        minters: vec![who("minter").into()],
    }
}

impl World {
    /// The contract, without a route; a cw20 whose minter is `issuer`.
    pub fn bare() -> Self {
        let factory = Factory::default();
        let mut app = AppBuilder::new().with_stargate(factory.clone()).build(no_init);
        app.update_block(|block| block.time = cosmwasm_std::Timestamp::from_seconds(NOW));
        let code = ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
            .with_reply(contract::reply)
            .with_migrate(contract::migrate);
        let code_id = app.store_code(Box::new(code));
        let admin = Some(who("admin").to_string());
        let gate = app.instantiate_contract(code_id, who("registrar"), &instantiate_msg(), &[], "gate", admin).unwrap();
        let token = app.store_code(cw20::code());
        let cw20 = app.instantiate_contract(token, who("issuer"), &cw20::Instantiate {}, &[], "cw20", None).unwrap();
        let signer = Signer::new("group");
        let mut world = World { app, factory, gate, cw20, domain: [0; 32], signer, code_id };
        world.domain = world.ask::<ContractAnswer>(QueryMsg::Contract {}).domain.0;
        world
    }

    /// A registered route with one minter, whose token was handed over; no statement yet.
    pub fn new(kind: Kind) -> Self {
        let mut world = World::bare();
        world.reserve(Some("issuer")).unwrap();
        match kind {
            Kind::Cw20 => {
                let token = TokenMsg::Cw20(world.cw20.to_string());
                world.by("issuer", ExecuteMsg::Register(register_msg(token))).unwrap();
                world.hand_over_cw20();
            }
            Kind::Denom => {
                let token = TokenMsg::NewDenom(SUBDENOM.into());
                world.by("issuer", ExecuteMsg::Register(register_msg(token))).unwrap();
            }
        }
        world
    }

    /// The same with a statement of this cap.
    pub fn live(kind: Kind, cap: u128) -> Self {
        let mut world = World::new(kind);
        world.submit(cap, 1).unwrap();
        world
    }

    pub fn denom(&self) -> String {
        format!("factory/{}/{SUBDENOM}", self.gate)
    }

    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    pub fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1;
        });
    }

    pub fn send(&mut self, sender: &str, msg: &ExecuteMsg, funds: &[Coin]) -> Outcome {
        self.app.execute_contract(who(sender), self.gate.clone(), msg, funds).map_err(|error| error.to_string())
    }

    pub fn by(&mut self, sender: &str, msg: ExecuteMsg) -> Outcome {
        self.send(sender, &msg, &[])
    }

    pub fn raw(&mut self, sender: &Addr, msg: CosmosMsg) -> Outcome {
        self.app.execute(sender.clone(), msg).map_err(|error| error.to_string())
    }

    pub fn token(&mut self, sender: &str, msg: &cw20::Execute) -> Outcome {
        self.app.execute_contract(who(sender), self.cw20.clone(), msg, &[]).map_err(|error| error.to_string())
    }

    pub fn misbehave(&mut self, mode: cw20::Mode) {
        self.token("anybody", &cw20::Execute::Misbehave { mode }).unwrap();
    }

    pub fn reserve(&mut self, registrant: Option<&str>) -> Outcome {
        let registrant = registrant.map(|name| who(name).into());
        self.by("registrar", ExecuteMsg::Reserve { route: B32(ROUTE), registrant })
    }

    pub fn hand_over_cw20(&mut self) {
        let new_minter = Some(self.gate.to_string());
        self.token("issuer", &cw20::Execute::UpdateMinter { new_minter }).unwrap();
    }

    /// leaf | branch | certificate for this contract, good for an hour from now, altered before it is signed.
    pub fn statement(&self, cap: u128, round: u64, change: impl Fn(&mut MintCap)) -> Vec<u8> {
        let mut leaf = leaf(cap);
        (leaf.domain, leaf.route) = (self.domain, ROUTE);
        leaf.observed_at.set(self.now() - 10);
        leaf.expires_at.set(self.now() + LEASE);
        change(&mut leaf);
        self.signer.statement(leaf.as_bytes(), EPOCH, round)
    }

    pub fn bring(&mut self, statement: Vec<u8>) -> Outcome {
        self.by("anybody", ExecuteMsg::Submit { route: B32(ROUTE), statement: statement.into() })
    }

    pub fn submit(&mut self, cap: u128, round: u64) -> Outcome {
        let statement = self.statement(cap, round, |_| ());
        self.bring(statement)
    }

    pub fn mint(&mut self, to: &str, amount: u128) -> Outcome {
        self.mint_with(to, amount, None)
    }

    pub fn mint_with(&mut self, to: &str, amount: u128, statement: Option<Vec<u8>>) -> Outcome {
        let (to, amount, statement) = (who(to).into(), amount.into(), statement.map(Into::into));
        self.by("minter", ExecuteMsg::Mint { route: B32(ROUTE), to, amount, statement })
    }

    /// Redeems in the way of the kind: a denom sent along, a cw20 by allowance.
    pub fn redeem(&mut self, kind: Kind, holder: &str, amount: u128) -> Outcome {
        let msg = ExecuteMsg::Redeem { route: B32(ROUTE), amount: amount.into() };
        match kind {
            Kind::Denom => {
                let funds = if amount == 0 { vec![] } else { coins(amount, self.denom()) };
                self.send(holder, &msg, &funds)
            }
            Kind::Cw20 => {
                let allow = cw20::Execute::IncreaseAllowance { spender: self.gate.to_string(), amount: amount.into() };
                self.token(holder, &allow).unwrap();
                self.send(holder, &msg, &[])
            }
        }
    }

    /// Redeems a cw20 by sending it to the contract.
    pub fn redeem_by_send(&mut self, holder: &str, amount: u128) -> Outcome {
        let msg = to_json_binary(&HookMsg::Redeem {}).unwrap();
        let send = cw20::Execute::Send { contract: self.gate.to_string(), amount: amount.into(), msg };
        self.token(holder, &send)
    }

    pub fn ask<T: DeserializeOwned>(&self, query: QueryMsg) -> T {
        self.app.wrap().query_wasm_smart(&self.gate, &query).unwrap()
    }

    pub fn state(&self) -> StateAnswer {
        self.ask(QueryMsg::State { route: B32(ROUTE) })
    }

    pub fn cap(&self) -> u128 {
        self.state().cap.u128()
    }

    pub fn headroom(&self) -> u128 {
        self.ask::<HeadroomAnswer>(QueryMsg::Headroom { route: B32(ROUTE) }).headroom.u128()
    }

    pub fn balance(&self, kind: Kind, holder: &str) -> u128 {
        self.balance_of(kind, &who(holder))
    }

    pub fn balance_of(&self, kind: Kind, holder: &Addr) -> u128 {
        match kind {
            Kind::Denom => {
                let balance = self.app.wrap().query_balance(holder, self.denom()).unwrap().amount;
                Uint128::try_from(balance).unwrap().u128()
            }
            Kind::Cw20 => {
                let question = cw20::Query::Balance { address: holder.to_string() };
                self.number(&question, "balance")
            }
        }
    }

    pub fn supply(&self, kind: Kind) -> u128 {
        match kind {
            Kind::Denom => {
                let supply = self.app.wrap().query_supply(self.denom()).unwrap().amount;
                Uint128::try_from(supply).unwrap().u128()
            }
            Kind::Cw20 => self.number(&cw20::Query::TokenInfo {}, "total_supply"),
        }
    }

    fn number(&self, question: &cw20::Query, field: &str) -> u128 {
        let answer: serde_json::Value = self.app.wrap().query_wasm_smart(&self.cw20, question).unwrap();
        answer[field].as_str().unwrap().parse().unwrap()
    }

    /// All that the contract stores.
    pub fn storage(&self) -> Vec<Record> {
        self.app.dump_wasm_raw(&self.gate)
    }

    /// The value under one key.
    pub fn stored(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.app.wrap().query_wasm_raw(&self.gate, key).unwrap()
    }
}

/// The attributes of the one event of this name, without the contract's address.
pub fn event(response: &AppResponse, name: &str) -> Vec<(String, String)> {
    let name = format!("wasm-{name}");
    let mut of_name = response.events.iter().filter(|event| event.ty == name);
    let event = of_name.next().unwrap_or_else(|| panic!("no {name} in {:?}", response.events));
    assert!(of_name.next().is_none(), "{name} twice");
    let own = event.attributes.iter().filter(|attribute| attribute.key != "_contract_address");
    own.map(|attribute| (attribute.key.clone(), attribute.value.clone())).collect()
}

/// Attributes as a test writes them.
pub fn attributes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}
