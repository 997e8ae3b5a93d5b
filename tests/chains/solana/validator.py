"""A real `solana-test-validator`, for tests that compare: accounts from its genesis on, the rest as it comes.

Slot 1 is final when it starts, so that nobody waits for the 32 slots on top of it that finality takes.
"""

import asyncio
import base64
import json
import shutil
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chains.solana.rpc import Account

PROGRAM = "solana-test-validator"
QUICK = ("--ticks-per-slot", "16")
"""Slots of a quarter of the usual length, for a test that waits for a number of them. Blockhashes expire as much
earlier."""

_WARP = 1
_FIRST, _LAST, _BLOCK = 11_000, 19_000, 48
"""Ports, of which each validator gets a block: below those of `relayer.devnet.ports`, and of those that systems give to
whoever names none."""

_TRIES = 3

needed = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not on PATH")


@asynccontextmanager
async def validator(accounts: Mapping[str, Account], directory: Path, *more: str) -> AsyncIterator[str]:
    """Runs it; gives the URL of its JSON-RPC once it is well and slots go by. `more`: further arguments."""
    held = directory / "accounts"
    held.mkdir()
    for address, account in accounts.items():
        (held / f"{address}.json").write_text(json.dumps({"pubkey": address, "account": shown(account)}))
    genesis = ("--ledger", str(directory / "ledger"), "--reset", "--account-dir", str(held), "--warp-slot", str(_WARP))
    with ExitStack() as claims:
        for _ in range(_TRIES):
            ports = claims.enter_context(_claimed())
            async with _running((PROGRAM, "--quiet", *genesis, *_listening(ports), *more)) as process:
                if await _is_well(process, url := f"http://127.0.0.1:{ports[0]}"):
                    yield url
                    return
    raise AssertionError(f"{PROGRAM} ended before it was well, {_TRIES} times: see {directory / 'ledger'}")


@asynccontextmanager
async def _running(argv: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _is_well(process: asyncio.subprocess.Process, url: str) -> bool:
    """Waits until it is; False if it ends instead, which it does where others have its ports."""
    while process.returncode is None:
        slot = await asked(url, "getSlot", {"commitment": "confirmed"})
        if slot is not None and slot > _WARP and await asked(url, "getHealth") == "ok":
            return True
        await asyncio.sleep(0.1)
    return False


def _listening(ports: Sequence[int]) -> tuple[str, ...]:
    """The arguments. Websockets are on the port after the first."""
    rpc, _, faucet, gossip, first, *_, last = map(str, ports)
    return (
        *("--bind-address", "127.0.0.1", "--rpc-port", rpc, "--faucet-port", faucet),
        *("--gossip-port", gossip, "--dynamic-port-range", f"{first}-{last}"),
    )


@contextmanager
def _claimed() -> Iterator[Sequence[int]]:
    """Ports in a row on which nobody listens, and which no other validator of these tests gets meanwhile: a socket on
    the one before them says that they are claimed."""
    for base in range(_FIRST, _LAST, _BLOCK):
        with socket.socket() as claim:
            try:
                claim.bind(("127.0.0.1", base))
                _check_free(ports := range(base + 1, base + _BLOCK))
            except OSError:
                continue
            yield ports
            return
    raise AssertionError("no free ports")


def _check_free(ports: Iterable[int]) -> None:
    """Raises `OSError`."""
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(type=kind) as probe:
                probe.bind(("127.0.0.1", port))


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
