"""What the tests of the EVM family share: a node with contracts and proxies, a committee of one.

Blocks come only when a test mines them, and `mined` makes one only for a transaction that waits for it: how many there
are, and so what they cost and which are final, is the same on every machine. Waiting is polling for a condition, and
the time-outs are longer than any test.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import coincurve

from chains.caip import AccountId, AssetId, ChainId
from chains.encoding import Certificate, Header, MintCap, Tree, evidence, route_id, submission
from chains.errors import Unreadable
from chains.evm.abi import Interface
from chains.evm.client import Client
from chains.evm.devnet import Devnet
from chains.evm.family import FAMILY
from chains.evm.misbehaviour import EvmDialect, Rule
from chains.evm.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.jsonrpc import Limits
from chains.misbehaviour import Behaviour
from chains.opened import OpenedChain
from chains.proxy import Proxy
from chains.types import ChainSetup, Checkpoint, Deployment, Locked, Position
from relayer.frost import ciphersuite
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.readers import closing, endpoints

CHAIN = ChainId("eip155", "31337")
DATA = Path(__file__).parent / "data"

# The first accounts of the well-known development mnemonic.
ADMIN = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
MEMBER = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
USER = bytes.fromhex("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a")

ROUTE = route_id("test")
UNIT = 10**18
PATIENT = Limits(timeout=120.0, deadline=600.0)
T = TypeVar("T")


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def patient(node: Devnet, account: bytes = ADMIN) -> Client:
    """A client of an account that waits for its node however slow the machine is."""
    return Client(CHAIN, node.url, account, poll=0.02, limits=PATIENT)


class Signer:
    """A group of one: signs as FROST(secp256k1, SHA-256) verifies, with a key that the tests hold whole.

    z = k + e * x, e = H2(R | P | message) as RFC 9591, section 6.5, writes it.
    """

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

    def __init__(self, secret: int = 7) -> None:
        self.secret = secret
        self.public = coincurve.PrivateKey.from_int(secret).public_key.format()

    @property
    def px(self) -> int:
        return int.from_bytes(self.public[1:], "big")

    @property
    def parity(self) -> int:
        return self.public[0] - 2

    def sign(self, header: Header, nonce: int = 11) -> Certificate:
        r = coincurve.PrivateKey.from_int(nonce).public_key.format()
        e = ciphersuite.h2(r + self.public + header.message())
        return Certificate(header, r, ((nonce + e * self.secret) % self.order).to_bytes(32, "big"))


@dataclass
class World:
    """One devnet with a collateral token, a vault, a wrapped token and its gate."""

    node: Devnet
    proxies: list[Proxy[Rule]]
    chain_options: ChainOptions
    collateral: str = ""
    vault: str = ""
    token: str = ""
    gate: str = ""
    committee: str = ""
    signer: Signer = field(default_factory=Signer)
    position: Position = field(default=None)  # type: ignore[assignment]
    native: Position = field(default=None)  # type: ignore[assignment]
    deployment: Deployment = field(default=None)  # type: ignore[assignment]
    client: Client = field(default=None)  # type: ignore[assignment]

    def member_options(self, **changes: Any) -> MemberOptions:
        settings: dict[str, Any] = {
            "endpoints": endpoints(proxy.url for proxy in self.proxies),
            "poll": 0.02,
            "deadline": PATIENT.deadline,
            "timeout": PATIENT.timeout,
            "submit_timeout": 3600.0,
            "set_aside": 600.0,
            "bump_after": 3600.0,
        }
        return MemberOptions(**(settings | changes))

    def setup(self, **changes: Any) -> ChainSetup:
        options = changes.pop("options", None) or self.member_options()
        default = ChainSetup(
            CHAIN,
            self.chain_options,
            options,
            (self.position, self.native) if self.position else (),
            (self.deployment,) if self.deployment else (),
            MemoryJournal(),
            Recorder(),
            MEMBER,
        )
        return replace(default, **changes)

    def opened(self, **changes: Any) -> AbstractAsyncContextManager[OpenedChain]:
        return closing(FAMILY.open(self.setup(**changes)))

    async def mined(self, work: Awaitable[T]) -> T:
        """Awaits work that sends transactions and waits until they are executed: one block whenever some are there, so
        exactly one for a single transaction."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                if await self.pending():
                    await self.node.mine()
                await asyncio.sleep(0.01)
            return task.result()
        finally:
            task.cancel()

    async def pending(self) -> int:
        """How many transactions the next block would take."""
        return int(await self.node.call("eth_getBlockTransactionCountByNumber", "pending"), 16)

    def statement(self, round_: int, cap: int, now: int, lease: int = 3600, signer: Signer | None = None) -> bytes:
        """A submission for the gate that the committee of one has signed."""
        leaf = MintCap(self.deployment.domain, ROUTE, cap, 10 * UNIT, 0, now, now + lease)
        tree = Tree([leaf])
        header = Header(1, round_, evidence(bytes(32), bytes(32), bytes(32)), tree.root)
        certificate = (signer or self.signer).sign(header)
        return submission(leaf.encode(), tree.branch(leaf.encode()), certificate)

    async def now(self) -> int:
        block = await self.node.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    async def final(self, chain: OpenedChain) -> Checkpoint:
        """The checkpoint after everything so far has become final."""
        await self.node.mine(4)
        return await chain.finalized()


