"""The time of a checkpoint: told by the Clock and the block, agreed like what is read."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chains.errors import Unreadable
from chains.solana.addresses import CLOCK_SYSVAR
from tests.chains.readers import healths
from tests.chains.solana import layouts
from tests.chains.solana.cluster import NOW, base64_of, key, world
from tests.chains.solana.lies import RpcError, answers, refuses, tells


@pytest.mark.parametrize(
    "clock",
    [
        layouts.clock(1001, NOW + 400),
        replace(layouts.clock(1000, NOW + 400), owner=key("thief")),
        replace(layouts.clock(1000, NOW + 400), data=bytes(39)),
        layouts.clock(1000, -1),
    ],
)
async def test_a_clock_that_contradicts_its_own_answer_is_a_lie(clock: Any) -> None:
    async with world() as w, w.opened() as chain:
        w.fronts[0].lie = tells(CLOCK_SYSVAR, data=base64_of(clock), owner=clock.owner)
        assert (await chain.finalized()).height == 1000
        assert healths(chain)["a"].lying == 1


@pytest.mark.parametrize("consistent", [False, True])
async def test_a_clock_that_the_block_contradicts_is_a_lie(consistent: bool) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.advance(3)
        # Stands lowest, so that its time would be the checkpoint's.
        w.fronts[0].behind = 2
        clock = tells(CLOCK_SYSVAR, data=base64_of(layouts.clock(1001, NOW)))
        block = answers("getBlockTime", NOW)
        w.fronts[0].lie = (lambda call, true: block(call, clock(call, true))) if consistent else clock

        def told_only_times_at_first(call: dict[str, Any], result: Any) -> Any:
            if call["method"] == "getBlockTime":
                w.fronts[2].lie = lambda call, result: result
            elif call["method"] == "getMultipleAccounts":
                raise RpcError(-32603, "internal")
            return result

        w.fronts[2].lie = told_only_times_at_first
        at = await chain.finalized()
        assert (at.height, at.time) == (1003, w.cluster.time(1003))
        assert healths(chain)["a"].lying == 1
        assert healths(chain)["b"].lying + healths(chain)["c"].lying == 0


async def test_a_clock_that_the_endpoint_s_own_block_time_contradicts_is_a_lie_though_nobody_else_knows() -> None:
    async with world(fronts=2) as w, w.opened() as chain:
        w.cluster.advance(3)
        w.fronts[0].behind = 2
        w.fronts[0].lie = tells(CLOCK_SYSVAR, data=base64_of(layouts.clock(1001, NOW)))
        reading = asyncio.ensure_future(chain.finalized())
        while not w.log.named("endpoint_lying"):
            assert not reading.done()
            await asyncio.sleep(0.01)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert healths(chain)["b"].lying == 0
        assert [told["endpoint"] for told in w.log.named("endpoint_lying")] == ["a"]


async def test_states_that_lie_far_apart_in_time_do_not_count_together_however_few_slots_that_are() -> None:
    async with world(fronts=2) as w, w.opened() as chain:
        w.cluster.advance(3)
        w.cluster.late[1003] = 33
        w.fronts[0].behind = 1
        asked = asyncio.ensure_future(chain.finalized())
        while w.fronts[0].asked.count("getMultipleAccounts") < 3:
            assert not asked.done()
            await asyncio.sleep(0.01)
        w.fronts[0].behind = 0
        at = await asked
        assert (at.height, at.time) == (1003, w.cluster.time(1003))
        assert {h.lying for h in chain.health()} == {0}


async def test_the_time_of_a_slot_that_others_do_not_know_is_not_taken() -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.advance(3)
        w.cluster.skipped.add(1002)
        w.fronts[0].behind = 1
        at = await chain.finalized()
        assert at.height == 1003
        assert {h.lying for h in chain.health()} == {0}


@pytest.mark.parametrize("code", [-32007, -32009, -32004, -32001, -32014, -32011])
async def test_a_skipped_slot_or_missing_block_is_asked_of_another_endpoint(code: int) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.advance(3)
        w.fronts[0].behind = w.fronts[1].behind = 1
        w.fronts[1].lie = refuses("getMultipleAccounts", code, "Slot 1003 was skipped")
        # a at 1002 and c at 1003: b must tell the time of 1002.
        assert (await chain.finalized()).height == 1002
        w.fronts[1].lie = refuses("getBlockTime", code, "Block not available for slot 1002")
        w.cluster.advance()
        assert (await chain.finalized()).height == 1003


async def test_a_block_time_of_null_is_no_time() -> None:
    async with world(fronts=2) as w, w.opened(options=w.impatient()) as chain:
        w.cluster.advance(3)
        w.fronts[0].behind = 1
        w.fronts[1].lie = answers("getBlockTime", None)
        with pytest.raises(Unreadable):
            await chain.finalized()


async def test_a_time_that_goes_back_is_not_taken() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        honest = w.cluster.time
        w.cluster.advance(5)
        w.cluster.time = lambda slot: honest(slot) - (100 if slot > 1000 else 0)  # type: ignore[method-assign]
        assert await chain.finalized() == at
