"""The rules that make a checkpoint, on their own: who must tell what, and what follows from a header."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos.blocks import Anchored, follows
from chains.cosmos.choice import LOWEST, candidates, choose
from chains.cosmos.headers import Header
from chains.errors import ProofError
from chains.types import Checkpoint
from tests.chains.cosmos import blocks
from tests.chains.cosmos.blocks import SECOND
from tests.chains.cosmos.tellers import CHAIN, FOUR, checkpoint

M, Q = 5, 3
NAMES = [f"e{i}" for i in range(M)]
TOLD = blocks.chain([FOUR] * 12)


# Votes


def header(height: int, fork: int) -> Header:
    return blocks.header(height, SET, SET, app_hash=bytes([fork]) * 32)


SET = blocks.validator_set(FOUR)
BLOCKS = {(height, fork): header(height, fork) for height in range(1, 44) for fork in (0, 1)}
HEADS = st.fixed_dictionaries({name: st.integers(0, 40) for name in NAMES})
FORKS = st.fixed_dictionaries({name: st.integers(0, 1) for name in NAMES})
LOWEST_BLOCKS = st.fixed_dictionaries({name: st.integers(1, 12) for name in NAMES})


def told(
    heads: dict[str, int], forks: dict[str, int], heights: list[int], lowest: dict[str, int] | None = None
) -> dict[str, dict[int, Header | None]]:
    """What endpoints answer that have all blocks from their lowest to a little beyond the newest one they spoke of."""
    low = dict.fromkeys(NAMES, 1) | (lowest or {})
    asked = {height + i for height in heights for i in (0, 1)}
    return {
        name: {h: BLOCKS[h, forks[name]] if low[name] <= h <= heads[name] + 2 else None for h in asked}
        for name in NAMES
    }


@settings(deadline=None)
@given(heads=HEADS, forks=FORKS, lowest=LOWEST_BLOCKS, stride=st.sampled_from([1, 4, 7]))
def test_a_checkpoint_and_its_successor_have_a_quorum_and_are_the_newest_that_have(
    heads: dict[str, int], forks: dict[str, int], lowest: dict[str, int], stride: int
) -> None:
    heights = candidates(heads, stride)
    pair = choose(heads, told(heads, forks, heights, lowest), heights, Q, None).pair

    def votes(height: int, fork: int) -> int:
        return sum(lowest[n] <= height < heads[n] and forks[n] == fork for n in NAMES)

    possible = [h for h in heights if max(votes(h, 0), votes(h, 1)) >= Q]
    assert all(h % stride == 0 and h >= LOWEST for h in heights)
    assert (pair is None) == (not possible)
    if pair is not None:
        found, child = pair
        assert (found.height, child.height) == (max(possible), max(possible) + 1)
        assert votes(found.height, found.app_hash[0]) >= Q


@settings(deadline=None)
@given(heads=HEADS, invented=st.lists(st.integers(0, 40), max_size=Q - 1))
def test_fewer_than_a_quorum_of_liars_move_nothing(heads: dict[str, int], invented: list[int]) -> None:
    forks = dict.fromkeys(NAMES, 0)
    for i, head in enumerate(invented):
        heads, forks = {**heads, NAMES[i]: head}, {**forks, NAMES[i]: 1}
    heights = candidates(heads, 1)
    choice = choose(heads, told(heads, forks, heights), heights, Q, None)
    honest = NAMES[len(invented) :]
    if choice.pair is not None:
        assert choice.pair[0].app_hash[0] == 0
        assert choice.pair[1].height <= max(heads[n] for n in honest)
    assert {name for name, _ in choice.dissent} <= set(NAMES[: len(invented)])


@settings(deadline=None)
@given(changed=st.sets(st.sampled_from(NAMES)))
def test_another_block_at_the_last_checkpoint_is_noticed_only_from_a_quorum(changed: set[str]) -> None:
    heads, forks = dict.fromkeys(NAMES, 20), {name: int(name in changed) for name in NAMES}
    last = Checkpoint(CHAIN, 10, BLOCKS[10, 0].hash, 100)
    heights = candidates(heads, 1)
    choice = choose(heads, told(heads, forks, [*heights, 10]), heights, Q, last)
    assert (choice.broken is not None) == (len(changed) >= Q)
    if len(changed) < Q:
        assert {name for name, _ in choice.dissent} == changed
    assert (20 in choice.disputed) == (0 < len(changed) < M)


def test_who_tells_the_same_block_with_another_successor_agrees_on_nothing() -> None:
    heads = dict.fromkeys("abc", 11)
    reports = {name: {10: BLOCKS[10, 0], 11: BLOCKS[11, fork]} for name, fork in (("a", 0), ("b", 1), ("c", 1))}
    choice = choose(heads, reports, [10], 2, None)
    assert choice.pair == (BLOCKS[10, 0], BLOCKS[11, 1])
    assert choice.dissent == {("a", 10)}
    assert choose(heads, reports, [10], 3, None).pair is None


def test_candidates_have_a_successor_and_a_provable_state() -> None:
    assert candidates({"a": 1, "b": 2}, 1) == []
    assert candidates({"a": 3, "b": 3, "c": 5}, 1) == [4, 2]
    assert candidates({"a": 100, "b": 101, "c": 99}, 100) == [100]
    assert candidates({"a": 100}, 100) == []


# The rule of succession


def test_a_block_follows_the_one_that_names_its_validators() -> None:
    first, second, third = (TOLD[h] for h in (1, 2, 3))
    follows(first.header, second)
    anchored = Anchored(second.header, third)
    assert anchored.app_hash == third.header.app_hash
    assert anchored.checkpoint(CHAIN) == checkpoint(second.header)
    assert Anchored.at(checkpoint(second.header), second.header, third) == anchored
    three = {name: power for name, power in FOUR.items() if name != "dora"}
    phony = blocks.signed(
        replace(third.header, validators_hash=blocks.validator_set(three).hash, proposer=SET.validators[0].address),
        three,
    )
    for header_, child in (
        (first.header, third),
        (second.header, second),
        (third.header, second),
        (replace(second.header, app_hash=bytes(32)), third),
        (second.header, replace(third, commit=second.commit)),
        (second.header, blocks.signed(third.header, FOUR, ["anna", "bert"])),
        (second.header, blocks.signed(replace(third.header, chain_id="chain-2"), FOUR)),
        (second.header, blocks.signed(replace(third.header, time=second.header.time), FOUR)),
        (second.header, blocks.signed(replace(third.header, last_block_id=first.commit.block_id), FOUR)),
        (second.header, phony),
    ):
        with pytest.raises(ProofError):
            follows(header_, child)
    with pytest.raises(ProofError, match="not the checkpoint's"):
        Anchored.at(replace(checkpoint(second.header), time=1), second.header, third)


@pytest.mark.parametrize(("later", "spread"), [(1, 1), (SECOND, 1), (SECOND + 1, 2), (5 * SECOND, 5)])
def test_the_spread_is_never_too_small(later: int, spread: int) -> None:
    second = replace(TOLD[2].header, time=blocks.START)
    third = replace(
        TOLD[3].header, time=blocks.START + later, last_block_id=replace(TOLD[2].commit.block_id, hash=second.hash)
    )
    assert Anchored(second, blocks.signed(third, FOUR)).spread == spread
    # The checkpoint's time is rounded down, so that what came after it comes on top.
    second = replace(second, time=blocks.START + SECOND - 1)
    third = replace(third, time=second.time + later, last_block_id=replace(TOLD[2].commit.block_id, hash=second.hash))
    assert Anchored(second, blocks.signed(third, FOUR)).spread == (later + SECOND - 2) // SECOND + 1
