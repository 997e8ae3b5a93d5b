"""One local chain as source of one route and destination of others, as a devnet with several routes uses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from chains.caip import ChainId
from chains.devnet import Committee, Devnet, LocalChain, families
from relayer.devnet import ports, processes

GROUP = Committee(1, bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
"""The generator of secp256k1 (SEC 2, section 2.4.1): a point like any other."""


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Polls; the test's own time limit ends what never holds."""
    while not await holds():  # noqa: ASYNC110 - another program decides
        await asyncio.sleep(0.05)


@pytest.fixture(params=list(families()))
async def local(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalChain]:
    directory = tmp_path_factory.mktemp("node")
    brought: Devnet = families()[request.param]
    chain = brought.chain_id(0)
    (port,) = ports.blocks([brought.ports])
    node = brought.node(chain, port, directory)
    process = processes.start(node.name, node.argv, directory / "node.log")
    async with AsyncExitStack() as stack:
        stack.callback(processes.stop, [process])
        opened = brought.local(chain, port)
        stack.push_async_callback(opened.close)
        await until(opened.ready)
        yield opened


async def test_a_chain_takes_a_source_and_several_destinations(local: LocalChain) -> None:
    position = await local.deploy_source("EUR", 6, 1000)
    first = await local.deploy_destination("USD", 6, GROUP, 600)
    second = await local.deploy_destination("GBP", 6, GROUP, 600)
    chain = str(local.chain)
    assert {ChainId.parse(row["gate"].rpartition(":")[0]) for row in (first, second)} == {local.chain}
    assert position["account"].startswith(chain)
    assert position["asset"].startswith(chain)
    assert first["token"] != second["token"]
    assert {row["decimals"] for row in (position, first, second)} == {6}
    lock = await local.lock(position, 400)
    assert lock.ok, lock.error
    assert await local.locked(position) == 400
    for row in (first, second):
        assert await local.supply(row) == 0
        assert await local.feed(row) is None
    await until(local.final)


async def test_a_mint_without_a_statement_lands_and_fails_by_name(local: LocalChain) -> None:
    row = await local.deploy_destination("USD", 6, GROUP, 600)
    sent = [await local.send_mint(row, 1) for _ in range(2)]
    receipts = [await local.receipt(one) for one in sent]
    assert len({receipt.transaction for receipt in receipts}) == 2
    assert [(receipt.ok, receipt.error) for receipt in receipts] == [(False, "NoStatement")] * 2
    assert await local.supply(row) == 0
