"""Who stands alone at a checkpoint. Decided from the bundle alone (design, section 4, "Disagreement").

Honest members who read one checkpoint read the same. Where f+1 agree, one of them is honest, so who differs is an
outlier; where two groups of f+1 stand against each other, nobody can tell, and what they differ about is left out.
"""

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from relayer.agreement.observation import ChainReading, GateKey

HEADER = b"header"

Item = bytes | GateKey
"""What members may differ about: a position by its id, a gate, or HEADER."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Members whose readings of the chain are left out, and the items that stay split."""

    outliers: frozenset[int]
    split: frozenset[Item]


def judge(readings: Mapping[int, ChainReading], faulty: int, tolerance: Callable[[bytes], int]) -> Verdict:
    """Compares the members' `readings` of one chain, checkpoint by checkpoint.

    `tolerance(position)` is in base units of the position's asset; everything else must be equal bit for bit.
    """
    outliers: set[int] = set()
    split: set[Item] = set()
    for members in _by_height(readings):
        if len(members) > faulty + 1:
            for item, groups in _items({m: readings[m] for m in members}, tolerance):
                large = [group for group in groups if len(group) > faulty]
                if len(large) > 1:
                    split.add(item)
                elif large and len(groups) > 1:
                    outliers.update(m for group in groups if group is not large[0] for m in group)
    return Verdict(frozenset(outliers), frozenset(split))


def _by_height(readings: Mapping[int, ChainReading]) -> Iterable[list[int]]:
    heights: dict[int, list[int]] = {}
    for member, reading in readings.items():
        heights.setdefault(reading.height, []).append(member)
    return heights.values()


def _items(
    readings: Mapping[int, ChainReading], tolerance: Callable[[bytes], int]
) -> Iterable[tuple[Item, list[list[int]]]]:
    """Every item that members read at one height, with the members grouped by what they read."""
    yield HEADER, _equal({m: (r.block_hash, r.time) for m, r in readings.items()})
    gates: dict[GateKey, dict[int, Hashable]] = {}
    amounts: dict[bytes, dict[int, int]] = {}
    for member, reading in readings.items():
        for gate in reading.gates:
            gates.setdefault(gate.key, {})[member] = (gate.supply, gate.round, gate.cap)
        for position in reading.positions:
            amounts.setdefault(position.position, {})[member] = position.amount
    for key, values in gates.items():
        yield key, _equal(values)
    for position_id, seen in amounts.items():
        yield position_id, _near(seen, tolerance(position_id))


def _equal(values: Mapping[int, Hashable]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for member, value in values.items():
        groups.setdefault(value, []).append(member)
    return list(groups.values())


def _near(values: Mapping[int, int], tolerance: int) -> list[list[int]]:
    """Groups of members whose amounts, sorted, leave no gap wider than `tolerance`."""
    if not tolerance:
        return _equal(values)
    ordered = sorted(values, key=lambda m: values[m])
    groups = [[ordered[0]]]
    for before, member in itertools.pairwise(ordered):
        if values[member] - values[before] > tolerance:
            groups.append([])
        groups[-1].append(member)
    return groups
