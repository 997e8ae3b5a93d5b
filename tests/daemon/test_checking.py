"""Nothing is read from a chain, and nothing brought to it, before its start check has passed once."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from chains.errors import ChainError, Refused, Unreadable
from chains.types import Checkpoint
from relayer.daemon.blobs import BlobCache
from relayer.daemon.checking import CheckedChain, check_chains
from relayer.daemon.keys import MemberError
from relayer.daemon.reading import OpenChain, Readings
from relayer.store.safety import Binding, SafetyStore
from tests.daemon.rig import FIRST, SOURCE, MemoryChain, World

AT = Checkpoint(FIRST, 1, bytes(32), 1)


@dataclass
class Examined(MemoryChain):
    """Its start check does what the test says, and its uses are kept."""

    check_fails: ChainError | None = None
    checks: int = 0
    settled: int = 0
    go: asyncio.Event | None = field(default=None)

    async def check(self) -> None:
        self.checks += 1
        if self.go is not None:
            await self.go.wait()
        if self.check_fails is not None:
            raise self.check_fails

    async def settle(self) -> None:
        self.settled += 1


def checked(chain: MemoryChain) -> CheckedChain:
    return CheckedChain(chain, structlog.get_logger())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SafetyStore]:
    with SafetyStore.create(f"sqlite:///{tmp_path / 'store'}", Binding(bytes(32), 0, bytes(32))) as made:
        yield made


Use = Callable[[CheckedChain], Coroutine[Any, Any, object]]
USES: dict[str, Use] = {
    "finalized": lambda c: c.finalized(),
    "locked": lambda c: c.locked((), AT),
    "deployments": lambda c: c.deployments((), AT),
    "submit": lambda c: c.submit(World.make(0).deployments[0], b"", "key"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_an_unchecked_chain_is_not_used(use: Use) -> None:
    chain = Examined(FIRST, check_fails=Unreadable("no quorum"))
    with pytest.raises(Unreadable, match="no quorum"):
        await use(checked(chain))
    chain.check_fails = Refused("chain id 5\ndecimals 8")
    with pytest.raises(Unreadable, match=r"left out.* chain id 5; decimals 8"):
        await use(checked(chain))
    assert not chain.landed


async def test_what_waits_in_the_journal_waits_for_the_check_too() -> None:
    chain = Examined(FIRST)
    it = checked(chain)
    await it.settle()
    assert (chain.checks, chain.settled) == (0, 0)
    await it.finalized()
    await it.settle()
    assert (chain.checks, chain.settled) == (1, 1)


async def test_a_check_that_passed_is_not_repeated() -> None:
    chain = Examined(FIRST)
    it = checked(chain)
    await check_chains([OpenChain(FIRST, it, (), ())])
    for _ in range(3):
        await it.finalized()
    assert chain.checks == 1


async def test_a_chain_that_comes_up_later_is_checked_then(store: SafetyStore) -> None:
    world = World.make(1000)
    source = Examined(SOURCE, world.chains[SOURCE].locked_amounts, check_fails=Unreadable("connection refused"))
    params = world.params((0, 1), (bytes(32),), 2, 0)
    chains = [OpenChain(SOURCE, checked(source), (world.position,), ())]
    await check_chains(chains)
    readings = Readings(chains, store, BlobCache(store.blob), structlog.get_logger(), 5.0)
    assert await readings.read(params) == ()
    source.check_fails = Refused("the vault has 8 decimals, configured are 6")
    assert await readings.read(params) == ()
    assert "8 decimals" in readings.troubles[SOURCE]
    source.check_fails = None
    (reading,) = await readings.read(params)
    assert reading.positions[0].amount == 1000
    assert not readings.troubles


async def test_all_that_is_refused_at_the_start_is_said_at_once() -> None:
    chains = [
        OpenChain(name, checked(Examined(name, check_fails=error)), (), ())
        for name, error in [("a:1", Refused("one")), ("b:2", Unreadable("down")), ("c:3", Refused("two\nthree"))]
    ]
    with pytest.raises(MemberError, match=r"a:1: one\nc:3: two\nthree$"):
        await check_chains(chains)


async def test_a_deadline_of_the_reader_does_not_end_the_check() -> None:
    chain = Examined(FIRST, go=asyncio.Event())
    it = checked(chain)
    readers = [asyncio.create_task(it.finalized()) for _ in range(3)]
    await asyncio.sleep(0)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    last = asyncio.create_task(it.finalized())
    await asyncio.sleep(0)
    assert chain.go is not None
    chain.go.set()
    assert (await last).chain == FIRST
    assert chain.checks == 1


async def test_a_trouble_is_told_once_until_it_changes_or_ends() -> None:
    chain = Examined(FIRST, check_fails=Unreadable("down"))
    it = checked(chain)
    with capture_logs() as logs:
        for error in (Unreadable("down"), Unreadable("down"), Refused("wrong"), None, None):
            chain.check_fails = error
            with suppress(Unreadable):
                await it.finalized()
    told = [(entry["log_level"], entry["event"], entry.get("why")) for entry in logs]
    assert told == [
        ("warning", "chain.unchecked", "down"),
        ("error", "chain.unchecked", "wrong"),
        ("info", "chain.checked", None),
    ]


async def test_closing_ends_a_check_that_runs() -> None:
    chain = Examined(FIRST, go=asyncio.Event())
    it = checked(chain)
    reader = asyncio.create_task(it.finalized())
    await asyncio.sleep(0)
    await it.close()
    with pytest.raises(asyncio.CancelledError):
        await reader
