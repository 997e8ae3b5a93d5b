"""The local chain: a real wasmd, whose headers, commits and proofs our own checks must accept, and nothing else."""

import asyncio
import json
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chains.cosmos import bisection, blocks_json, devnet_node, multistore, stores
from chains.cosmos.build_node import build
from chains.cosmos.devnet import PORTS
from chains.cosmos.devnet_node import Ports, chain_id, prepare, ready
from chains.cosmos.devnet_node_genesis import (
    FEE_DENOMINATION,
    account_address,
    account_bytes,
    consensus_key_file,
    with_chain,
)
from chains.cosmos.light import LightBlock, LightOptions, Trusted, anchor, verify
from chains.cosmos.multistore import ProofOp, prove
from chains.cosmos.validators import ValidatorSet
from chains.devnet import account_secret
from chains.errors import ChainError, ProofError
from tests.chains.cosmos import ports
from tests.chains.cosmos.nodes import needs_wasmd, posted

CHAIN = chain_id(0)
VAULT, EMPTY = account_secret("cosmos vault"), account_secret("cosmos nobody")
BALANCES = {account_address(VAULT): {FEE_DENOMINATION: 10**9, "uatom": 123_456, "uosmo": 2**200}}
OPTIONS = LightOptions(CHAIN, period=14 * 86_400 * 10**9)


@dataclass(frozen=True, slots=True)
class Node:
    """A running node, and what it was started with."""

    process: subprocess.Popen[bytes]
    ports: Ports
    argv: tuple[str, ...]

    def ask(self, method: str, **params: object) -> Any:
        url = f"http://127.0.0.1:{self.ports.rpc}"
        return posted(url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})["result"]

    def height(self) -> int:
        return int(self.ask("status")["sync_info"]["latest_block_height"])

    def reaches(self, height: int) -> None:
        until(lambda: self.height() >= height)

    def block(self, height: int) -> LightBlock:
        # The commit of the newest block is still being gathered; the next block fixes it.
        self.reaches(height + 1)
        header, commit = blocks_json.signed_header(self.ask("commit", height=str(height))["signed_header"])
        page = blocks_json.validators(self.ask("validators", height=str(height)))
        assert (page.height, page.total) == (height, len(page.validators))
        return LightBlock(header, commit, ValidatorSet(page.validators))

    def query(self, store: str, key: bytes, height: int) -> tuple[bytes, tuple[ProofOp, ...]]:
        answer = self.ask("abci_query", path=f"/store/{store}/key", data=key.hex(), height=str(height), prove=True)
        response = answer["response"]
        assert (response.get("code", 0), int(response["height"])) == (0, height)
        return multistore.base64(response["value"]), multistore.parse(response["proofOps"])


def until(condition: Callable[[], bool]) -> None:
    """Returns once it holds; pytest's time limit ends a wait that is in vain."""
    while not condition():
        time.sleep(0.05)


NOWHERE = Ports(1, 2, 3, 4)
"""Where no node is started."""