@asynccontextmanager
async def world(proxies: int = 3, contracts: bool = True, stride: int = 1) -> AsyncIterator[World]:
    """A node behind `proxies` controllable proxies, with everything deployed."""
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(Devnet(31337))
        front = [await stack.enter_async_context(Proxy(node.url, EvmDialect())) for _ in range(proxies)]
        options = ChainOptions(genesis_hash=await node.genesis_hash(), stride=stride, max_finality_lag=10**9)
        made = World(node, front, options)
        made.client = await stack.enter_async_context(patient(node))
        await node.mine(4)
        if contracts:
            await _deploy(made)
        yield made


async def _deploy(w: World) -> None:
    admin = w.client.address

    async def deployed(artifact: str, *args: Any) -> str:
        return (await w.mined(w.client.deploy(artifact, *args)))[0]

    w.collateral = await deployed("DemoCollateral", "Collateral", "COL", 18, admin)
    w.vault = await deployed("DemoVault", w.collateral, admin)
    w.token = await deployed("DemoToken", "Wrapped", "wCOL", 18, admin)
    w.committee = await deployed("Committee", 1, w.signer.px, w.signer.parity)
    config = (w.committee, ROUTE, admin, admin, 86400, 3600, 2**127, 2**127, [admin])
    w.gate = await deployed("Gate", w.token, 0, config)
    await w.mined(w.client.grant_minter(w.token, w.gate))
    await w.mined(w.client.transact("DemoCollateral", w.collateral, "mint", admin, 1000 * UNIT))
    await w.mined(w.client.approve(w.collateral, w.vault, 1000 * UNIT))
    await w.mined(w.client.deposit(w.vault, 100 * UNIT))
    vault = AccountId(CHAIN, w.vault)
    pinned = PositionOptions(
        transfer="exact", code_hash=await w.client.code_hash(w.collateral), balance_slot="0x" + "00" * 32
    )
    w.position = Position(vault, AssetId(CHAIN, "erc20", w.collateral), 18, pinned)
    w.native = Position(
        AccountId(CHAIN, w.client.address), AssetId(CHAIN, "slip44", "60"), 18, PositionOptions(transfer="exact")
    )
    w.deployment = Deployment(
        AccountId(CHAIN, w.gate),
        AssetId(CHAIN, "erc20", w.token),
        18,
        ROUTE,
        DeploymentOptions(
            code_hash=await w.client.code_hash(w.gate),
            token_code_hash=await w.client.code_hash(w.token),
            committee=w.committee,
            committee_code_hash=await w.client.code_hash(w.committee),
        ),
    )


def names(values: Sequence[dict[str, Any]]) -> set[str]:
    return {str(v["endpoint"]) for v in values}


class Odd:
    """The test token of data/TestTokens.sol, deployed by the world's admin."""

    def __init__(self, w: World, address: str) -> None:
        self.w, self.address = w, address
        self.interface = Interface(load("TestTokens.json")["OddToken"]["abi"])

    @classmethod
    async def deployed(cls, w: World) -> "Odd":
        return cls(w, await deployed_code(w, load("TestTokens.json")["OddToken"]["bytecode"]))

    async def do(self, function: str, *args: Any) -> None:
        receipt = await self.w.mined(
            self.w.client.executed(await self.w.client.send(self.address, self.interface.call(function, *args)))
        )
        assert receipt.ok

    async def position(self, w: World, holder: str, **options: Any) -> Position:
        pinned = {"transfer": "exact", "code_hash": await w.client.code_hash(self.address)} | options
        asset = AssetId(CHAIN, "erc20", self.address)
        return Position(AccountId(CHAIN, holder), asset, 18, PositionOptions.model_validate(pinned))


async def deployed_code(w: World, bytecode: str, *words: str) -> str:
    """Deploys raw code with address arguments; the new contract's address."""
    code = bytes.fromhex(bytecode[2:]) + b"".join(bytes.fromhex(word[2:]).rjust(32, b"\0") for word in words)
    sent = await w.client.send(None, code, 3_000_000)
    receipt = await w.mined(w.client.executed(sent))
    assert receipt.ok
    return str((await w.node.call("eth_getTransactionReceipt", receipt.transaction))["contractAddress"])


def lying(**rule: Any) -> Behaviour[Rule]:
    """An endpoint that lies by one rule."""
    return Behaviour(mode="lying", rules=(Rule(**rule),))


async def locked(chain: OpenedChain, position: Position, at: Checkpoint) -> Locked | Unreadable:
    return (await chain.locked((position,), at))[0]
