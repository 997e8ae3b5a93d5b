"""What there is on the chain of the tests of readings: vaults, tokens, one gate contract with two routes."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from chains.caip import AccountId, AssetId, ChainId
from chains.cosmos import bech32, plan, protobuf, state, stores
from chains.cosmos.addresses import account_bytes, denomination_asset
from chains.cosmos.options import DeploymentOptions, PositionOptions
from chains.cosmos.plan import Entry
from chains.cosmos.state import Committee, Contract, Gate, RateLimit, Statement, Token, TokenKind
from chains.encoding import domain_id, route_id
from chains.types import Deployment, Position
from tests.chains.cosmos import blocks, layouts
from tests.chains.cosmos.ledger import Answer, State, said, smart

ID = ChainId("cosmos", blocks.CHAIN)


def account(name: str, prefix: str = "wasm") -> str:
    return bech32.encode(prefix, sha256(name.encode()).digest()[:20])


def contract(name: str, prefix: str = "wasm") -> str:
    return bech32.encode(prefix, sha256(name.encode()).digest())


def checksum(name: str) -> bytes:
    return sha256(name.encode()).digest()


VAULT, OWNER, THIEF, KEEPER = account("vault"), account("owner"), account("thief"), contract("keeper")
COLLATERAL, WRAPPED, GATE = contract("collateral"), contract("wrapped"), contract("gate")
GOLD = f"factory/{GATE}/gold"
FACTORY = "/osmosis.tokenfactory.v1beta1."
ROUTE, GOLD_ROUTE = route_id("test"), route_id("gold")
LOCKED, HELD, SUPPLY, GOLD_SUPPLY = 5_000_000, 7_000_000, 1_200_000, 900_000
KEEPER_CODE, CW20_CODE, GATE_CODE = 4, 7, 9
NOW = blocks.START // blocks.SECOND

SAID = Statement(9, 2_000_000, 5_000_000, 1_200_000, NOW, NOW + 3600)
GATED = Gate(False, Token(TokenKind.CW20, WRAPPED), 86_400, 86_400, OWNER, OWNER, None)
GROUP = Committee(1, 0, b"\7" * 32, 0)

BANK_POSITION = Position(AccountId(ID, VAULT), denomination_asset(ID, "uatom"), 6, PositionOptions())
CW20_POSITION = Position(
    AccountId(ID, VAULT),
    AssetId(ID, "cw20", COLLATERAL),
    6,
    PositionOptions(checksum=checksum("cw20").hex(), admin=OWNER),
)
KEPT_POSITION = Position(
    AccountId(ID, KEEPER),
    denomination_asset(ID, "uatom"),
    6,
    PositionOptions(vault_checksum=checksum("keeper").hex()),
)
DEPLOYMENT = Deployment(
    AccountId(ID, GATE),
    AssetId(ID, "cw20", WRAPPED),
    6,
    ROUTE,
    DeploymentOptions(
        checksum=checksum("gate").hex(), admin="none", token_checksum=checksum("cw20").hex(), token_admin=OWNER
    ),
)
GOLD_DEPLOYMENT = Deployment(
    AccountId(ID, GATE),
    denomination_asset(ID, GOLD),
    6,
    GOLD_ROUTE,
    DeploymentOptions(checksum=checksum("gate").hex(), admin="none"),
)


def with_options(named: Any, **changes: Any) -> Any:
    return replace(named, options=named.options.model_copy(update=changes))


def bank(kind: str, *of: str) -> Entry:
    """A supply, or a balance of somebody."""
    key = stores.supply_key(of[0]) if kind == "supply" else stores.balance_key(account_bytes(of[0]), of[1])
    return Entry(stores.BANK, key)


def kept(address: str, key: bytes) -> Entry:
    """An entry in a contract's own storage."""
    return Entry(stores.WASM, stores.storage_key(account_bytes(address), key))


def cw20_balance(token: str, holder: str) -> Entry:
    return Entry(stores.WASM, stores.cw20_balance_key(account_bytes(token), holder))


