"""The part of committee.toml that keys are made from: who the members are, and how many of them sign.

Keys come before gates: a gate's committee contract is deployed with the group key. So this part is read, and checked,
while chains and routes are still missing, and members need no identity yet.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import MinLen

from relayer.config.checks import roster_findings
from relayer.config.committee import Committee
from relayer.config.errors import ConfigError
from relayer.config.fields import Counter, Epoch, Name, Threshold
from relayer.config.read import read_toml
from relayer.config.sections import Report, Section, build


class RosterMember(Section):
    name: Name
    identity: str = ""


class Roster(Section):
    network: Literal["devnet", "testnet", "mainnet"]
    epoch: Epoch
    faulty: Counter
    threshold: Threshold
    members: Annotated[tuple[RosterMember, ...], MinLen(1)]

    @classmethod
    def gather(cls, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        later = Committee.model_fields.keys() - cls.model_fields.keys()
        return {key: value for key, value in raw.items() if key not in later}


def load_roster(file: Path) -> Roster:
    """The roster in `file`. Raises `ConfigError` with every finding about it."""
    report = Report(file.parent)
    roster = build(Roster, read_toml(file), (), report)
    assert roster is not None  # a TOML file is a table
    report.findings.extend(roster_findings(roster))
    if report.findings:
        raise ConfigError(str(file), report.findings)
    return roster
