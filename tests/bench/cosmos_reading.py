"""How long a reading of 1000 balances takes, and how soon a local node answers: `python -m tests.bench cosmos_reading`.

The reading is a whole one: 1000 accounts' balances of one denomination at one checkpoint, through two endpoints that
must agree, each proven to the app hash and carrying its proof. Beside it, in turns with it, is what a plain loop of
abci_query takes for the same balances at the same height, from one endpoint, one call after the other, with nothing
proven and nothing compared. Both ask one node. Of both it is the median. Fails if every start of a node that is
compiled takes more than 15 seconds to its first block: what else the machine does makes a start slower and never
faster. Without a wasmd there is nothing to measure with, and it says so.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from chains.caip import AccountId, ChainId
from chains.cosmos import bech32, build_node, stores
from chains.cosmos.addresses import denomination_asset
from chains.cosmos.chain import open_chain
from chains.cosmos.devnet_node import COMMIT_MS
from chains.cosmos.devnet_node_genesis import PREFIX
from chains.cosmos.options import ChainOptions, MemberOptions, PositionOptions
from chains.endpoint_options import EndpointOptions
from chains.hashing import keccak256
from chains.types import ChainSetup, Locked, Position
from tests.bench.cosmos_contract import SKIPPED
from tests.chains.cosmos.contract.calls import CHAIN
from tests.chains.cosmos.contract.ledger import Ledger, height, started, until
from tests.chains.memory import MemoryJournal, Recorder

COUNT = 1000
TURNS, STARTS = 5, 3
READY_SECONDS = 15.0
FIRST_BLOCKS = 4
"""Before them there is no checkpoint."""
DENOMINATION = "ulocked"
ID = ChainId("cosmos", CHAIN)
HOLDERS = tuple(keccak256(b"holder %d" % i)[:20] for i in range(COUNT))
HELD = {holder: 1_000 + i for i, holder in enumerate(HOLDERS)}


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure, in seconds; none without a wasmd. Raises `AssertionError`
    for a node that is not ready in time."""
    program = build_node.node()
    if program is None:
        print(SKIPPED, file=sys.stderr)
        return []
    waits = [_ready(program) for _ in range(STARTS)]
    fastest = min(waits)
    assert fastest <= READY_SECONDS, f"the node answers after {fastest:.2f} s, promised are {READY_SECONDS} s"
    balances = {bech32.encode(PREFIX, holder): {DENOMINATION: amount} for holder, amount in HELD.items()}
    with tempfile.TemporaryDirectory() as directory, started(program, Path(directory), balances, COMMIT_MS) as url:
        until(lambda: height(url) >= FIRST_BLOCKS)
        reading, plain = asyncio.run(_measured(url))
    return [_row("cosmos.read_1000_balances_s", reading, plain), _row("cosmos.node_ready_s", statistics.median(waits))]


async def _measured(url: str) -> tuple[float, float]:
    asset = denomination_asset(ID, DENOMINATION)
    positions = tuple(
        Position(AccountId(ID, bech32.encode(PREFIX, holder)), asset, 6, PositionOptions()) for holder in HOLDERS
    )
    readings, plain = list[float](), list[float]()
    chain = open_chain(_setup(url, positions))
    try:
        async with aiohttp.ClientSession() as session:
            for _ in range(TURNS):
                at = await chain.finalized()
                start = time.perf_counter()
                found = await chain.locked(positions, at)
                readings.append(time.perf_counter() - start)
                assert [one.amount for one in found if isinstance(one, Locked)] == list(HELD.values())
                start = time.perf_counter()
                assert await _plain(session, url, at.height) == list(HELD.values())
                plain.append(time.perf_counter() - start)
    finally:
        await chain.close()
    return statistics.median(readings), statistics.median(plain)


async def _plain(session: aiohttp.ClientSession, url: str, height: int) -> list[int]:
    found = list[int]()
    for holder in HOLDERS:
        key = stores.balance_key(holder, DENOMINATION).hex()
        params = {"path": "/store/bank/key", "data": key, "height": str(height), "prove": False}
        call = {"jsonrpc": "2.0", "id": 1, "method": "abci_query", "params": params}
        async with session.post(url, json=call) as response:
            value = (await response.json())["result"]["response"]["value"]
        found.append(stores.amount(b64decode(value), DENOMINATION))
    return found


def _setup(url: str, positions: tuple[Position, ...]) -> ChainSetup:
    other = url.replace("127.0.0.1", "localhost")
    endpoints = tuple(EndpointOptions(name=name, url=SecretStr(at)) for name, at in (("a", url), ("b", other)))
    first = Ledger(url).one("commit", height="1")["signed_header"]["commit"]["block_id"]["hash"]
    return ChainSetup(
        ID,
        ChainOptions(chain_id=CHAIN, prefix=PREFIX, trust_period=86_400),
        MemberOptions(endpoints=endpoints, timeout=60.0, deadline=120.0, trust_height=1, trust_hash=first),
        positions,
        (),
        MemoryJournal(),
        Recorder(),
    )


def _ready(program: Path) -> float:
    """Seconds from nothing to a new chain's first block, with the program compiled."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory, started(program, Path(directory), {}, COMMIT_MS):
        return time.perf_counter() - start


def _row(name: str, value: float, peer: float | None = None) -> dict[str, Any]:
    ratio = None if peer is None else round(value / peer, 3)
    beside = None if peer is None else round(peer, 3)
    return {"name": name, "value": round(value, 3), "unit": "s", "peer": beside, "ratio": ratio}


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))
