"""What is wrong with a position or a deployment, as the chain shows it. Pure.

At the start every finding is reported at once; later each makes its subject unreadable, and one that shows a pinned
code or admin to be another now halts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, naming the account. `swapped`: what the configuration pins is another now."""

    text: str
    swapped: bool = False


def told(findings: Sequence[Finding]) -> str:
    return "; ".join(finding.text for finding in findings)
