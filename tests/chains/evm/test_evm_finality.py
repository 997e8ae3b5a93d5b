"""The rule that chooses a checkpoint, on its own: no height without q endpoints that call it final."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.evm.finality import candidates, choose
from chains.evm.headers import Header
from chains.types import Checkpoint

M, Q = 5, 3


def block(height: int, fork: int) -> Header:
    return Header(bytes([fork]) + height.to_bytes(31, "big"), height, 10 * height, bytes(32), 0, b"")


def view(heads: dict[str, int], forks: dict[str, int], heights: list[int]) -> dict[str, dict[int, Header | None]]:
    """What endpoints answer that know all blocks up to a little beyond their finalized one."""
    return {name: {h: block(h, forks[name]) if h <= heads[name] + 3 else None for h in heights} for name in heads}


NAMES = [f"e{i}" for i in range(M)]
HEADS = st.fixed_dictionaries({name: st.integers(0, 60) for name in NAMES})
FORKS = st.fixed_dictionaries({name: st.integers(0, 1) for name in NAMES})


@settings(deadline=None)
@given(heads=HEADS, forks=FORKS, stride=st.sampled_from([1, 4, 7]))
def test_a_checkpoint_has_a_quorum_on_the_grid_and_is_the_newest_that_has(
    heads: dict[str, int], forks: dict[str, int], stride: int
) -> None:
    heights = candidates(heads, stride)
    found = choose(heads, view(heads, forks, heights), heights, Q, None).block

    def votes(height: int, fork: int) -> int:
        return sum(heads[n] >= height and forks[n] == fork for n in NAMES)

    possible = [h for h in range(0, 61, stride) if max(votes(h, 0), votes(h, 1)) >= Q]
    assert (found is None) == (not possible)
    if found is not None:
        assert found.number == max(possible)
        assert votes(found.number, found.hash[0]) >= Q


@settings(deadline=None)
@given(heads=HEADS, invented=st.lists(st.integers(0, 10**6), max_size=Q - 1))
def test_fewer_than_a_quorum_of_liars_cannot_move_the_checkpoint_beyond_an_honest_head(
    heads: dict[str, int], invented: list[int]
) -> None:
    forks = dict.fromkeys(NAMES, 0)
    for i, head in enumerate(invented):
        heads, forks = {**heads, NAMES[i]: head}, {**forks, NAMES[i]: 1}
    heights = candidates(heads, 1)
    choice = choose(heads, view(heads, forks, heights), heights, Q, None)
    assert choice.block is None or choice.block.hash[0] == 0
    assert choice.block is None or choice.block.number <= max(heads[n] for n in NAMES[len(invented) :])
    assert set(choice.liars) <= set(NAMES[: len(invented)])


def test_another_block_at_the_last_checkpoint_is_noticed_only_from_a_quorum() -> None:
    heads, last = dict.fromkeys(NAMES, 20), Checkpoint("eip155:1", 10, block(10, 0).hash, 100)
    for dissenting in range(M + 1):
        forks = {name: int(i < dissenting) for i, name in enumerate(NAMES)}
        heights = candidates(heads, 1)
        choice = choose(heads, view(heads, forks, [*heights, 10]), heights, Q, last)
        assert (choice.broken is not None) == (dissenting >= Q)
        if dissenting < Q:
            assert set(choice.liars) == set(NAMES[:dissenting])
