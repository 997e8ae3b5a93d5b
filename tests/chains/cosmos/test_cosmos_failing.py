"""Endpoints before a real node that fail in every way, and what a member makes of it."""

from collections.abc import AsyncIterator

import pytest

from chains.errors import Unreadable
from chains.misbehaviour import FAILURES
from chains.opened import OpenedChain
from chains.types import Locked
from tests.chains.cosmos.cluster import PATIENT, Stage, final, staged
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.cosmos.sites import opened_site, position

pytestmark = needs_wasmd

OPTIONS = {**PATIENT, "set_aside": 0.0}
IMPATIENT = {"timeout": 1.0, "deadline": 1.0, "set_aside": 0.0}


@pytest.fixture
async def stage(node: RunningNode) -> AsyncIterator[Stage]:
    """A member that reads a vault."""
    async with opened_site(node) as site:
        row = await site.new_vault("USD")
        assert (await site.local.lock(row, 1_000)).ok
        await final(site)
        async with staged(site, [position(row)]) as made:
            yield made


async def read(chain: OpenedChain, stage: Stage) -> int | None:
    """What the vault holds; None where it cannot be read."""
    try:
        (found,) = await chain.locked(stage.positions, await chain.finalized())
    except Unreadable:
        return None
    assert isinstance(found, Locked | Unreadable)
    return found.amount if isinstance(found, Locked) else None


@pytest.mark.parametrize("how", FAILURES)
async def test_without_a_quorum_the_chain_abstains_and_recovers(stage: Stage, how: str) -> None:
    held = stage.site.locked(stage.positions[0])
    stage.behave("failing", how=how, at=(1, 2))
    async with stage.opened(options=IMPATIENT) as chain:
        assert await read(chain, stage) is None
        assert [health.lying for health in chain.health()] == [0, 0, 0]
        stage.behave("honest", at=(1, 2))
        while (found := await read(chain, stage)) is None:
            pass  # until the machine is fast enough for a time-out of a second
        assert found == held


@pytest.mark.parametrize("how", [how for how in FAILURES if how not in ("timeout", "redirect")])
async def test_passing_failures_are_retried_within_the_deadline(stage: Stage, how: str) -> None:
    """All endpoints fail at first, so that nothing is read without another try."""
    stage.behave("failing", how=how, at=(0, 1, 2), times=1)
    async with stage.opened(options=OPTIONS) as chain:
        assert await read(chain, stage) == stage.site.locked(stage.positions[0])


async def test_one_endpoint_that_fails_in_any_way_changes_nothing(stage: Stage) -> None:
    held = stage.site.locked(stage.positions[0])
    async with stage.opened(options=OPTIONS) as chain:
        for how in FAILURES:
            stage.behave("failing", how=how)
            assert await read(chain, stage) == held, how
