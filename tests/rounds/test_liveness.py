"""From the first slot in which all honest members hold a reason, a certificate comes within f+1 slots."""

from collections.abc import Iterable
from itertools import combinations

import pytest

from relayer.rounds.messages import Kind

from .committee import Committee, Message, without

CHOICES = [(4, 1, 3, s) for s in combinations(range(4), 1)] + [(7, 2, 5, s) for s in combinations(range(7), 2)]


@pytest.mark.parametrize(("n", "f", "t", "silent"), CHOICES)
def test_with_silent_members(n: int, f: int, t: int, silent: tuple[int, ...]) -> None:
    c = Committee(n, f, t, network=without(*silent))
    c.slots(2 + f)
    assert c.rounds[0] <= 1 + f
    assert len(c.rounds) == 1
    c.audit()


@pytest.mark.parametrize(("n", "f", "t", "withholding"), CHOICES)
def test_with_members_that_observe_and_withhold_their_shares(
    n: int, f: int, t: int, withholding: tuple[int, ...]
) -> None:
    c = Committee(n, f, t)

    def tamper(m: Message) -> Iterable[Message]:
        own = m.kind in (Kind.PROPOSAL, Kind.SIGN, Kind.CERTIFICATE, Kind.SHARE, Kind.REFUSAL)
        return () if own and m.source in withholding else (m,)

    c.tamper = tamper
    c.slots(2 + f)
    assert c.rounds[0] <= 1 + f
    c.audit()


@pytest.mark.parametrize("offsets", [(1.0, -1.0, 0.9, -0.8), (-1.0, 1.0, 1.0, 1.0), (1.0, 1.0, -1.0, -1.0)])
def test_with_clocks_as_far_apart_as_the_skew_allows(offsets: tuple[float, ...]) -> None:
    c = Committee()
    for node, offset in zip(c.nodes, offsets, strict=True):
        node.skew = offset
    c.run(60)
    assert c.rounds == [1]
    assert not c.noted("session.silent")
    c.audit()


def test_a_member_that_was_down_takes_part_again() -> None:
    c = Committee(heartbeat=30)
    c.at(40, c.nodes[3].stop)
    c.at(100, c.nodes[3].start)
    c.slots(8)
    assert c.rounds == [1, 2, 4, 5, 6, 7]  # it leads round 3
    assert any(m.kind == Kind.OBSERVATION and m.source == 3 for m in c.sent if m.round == 5)
    c.audit()
