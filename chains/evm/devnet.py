"""The family's local node: one anvil on 127.0.0.1, started, awaited and stopped.

`finalized` follows `latest` by two blocks. With `block_time` blocks come by themselves, else `mine` makes them, so that
a test decides when time passes.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Self

import aiohttp

from chains.errors import ChainError
from chains.evm import tools

MNEMONIC = "test test test test test test test test test test test junk"
"""The well-known mnemonic of local development: its accounts belong to everybody."""

_START_SECONDS = 120
_STOP_SECONDS = 5


class Devnet:
    """One node as an async context manager. After the start `url` and `port` are known."""

    def __init__(
        self,
        chain_id: int,
        block_time: int | None = None,
        accounts: int = 10,
        port: int = 0,
        arguments: Sequence[str] = (),
    ) -> None:
        self.chain_id = chain_id
        self.port = port
        mining = ["--no-mining"] if block_time is None else ["--block-time", str(block_time)]
        self._arguments = [
            *("--chain-id", str(chain_id), "--port", str(port), "--host", "127.0.0.1"),
            *("--accounts", str(accounts), "--mnemonic", MNEMONIC, "--slots-in-an-epoch", "1"),
            *mining,
            *arguments,
        ]
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns once the node listens. Raises `ChainError` with what it printed if it does not."""
        self._process = await asyncio.create_subprocess_exec(
            str(tools.anvil()),
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed: list[str] = []
        try:
            async with asyncio.timeout(_START_SECONDS):
                self.port = await self._listening(printed)
        except TimeoutError:
            await self.stop()
            raise ChainError(f"anvil did not listen within {_START_SECONDS} s") from None
        except ChainError:
            await self.stop()
            raise
        self._drain = asyncio.create_task(self._discard())

    async def stop(self) -> None:
        """Ends the node, and waits until it is gone."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._drain is not None:
            await self._drain
            self._drain = None
        self._process = None

    async def call(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call straight to the node. Raises `ChainError` with the node's error."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with aiohttp.ClientSession() as session, session.post(self.url, json=body) as response:
            answer = await response.json()
        if "error" in answer:
            raise ChainError(f"{method}: {answer['error']}")
        return answer["result"]

    async def mine(self, blocks: int = 1) -> None:
        """Makes blocks at once."""
        await self.call("anvil_mine", hex(blocks))

    async def genesis_hash(self) -> str:
        """Hash of block 0: 0x and 64 hex digits."""
        block = await self.call("eth_getBlockByNumber", "0x0", False)
        return str(block["hash"])

    async def _listening(self, printed: list[str]) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode("utf-8", "replace"):
            printed.append(line)
            if found := re.search(r"Listening on 127\.0\.0\.1:(\d+)", line):
                return int(found[1])
        raise ChainError(f"anvil did not start: {''.join(printed[-5:]).strip() or 'it printed nothing'}")

    async def _discard(self) -> None:
        # A pipe that nobody reads would fill and stop the node.
        assert self._process is not None
        assert self._process.stdout is not None
        while await self._process.stdout.read(65536):
            pass
