"""Checkpoints are of one chain and never go back, not over restarts either; what was read at them is kept a while."""

import itertools
from dataclasses import replace

import pytest

from chains.errors import Halted, Refused, Unreadable
from chains.halts import halted, resume
from chains.types import Locked
from tests.chains.readers import amounts, healths
from tests.chains.solana import layouts
from tests.chains.solana.cluster import HELD, LOCKED, NOW, VAULT, key, world
from tests.chains.solana.lies import answers, refuses

OTHER_GENESIS = key("another cluster")


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
            assert resume(w.journal, "chain")
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
        w.cluster.put(VAULT, layouts.token_account(replace(HELD, amount=1)))
        after = await chain.finalized()
        assert (await chain.locked(w.positions, before))[0] == Locked(LOCKED)
        assert (await chain.locked(w.positions, after))[0] == Locked(1)


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
