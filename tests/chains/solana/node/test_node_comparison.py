"""The same requests to a local node and to a real validator, where `solana-test-validator` is on PATH."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from solders.hash import Hash

from chains.solana.node.node import LocalNode
from chains.solana.node.settings import Settings
from tests.chains.solana import validator
from tests.chains.solana.node import requests_accounts, requests_chain, requests_raw, requests_transactions
from tests.chains.solana.node.comparison import EMPTY, Replies, Script, shape
from tests.chains.solana.node.node_support import ALICE, BOB, CONFIRMED, Rpc

PARSED = "nstructions"
"""The local node shows no instruction as parsed by its program, which the documentation lets a node do."""

pytestmark = validator.needed


async def replies(script: Script, websocket_url: str) -> Replies:
    for rich in (ALICE, BOB):
        await script.fund(str(rich.pubkey()))
    await requests_chain.chain(script)
    await requests_accounts.accounts(script)
    await requests_accounts.programs(script)
    await requests_accounts.token_accounts(script)
    await requests_transactions.sending(script)
    await requests_transactions.simulating(script)
    await requests_transactions.history(script)
    await requests_raw.bodies(script)
    await requests_raw.subscriptions(script, websocket_url)
    return script.replies


async def local_replies() -> Replies:
    async with LocalNode(Settings(number=7)) as node, aiohttp.ClientSession() as session:
        node.advance(40)

        async def settled(signature: str, blockhash: Hash) -> bool:
            node.advance(2)
            return True

        return await replies(Script(Rpc(session, node.url), settled), node.websocket_url)


async def validator_replies(folder: Path) -> Replies:
    async with validator.validator({}, folder, *validator.QUICK) as url, aiohttp.ClientSession() as session:
        rpc = Rpc(session, url)

        async def settled(signature: str, blockhash: Hash) -> bool:
            found = None
            while found is None:
                await asyncio.sleep(0.05)
                valid = await rpc.value("isBlockhashValid", str(blockhash), CONFIRMED)
                (status,) = await rpc.value("getSignatureStatuses", [signature])
                if status is None and not valid:
                    return False
                # A block has it a little before it can be asked for.
                found = await rpc.call("getTransaction", signature, CONFIRMED | {"maxSupportedTransactionVersion": 0})
            return True

        port = int(url.rsplit(":", 1)[1]) + 1
        return await replies(Script(rpc, settled), f"ws://127.0.0.1:{port}")


def differences(ours: Replies, theirs: Replies) -> list[str]:
    """Where the replies' shapes differ, a line each."""
    assert ours.keys() == theirs.keys()
    return [line for label in ours for line in _differing(label, shape(ours[label]), shape(theirs[label]))]


def _differing(path: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from _differing(f"{path} / {name}", ours.get(name, "absent"), theirs.get(name, "absent"))
        return
    lists = isinstance(ours, list) and isinstance(theirs, list)
    if ours != theirs and not (lists and (EMPTY in (ours, theirs) or path.endswith(PARSED))):
        yield f"{path}: ours {ours}, theirs {theirs}"


async def test_the_local_node_answers_as_a_validator_does(tmp_path: Path) -> None:
    ours, theirs = await local_replies(), await validator_replies(tmp_path)
    found = differences(ours, theirs)
    assert not found, "\n".join(found)
