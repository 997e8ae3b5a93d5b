"""Which checkpoint follows from what the endpoints tell: pure, by votes alone. What is signed, is judged elsewhere.

A vote is for two blocks, since what a block led to is in the header of the next one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chains.cosmos.headers import Header
from chains.cosmos.light_blocks import Signed
from chains.cosmos.verdicts import Verdicts
from chains.types import Checkpoint

LOWEST = 2
"""The first height that can be a checkpoint: nodes prove nothing about the state after block 1."""

Reports = Mapping[str, Mapping[int, Header | None]]
Pair = tuple[Header, Header]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a look at the endpoints led to. `pair`: the agreed block and its successor. `dissent`: which endpoint
    contradicts a quorum at which height. `disputed`: the heights of successors about which endpoints differ. `broken`
    is the block that a quorum reports in place of the remembered checkpoint."""

    pair: Pair | None
    dissent: frozenset[tuple[str, int]]
    disputed: frozenset[int]
    broken: Header | None


@dataclass(frozen=True, slots=True)
class View:
    """What the endpoints that are well tell: the height of the newest block, and blocks by height."""

    heads: Mapping[str, int]
    heights: Sequence[int]
    blocks: Mapping[str, Mapping[int, Signed | None]]

    @property
    def headers(self) -> Reports:
        return {
            name: {height: None if signed is None else signed[0] for height, signed in found.items()}
            for name, found in self.blocks.items()
        }

    def at(self, height: int) -> dict[str, Signed]:
        """The blocks of a height, by endpoint."""
        return {
            name: signed
            for name, found in self.blocks.items()
            if self.heads[name] >= height and (signed := found.get(height)) is not None
        }

    def held(self, height: int, verdicts: Verdicts) -> set[str]:
        """Who tells a block of `height` that holds, and the one before it."""
        return {
            name
            for name, (header, _) in self.at(height).items()
            if header.hash in verdicts.held
            and (before := self.blocks[name].get(height - 1)) is not None
            and before[0].hash == header.last_block_id.hash
        }


def candidates(heads: Mapping[str, int], stride: int) -> list[int]:
    """The grid heights worth asking for, newest first: each with a successor. `heads`: newest height by endpoint."""
    lowest = -(-LOWEST // stride) * stride
    found = {head - 1 - (head - 1) % stride for head in heads.values()}
    return sorted((height for height in found if height >= lowest), reverse=True)


def choose(
    heads: Mapping[str, int], reports: Reports, heights: Sequence[int], q: int, last: Checkpoint | None
) -> Choice:
    """The newest of `heights` at which q endpoints report the same block and the same successor."""
    dissent, disputed = set[tuple[str, int]](), set[int]()
    pair: Pair | None = None
    for height in heights:
        votes = _pairs(heads, reports, height)
        if len({child.hash for _, child in votes.values()}) > 1:
            disputed.add(height + 1)
        winner = next((vote for vote, count in Counter(votes.values()).items() if count >= q), None)
        if winner is not None:
            dissent |= {(name, height) for name, vote in votes.items() if vote != winner}
            pair = pair or winner
    broken = None
    if last is not None:
        again = {name: header for name, found in reports.items() if (header := found.get(last.height)) is not None}
        winning = next((header for header, count in Counter(again.values()).items() if count >= q), None)
        if winning is not None:
            dissent |= {(name, last.height) for name, header in again.items() if header != winning}
            broken = winning if winning.hash != last.block_hash else None
    return Choice(pair, frozenset(dissent), frozenset(disputed), broken)


def _pairs(heads: Mapping[str, int], reports: Reports, height: int) -> dict[str, Pair]:
    return {
        name: (header, child)
        for name, found in reports.items()
        if heads[name] > height
        and (header := found.get(height)) is not None
        and (child := found.get(height + 1)) is not None
    }
