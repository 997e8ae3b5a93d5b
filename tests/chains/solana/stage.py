"""A node with the real program, a gate on it, and everybody who sends transactions: for the tests of writing.

The node is ours or a real validator. Ours makes slots only when a test says so; waiting is polling for a condition.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import SecretStr
from solders.pubkey import Pubkey

from chains.caip import AccountId, AssetId, ChainId
from chains.devnet import Committee as GroupKey
from chains.encoding import MintCap, route_id
from chains.endpoint_options import EndpointOptions
from chains.jsonrpc import Limits
from chains.opened import OpenedChain
from chains.proxy import Proxy
from chains.solana.addresses import CLOCK_SYSVAR, REFERENCE_SIZE, to_text, token_address
from chains.solana.chain import open_chain
from chains.solana.client import Client
from chains.solana.clock import read_clock
from chains.solana.demo import SolanaLocalChain
from chains.solana.devnet import ARTIFACT, OWNER, PROGRAM
from chains.solana.misbehaviour import Rule, SolanaDialect
from chains.solana.node.node import LocalNode
from chains.solana.node.settings import GenesisProgram, Settings
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions
from chains.solana.state import Route
from chains.solana.tokens import decode_account
from chains.solana.transactions import Key
from chains.solana.user import SolanaUser
from chains.types import ChainSetup, Deployment
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.solana.validator import asked, validator
from tests.chains.statements import EPOCH, Committee, planted, seed

MEMBER, OTHER = seed("member"), seed("other member")
LEASE = 3_600
MAX_LEASE = 86_400
SOL = 10**9
UNHURRIED: dict[str, Any] = {"timeout": 120.0, "deadline": 600.0, "set_aside": 600.0, "submit_timeout": 600.0}
"""Options of a member for whom no machine is too slow."""

PATIENT = Limits(timeout=120.0, deadline=600.0, batch=1)
"""The same for a user."""

T = TypeVar("T")


class AnyNode(Protocol):
    """A running node."""

    @property
    def url(self) -> str: ...

    @property
    def waited_for(self) -> bool:
        """Whether anything may need slots to go by."""
        ...

    async def advance(self) -> None:
        """Lets a slot or more go by."""
        ...


@dataclass
class Stage:
    """One gate, and the endpoints before the node that a member asks."""

    node: AnyNode
    chain: ChainId
    genesis_hash: str
    proxies: Sequence[Proxy[Rule]]
    deployment: Deployment
    local: SolanaLocalChain
    reading: Client
    group: Committee = field(default_factory=lambda: Committee("group"))

    def options(self, **changes: Any) -> MemberOptions:
        endpoints = tuple(
            EndpointOptions(name=name, url=SecretStr(proxy.url))
            for name, proxy in zip("abcde", self.proxies, strict=False)
        )
        settings: dict[str, Any] = {"endpoints": endpoints, "poll": 0.02, **UNHURRIED}
        return MemberOptions(**(settings | changes))

    @asynccontextmanager
    async def opened(self, **changes: Any) -> AsyncIterator[OpenedChain]:
        """A member that starts. `options`: changes to its options; the rest changes the set-up."""
        setup = ChainSetup(
            self.chain,
            ChainOptions(genesis_hash=self.genesis_hash, max_finality_lag=10**9),
            self.options(**changes.pop("options", {})),
            (),
            (self.deployment,),
            MemoryJournal(),
            Recorder(),
            MEMBER,
        )
        chain = open_chain(replace(setup, **changes))
        try:
            yield chain
        finally:
            await chain.close()

    @asynccontextmanager
    async def holder(self, secret: bytes | None = None, chain: ChainId | None = None) -> AsyncIterator[SolanaUser]:
        """The user, who may mint, or another."""
        url = SecretStr(self.node.url)
        user = SolanaUser(chain or self.chain, url, secret or self.local.user_secret(), PATIENT)
        try:
            yield user
        finally:
            await user.close()

    async def going_on(self, work: Awaitable[T]) -> T:
        """Awaits work that needs slots, letting them go by until it is done."""
        return await going_on(self.node, work)

    async def now(self) -> int:
        """The time that the program would read."""
        (clock,) = await self.reading.accounts(CLOCK_SYSVAR)
        assert clock is not None
        return read_clock(clock).time

    async def statement(self, round_: int, cap: int, by: Committee | None = None, lease: int = LEASE) -> bytes:
        now = await self.now()
        leaf = MintCap(self.deployment.domain, self.deployment.route, cap, cap, 0, now - 5, now + lease)
        return planted(leaf).certified(by or self.group, EPOCH, round_)

    async def route(self) -> Route:
        (found,) = await self.reading.accounts(self.deployment.gate.address)
        assert found is not None
        return Route.decode(found.data)

    async def lamports(self, address: str) -> int:
        return await self.reading.lamports(address)

    def token_account(self, holder: str) -> str:
        return token_address(holder, self.deployment.token.asset, self.token_program)

    async def balance(self, account: str) -> int:
        (found,) = await self.reading.accounts(account)
        return 0 if found is None else decode_account(found.data, self.token_program).amount

    @property
    def token_program(self) -> str:
        assert isinstance(self.deployment.options, DeploymentOptions)
        return self.deployment.options.token_program


async def going_on(node: AnyNode, work: Awaitable[T]) -> T:
    task = asyncio.ensure_future(work)
    while not task.done():
        if node.waited_for:
            await node.advance()
        await asyncio.sleep(0.005)
    return task.result()


@asynccontextmanager
async def staged(node: AnyNode, genesis_hash: str) -> AsyncIterator[Stage]:
    """Sets everything up at a node that has the program at its devnet address, with three endpoints before it."""
    group, chain = Committee("group"), ChainId("solana", genesis_hash[:REFERENCE_SIZE])
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(Proxy(node.url, SolanaDialect())) for _ in range(3)]
        local, reading = SolanaLocalChain(chain, node.url), Client(chain, node.url, limits=PATIENT)
        stack.push_async_callback(local.close)
        stack.push_async_callback(reading.close)
        key = GroupKey(EPOCH, bytes([2 + group.parity]) + group.px)
        row = await going_on(node, local.deploy_destination("test", 6, key, MAX_LEASE))
        deployment = Deployment(
            AccountId.parse(row["gate"]),
            AssetId.parse(row["token"]),
            row["decimals"],
            route_id("test"),
            DeploymentOptions.model_validate(row["options"]),
        )
        await going_on(node, local.fund([Key(MEMBER).address, Key(OTHER).address]))
        yield Stage(node, chain, genesis_hash, proxies, deployment, local, reading, group)


@dataclass(frozen=True, slots=True)
class OurNode:
    """A local node without a clock."""

    node: LocalNode

    @property
    def url(self) -> str:
        return self.node.url

    @property
    def waited_for(self) -> bool:
        """While anything that was sent is not final. At other times no blockhash gets older."""
        blocks = self.node.ledger.blocks
        above = blocks.between(blocks.at("finalized").slot + 1, blocks.newest.slot)
        return any(block.landed for block in (*above, blocks.open))

    async def advance(self) -> None:
        self.node.advance()


@dataclass(frozen=True, slots=True)
class ValidatorNode:
    """A real validator, whose slots go by themselves."""

    url: str
    waited_for: bool = True

    async def advance(self) -> None:
        await asyncio.sleep(0.05)


@asynccontextmanager
async def our_stage(**settings: Any) -> AsyncIterator[Stage]:
    """A stage on a node of ours, whose slots are made by the test alone."""
    program = GenesisProgram(Pubkey.from_string(PROGRAM), ARTIFACT.read_bytes(), Pubkey.from_string(OWNER.address))
    node = LocalNode(Settings(number=1, finality_slots=4, programs=(program,), **settings))
    async with node, staged(OurNode(node), to_text(node.ledger.genesis_hash)) as made:
        yield made


@asynccontextmanager
async def validators_stage(directory: Path) -> AsyncIterator[Stage]:
    """A stage on a real validator, which `directory` takes the files of."""
    program = ("--upgradeable-program", PROGRAM, str(ARTIFACT), OWNER.address)
    async with (
        validator({}, directory, *program) as url,
        staged(ValidatorNode(url), await asked(url, "getGenesisHash")) as made,
    ):
        yield made
