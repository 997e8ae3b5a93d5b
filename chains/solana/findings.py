"""What is wrong with a position or a deployment, as it was read. Pure.

At the start every finding is reported at once; later each makes its subject unreadable, and one that shows a pinned
owner, authority or code to be another now halts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, naming the account. `swapped`: what the configuration pins is another now."""

    text: str
    swapped: bool = False


def missing(what: str, address: str) -> Finding:
    return Finding(f"{what}: there is no account {address}")


def foreign(what: str, address: str, program: str, expected: str) -> Finding:
    return Finding(f"{what}: the account {address} belongs to the program {program}, expected is {expected}")


def unlike(setting: str, found: str | None, pinned: str | None) -> list[Finding]:
    """A finding where an authority is not the one that the configuration names (None: nobody)."""
    if found == pinned:
        return []
    return [Finding(f"{setting}: pinned is {pinned or 'none'}, the chain has {found or 'none'}", swapped=True)]


def told(findings: Sequence[Finding]) -> str:
    return "; ".join(finding.text for finding in findings)
