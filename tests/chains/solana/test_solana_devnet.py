"""The devnet against a node process: vaults, gates, mints, and controllable endpoints that lie about them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chains.caip import ChainId
from chains.devnet import Committee as Group
from chains.devnet import Table, account_secret
from chains.encoding import MintCap, route_id
from chains.errors import ChainError, Refused
from chains.proxies import program
from chains.solana import addresses, instructions, rpc
from chains.solana.client import Client
from chains.solana.clock import read_clock
from chains.solana.demo import LIE, SolanaLocalChain
from chains.solana.devnet import ARTIFACT, OWNER, PROGRAM, SolanaDevnet, number_of
from chains.solana.family import FAMILY
from chains.solana.node import genesis
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.solana.program_data import code_hash
from chains.solana.state import Route
from chains.solana.tokens import decode_account, decode_mint
from tests.chains.cosmos.ports import kept
from tests.chains.polling import until_told
from tests.chains.solana.stage import PATIENT
from tests.chains.statements import Committee, planted

DEVNET = SolanaDevnet()
CHAIN = DEVNET.chain_id(0)
EPOCH, LEASE = 3, 600


@dataclass(frozen=True, slots=True)
class Running:
    """A node, its chain, and a committee that signs for it."""

    port: int
    chain: SolanaLocalChain
    committee: Committee

    @property
    def group(self) -> Group:
        return Group(EPOCH, bytes([2 + self.committee.parity]) + self.committee.px)

    def client(self, secret: bytes | None = None) -> Client:
        return Client(CHAIN, f"http://127.0.0.1:{self.port}", secret, limits=PATIENT)

    async def statement(self, client: Client, deployment: Table, round_: int, cap: int) -> bytes:
        """A statement that this deployment's gate takes."""
        domain = addresses.domain(CHAIN.reference, _address(deployment["gate"]))
        # Time as the program reads it.
        now = read_clock((await client.accounts(addresses.CLOCK_SYSVAR))[0]).time
        leaf = MintCap(domain, route_id("USD"), cap, cap, 0, now, now + LEASE)
        return planted(leaf).certified(self.committee, EPOCH, round_)


@asynccontextmanager
async def started(argv: tuple[str, ...]) -> AsyncIterator[asyncio.StreamReader]:
    """What a program prints while it runs. It must end well when it is told to."""
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.terminate()
        assert await process.wait() == 0


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    any_port = 0
    async with started(DEVNET.node(CHAIN, any_port, tmp_path).argv) as printed:
        word, url, *_ = (await printed.readline()).decode().split()
        assert word == "ready:"
        port = int(url.rpartition(":")[2])
        chain = DEVNET.local(CHAIN, port)
        try:
            await until_told(chain.ready)
            yield Running(port, chain, Committee("devnet"))
        finally:
            await chain.close()


def _address(name: str) -> str:
    return name.rpartition(":")[2]


def test_chains_are_told_apart_by_number_before_a_node_runs() -> None:
    chains = [DEVNET.chain_id(number) for number in range(4)]
    assert len(set(chains)) == 4
    assert [number_of(chain) for chain in chains] == [0, 1, 2, 3]
    for number, chain in enumerate(chains):
        options = ChainOptions(genesis_hash=addresses.to_text(genesis.genesis_hash(number)))
        assert not list(FAMILY.lint(chain, options))
    with pytest.raises(Refused, match="no chain of the devnet"):
        number_of(ChainId("solana", "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z"))


def test_nothing_secret_stands_in_an_argv(tmp_path: Path) -> None:
    for made in (DEVNET.node(CHAIN, 1, tmp_path), DEVNET.endpoints({2: 1}, tmp_path)):
        for name in ("owner", "user", "vault owner", "solana program"):
            assert account_secret(name).hex() not in " ".join(made.argv)


async def test_people_start_a_node_by_a_command_and_ask_it_as_they_ask_a_validator(tmp_path: Path) -> None:
    command = ("devnet", "node", "solana", "--dir", str(tmp_path / "node"))
    with kept(DEVNET.ports) as port:
        program = (sys.executable, "-m", "tests.cli.program", *command, "--port", str(port))
        await _asked_as_a_validator(program, port)


