"""A node whose slots only pass when a test says so, with Alice and Bob rich in its final block."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from chains.solana.node.node import LocalNode
from chains.solana.node.settings import Settings
from tests.chains.solana.node.node_support import ALICE, BOB, Rpc, funded

FINALITY_SLOTS = 4


@pytest.fixture
def settings() -> Settings:
    return Settings(number=7, finality_slots=FINALITY_SLOTS)


@pytest.fixture
async def node(settings: Settings) -> AsyncIterator[LocalNode]:
    async with LocalNode(settings) as running:
        yield running


@pytest.fixture
async def rpc(node: LocalNode) -> AsyncIterator[Rpc]:
    async with aiohttp.ClientSession() as session:
        client = Rpc(session, node.url)
        await funded(node, client, ALICE, BOB)
        yield client
