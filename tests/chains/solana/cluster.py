"""A cluster that only shows accounts, and endpoints before it that misbehave: for the tests of readings.

Its history is known slot by slot, so that each endpoint can stand at a slot of its own; a test makes slots, alters
accounts, and says what an endpoint makes of the truth. Over HTTP, as the family reads it.
"""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from aiohttp import web

from chains.caip import AccountId, AssetId, ChainId
from chains.encoding import route_id
from chains.opened import OpenedChain
from chains.solana.addresses import (
    CLOCK_SYSVAR,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    committee_address,
    domain,
    program_data_address,
    route_address,
    to_text,
)
from chains.solana.chain import open_chain
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.solana.program_data import code_hash
from chains.solana.rpc import Account
from chains.solana.state import Committee, Route
from chains.solana.tokens import Mint, TokenAccount
from chains.types import ChainSetup, Deployment, Position
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.readers import closing, endpoints
from tests.chains.serving import served
from tests.chains.solana import layouts
from tests.chains.solana.lies import Lie, RpcError


def key(name: str) -> str:
    """An address."""
    return to_text(sha256(name.encode("ascii")).digest())


GENESIS = key("genesis")
REFERENCE = GENESIS[:32]
CHAIN = ChainId("solana", REFERENCE)
ROUTE = route_id("test")
NOW = 1_800_000_000
CODE = b"\x7fELF the program's code"
WALLET, VAULT, COLLATERAL, TREASURY = key("wallet"), key("vault"), key("collateral"), key("treasury")
PROGRAM, WRAPPED, OWNER = key("program"), key("wrapped"), key("owner")
GATE = route_address(PROGRAM, WRAPPED)
LOCKED, SUPPLY, LAMPORTS = 5_000_000, 1_200_000, 7_000_000_000

HELD = TokenAccount(COLLATERAL, WALLET, LOCKED, None, False, None, 0, None, ())
MINTED = Mint(key("issuer"), 10**12, 6, key("freezer"), ())
WRAPPED_MINT = Mint(GATE, SUPPLY, 6, None, ())
GATED = Route(
    255, False, 86_400, 86_400, domain(REFERENCE, GATE), ROUTE, WRAPPED, TOKEN_PROGRAM, OWNER, None, OWNER,
    9, 2_000_000, NOW, NOW + 3600, 5_000_000, 1_200_000, 10**6, 10, 10**6, NOW, (OWNER,), (),
)  # fmt: skip
GROUP = Committee(254, 0, 1, 0, b"\1" * 32, REFERENCE, domain(REFERENCE, committee_address(PROGRAM)))


def owned(data: bytes) -> Account:
    """A state account of the program."""
    return Account(layouts.RENT, PROGRAM, data, False)


def accounts() -> dict[str, Account]:
    """Everything as it should be."""
    data = program_data_address(PROGRAM)
    return {
        VAULT: layouts.token_account(HELD),
        COLLATERAL: layouts.mint(MINTED),
        TREASURY: Account(LAMPORTS, SYSTEM_PROGRAM, b"", False),
        WRAPPED: layouts.mint(WRAPPED_MINT),
        GATE: owned(GATED.encode()),
        committee_address(PROGRAM): owned(GROUP.encode()),
        PROGRAM: layouts.program(data),
        data: layouts.program_data(40, OWNER, CODE + bytes(100)),
    }


TOKEN_POSITION = Position(
    AccountId(CHAIN, VAULT), AssetId(CHAIN, "token", COLLATERAL), 6, PositionOptions(owner=WALLET)
)
NATIVE_POSITION = Position(
    AccountId(CHAIN, TREASURY), AssetId(CHAIN, "slip44", "501"), 9, PositionOptions(reserve=1_000_000_000)
)
DEPLOYMENT = Deployment(
    AccountId(CHAIN, GATE),
    AssetId(CHAIN, "token", WRAPPED),
    6,
    ROUTE,
    DeploymentOptions(program=PROGRAM, program_hash=code_hash(CODE), upgrade_authority=OWNER),
)


class Cluster:
    """The truth, slot by slot. The newest slot is final."""

    def __init__(self, slot: int = 1_000) -> None:
        self.slot = self.first = slot
        self.states: dict[int, dict[str, Account]] = {slot: accounts()}
        self.skipped: set[int] = set()
        self.late: dict[int, int] = {}  # seconds by which a slot, and all after it, came later

    def advance(self, slots: int = 1) -> int:
        for _ in range(slots):
            self.states[self.slot + 1] = dict(self.states[self.slot])
            self.slot += 1
        return self.slot

    def put(self, address: str, account: Account | None) -> int:
        """Changes an account in a new slot."""
        self.advance()
        if account is None:
            self.states[self.slot].pop(address, None)
        else:
            self.states[self.slot][address] = account
        return self.slot

    def time(self, slot: int) -> int:
        return NOW + slot * 2 // 5 + sum(seconds for since, seconds in self.late.items() if since <= slot)

    def at(self, slot: int, address: str) -> Account | None:
        if address == CLOCK_SYSVAR:
            return layouts.clock(slot, self.time(slot))
        return self.states[slot].get(address)


