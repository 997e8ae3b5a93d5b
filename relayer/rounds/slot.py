"""What a member has done and heard in one slot, and what it starts from after a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relayer.agreement.bundle import CertifiedRound, ProposedRound
from relayer.agreement.compute import Outcome
from relayer.agreement.observation import ChainReading, Observation
from relayer.agreement.records import Certified, Proposal
from relayer.agreement.voting import Lost, OwnReadings, Refusal
from relayer.rounds.messages import Sign


class SecondSelf(Exception):
    """A signed observation of this very member that this process did not make: another copy runs, or the store is
    older than what it has said. The member must stop."""


@dataclass
class Slot:
    """One slot. `sessions` are those that the member has answered, `asked` is a further one that came before its
    proposal; `done`: certified, or there is nothing left to do in it."""

    round: int
    readings: tuple[ChainReading, ...] | None = None
    calls: set[int] = field(default_factory=set)
    called: bool = False
    entered: bool = False
    observed: bool = False
    answered: set[int] = field(default_factory=set)
    seen: dict[int, Observation] = field(default_factory=dict)
    proposal: Proposal | None = None
    accepted: Outcome | None = None
    refusal: Refusal | None = None
    sessions: set[int] = field(default_factory=set)
    asked: Sign | None = None
    done: bool = False

    @property
    def own(self) -> OwnReadings:
        """The member's readings of this slot by (chain, height)."""
        return {(r.chain, r.height): r for r in self.readings or ()}


@dataclass
class Early:
    """What came for a slot up to `skew` before it began here."""

    calls: set[int] = field(default_factory=set)
    observations: dict[int, Observation] = field(default_factory=dict)


@dataclass(frozen=True)
class Restored:
    """What the safety store gives back after a restart: the promise, what was said for the last rounds, and the
    proposals signed above the highest certificate, oldest first."""

    promise: int = 0
    messages: Mapping[int, bytes] = field(default_factory=dict)
    observations: Mapping[int, bytes] = field(default_factory=dict)
    proposed: frozenset[int] = frozenset()
    signed: tuple[tuple[Proposal, ProposedRound], ...] = ()
    certified: tuple[Certified, CertifiedRound] | None = None
    certificates: tuple[CertifiedRound, ...] = ()
    lost: Lost | None = None