async def _asked_as_a_validator(argv: tuple[str, ...], port: int) -> None:
    async with started(argv) as printed, aiohttp.ClientSession() as web:
        assert (await printed.readline()).decode().split() == [str(CHAIN), "at", f"http://127.0.0.1:{port}"]
        assert (await printed.readline()).startswith(b"ready: ")

        async def told(method: str, *params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            async with web.post(f"http://127.0.0.1:{port}", json=body) as response:
                return (await response.json())["result"]

        assert await told("getHealth") == "ok"
        assert (await told("getGenesisHash")).startswith(CHAIN.reference)
        program = await told("getAccountInfo", PROGRAM, {"encoding": "base64"})
        assert program["value"]["executable"]
        committee = await told("getAccountInfo", addresses.committee_address(PROGRAM), {"encoding": "base64"})
        assert committee["value"] is None


def test_a_member_s_table_is_one_that_members_can_use() -> None:
    table = SolanaLocalChain(CHAIN, "http://127.0.0.1:1").member_table({n: f"http://127.0.0.1:{n}" for n in "123"})
    options = MemberOptions.model_validate(table)
    assert (options.quorum, [one.name for one in options.endpoints]) == (2, ["1", "2", "3"])


async def test_a_vault_is_filled_and_drained(running: Running) -> None:
    chain = running.chain
    position = await chain.deploy_source("EUR", 6, 1_000)
    PositionOptions.model_validate(position["options"])
    assert await chain.locked(position) == 0
    assert (await chain.lock(position, 400)).ok
    assert await chain.locked(position) == 400
    beyond = await chain.lock(position, 601)
    assert not beyond.ok
    assert "custom program error: 0x1" in beyond.error  # the token program's InsufficientFunds
    async with running.client() as client:
        (vault,) = await client.accounts(_address(position["account"]))
        assert vault is not None
        held = decode_account(vault.data, addresses.TOKEN_PROGRAM)
        assert (held.owner, held.amount) == (position["options"]["owner"], 400)
        assert held.owner != chain.user_address()
    assert (await chain.drain(position)).ok
    assert await chain.locked(position) == 0
    assert (await chain.lock(position, 1_000)).ok  # so the user had everything back
    await until_told(chain.final)


async def test_a_gate_mints_what_is_covered_and_refuses_the_rest_by_name(running: Running) -> None:
    chain = running.chain
    row = await chain.deploy_destination("USD", 6, running.group, LEASE)
    options = DeploymentOptions.model_validate(row["options"])
    assert options.program_hash == code_hash(ARTIFACT.read_bytes())
    assert (options.program, options.upgrade_authority) == (PROGRAM, OWNER.address)
    assert await chain.feed(row) is None
    early = await chain.receipt(await chain.send_mint(row, 1))
    assert (early.ok, early.error) == (False, "NoStatement")
    async with running.client(account_secret("owner")) as anybody:
        statement = await running.statement(anybody, row, 9, 1_000)
        submitted = instructions.submit(PROGRAM, _address(row["gate"]), statement)
        receipt = await anybody.transact([submitted], program=PROGRAM)
        assert receipt.ok, receipt.error
    assert await chain.feed(row) == 1_000
    sent = [await chain.send_mint(row, amount) for amount in (999, 2, 1)]
    receipts = [await chain.receipt(one) for one in sent]
    assert [(one.ok, one.error) for one in receipts] == [(True, ""), (False, "ExceedsCap"), (True, "")]
    assert await chain.supply(row) == 1_000
    assert (await chain.redeem(row, 300)).ok
    assert await chain.supply(row) == 700
    again = await chain.receipt(await chain.send_mint(row, 1))
    assert again.error == "ExceedsCap"  # redeeming has lowered the cap


async def test_every_gate_asks_the_one_record_and_is_its_token_s_only_minter(running: Running) -> None:
    chain = running.chain
    first = await chain.deploy_destination("USD", 6, running.group, LEASE)
    # As by another process: that the committee is there already is seen on the chain.
    later = DEVNET.local(CHAIN, running.port, [first])
    try:
        second = await later.deploy_destination("EUR", 9, running.group, LEASE)
    finally:
        await later.close()
    async with running.client() as client:
        for row, name, decimals in ((first, "USD", 6), (second, "EUR", 9)):
            gate, token = _address(row["gate"]), _address(row["token"])
            account, minted = await client.accounts(gate, token)
            assert account is not None
            assert minted is not None
            route, mint = Route.decode(account.data), decode_mint(minted.data, addresses.TOKEN_PROGRAM)
            assert (route.mint, route.route, route.max_lease) == (token, route_id(name), LEASE)
            assert route.minters == (chain.user_address(),)
            assert (mint.authority, mint.decimals, mint.freeze_authority) == (gate, decimals, None)


async def test_endpoints_lie_about_what_was_deployed_and_lag(running: Running, tmp_path: Path) -> None:
    chain = running.chain
    position = await chain.deploy_source("EUR", 6, 1_000)
    row = await chain.deploy_destination("USD", 6, running.group, LEASE)
    assert (await chain.lock(position, 400)).ok
    vault, token = _address(position["account"]), _address(row["token"])

    async def told(client: Client) -> tuple[int, int, int]:
        (found,) = await client.ask(rpc.accounts([vault, token], "confirmed"))
        held, minted = (one.data for one in found.value)
        amount = decode_account(held, addresses.TOKEN_PROGRAM).amount
        return found.slot, amount, decode_mint(minted, addresses.TOKEN_PROGRAM).supply

    made = DEVNET.endpoints({0: running.port}, tmp_path)
    assert made == program(made.name, "chains.solana.endpoints", {0: running.port})
    async with started(made.argv) as printed:
        url = json.loads(await printed.readline())["url"]
        # By another object, that knows the rows from a configuration: that is how a running devnet is moved.
        other = DEVNET.local(CHAIN, running.port, [dict(position), dict(row)])
        async with Client(CHAIN, url, limits=PATIENT) as client, running.client() as node:
            try:
                assert (await told(client))[1:] == (400, 0)
                await other.behave(url, "lying")
                assert (await told(client))[1:] == (400 + LIE, LIE)
                await other.behave(url, "lagging")
                newest = (await told(node))[0]
                assert (await told(client))[0] < newest
                await other.behave(url, "failing")
                async with aiohttp.ClientSession() as session, session.post(url, json={}) as response:
                    assert response.status == 500
                await other.behave(url, "honest")
                assert (await told(client))[1:] == (400, 0)
            finally:
                await other.close()


async def test_what_is_missing_is_an_error_and_never_zero(running: Running) -> None:
    absent: Mapping[str, Any] = {"account": f"{CHAIN}:{OWNER.address}", "token": f"{CHAIN}/token:{OWNER.address}"}
    for read in (running.chain.locked(absent), running.chain.supply(absent)):
        with pytest.raises(ChainError, match="there is no account"):
            await read
