"""How long one member takes to start, and how much memory it holds: `python -m tests.bench process`.

A devnet of four member processes is set up with the public command. Once a member has seen some certified rounds its
resident memory is read; then it is stopped and started again several times, from the start of `ballast run` to its line
that says it is up. Beside that, in turns with it, is what the same interpreter takes for `import web3` alone, the
library that every member with an EVM chain loads. Of both it is the median.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BALLAST = str(Path(sys.executable).parent / "ballast")
PEER = [sys.executable, "-c", "import web3"]
ROUNDS = 2
STARTS = 5
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.2


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure: `relayer.start_s`, `relayer.rss_mb` (10^6 bytes)."""
    with tempfile.TemporaryDirectory() as directory, _devnet(Path(directory) / "devnet") as devnet:
        member = devnet["members"][0]
        pid = next(program["process"] for program in devnet["programs"] if program["name"] == member["name"])
        _until_certified(member["url"], ROUNDS)
        memory = _resident(pid)
        os.kill(pid, signal.SIGTERM)
        _until_gone(pid)
        starts, imports = list[float](), list[float]()
        for _ in range(STARTS):
            starts.append(_start(member["config"]))
            imports.append(_seconds(PEER))
    start, beside = statistics.median(starts), statistics.median(imports)
    return [
        {
            "name": "relayer.start_s",
            "value": round(start, 3),
            "unit": "s",
            "peer": round(beside, 3),
            "ratio": round(start / beside, 3),
        },
        {"name": "relayer.rss_mb", "value": round(memory / 1e6, 1), "unit": "MB", "peer": None, "ratio": None},
    ]


@contextlib.contextmanager
def _devnet(directory: Path) -> Iterator[dict[str, Any]]:
    """What `ballast devnet up --json` tells of a running devnet, which is ended in the end."""
    up = subprocess.run(
        [BALLAST, "devnet", "up", "--families", "evm", "--dir", str(directory), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        if up.returncode != 0:
            raise RuntimeError(f"the devnet did not come up: {up.stdout.strip() or f'exit code {up.returncode}'}")
        devnet: dict[str, Any] = json.loads(up.stdout)
        yield devnet
    finally:
        subprocess.run(
            [BALLAST, "devnet", "down", "--dir", str(directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )


def _start(config: str) -> float:
    """Seconds from the start of a member to its word that it is up; the member is stopped again."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [BALLAST, "run", "--config", config, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as member:
        try:
            assert member.stdout is not None
            told = json.loads(member.stdout.readline() or "{}")
            took = time.perf_counter() - begun
            if told.get("event") != "up":
                raise RuntimeError(f"the member of {config} did not come up: {told}")
            return took
        finally:
            member.terminate()


def _seconds(argv: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(argv, check=True)
    return time.perf_counter() - begun


def _until_certified(url: str, rounds: int) -> None:
    """Waits until the member at `url` has seen `rounds` rounds certified since now."""
    seen = set[int]()
    end = time.monotonic() + PATIENCE_SECONDS
    while len(seen) <= rounds:
        if time.monotonic() > end:
            raise RuntimeError(f"{url}: only {len(seen)} certified rounds within {PATIENCE_SECONDS:.0f} s")
        with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as answer:
            certified = json.load(answer)["certified"]
        if certified is not None:
            seen.add(certified["round"])
        time.sleep(LOOK_SECONDS)


def _until_gone(pid: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run(["ps", "-p", str(pid)], stdout=subprocess.DEVNULL, check=False).returncode == 0:
        if time.monotonic() > end:
            raise RuntimeError(f"process {pid} does not stop")
        time.sleep(LOOK_SECONDS)


def _resident(pid: int) -> int:
    """Bytes of memory that the process holds (ps tells KiB)."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) * 1024


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))
