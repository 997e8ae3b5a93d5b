"""Where the tests on real nodes take place, and what builds nodes in others."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from relayer.bus.server import NatsServer
from tests.chains.cosmos.fake_go import FakeGo, fake_go_in
from tests.chains.cosmos.nodes import RunningNode, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node that all tests of a module share. Most of them wait for blocks."""
    with running_node(0, tmp_path_factory.mktemp("node"), commit_ms=100) as node:
        yield node


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    return fake_go_in(tmp_path, monkeypatch)


@pytest.fixture
async def nats() -> AsyncIterator[str]:
    async with NatsServer() as server:
        yield server.url
