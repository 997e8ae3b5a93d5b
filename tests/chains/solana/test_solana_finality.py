"""Checkpoints: agreed by endpoints that lie, lag, move and forget; never back, not over restarts either."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest

from chains.errors import Halted, Refused, Unreadable
from chains.halts import halted, resume
from chains.hashing import keccak256
from chains.opened import OpenedChain
from chains.solana.addresses import CLOCK_SYSVAR, to_bytes
from chains.solana.family import FAMILY
from chains.types import Locked
from tests.chains.solana import layouts
from tests.chains.solana.cluster import (
    CHAIN,
    GATE,
    GENESIS,
    HELD,
    LOCKED,
    NOW,
    TREASURY,
    VAULT,
    WRAPPED,
    Front,
    Lie,
    RpcError,
    World,
    answers,
    base64_of,
    healths,
    key,
    refuses,
    tells,
    world,
)

OTHER_GENESIS = key("another cluster")


async def amounts(chain: OpenedChain, w: World) -> list[Any]:
    """What is locked at the newest checkpoint; an `Unreadable` in the place of what is not read."""
    found = await chain.locked(w.positions, await chain.finalized())
    return [one.amount if isinstance(one, Locked) else one for one in found]


async def test_a_checkpoint_is_the_lowest_of_the_slots_that_agree_and_is_named_after_slot_and_time() -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.advance(5)
        w.fronts[1].behind, w.fronts[2].behind = 2, 5
        at = await chain.finalized()
        assert (at.chain, at.height, at.time) == (str(CHAIN), 1003, w.cluster.time(1003))
        named = b"ballast/solana/checkpoint/v1" + to_bytes(GENESIS)
        named += at.height.to_bytes(8, "big") + at.time.to_bytes(8, "big")
        assert at.block_hash == keccak256(named)


async def test_members_at_one_slot_name_the_same_checkpoint() -> None:
    async with world() as w, w.opened() as one, w.opened(journal=type(w.journal)()) as other:
        assert await one.finalized() == await other.finalized()


LIES: list[Lie] = [
    tells(VAULT, owner=key("thief")),
    tells(VAULT, gone=True),
    tells(WRAPPED, gone=True),
    tells(TREASURY, lamports=10**12),
    tells(GATE, executable=True),
]


@pytest.mark.parametrize("lie", LIES)
async def test_one_lying_endpoint_is_outvoted_named_and_set_aside(lie: Lie) -> None:
    async with world() as w, w.opened() as chain:
        honest = await amounts(chain, w)
        w.cluster.advance()
        w.fronts[1].lie = lie
        assert await amounts(chain, w) == honest
        assert {h.name: h.state for h in chain.health()} == {"a": "ok", "b": "lying", "c": "ok"}
        assert healths(chain)["b"].lying == 1
        (told,) = w.log.named("endpoint_lying")
        assert told["endpoint"] == "b"
        served = w.fronts[1].served
        assert await amounts(chain, w) == honest
        assert w.fronts[1].served == served


async def test_lying_endpoints_with_the_rest_down_give_nothing() -> None:
    async with world() as w:
        w.fronts[0].lie = tells(TREASURY, lamports=10**12)
        for front in w.fronts[1:]:
            front.lie = refuses("getMultipleAccounts", -32603, "internal")
        async with w.opened(options=w.impatient()) as chain:
            with pytest.raises(Unreadable):
                await chain.finalized()
            assert w.journal.stored == {}


async def test_two_endpoints_that_contradict_each_other_give_nothing_and_recover() -> None:
    async with world(fronts=2) as w, w.opened(options=w.impatient()) as chain:
        w.fronts[0].lie = tells(VAULT, gone=True)
        with pytest.raises(Unreadable):
            await chain.finalized()
        w.fronts[0].lie = lambda call, result: result
        async with w.opened() as patient:
            assert (await amounts(patient, w))[0] == LOCKED


async def test_an_endpoint_that_is_behind_is_not_counted() -> None:
    async with world() as w:
        w.cluster.advance(40)
        w.fronts[2].behind = 33
        async with w.opened() as chain:
            assert (await chain.finalized()).height == 1040
            assert healths(chain)["c"].lagging == 1
            assert w.log.named("endpoint_lagging")[0]["endpoint"] == "c"
        w.fronts[1].behind = 33
        async with w.opened(journal=type(w.journal)()) as chain:
            # Two that lag together are a quorum, of an older slot: nobody can tell them from a slow chain.
            assert (await chain.finalized()).height == 1007


async def test_an_old_state_at_an_old_slot_does_not_count_with_a_new_one() -> None:
    async with world(fronts=2) as w:
        w.cluster.put(TREASURY, None)
        w.fronts[0].behind = 1
        async with w.opened(options=w.impatient()) as chain:
            with pytest.raises(Unreadable):
                await chain.finalized()
            assert {h.lying for h in chain.health()} == {0}


async def test_a_state_that_changes_at_every_slot_is_read_once_two_endpoints_met() -> None:
    async with world(fronts=2) as w:
        for amount in range(40):
            w.cluster.put(VAULT, layouts.token_account(_holding(amount)))

        def stands(front: Front, first: int) -> None:
            readings = itertools.count()

            def moves(body: Any) -> None:
                if "getMultipleAccounts" in str(body):
                    front.behind = w.cluster.slot - (first + 2 * next(readings))

            front.respond = moves

        # The second endpoint always stands where the first one stood a reading ago.
        stands(w.fronts[0], 1004)
        stands(w.fronts[1], 1002)
        async with w.opened() as chain:
            at = await chain.finalized()
            assert at.height in range(1004, 1040, 2)
            assert (await chain.locked(w.positions, at))[0] == Locked(at.height - 1001)
            assert {h.lying for h in chain.health()} == {0}


def _holding(amount: int) -> Any:
    return replace(HELD, amount=amount)


async def test_answers_about_two_slots_are_no_reading() -> None:
    async with world() as w:
        # The chain goes on while one endpoint is being read: the program data is read one slot later.
        def later(call: dict[str, Any], result: Any) -> Any:
            if call["method"] == "getMultipleAccounts" and "dataSlice" in call["params"][1]:
                w.fronts[0].lie = lambda call, result: result
                slot = w.cluster.advance()
                return w.fronts[0]._true(call) if slot else result
            return result

        w.fronts[0].lie = later
        async with w.opened() as chain:
            await chain.finalized()
            assert [told["endpoint"] for told in w.log.named("slots_moved")] == ["a"]
            assert {h.lying for h in chain.health()} == {0}


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


async def test_checkpoints_never_go_back_not_over_restarts_either() -> None:
    async with world() as w:
        w.cluster.advance(10)
        async with w.opened() as chain:
            at = await chain.finalized()
            assert at.height == 1010
            for front in w.fronts:
                front.behind = 4
            assert await chain.finalized() == at
            assert (await amounts(chain, w))[0] == LOCKED
        async with w.opened(options=w.impatient()) as chain:
            with pytest.raises(Unreadable):
                await chain.finalized()
        for front in w.fronts:
            front.behind = 0
        async with w.opened() as chain:
            assert await chain.finalized() == at
            assert (await amounts(chain, w))[0] == LOCKED


async def test_a_time_that_goes_back_is_not_taken() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        honest = w.cluster.time
        w.cluster.advance(5)
        w.cluster.time = lambda slot: honest(slot) - (100 if slot > 1000 else 0)  # type: ignore[method-assign]
        assert await chain.finalized() == at


async def test_another_time_at_the_last_slot_halts_until_resumed_by_hand() -> None:
    async with world() as w:
        async with w.opened() as chain:
            at = await chain.finalized()
            w.cluster.advance()
            w.fronts[0].lie = answers("getBlockTime", NOW)
            assert (await chain.finalized()).height == 1001
            assert healths(chain)["a"].lying == 1
            for front in w.fronts[1:]:
                front.lie = answers("getBlockTime", NOW)
            with pytest.raises(Halted, match=r"the time of finalized slot 1001 was \d+, now it is"):
                await chain.finalized()
            with pytest.raises(Halted):
                await chain.locked(w.positions, at)
        for front in w.fronts:
            front.lie = lambda call, result: result
        async with w.opened() as chain:
            with pytest.raises(Halted):
                await chain.finalized()
            assert list(halted(w.journal)) == ["chain"]
            assert FAMILY.resume(w.journal, "chain")
            assert (await chain.finalized()).height == 1001


async def test_a_genesis_that_changes_halts_and_one_endpoint_alone_lies() -> None:
    async with world() as w, w.opened() as chain:
        await chain.finalized()
        w.cluster.advance()
        w.fronts[2].genesis = OTHER_GENESIS
        assert (await chain.finalized()).height == 1001
        assert healths(chain)["c"].lying == 1
        w.fronts[0].genesis = w.fronts[1].genesis = OTHER_GENESIS
        with pytest.raises(Halted, match=OTHER_GENESIS):
            await chain.finalized()
        assert resume(w.journal, "chain")


async def test_who_lies_about_the_genesis_does_not_count_for_anything_else() -> None:
    async with world() as w:
        told = itertools.count()
        w.fronts[1].lie = answers("getGenesisHash", lambda call, true: OTHER_GENESIS if next(told) else true)
        w.fronts[2].lie = refuses("getMultipleAccounts", -32603)
        async with w.opened(options=w.impatient()) as chain:
            with pytest.raises(Unreadable):
                await chain.finalized()


async def test_a_stall_of_finality_keeps_the_checkpoint_and_ends_in_unreadable() -> None:
    async with world() as w, w.opened(chain={"max_finality_lag": 60}) as chain:
        at = await chain.finalized()
        w.now = at.time + 60
        assert await chain.finalized() == at
        w.now += 1
        with pytest.raises(Unreadable, match="finality stalls: the newest final slot, 1000, is 61 s old"):
            await chain.finalized()
        assert set(w.fronts[0].asked) <= {"getGenesisHash", "getBlockTime", "getMultipleAccounts"}
        w.cluster.advance(10)
        assert (await chain.finalized()).height == 1010


async def test_only_what_was_read_here_can_be_asked_for() -> None:
    async with world() as w, w.opened() as chain:
        first = await chain.finalized()
        for _ in range(31):
            w.cluster.advance()
            await chain.finalized()
        assert (await chain.locked(w.positions, first))[0] == Locked(LOCKED)
        w.cluster.advance()
        newest = await chain.finalized()
        for gone in (first, type(first)(newest.chain, newest.height, newest.block_hash, newest.time + 1)):
            with pytest.raises(Unreadable, match="Solana keeps no history"):
                await chain.locked(w.positions, gone)
            with pytest.raises(Unreadable, match="Solana keeps no history"):
                await chain.deployments(w.deployments, gone)


async def test_a_reading_stays_at_its_slot_while_the_chain_goes_on() -> None:
    async with world() as w, w.opened() as chain:
        before = await chain.finalized()
        w.cluster.put(VAULT, layouts.token_account(_holding(1)))
        after = await chain.finalized()
        assert (await chain.locked(w.positions, before))[0] == Locked(LOCKED)
        assert (await chain.locked(w.positions, after))[0] == Locked(1)


async def test_readings_at_once_are_one_after_the_other() -> None:
    async with world() as w, w.opened() as chain:
        found = await asyncio.gather(*(chain.finalized() for _ in range(3)))
        assert len(set(found)) == 1


async def test_wrong_cluster_refuses_to_start_and_never_counts() -> None:
    async with world() as w, w.opened() as chain:
        w.fronts[2].genesis = OTHER_GENESIS
        with pytest.raises(Refused, match="endpoint c: serves the cluster with genesis hash"):
            await chain.check()
        assert (await chain.finalized()).height == 1000
        assert healths(chain)["c"].state == "refused"
        served = w.fronts[2].served
        await chain.finalized()
        assert w.fronts[2].served == served


async def test_the_start_needs_a_quorum() -> None:
    async with world() as w, w.opened(options=w.impatient()) as chain:
        w.fronts[0].lie = w.fronts[1].lie = refuses("getGenesisHash", -32603)
        with pytest.raises(Unreadable, match="the start check"):
            await chain.check()


async def test_an_endpoint_that_says_it_is_behind_is_not_taken_at_its_word() -> None:
    async with world() as w, w.opened() as chain:
        w.fronts[0].lie = refuses("getMultipleAccounts", -32005, "Node is behind by 42 slots")
        assert (await chain.finalized()).height == 1000
        assert healths(chain)["a"].lagging > 0


async def test_lamports_sent_to_a_token_account_do_not_disturb_the_agreement() -> None:
    async with world(fronts=2) as w, w.opened() as chain:
        held = layouts.token_account(HELD)
        w.cluster.put(VAULT, replace(held, lamports=held.lamports + 1))
        w.fronts[0].behind = 1
        assert (await chain.finalized()).height == 1000
