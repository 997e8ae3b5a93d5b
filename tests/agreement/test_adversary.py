"""Random adversarial schedules find no over-mint. Long runs: `python -m tests.agreement.adversary`."""

import pytest

from .adversary import COMMITTEES, one

CHUNK = 30


@pytest.mark.parametrize("first", range(0, 5 * CHUNK, CHUNK))
@pytest.mark.parametrize("committee", COMMITTEES, ids=lambda c: "n{}-f{}-t{}".format(*c))
def test_no_over_mint(committee: tuple[int, int, int], first: int) -> None:
    results = [one(seed, committee) for seed in range(first, first + CHUNK)]
    assert not [r.seed for r in results if r.over_minted]
    assert sum(r.certificates for r in results) > CHUNK, "nothing was certified: the schedules try nothing"
    assert any(r.refused for r in results)


def test_a_run_follows_from_its_seed() -> None:
    assert one(7) == one(7)


def test_the_adversary_finds_what_is_broken() -> None:
    """Committed seeds of runs that over-mint when supplies stand in for ceilings."""
    assert any(one(seed, COMMITTEES[1], "supply elsewhere").over_minted for seed in range(40))
