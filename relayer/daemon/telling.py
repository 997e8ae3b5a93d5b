"""Telling operators what happens: the log, the metrics, and the newest findings for the status."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from chains.types import Log
from relayer.rounds import effects as fx

KEPT = 200
WORTH_TELLING = frozenset(
    {"outlier", "split", "refused", "refuse", "share.invalid", "session.silent", "round.unsigned", "round.empty"}
)


class Meter(Protocol):
    """Counts what happens; the metrics implement it."""

    def event(self, name: str) -> None: ...

    def dispute(self, kind: str) -> None: ...


@dataclass
class Findings:
    """What is worth telling an operator, newest last: outliers, refusals, disputes."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, event: str, row: dict[str, Any]) -> None:
        self.rows = [*self.rows[1 - KEPT :], {"event": event, **row}]


class Teller:
    """One event, to everybody who is told."""

    def __init__(self, log: Log, meter: Meter) -> None:
        self._log = log
        self.meter = meter
        self.findings = Findings()

    def note(self, note: fx.Note) -> None:
        """What the machine notes."""
        self.meter.event(note.event)
        getattr(self._log, note.level)(note.event, **note.fields)
        if note.event in WORTH_TELLING:
            self.findings.add(note.event, dict(note.fields))

    def tell(self, event: str, **fields: Any) -> None:
        """Something that an operator should see."""
        self.meter.event(event)
        self._log.warning(event, **fields)
        self.findings.add(event, fields)
