"""Checkpoints of a member before endpoints that differ, lag, prune and lie."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from chains.cosmos.blocks import Anchored
from chains.cosmos.light import LightBlock
from chains.cosmos.trust import Kept, Root
from chains.errors import Halted, Unreadable
from chains.halts import CHAIN as WHOLE
from chains.halts import halted, resume
from tests.chains.cosmos import blocks
from tests.chains.cosmos.blocks import SECOND
from tests.chains.cosmos.tellers import FOUR, Blocks, Stage, checkpoint, grown, other

TOLD = blocks.chain([FOUR] * 12)
ROOT = (1, TOLD[1].header.hash)


def stage_of(*told: Blocks, **options: Any) -> Stage:
    return Stage(list(told), ROOT, **options)


async def test_the_newest_checkpoint_on_the_grid() -> None:
    stage = stage_of(TOLD, TOLD, TOLD, stride=5)
    assert await stage.finality.finalized() == checkpoint(TOLD[10].header)
    stage.teller("c").head = 8
    stage.start()
    assert await stage.finality.finalized() == checkpoint(TOLD[10].header)
    fresh = stage_of(TOLD, TOLD, TOLD, stride=5)
    fresh.teller("b").head = fresh.teller("c").head = 10
    assert await fresh.finality.finalized() == checkpoint(TOLD[5].header), "block 11 has no quorum"


async def test_it_never_goes_back() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    for teller in stage.tellers:
        teller.head = 8
    assert await stage.finality.finalized() == at
    stage.start()
    assert await stage.finality.finalized() == at
    for teller in stage.tellers:
        teller.down = True
    with pytest.raises(Unreadable, match=r"only 0 endpoints .*2 must \(a failing, b failing, c failing\)"):
        await stage.finality.finalized()


async def test_a_chain_without_blocks_has_no_checkpoint() -> None:
    stage = stage_of(TOLD, TOLD)
    for teller in stage.tellers:
        teller.head = 2
    with pytest.raises(Unreadable, match="no block yet that can be a checkpoint, the newest is 2"):
        await stage.finality.finalized()


async def test_endpoints_that_catch_up_lag_and_do_not_count() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    stage.teller("a").catching_up = True
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert (stage.health("a").lagging, stage.liars()) == (1, set())
    stage.teller("b").catching_up = True
    with pytest.raises(
        Unreadable, match=r"only 1 endpoints are where the chain is, 2 must \(a lagging, b lagging, c ok\)"
    ):
        await stage.finality.finalized()


async def test_an_endpoint_far_behind_lags() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    stage.member = {"max_lag": 5}
    stage.start()
    stage.teller("a").head, stage.teller("b").head = 6, 7
    await stage.finality.finalized()
    assert {name: stage.health(name).lagging for name in "abc"} == {"a": 0, "b": 0, "c": 0}, "two of three are there"
    stage.teller("b").head = 12
    await stage.finality.finalized()
    assert {name: stage.health(name).lagging for name in "abc"} == {"a": 1, "b": 0, "c": 0}


async def test_an_endpoint_that_changes_to_another_chain_lies() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    await stage.finality.finalized()
    stage.teller("b").chain_id = "chain-2"
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert stage.liars() == {"b"}


async def test_an_endpoint_of_another_chain_never_counts() -> None:
    stage = stage_of(TOLD, TOLD)
    stage.teller("b").chain_id = "chain-2"
    stage.start()
    with pytest.raises(Unreadable, match=r"a ok, b refused"):
        await stage.finality.finalized()
    (refused,) = stage.log.named("endpoint_refused")
    assert refused["reason"] == "serves the chain 'chain-2', configured is 'chain-1'"


async def test_pruned_endpoints_are_admitted_and_read() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    for name in "bc":
        stage.teller(name).lowest = 10
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert stage.liars() == set()


async def test_a_block_whose_successor_is_late_is_no_checkpoint() -> None:
    late = grown(grown({h: TOLD[h] for h in range(1, 6)}, [FOUR], gap=7), [FOUR])
    stage = stage_of(late, late, max_block_seconds=6)
    for teller in stage.tellers:
        teller.head = 6
    with pytest.raises(Unreadable, match=r"block 6 is dated 7 s after block 5, at most max_block_seconds \(6 s\)"):
        await stage.finality.finalized()
    for teller in stage.tellers:
        teller.head = 7
    assert await stage.finality.finalized() == checkpoint(late[6].header)
    stage = stage_of(late, late, max_block_seconds=6)
    for teller in stage.tellers:
        teller.head = 5
    at = await stage.finality.finalized()
    for teller in stage.tellers:
        teller.head = 6
    assert await stage.finality.finalized() == at == checkpoint(late[4].header)


async def test_a_block_that_was_verified_before_needs_no_votes_again() -> None:
    late = grown({h: TOLD[h] for h in range(1, 6)}, [FOUR], gap=7)
    stage = stage_of(late, late, max_block_seconds=6)
    with pytest.raises(Unreadable, match="is dated 7 s after"):
        await stage.finality.finalized()
    stage.chain_options = stage.chain_options.model_copy(update={"max_block_seconds": 7})
    for teller in stage.tellers:
        teller.blocks[6] = blocks.signed(late[6].header, FOUR, [])
    stage.start()
    assert await stage.finality.finalized() == checkpoint(late[5].header)
    assert stage.liars() == set()


async def test_finality_that_stalls_is_said() -> None:
    stage = stage_of(TOLD, TOLD, max_finality_lag=60)
    stage.now = TOLD[11].header.time / SECOND + 60
    await stage.finality.finalized()
    stage.now += 1
    with pytest.raises(Unreadable, match="finality stalls: the newest final block, 11, is 61 s old, at most 60 s"):
        await stage.finality.finalized()


async def test_a_quorum_with_another_block_at_the_checkpoint_halts() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    few = ["anna", "bert"]
    fork: dict[int, LightBlock] = {**TOLD, 11: other(TOLD[11], FOUR, few), 12: other(TOLD[12], FOUR, few)}
    stage.teller("a").blocks = fork
    stage.start()
    assert await stage.finality.finalized() == at
    assert stage.liars() == {"a"}
    stage.teller("b").blocks = fork
    with pytest.raises(Halted) as caught:
        await stage.finality.finalized()
    evidence = f"finalized block 11 was {at.block_hash.hex().upper()} and is now {fork[11].header.hash.hex().upper()}"
    assert evidence in caught.value.evidence
    stage.start()
    with pytest.raises(Halted):
        await stage.finality.finalized()
    with pytest.raises(Halted):
        await stage.finality.anchored(at)
    # It stays so whatever is told now; once it is resumed, only the configured root counts.
    for name in "ab":
        stage.teller(name).blocks = dict(TOLD)
    with pytest.raises(Halted):
        await stage.finality.finalized()
    assert Kept.load(stage.journal) is None
    assert resume(stage.journal, WHOLE)
    assert await stage.finality.finalized() == at
    assert Kept.load(stage.journal) == Kept(Root(*ROOT), TOLD[12])


async def test_a_lie_about_one_header_is_seen_and_moves_nothing() -> None:
    lie: dict[int, LightBlock] = dict(TOLD)
    lie[11] = other(TOLD[11], FOUR)
    stage = stage_of(lie, TOLD, TOLD)
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert stage.liars() == {"a"}
    assert halted(stage.journal) == {}
    two = stage_of(lie, lie, TOLD)
    with pytest.raises(Unreadable, match="block 11 is not the one before 12"):
        await two.finality.finalized()
    assert two.liars() == {"a", "b"}, "the signed successor names another one"


async def test_who_contradicts_itself_lies() -> None:
    broken: dict[int, LightBlock] = {**TOLD, 12: replace(TOLD[12], commit=replace(TOLD[11].commit, height=12))}
    stage = stage_of(broken, TOLD, TOLD)
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert stage.liars() == {"a"}
    stage = stage_of(TOLD, TOLD, TOLD)
    stage.teller("b").blocks[12] = replace(TOLD[12], validators=blocks.validator_set({**FOUR, "anna": 99}))
    stage.teller("b").blocks[1] = replace(TOLD[1], validators=blocks.validator_set({**FOUR, "anna": 99}))
    assert await stage.finality.finalized() == checkpoint(TOLD[11].header)
    assert stage.liars() == {"b"}


# The blocks of a checkpoint


async def test_the_blocks_of_a_checkpoint() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    anchored = await stage.finality.anchored(at)
    assert anchored == Anchored(TOLD[11].header, TOLD[12])
    asked = sum(len(teller.asked) for teller in stage.tellers)
    assert await stage.finality.anchored(at) is anchored
    assert sum(len(teller.asked) for teller in stage.tellers) == asked
    # After a start the last one is known by its hash, so that one endpoint is enough.
    stage.start()
    for name in "ab":
        stage.teller(name).lowest = 13
        stage.teller(name).head = 13
    assert await stage.finality.anchored(at) == anchored
    # An older one needs a quorum.
    older = checkpoint(TOLD[7].header)
    with pytest.raises(Unreadable, match=r"1 endpoints have block .* at height 7, 2 must"):
        await stage.finality.anchored(older)
    stage.teller("a").lowest, stage.teller("a").head = 1, 12
    assert (await stage.finality.anchored(older)).child == TOLD[8]


async def test_what_is_no_checkpoint_here_has_no_blocks() -> None:
    stage = stage_of(TOLD, TOLD)
    at = await stage.finality.finalized()
    for wrong, text in (
        (replace(at, chain="cosmos:chain-2"), "a checkpoint of cosmos:chain-2"),
        (checkpoint(TOLD[12].header), "beyond the last final one"),
        (replace(at, block_hash=bytes(32)), "another one here"),
        (replace(at, time=at.time + 1), "another one here"),
        (replace(checkpoint(TOLD[7].header), time=5), "not of that height and time"),
        (replace(checkpoint(TOLD[7].header), block_hash=bytes(32)), "0 endpoints have block"),
        (replace(checkpoint(TOLD[8].header), height=6), "0 endpoints have block"),
    ):
        with pytest.raises(Unreadable, match=text):
            await stage.finality.anchored(wrong)


async def test_a_successor_that_too_few_signed_is_none() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    stage.start()
    for name in "ab":
        stage.teller(name).blocks[12] = other(TOLD[12], FOUR, ["anna", "bert"])
    assert (await stage.finality.anchored(at)).child == TOLD[12]
    stage.start()
    stage.teller("c").blocks[12] = blocks.signed(TOLD[12].header, FOUR, ["anna", "bert"])
    with pytest.raises(Unreadable, match="no endpoint tells the successor of block 11"):
        await stage.finality.anchored(at)
    assert stage.liars() == {"a", "b", "c"}


# Checkpoints that are older than the last one

MALLORY = {"mallory": 10}


def own_chain(told: Blocks, height: int) -> dict[int, LightBlock]:
    """`told`, with other blocks at `height` and after it that fit each other, signed by validators of their own."""
    made = dict(told)
    own = blocks.validator_set(MALLORY)
    header = replace(told[height].header, next_validators_hash=own.hash, data_hash=b"\1" * 32)
    made[height] = replace(told[height], header=header, commit=blocks.signed(header, MALLORY).commit)
    last = made[height].commit.block_id
    child = replace(told[height + 1].header, validators_hash=own.hash, last_block_id=last, app_hash=b"\2" * 32)
    made[height + 1] = blocks.signed(child, MALLORY)
    return made


async def test_a_quorum_of_liars_makes_no_older_checkpoint() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    await stage.finality.finalized()
    forged = own_chain(TOLD, 7)
    at = checkpoint(forged[7].header)
    Anchored(forged[7].header, forged[8])
    for name in "ab":
        stage.teller(name).blocks = forged
    with pytest.raises(Unreadable, match="no endpoint tells the successor of block 7"):
        await stage.finality.anchored(at)
    assert stage.liars() == {"a", "b"}
    assert halted(stage.journal) == {}
    # What is the chain's is found whoever lies about what lies between.
    older = checkpoint(TOLD[5].header)
    assert (await stage.finality.anchored(older)).child == TOLD[6]
    assert (await stage.finality.anchored(checkpoint(TOLD[4].header))).child == TOLD[5]


async def test_an_older_checkpoint_must_lead_to_what_is_believed() -> None:
    long = blocks.chain([FOUR] * 280)
    stage = Stage([long, long], (1, long[1].header.hash))
    for teller in stage.tellers:
        teller.head = 12
    await stage.finality.finalized()
    for teller in stage.tellers:
        teller.head = 280
    await stage.finality.finalized()
    assert (await stage.finality.anchored(checkpoint(long[9].header))).child == long[10], "12 is believed, and near"
    stage.start()
    with pytest.raises(Unreadable, match="block 10 is more than 256 blocks below block 280"):
        await stage.finality.anchored(checkpoint(long[9].header))
    assert (await stage.finality.anchored(checkpoint(long[23].header))).child == long[24]
    stage.start()
    for teller in stage.tellers:
        del teller.blocks[200]
        teller.blocks[200] = other(long[200], FOUR)
    with pytest.raises(Unreadable, match="no endpoint tells block 200 as the next one names it"):
        await stage.finality.anchored(checkpoint(long[150].header))


async def test_the_successor_of_the_last_checkpoint_is_the_one_that_was_verified() -> None:
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    stage.start()
    for teller in stage.tellers:
        teller.blocks[12] = other(TOLD[12], FOUR)
    with pytest.raises(Halted, match=r"two blocks are signed as the chain's.*told by [abc]\)"):
        await stage.finality.anchored(at)
    stage = stage_of(TOLD, TOLD, TOLD)
    at = await stage.finality.finalized()
    stage.start()
    for teller in stage.tellers:
        teller.blocks[12] = other(TOLD[12], FOUR, ["anna", "bert", "cleo"])
    stage.teller("c").blocks[12] = TOLD[12]
    # Whichever endpoint's block is looked at first: the verified one, or the end.
    with contextlib.suppress(Halted):
        assert (await stage.finality.anchored(at)).child == TOLD[12]


async def test_an_older_block_whose_successor_is_late_is_no_checkpoint_either() -> None:
    late = grown(grown({h: TOLD[h] for h in range(1, 6)}, [FOUR], gap=7), [FOUR] * 3)
    stage = stage_of(late, late, max_block_seconds=6)
    await stage.finality.finalized()
    assert (await stage.finality.anchored(checkpoint(late[6].header))).child == late[7]
    with pytest.raises(Unreadable, match="dated 7 s after block 5"):
        await stage.finality.anchored(checkpoint(late[5].header))


async def test_what_was_believed_before_a_halt_is_forgotten() -> None:
    stage = stage_of(TOLD, TOLD)
    for head in (10, 12):
        for teller in stage.tellers:
            teller.head = head
        await stage.finality.finalized()
    fork = grown({h: TOLD[h] for h in range(1, 9)}, [FOUR] * 4, fork="another")
    for teller in stage.tellers:
        teller.blocks = dict(fork)
    with pytest.raises(Halted):
        await stage.finality.finalized()
    assert resume(stage.journal, WHOLE)
    assert await stage.finality.finalized() == checkpoint(fork[11].header)
    with pytest.raises(Unreadable, match="0 endpoints have block"):
        await stage.finality.anchored(checkpoint(TOLD[9].header))
    assert (await stage.finality.anchored(checkpoint(fork[8].header))).child == fork[9]
    assert stage.liars() == set()
