"""Where the tests of writing and of rounds take place."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relayer.bus.server import NatsServer
from tests.chains.solana.stage import Stage, our_stage, validators_stage
from tests.chains.solana.validator import needed


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with our_stage() as made:
        yield made


@pytest.fixture(params=["ours", pytest.param("validator", marks=needed)])
async def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with our_stage() if request.param == "ours" else validators_stage(tmp_path) as made:
        yield made


@pytest.fixture
async def nats() -> AsyncIterator[str]:
    async with NatsServer() as server:
        yield server.url
