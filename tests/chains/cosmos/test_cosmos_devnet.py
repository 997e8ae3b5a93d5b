"""The family's devnet: what is known before a node runs, what must be built, and its node as a program."""

import asyncio
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chains.caip import ChainId
from chains.cosmos import build_node
from chains.cosmos.addresses import of_secret
from chains.cosmos.devnet import DENOMINATIONS, FUNDS, OWNER, USER, VAULTS, balances
from chains.cosmos.devnet_node_genesis import PREFIX
from chains.cosmos.family import FAMILY
from chains.cosmos.options import ChainOptions
from chains.devnet import account_secret
from chains.errors import Refused
from relayer.devnet.plan import ROUTES
from tests.chains.cosmos import ports
from tests.chains.cosmos.fake_go import FakeGo
from tests.chains.cosmos.nodes import DEVNET, RunningNode, needs_wasmd

CHAIN = DEVNET.chain_id(0)

# Before a node runs


def test_chains_are_told_apart_by_number_before_a_node_runs() -> None:
    chains = [DEVNET.chain_id(number) for number in range(4)]
    assert len(set(chains)) == 4
    for chain in chains:
        options = ChainOptions(chain_id=chain.reference, prefix=PREFIX, trust_period=3600)
        assert not list(FAMILY.lint(chain, options))


def test_every_route_of_a_devnet_has_its_asset() -> None:
    assert set(ROUTES) <= set(DENOMINATIONS)
    held = balances()
    owner, user, vaults = (of_secret(account_secret(name), PREFIX) for name in (OWNER, USER, VAULTS))
    assert set(held[owner]) == {"stake", *DENOMINATIONS.values()}
    assert held[user] == held[vaults] == {"stake": FUNDS}


def test_nothing_secret_stands_in_an_argv(tmp_path: Path) -> None:
    for made in (DEVNET.node(CHAIN, 1, tmp_path), DEVNET.endpoints({2: 1}, tmp_path)):
        for name in (OWNER, USER, VAULTS, f"cosmos consensus {CHAIN.reference}", f"cosmos operator {CHAIN.reference}"):
            assert account_secret(name).hex() not in " ".join(made.argv)


def test_a_chain_of_another_family_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="eip155:1 is no chain of the namespace cosmos"):
        DEVNET.node(ChainId("eip155", "1"), 1, tmp_path)


# What must be built


def run(argv: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, check=False, capture_output=True, text=True)


def test_the_node_is_built_once_and_how_far_it_is_is_told(fake_go: FakeGo) -> None:
    fake_go()
    made = DEVNET.preparation()
    assert made is not None
    done = run(made.argv)
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told == [
        {"what": "fetching modules", "done": 0, "most": 0},
        *({"what": "compiling packages", "done": done, "most": 3} for done in (1, 2, 3)),
        {"what": "trying it", "done": 3, "most": 3},
    ]
    assert DEVNET.preparation() is None
    # It may be run again at any time.
    again = run(made.argv)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_build_that_fails_says_why(fake_go: FakeGo) -> None:
    fake_go(wasmd="echo no library >&2; exit 3")
    made = DEVNET.preparation()
    assert made is not None
    done = run(made.argv)
    assert done.returncode == 1
    assert "failed with status 3:\nno library" in done.stderr
    assert DEVNET.preparation() is not None


def test_a_build_that_is_ended_leaves_nothing_half_made(fake_go: FakeGo, tmp_path: Path) -> None:
    fake_go(first="kill -TERM $PPID; exec sleep 1000")
    made = DEVNET.preparation()
    assert made is not None
    assert run(made.argv).returncode == 128 + signal.SIGTERM
    assert [path.suffix for path in (tmp_path / "cache" / "ballast").iterdir()] == [".lock"]