@contextmanager
def running(program: Path, directory: Path) -> Iterator[Node]:
    with ports.kept(PORTS) as first:
        at = Ports(*range(first, first + PORTS))
        argv = prepare(program, directory, CHAIN, at, BALANCES)
        with (directory / "log").open("ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:

            def started() -> bool:
                assert process.poll() is None, (directory / "log").read_text()[-2000:]
                return asyncio.run(ready(CHAIN, at))

            until(started)
            yield Node(process, at, argv)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def program() -> Path:
    return build(lambda what, done, most: None)


@pytest.fixture(scope="module")
def chain(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(program, tmp_path_factory.mktemp("chain")) as node:
        yield node


def driven(steps: Generator[int, LightBlock, tuple[LightBlock, ...]], chain: Node) -> tuple[LightBlock, ...]:
    wanted = next(steps)
    while True:
        try:
            wanted = steps.send(chain.block(wanted))
        except StopIteration as end:
            found: tuple[LightBlock, ...] = end.value
            return found


def believed(chain: Node, height: int) -> Trusted:
    first = chain.block(1)
    return verify(anchor(first, 1, first.header.hash, OPTIONS), chain.block(height), time.time_ns(), OPTIONS)


@needs_wasmd
def test_blocks_follow_and_a_light_client_believes_them(chain: Node) -> None:
    first = chain.block(1)
    assert first.header.chain_id == CHAIN
    own = bytes.fromhex(consensus_key_file(CHAIN)["address"])
    assert [each.address for each in first.validators.validators] == [own]
    trusted = anchor(first, 1, first.header.hash, OPTIONS)
    target = max(chain.height(), 4)
    chain.reaches(target)  # so that it is not later than the time at which it is verified
    blocks = driven(bisection.forward(trusted, target, time.time_ns(), OPTIONS), chain)
    assert [block.header.height for block in blocks] == [target]
    assert LightBlock.decode(blocks[0].encode()) == blocks[0]
    second = chain.block(2)
    assert second.header.last_block_id.hash == first.header.hash
    adjacent = verify(trusted, second, time.time_ns(), OPTIONS)
    assert adjacent.header == second.header


@needs_wasmd
def test_a_forged_block_is_refused(chain: Node) -> None:
    first, block = chain.block(1), chain.block(3)
    trusted = anchor(first, 1, first.header.hash, OPTIONS)
    verify(trusted, block, time.time_ns(), OPTIONS)
    vote = block.commit.signatures[0]
    flipped = replace(vote, signature=bytes([vote.signature[0] ^ 1]) + vote.signature[1:])
    later = replace(vote, time=vote.time + 1)
    for forged in (
        replace(block, header=replace(block.header, app_hash=bytes(32))),
        replace(block, commit=replace(block.commit, signatures=(flipped,))),
        replace(block, commit=replace(block.commit, signatures=(later,))),
        replace(block, commit=chain.block(4).commit),
    ):
        with pytest.raises(ProofError):
            verify(trusted, forged, time.time_ns(), OPTIONS)
    with pytest.raises(ProofError):
        verify(trusted, block, time.time_ns(), replace(OPTIONS, chain_id=chain_id(1)))


@needs_wasmd
@pytest.mark.parametrize("denomination", ["uatom", "uosmo"])
def test_balances_and_supplies_are_proven(chain: Node, denomination: str) -> None:
    height = max(chain.height(), 2)
    app_hash = believed(chain, height + 1).header.app_hash
    expected = BALANCES[account_address(VAULT)][denomination]
    for key in (stores.balance_key(account_bytes(VAULT), denomination), stores.supply_key(denomination)):
        value, ops = chain.query(stores.BANK, key, height)
        assert prove(ops, app_hash, stores.BANK, key) == value
        assert stores.amount(value, denomination) == expected
        assert multistore.decode(multistore.encode(ops)) == ops


@needs_wasmd
def test_absence_is_proven_and_is_no_value(chain: Node) -> None:
    height = max(chain.height(), 2)
    app_hash = believed(chain, height + 1).header.app_hash
    absent = {
        "another account": stores.balance_key(account_bytes(EMPTY), "uatom"),
        "the highest account, before the bank's index": stores.balance_key(b"\xff" * 20, "uatom"),
        "the longest address": stores.balance_key(b"\xff" * 32, "uatom"),
        "another denomination": stores.balance_key(account_bytes(VAULT), "ujuno"),
        "a supply": stores.supply_key("ujuno"),
    }
    for what, key in absent.items():
        value, ops = chain.query(stores.BANK, key, height)
        assert not value, what
        assert prove(ops, app_hash, stores.BANK, key) is None, what
    key = stores.code_key(1)
    assert prove(chain.query(stores.WASM, key, height)[1], app_hash, stores.WASM, key) is None


@needs_wasmd
def test_a_proof_of_anything_else_is_refused(chain: Node) -> None:
    height = max(chain.height(), 2)
    header = believed(chain, height + 1).header
    key, other = stores.balance_key(account_bytes(VAULT), "uatom"), stores.balance_key(account_bytes(EMPTY), "uatom")
    _, there = chain.query(stores.BANK, key, height)
    _, absent = chain.query(stores.BANK, other, height)
    _, wasm = chain.query(stores.WASM, key, height)
    # Fees and inflation are distributed in every block, so each one's state has another hash.
    earlier = chain.block(height).header.app_hash
    assert earlier != header.app_hash
    for ops, app_hash, store, asked in (
        (there, earlier, stores.BANK, key),
        (there, bytes(32), stores.BANK, key),
        (there, header.app_hash, stores.WASM, key),
        (there, header.app_hash, stores.BANK, other),
        (absent, header.app_hash, stores.BANK, key),
        (tuple(replace(op, key=key) if op.key == other else op for op in absent), header.app_hash, stores.BANK, key),
        (wasm, header.app_hash, stores.BANK, key),
        ((wasm[0], there[1]), header.app_hash, stores.BANK, key),
    ):
        with pytest.raises(ProofError):
            prove(ops, app_hash, store, asked)


@needs_wasmd
def test_a_killed_node_goes_on_where_it_was(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path) as node:
        node.reaches(3)
        before, height = node.block(2), node.height()
        node.process.send_signal(signal.SIGKILL)
        node.process.wait()
    with running(program, tmp_path) as node:
        assert node.block(2) == before
        node.reaches(height + 2)
        trusted = anchor(before, 2, before.header.hash, OPTIONS)
        verify(trusted, node.block(height + 1), time.time_ns(), OPTIONS)
    with pytest.raises(ChainError, match="is the home of the chain 'ballast-local-0', not 'ballast-local-1'"):
        prepare(program, tmp_path, chain_id(1), node.ports, BALANCES)


@needs_wasmd
def test_another_chain_on_the_port_is_named(chain: Node) -> None:
    with pytest.raises(ChainError, match="the chain 'ballast-local-0' answers, not 'ballast-local-1'"):
        until(lambda: asyncio.run(ready(chain_id(1), chain.ports)))
    # Nobody listens on a port that is only kept.
    with ports.kept(1) as nowhere:
        assert not asyncio.run(ready(CHAIN, replace(chain.ports, rest=nowhere)))


@pytest.mark.parametrize(
    ("height", "behind", "expected"),
    [("2", False, True), ("1", False, False), ("0", False, False), ("7", True, False), (None, False, False)],
)
async def test_a_node_is_ready_once_its_first_block_is_executed(
    height: str | None, behind: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devnet_node, "_READY_SECONDS", 300)
    status = {"node_info": {"network": CHAIN}, "sync_info": {"latest_block_height": height, "catching_up": behind}}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"result": status})

    application = web.Application()
    application.router.add_get("/status", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        assert await ready(CHAIN, Ports(port, port, port, port)) is expected
    finally:
        await runner.cleanup()


@needs_wasmd
def test_keys_are_in_files_of_the_owner_only(program: Path, tmp_path: Path) -> None:
    argv = prepare(program, tmp_path, CHAIN, NOWHERE, BALANCES)
    config = tmp_path / "wasmd" / "config"
    key_file = config / "priv_validator_key.json"
    assert json.loads(key_file.read_text()) == consensus_key_file(CHAIN)
    for path in (key_file, config / "node_key.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert json.loads(path.read_text())["priv_key"]["value"] not in " ".join(argv)


def test_what_is_no_balance_is_refused() -> None:
    with pytest.raises(ValueError, match="not positive"):
        with_chain({"app_state": {}}, CHAIN, {account_address(VAULT): {"uatom": 0}})
    with pytest.raises(ValueError, match="no id of a local chain"):
        prepare(Path("wasmd"), Path("nowhere"), "Ballast Local", NOWHERE, {})


def test_a_program_that_fails_makes_no_home(tmp_path: Path) -> None:
    program = tmp_path / "wasmd-that-fails"
    program.write_text("#!/bin/sh\necho no space left >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(ChainError, match="wasmd init failed with status 3: no space left"):
        prepare(program, tmp_path, CHAIN, NOWHERE, BALANCES)
    assert not (tmp_path / "wasmd").exists()