class Front:
    """One endpoint: stands `behind` slots behind the cluster, tells what `lie` makes of the truth. `respond` may answer
    a whole request in its own way."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.genesis = GENESIS
        self.behind = 0
        self.lie: Lie = lambda call, result: result
        self.respond: Callable[[Any], web.Response | None] = lambda body: None
        self.served, self.url = 0, ""
        self.asked: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.served += 1
        body = await request.json()
        own = self.respond(body)
        if own is not None:
            return own
        return web.json_response([self._one(c) for c in body] if isinstance(body, list) else self._one(body))

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(call["method"])
        try:
            return {"jsonrpc": "2.0", "id": call["id"], "result": self.lie(call, self._true(call))}
        except RpcError as error:
            return {"jsonrpc": "2.0", "id": call["id"], "error": error.error}

    def _true(self, call: dict[str, Any]) -> Any:
        cluster, slot = self._cluster, self._cluster.slot - self.behind
        if call["method"] == "getGenesisHash":
            return self.genesis
        if call["method"] == "getBlockTime":
            asked = call["params"][0]
            if asked > slot:
                raise RpcError(-32004, f"Block not available for slot {asked}")
            if asked in cluster.skipped or asked < cluster.first:
                raise RpcError(-32007, f"Slot {asked} was skipped, or missing due to ledger jump to recent snapshot")
            return cluster.time(asked)
        assert call["method"] == "getMultipleAccounts"
        addresses, options = call["params"]
        assert (options["commitment"], options["encoding"]) == ("finalized", "base64")
        assert len(addresses) <= 100
        part = options.get("dataSlice", {"offset": 0, "length": 1 << 30})
        value = [_told(cluster.at(slot, address), part) for address in addresses]
        return {"context": {"apiVersion": "4.1.2", "slot": slot}, "value": value}


def _told(account: Account | None, part: dict[str, int]) -> Any:
    if account is None:
        return None
    data = account.data[part["offset"] : part["offset"] + part["length"]]
    return {
        "data": [base64.b64encode(data).decode(), "base64"],
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": account.owner,
        "rentEpoch": 18446744073709551615,
        "space": len(account.data),
    }


@dataclass
class World:
    """A cluster behind three endpoints, and what a member has of it. `now` is the member's clock."""

    cluster: Cluster
    fronts: list[Front]
    now: float = NOW + 400.0
    positions: tuple[Position, ...] = (TOKEN_POSITION, NATIVE_POSITION)
    deployments: tuple[Deployment, ...] = (DEPLOYMENT,)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)

    def options(self, **changes: Any) -> MemberOptions:
        settings: dict[str, Any] = {
            "endpoints": endpoints(front.url for front in self.fronts),
            "timeout": 120.0,
            "deadline": 600.0,
            "set_aside": 600.0,
        }
        return MemberOptions(**(settings | changes))

    def setup(self, **changes: Any) -> ChainSetup:
        options = changes.pop("options", None) or self.options()
        chain_options = ChainOptions(genesis_hash=GENESIS, **changes.pop("chain", {}))
        default = ChainSetup(CHAIN, chain_options, options, self.positions, self.deployments, self.journal, self.log)
        return replace(default, **changes)

    def opened(self, **changes: Any) -> AbstractAsyncContextManager[OpenedChain]:
        return closing(open_chain(self.setup(**changes), lambda: self.now))

    def impatient(self, **changes: Any) -> MemberOptions:
        """Options of a member that gives up soon, for tests of what never comes."""
        return self.options(**({"timeout": 0.4, "deadline": 0.4} | changes))


@asynccontextmanager
async def world(fronts: int = 3) -> AsyncIterator[World]:
    """A cluster with everything in place, behind `fronts` endpoints."""
    cluster = Cluster()
    async with AsyncExitStack() as stack:
        made = [Front(cluster) for _ in range(fronts)]
        for front in made:
            front.url = await stack.enter_async_context(served(front.handle))
        yield World(cluster, made)


def base64_of(account: Account) -> list[str]:
    return [base64.b64encode(account.data).decode(), "base64"]
