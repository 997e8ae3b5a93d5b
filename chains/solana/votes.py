"""The rule that chooses a reading: which state counts, at which slot. Pure.

Solana offers no block hash to agree on, and endpoints are rarely at the same slot. A vote is what one endpoint answered
in one go: a slot, the Clock's time there, and everything that was read but the Clock, as one digest. A content stands
when q endpoints gave it at slots no further apart than the window. The checkpoint is the lowest slot among those votes:
its time is then never newer than the state, which errs on the safe side, and older by no more seconds than the window
has slots (docs/adr/0023-solana-checkpoints.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vote:
    """One whole answer of one endpoint. `content` is a digest; an endpoint may vote again at another slot."""

    endpoint: str
    slot: int
    time: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """`vote` is the lowest of those that agree, None if no content stands. `liars` contradict a quorum at its very
    slot, or themselves."""

    vote: Vote | None
    liars: frozenset[str]


def choose(votes: Sequence[Vote], q: int, window: int) -> Choice:
    """The newest content on which `q` endpoints agree within `window` slots. Where two contents could stand at the same
    lowest slot, none does: who says what is asked again."""
    liars = _liars(votes, q)
    honest = [v for v in votes if v.endpoint not in liars]
    standing = [v for v in honest if _supporters(v, honest, window) >= q]
    newest = max((v.slot for v in standing), default=0)
    top = {(v.time, v.content): v for v in standing if v.slot == newest}
    return Choice(next(iter(top.values())) if len(top) == 1 else None, liars)


def timely(lowest: Vote, votes: Sequence[Vote], q: int, window: int) -> bool:
    """Whether q endpoints gave the content of `lowest` no more than `window` seconds after its time. Slots may come
    slowly, and then a few of them are a long time. To be asked once the time of `lowest` is known to be right."""
    near = {v.endpoint for v in votes if v.content == lowest.content and 0 <= v.time - lowest.time <= window}
    return len(near) >= q


def behind(votes: Iterable[Vote], q: int, window: int) -> dict[str, tuple[int, int]]:
    """Endpoints whose newest slot lies more than `window` behind the q-th highest: their slot, and that one. So a slot
    of a liar's own invention makes nobody lag."""
    newest = dict[str, int]()
    for vote in votes:
        newest[vote.endpoint] = max(vote.slot, newest.get(vote.endpoint, 0))
    if len(newest) < q:
        return {}
    reference = sorted(newest.values(), reverse=True)[q - 1]
    return {name: (slot, reference) for name, slot in newest.items() if slot + window < reference}


def _supporters(lowest: Vote, votes: Sequence[Vote], window: int) -> int:
    agreeing = {
        v.endpoint
        for v in votes
        if v.content == lowest.content
        and lowest.slot <= v.slot <= lowest.slot + window
        and (v.slot > lowest.slot or v.time == lowest.time)
    }
    return len(agreeing)


def _liars(votes: Sequence[Vote], q: int) -> frozenset[str]:
    at_slot = defaultdict[int, dict[tuple[int, bytes], set[str]]](dict)
    for vote in votes:
        at_slot[vote.slot].setdefault((vote.time, vote.content), set()).add(vote.endpoint)
    told = [[name for group in groups.values() for name in group] for groups in at_slot.values()]
    liars = {name for names in told for name in names if names.count(name) > 1}
    for groups in at_slot.values():
        outvoted = [group - liars for group in groups.values()]
        if any(len(group) >= q for group in outvoted):
            liars |= {name for group in outvoted if len(group) < q for name in group}
    return frozenset(liars)