def test_what_nobody_offers_is_refused() -> None:
    done = run((sys.executable, "-m", "chains.cosmos.build_node", "--yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "usage: python -m chains.cosmos.build_node [--json]" in done.stderr


# The node as a program

NODE = """\
case "$1" in
  init) while [ "$1" != --home ]; do shift; done; mkdir -p "$2/config"
        printf '%s' '{genesis}' > "$2/config/genesis.json" ;;
  start) echo started; exec sleep 1000 ;;
esac
"""
GENESIS = {
    "chain_id": CHAIN.reference,
    "app_state": {"auth": {"accounts": []}, "bank": {"balances": []}, "genutil": {"gen_txs": []}},
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_takes_the_place_of_its_program(fake_go: FakeGo, tmp_path: Path, number: signal.Signals) -> None:
    """And so it ends with it. What is missing is built first."""
    fake_go(wasmd=NODE.format(genesis=json.dumps(GENESIS)))
    (tmp_path / "node").mkdir()
    argv = DEVNET.node(CHAIN, 26657, tmp_path / "node").argv
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = list[str]()
        for line in process.stdout:
            printed.append(line)
            if line == "started\n":
                break
        process.send_signal(number)
        assert process.wait() == -number
    assert printed[0] == "wasmd: fetching modules 0/?\n"
    assert printed[-2:] == ["wasmd: trying it 3/3\n", "started\n"]
    config = (tmp_path / "node" / "wasmd" / "config" / "app.toml").read_text()
    assert '"127.0.0.1:26658"' in config  # gRPC; the REST gateway is on the port after it
    assert '"tcp://127.0.0.1:26659"' in config


def test_a_node_that_is_ended_while_it_is_built_stops_the_compiler(fake_go: FakeGo, tmp_path: Path) -> None:
    # Else it would wait for it.
    fake_go(first="kill -TERM $PPID; exec sleep 1000")
    assert run(DEVNET.node(CHAIN, 26657, tmp_path).argv).returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "wasmd").exists()


def test_a_home_of_another_chain_is_named(fake_go: FakeGo, tmp_path: Path) -> None:
    fake_go(wasmd=NODE.format(genesis=json.dumps(GENESIS)))
    done = run(DEVNET.node(DEVNET.chain_id(1), 26657, tmp_path).argv)
    assert done.returncode == 1
    assert f"is the home of the chain '{CHAIN.reference}', not '{DEVNET.chain_id(1).reference}'" in done.stderr


@needs_wasmd
async def test_people_start_a_node_by_a_command_and_ask_it_as_they_ask_any_other(tmp_path: Path) -> None:
    with ports.kept(DEVNET.ports) as port:
        command = ("devnet", "node", "cosmos", "--port", str(port), "--dir", str(tmp_path / "node"))
        argv = (sys.executable, "-m", "tests.cli.program", *command)
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{port}"
            assert (await process.stdout.readline()).decode().split() == [str(CHAIN), "at", url]
            rest, web = f"http://127.0.0.1:{port + 2}", aiohttp.ClientSession()
            async with web:
                status = await answered(web, f"{url}/status")
                assert status["result"]["node_info"]["network"] == CHAIN.reference
                owner = of_secret(account_secret(OWNER), PREFIX)
                held = await answered(web, f"{rest}/cosmos/bank/v1beta1/balances/{owner}")
                assert {coin["denom"] for coin in held["balances"]} == {"stake", *DENOMINATIONS.values()}
        finally:
            process.terminate()
            assert await process.wait() == 0


async def answered(web: aiohttp.ClientSession, url: str) -> Any:
    """The answer, once there is one."""
    while True:
        try:
            async with web.get(url) as response:
                if response.status == 200:
                    return await response.json()
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)


@needs_wasmd
async def test_a_node_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    with RunningNode(0, tmp_path) as node:
        node.start()
        await node.ready()
        await node.reaches(3)
        before = node.ask("commit", height="2")["signed_header"]
        node.kill()
        node.start()
        await node.ready()
        assert node.ask("commit", height="2")["signed_header"] == before
        keys = tmp_path / "wasmd" / "config" / "priv_validator_key.json"
        assert stat.S_IMODE(keys.stat().st_mode) == 0o600
        assert node.stop() == 0


def test_the_node_that_devnets_start_is_the_one_that_is_built() -> None:
    assert (DEVNET.preparation() is None) == (build_node.node() is not None)
