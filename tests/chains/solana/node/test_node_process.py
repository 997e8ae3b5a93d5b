"""`python -m chains.solana.node` as a process."""

import asyncio
import base64
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from solders.keypair import Keypair

from chains.solana.node import genesis, programs
from tests.chains.solana.node.node_support import ALICE, BOB, NOBODY, SOL, SYSTEM, Rpc
from tests.chains.solana.node.test_node_upgrades import PROGRAM, old_code

COMMAND = (sys.executable, "-m", "chains.solana.node")


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and its line."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--rpc-port", "0", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_when_it_is_ready_and_stops_when_told(number: signal.Signals) -> None:
    async with running("--number", "9", "--slot-ms", "20", "--finality-slots", "1") as (process, line):
        word, url, websocket_url, chain = line.split()
        assert (word, chain) == ("ready:", f"solana:{genesis.reference(9)}")
        async with aiohttp.ClientSession() as session:
            assert await Rpc(session, url).call("getHealth") == "ok"
            async with session.ws_connect(websocket_url) as socket:
                await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "rootSubscribe"})
                assert "result" in await socket.receive_json()
                assert (await socket.receive_json())["method"] == "rootNotification"
                process.send_signal(number)
                assert await process.wait() == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (await process.stdout.read(), await process.stderr.read()) == (b"", b"")


async def test_the_genesis_is_as_asked(tmp_path: Path) -> None:
    elf, keypair, dump = tmp_path / "program.so", tmp_path / "key.json", tmp_path / "account.json"
    elf.write_bytes(old_code())
    fixed = Keypair()
    keypair.write_text(fixed.to_json())
    data = base64.b64encode(b"hello").decode()
    held = {"lamports": 5, "data": [data, "base64"], "owner": SYSTEM, "executable": False, "rentEpoch": 0, "space": 5}
    dump.write_text(json.dumps({"pubkey": NOBODY, "account": held}))
    async with (
        running(
            *("--upgradeable-program", str(PROGRAM), str(elf), str(ALICE.pubkey())),
            *("--bpf-program", str(keypair), str(elf), "--account", "-", str(dump), "--mint", str(BOB.pubkey())),
        ) as (_, line),
        aiohttp.ClientSession() as session,
    ):
        rpc = Rpc(session, line.split()[1])
        form = {"encoding": "base64"}
        for program, authority in ((PROGRAM, b"\x01" + bytes(ALICE.pubkey())), (fixed.pubkey(), bytes(33))):
            code = await rpc.value("getAccountInfo", str(programs.program_data_address(program)), form)
            assert base64.b64decode(code["data"][0])[12:] == authority + old_code()
        assert (await rpc.value("getAccountInfo", NOBODY, form))["data"] == [data, "base64"]
        assert await rpc.value("getBalance", str(BOB.pubkey())) == 500_000_000 * SOL


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--slot-ms", "0"], "slot_ms is 1 to 3600000, not 0"),
        (["--mint", "O0"], "is no Solana address"),
        (["--mint", "{folder}/secret"], "secret is no keypair file"),
        (["--bpf-program", NOBODY, "{folder}/none"], "cannot read {folder}/none: No such file or directory"),
        (["--bpf-program", NOBODY, "{folder}/secret"], "the VM refuses 6 bytes as a program"),
        (["--account", NOBODY, "{folder}/secret"], "is no account as"),
        (["--bind-address", "203.0.113.1"], "cannot listen on 203.0.113.1:0"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path, arguments: list[str], text: str) -> None:
    (tmp_path / "secret").write_text("secret")
    given = [each.format(folder=tmp_path) for each in arguments]
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--rpc-port", "0", *given, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode().startswith("error: ")
    assert err.decode().count("\n") == 1
    assert text.format(folder=tmp_path) in err.decode()
