"""The families of local_site, and a preparation of one of them that a test directs."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chains.registry import family
from relayer.devnet import processes

SITE = Path(__file__).parent / "local_site"


@dataclass(frozen=True)
class Kiln:
    """Where kiln.py bakes bricks."""

    directory: Path

    @property
    def burns(self) -> bool:
        """Whether a preparation waits for its order."""
        return (self.directory / "fire").exists()

    @property
    def done(self) -> bool:
        return (self.directory / "bricks").exists()

    def order(self, what: str = "bake") -> None:
        """How the preparation ends."""
        (self.directory / "order").write_text(what)

    def cold(self) -> bool:
        """Whether neither the preparation nor its helper runs any more."""
        return all(processes.birth(pid) != born for pid, born in json.loads((self.directory / "fire").read_text()))

    def wait(self, holds: Callable[[], bool], process: "subprocess.Popen[Any] | None" = None) -> None:
        """Polls; the test's own time limit ends what never holds."""
        while not holds():
            if process is not None and process.poll() is not None and not holds():
                raise AssertionError(process.communicate())
            time.sleep(0.02)

    async def until(self, holds: Callable[[], bool]) -> None:
        """As `wait`."""
        while not holds():  # noqa: ASYNC110 - another program decides
            await asyncio.sleep(0.02)


@pytest.fixture
def local_site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The namespaces of local_family.py can be loaded; returns the directory that brings them."""
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield SITE
    family.cache_clear()


@pytest.fixture
def kiln(local_site: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Kiln:
    """The family `bricks` must be prepared, here and in programs started with `ballast`."""
    found = Kiln(tmp_path_factory.mktemp("kiln"))
    monkeypatch.setenv("KILN", str(found.directory))
    return found


def ballast(*arguments: str) -> "subprocess.Popen[str]":
    """The `ballast` program with the families of local_site."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cli.program", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(SITE), os.environ.get("PYTHONPATH", "")])}