def code(number: int) -> Entry:
    return Entry(stores.WASM, stores.code_key(number))


def of_route(tag: bytes, route: bytes) -> Entry:
    return kept(GATE, tag + route)


def everything() -> dict[Entry, bytes]:
    """Everything as it should be."""
    gold = replace(GATED, token=Token(TokenKind.DENOM, GOLD))
    return {
        bank("supply", "uatom"): b"1000000000",
        bank("supply", GOLD): b"%d" % GOLD_SUPPLY,
        bank("balance", VAULT, "uatom"): b"%d" % HELD,
        bank("balance", KEEPER, "uatom"): b"41",
        code(KEEPER_CODE): layouts.code_info(checksum("keeper")),
        code(CW20_CODE): layouts.code_info(checksum("cw20")),
        code(GATE_CODE): layouts.code_info(checksum("gate")),
        plan.contract(KEEPER): layouts.contract_info(KEEPER_CODE, OWNER),
        plan.contract(COLLATERAL): layouts.contract_info(CW20_CODE, OWNER),
        plan.contract(WRAPPED): layouts.contract_info(CW20_CODE, OWNER),
        plan.contract(GATE): layouts.contract_info(GATE_CODE),
        plan.token_info(COLLATERAL): layouts.token_info(10**12, minter=OWNER),
        plan.token_info(WRAPPED): layouts.token_info(SUPPLY, minter=GATE),
        cw20_balance(COLLATERAL, VAULT): layouts.uint128(LOCKED),
        kept(GATE, b"c"): layouts.committee(GROUP),
        kept(GATE, b"f"): layouts.contract(Contract(OWNER, FACTORY)),
        of_route(state.STATEMENT, ROUTE): layouts.statement(SAID),
        of_route(state.STATEMENT, GOLD_ROUTE): layouts.statement(SAID),
        of_route(state.GATE, ROUTE): layouts.gate(GATED),
        of_route(state.GATE, GOLD_ROUTE): layouts.gate(gold),
        of_route(state.MINTERS, ROUTE): layouts.minters([OWNER]),
        of_route(state.MINTERS, GOLD_ROUTE): layouts.minters([]),
        of_route(state.RATE_LIMIT, ROUTE): layouts.rate_limit(RateLimit(10**6, 10, 10**6, NOW)),
    }


def answers(admin: str = GATE) -> Callable[[str, bytes, State], Answer]:
    """What the chain's queries are answered with; `admin` may mint the denomination."""

    def answer(path: str, data: bytes, state: State) -> Answer:
        if path == f"{FACTORY}Query/DenomAuthorityMetadata":
            assert data == protobuf.data(1, GOLD.encode())
            return protobuf.message(1, protobuf.data(1, admin.encode()))
        asked = smart(path, data)
        if asked is None:
            return "sdk", 6, "unknown query path"
        address, query = asked
        told = _gate_says(address, query, state) or _token_says(address, query, state)
        return said(told) if told else ("wasm", 9, f"query wasm contract failed: unknown variant of {list(query)}")

    return answer


def _gate_says(address: str, query: Any, held: State) -> Any:
    if kept(address, b"f") not in held:
        return None
    if "contract" in query:
        name, domain = "crates.io:ballast-cosmos", domain_id(f"{ID}:{address}").hex()
        return {"name": name, "version": "0.1.0", "domain": domain, "registrar": OWNER, "token_factory": FACTORY}
    group = state.committee(held[kept(address, b"c")])
    since = str(group.since_round)
    return {"epoch": str(group.epoch), "px": group.px.hex(), "parity": group.parity, "since_round": since}


def _token_says(address: str, query: Any, held: State) -> Any:
    info = held.get(plan.token_info(address))
    if info is None:
        return None
    if "balance" in query:
        amount = held.get(cw20_balance(address, query["balance"]["address"]), b'"0"')
        return {"balance": json.loads(amount)}
    return {name: value for name, value in json.loads(info).items() if name != "mint"}
