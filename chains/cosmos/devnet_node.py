"""A local Cosmos chain: the home of one wasmd with one validator, made from fixed keys, and how it is started.

Everything listens on 127.0.0.1. Blocks follow each other as fast as `commit_ms` says, every state is kept, and
transactions are indexed. The chain's id says which local chain it is; its genesis time is when the home was made.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, Balances, consensus_key_file, with_chain
from chains.errors import ChainError

GAS_PRICE = "0.025"
"""The lowest price of a unit of gas that the node takes, in the fee denomination."""

COMMIT_MS = 500
"""How long a node waits after a block before it makes the next one, where nobody says otherwise."""

_CHAIN_ID = re.compile(r"[a-z0-9-]{3,32}")
_READY_SECONDS = 10
_SAID_LINES = 5


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a node listens: CometBFT's RPC, gRPC, the REST gateway, and for other nodes, of which there are none."""

    rpc: int
    grpc: int
    rest: int
    peers: int


def chain_id(number: int) -> str:
    """The id of the local chain `number`, counted from 0."""
    return f"ballast-local-{number}"


def prepare(
    program: Path, directory: Path, chain: str, ports: Ports, balances: Balances, commit_ms: int = COMMIT_MS
) -> tuple[str, ...]:
    """The command that runs the node of `chain` whose home is in `directory`; `program` is the wasmd.

    The first time the chain is made, in which the addresses of `balances` hold what is said there. After that it goes
    on where it was, with `ports` and `commit_ms` as they are now. Raises `ChainError` where the home cannot be made, or
    is another chain's.
    """
    if not _CHAIN_ID.fullmatch(chain):
        raise ValueError(f"{chain!r} is no id of a local chain")
    home = directory / "wasmd"
    try:
        if not home.exists():
            _make(program, directory, home, chain, balances)
        found = json.loads((home / "config" / "genesis.json").read_text("utf-8"))["chain_id"]
        if found != chain:
            raise ChainError(f"{home} is the home of the chain {found!r}, not {chain!r}: remove it, or use another")
        (home / "config" / "config.toml").write_text(_config(chain, ports, commit_ms), "utf-8")
        (home / "config" / "app.toml").write_text(_app(ports), "utf-8")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ChainError(f"the home of {chain} in {home} cannot be made or read: {error!r}") from None
    return (*_command(program, directory), "start", "--home", str(home), "--log_level", "warn", "--log_no_color")


async def ready(chain: str, ports: Ports) -> bool:
    """Whether the node of `chain` has executed a block and listens on all ports. Raises `ChainError` if another chain's
    node listens there."""
    limit = aiohttp.ClientTimeout(total=_READY_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=limit) as session:
            async with session.get(f"http://127.0.0.1:{ports.rpc}/status") as response:
                status: Any = (await response.json())["result"]
            height = int(status["sync_info"]["latest_block_height"])
            found, behind = status["node_info"]["network"], status["sync_info"]["catching_up"]
        async with asyncio.timeout(_READY_SECONDS):
            for port in (ports.grpc, ports.rest):
                await _connect(port)
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, TypeError, ValueError):
        return False
    if found != chain:
        raise ChainError(f"on port {ports.rpc} the chain {found!r} answers, not {chain!r}: stop that node")
    # A node tells a block before it has executed it, and answers no query about the state until then.
    return height > 1 and not behind


def _make(program: Path, directory: Path, home: Path, chain: str, balances: Balances) -> None:
    # Under another name until it is whole: a home is never found half made.
    unfinished = directory / "wasmd.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    named = (chain, "--chain-id", chain, "--default-denom", FEE_DENOMINATION)
    done = subprocess.run(
        [*_command(program, directory), "init", *named, "--home", str(unfinished)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stderr.splitlines()[-_SAID_LINES:])
        raise ChainError(f"wasmd init failed with status {done.returncode}: {said}")
    config = unfinished / "config"
    genesis = json.loads((config / "genesis.json").read_text("utf-8"))
    (config / "genesis.json").write_text(json.dumps(with_chain(genesis, chain, balances), indent=1), "utf-8")
    _write_secret(config / "priv_validator_key.json", json.dumps(consensus_key_file(chain), indent=1))
    unfinished.rename(home)


def _command(program: Path, directory: Path) -> tuple[str, ...]:
    # Whatever --home says, wasmd also leaves a client.toml below $HOME, which is the user's.
    return ("env", f"HOME={directory}", str(program))


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


async def _connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


def _config(chain: str, ports: Ports, commit_ms: int) -> str:
    # What is not said here is as CometBFT has it.
    return f"""\
moniker = "{chain}"

[rpc]
laddr = "tcp://127.0.0.1:{ports.rpc}"
pprof_laddr = ""

[p2p]
laddr = "tcp://127.0.0.1:{ports.peers}"
pex = false

[consensus]
timeout_commit = "{commit_ms}ms"

[tx_index]
indexer = "kv"

[instrumentation]
prometheus = false
"""


def _app(ports: Ports) -> str:
    # What is not said here is as the Cosmos SDK has it.
    return f"""\
minimum-gas-prices = "{GAS_PRICE}{FEE_DENOMINATION}"
pruning = "nothing"
min-retain-blocks = 0

[api]
enable = true
address = "tcp://127.0.0.1:{ports.rest}"

[grpc]
enable = true
address = "127.0.0.1:{ports.grpc}"

[grpc-web]
enable = false

[state-sync]
snapshot-interval = 0
"""
