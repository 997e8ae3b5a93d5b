"""Real nodes, started as devnets start them: they can be ended, killed and started again where they were.

What is true on a chain is read past all endpoints, at the newest state and unproven, and at once: a test may ask in the
middle of whatever its event loop does.
"""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from chains.caip import ChainId
from chains.cosmos import build_node, devnet_node
from chains.cosmos.devnet import CosmosDevnet
from chains.cosmos.devnet_node import COMMIT_MS
from tests.chains.cosmos import ports

DEVNET = CosmosDevnet()

needs_wasmd = pytest.mark.skipif(
    build_node.node() is None and os.environ.get("BALLAST_BUILD_WASMD") != "1",
    reason="wasmd has not been built: run python -m chains.cosmos.build_node, or set BALLAST_BUILD_WASMD=1",
)

_LOOK_SECONDS = 0.05


class NodeError(Exception):
    """The node answered with an error."""


def posted(url: str, body: Any) -> Any:
    """The answer to JSON-RPC, in JSON. Raises `OSError` where nobody listens."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:  # some errors come with the status 500
                return json.load(error)
        except (http.client.HTTPException, ConnectionError):
            continue
        except urllib.error.URLError as error:
            # A node hangs up on who takes more than ten seconds to ask, or while it itself takes longer to answer.
            if not isinstance(error.reason, BrokenPipeError | ConnectionResetError):
                raise


class RunningNode:
    """The node of the local chain `number`, whose files are in `directory`; a block takes `commit_ms` at least. A
    context manager: its ports are its own within, also while it does not run, and it is ended at the end."""

    def __init__(self, number: int, directory: Path, commit_ms: int = COMMIT_MS) -> None:
        self.chain: ChainId = DEVNET.chain_id(number)
        self.directory, self.commit_ms = directory, commit_ms
        self.port = 0
        self._kept = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.port = self._kept.enter_context(ports.kept(DEVNET.ports))
        return self

    def __exit__(self, *_: object) -> None:
        if self.runs:
            self.stop()
        self._kept.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def start(self) -> None:
        argv = (*DEVNET.node(self.chain, self.port, self.directory).argv, "--commit-ms", str(self.commit_ms))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def ready(self) -> None:
        """Waits until it has made a block, and listens."""
        at = devnet_node.Ports(*range(self.port, self.port + DEVNET.ports))
        while not await devnet_node.ready(self.chain.reference, at):
            assert self.runs, self.log.read_text()[-2000:]
            await asyncio.sleep(_LOOK_SECONDS)

    def stop(self) -> int:
        """Ends it as devnets do: the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait()
        self._process = None
        return code

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # What is true

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a call. Raises `NodeError`."""
        answer = posted(self.url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if "error" in answer:
            raise NodeError(answer["error"])
        return answer["result"]

    def height(self) -> int:
        return int(self.ask("status")["sync_info"]["latest_block_height"])

    def value(self, store: str, key: bytes, height: int = 0) -> bytes | None:
        """What a module's store holds under a key; None where there is nothing."""
        asked = {"path": f"/store/{store}/key", "data": key.hex(), "height": str(height), "prove": False}
        response = self.ask("abci_query", **asked)["response"]
        if response["code"] or response["log"]:
            raise NodeError(response["log"])
        return None if response["value"] is None else b64decode(response["value"])

    async def reaches(self, height: int) -> None:
        """Waits for a block."""
        while True:
            with suppress(OSError):
                if self.height() >= height:
                    return
            await asyncio.sleep(_LOOK_SECONDS)


@contextmanager
def running_node(number: int, directory: Path, commit_ms: int = COMMIT_MS) -> Iterator[RunningNode]:
    """A node that runs, for fixtures outside of event loops."""
    with RunningNode(number, directory, commit_ms) as node:
        node.start()
        asyncio.run(node.ready())
        yield node
