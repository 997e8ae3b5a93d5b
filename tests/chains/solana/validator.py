"""A real `solana-test-validator`, for tests that compare: accounts from its genesis on, the rest as it comes."""

import asyncio
import base64
import json
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chains.solana.rpc import Account

PROGRAM = "solana-test-validator"
_RANGE = 32
"""Ports that a validator asks for, beside those of RPC, websocket, gossip and faucet."""

needed = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not on PATH")


@asynccontextmanager
async def validator(accounts: Mapping[str, Account], directory: Path, *more: str) -> AsyncIterator[str]:
    """Runs it until slots are final; the URL of its JSON-RPC. `more`: further arguments."""
    held = directory / "accounts"
    held.mkdir()
    for address, account in accounts.items():
        (held / f"{address}.json").write_text(json.dumps({"pubkey": address, "account": shown(account)}))
    base = _free_ports(_RANGE + 4)
    rpc, faucet, gossip, first = base, base + 2, base + 3, base + 4
    argv = (
        *(PROGRAM, "--ledger", str(directory / "ledger"), "--reset", "--quiet", "--account-dir", str(held)),
        *("--bind-address", "127.0.0.1", "--rpc-port", str(rpc), "--faucet-port", str(faucet)),
        *("--gossip-port", str(gossip), "--dynamic-port-range", f"{first}-{first + _RANGE}"),
        *more,
    )
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
    url = f"http://127.0.0.1:{rpc}"
    try:
        while await asked(url, "getSlot", {"commitment": "finalized"}) in (None, 0):
            assert process.returncode is None, f"{PROGRAM} ended with {process.returncode}"
            await asyncio.sleep(0.1)
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def asked(url: str, method: str, *params: Any) -> Any:
    """The result of a call; None while there is none."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
            return (await response.json()).get("result")
    except (aiohttp.ClientError, OSError):
        return None


def shown(account: Account) -> dict[str, Any]:
    """An account in JSON, as the command line tools write it."""
    return {
        "lamports": account.lamports,
        "data": [base64.b64encode(account.data).decode(), "base64"],
        "owner": account.owner,
        "executable": account.executable,
        "rentEpoch": 18446744073709551615,
        "space": len(account.data),
    }


def _free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    for base in range(21_000, 31_000, 64):
        sockets = list[socket.socket]()
        try:
            for port in range(base, base + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return base
    raise AssertionError("no free ports")
