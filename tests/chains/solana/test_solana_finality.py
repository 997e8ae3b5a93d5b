"""Checkpoints: agreed by endpoints that lie, lag, move and forget."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest

from chains.errors import Unreadable
from chains.hashing import keccak256
from chains.solana.addresses import to_bytes
from chains.types import Locked
from tests.chains.readers import amounts, healths
from tests.chains.solana import layouts
from tests.chains.solana.cluster import CHAIN, GATE, GENESIS, HELD, LOCKED, TREASURY, VAULT, WRAPPED, Front, key, world
from tests.chains.solana.lies import Lie, refuses, tells


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
            w.cluster.put(VAULT, layouts.token_account(replace(HELD, amount=amount)))

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


async def test_readings_at_once_are_one_after_the_other() -> None:
    async with world() as w, w.opened() as chain:
        found = await asyncio.gather(*(chain.finalized() for _ in range(3)))
        assert len(set(found)) == 1


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
