"""The leader's half of a round: gathering observations, then signing sessions until one gives a signature.

A bad or missing share costs a session, not the round: its sender is named and left out of the next one. All sessions of
a round are for one message, so at most n - t + 1 are ever needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relayer.agreement.observation import Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Proposal
from relayer.frost import Commitment, InvalidShares, PublicKeyPackage, aggregate
from relayer.rounds.messages import Session


@dataclass
class Attempt:
    """A session under way. `shares` by identifier, `until` the second at which the silent are given up."""

    session: Session
    until: float
    shares: dict[int, bytes] = field(default_factory=dict)

    @property
    def silent(self) -> set[int]:
        """Identifiers whose share has not come."""
        return {c.identifier for c in self.session.commitments} - self.shares.keys()

    @property
    def full(self) -> bool:
        return not self.silent


@dataclass
class Leading:
    """What the leader of one round knows."""

    round: int
    observations: dict[int, Observation] = field(default_factory=dict)
    proposal: Proposal | None = None
    attempt: Attempt | None = None
    sessions: int = 0
    left_out: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)

    def ready(self, params: Params, now: float) -> bool:
        """Whether to propose: all observations are there, or the time to observe is over and t are."""
        if self.proposal is not None:
            return False
        count = len(self.observations)
        return count == params.n or (count >= params.threshold and now >= observing_ends(params, self.round))

    def candidates(self, me: int, demerits: Mapping[int, int], params: Params) -> list[int]:
        """Members to ask for a share, the likeliest first: the leader, those who observed, those seldom at fault."""

        def rank(member: int) -> tuple[bool, bool, bool, int, int]:
            order = (member - self.round) % params.n
            absent = member not in self.observations
            return member != me, absent, member in self.again, demerits.get(member, 0), order

        return sorted((m for m in range(params.n) if m not in self.left_out), key=rank)

    def open(self, commitments: Mapping[int, Commitment], until: float) -> Session:
        """The next session, with `commitments` by identifier."""
        self.sessions += 1
        session = Session(self.sessions, tuple(commitments[i] for i in sorted(commitments)))
        self.attempt = Attempt(session, until)
        return session

    def current(self, sender: int, message: bytes, session: int) -> bool:
        """Whether an answer is `sender`'s to give to the session under way."""
        if self.proposal is None or self.attempt is None or self.attempt.session.of(sender + 1) is None:
            return False
        return message == self.proposal.id and session == self.attempt.session.number

    def refused(self, member: int, again: bool) -> None:
        """Ends the session under way. `again`: the member may be asked once more, after all others."""
        if not again or member in self.again:
            self.left_out.add(member)
        self.again.add(member)
        self.attempt = None

    def finish(self, public: PublicKeyPackage) -> tuple[bytes, bytes]:
        """R and z of a full session. Raises `InvalidShares` with the culprits, who are then left out."""
        assert self.proposal is not None
        assert self.attempt is not None
        attempt, self.attempt = self.attempt, None
        try:
            return aggregate(public, self.proposal.id, attempt.session.commitments, attempt.shares)
        except InvalidShares as error:
            self.left_out |= {identifier - 1 for identifier in error.culprits}
            raise

    def give_up(self) -> set[int]:
        """Ends the session under way; the members that were silent, who are left out of the next."""
        assert self.attempt is not None
        silent = {identifier - 1 for identifier in self.attempt.silent}
        self.left_out |= silent
        self.attempt = None
        return silent


def observing_ends(params: Params, round_: int) -> float:
    """When the leader stops waiting for observations: slot start + skew + half of what the slot leaves."""
    return params.begins(round_) + params.skew + _work(params) / 2


def session_length(params: Params) -> float:
    """Seconds that one session may take, so that n - t + 1 of them fit behind the observations."""
    return _work(params) / 2 / most_sessions(params)


def most_sessions(params: Params) -> int:
    """n - t + 1: each session that fails leaves a member out, and n - t is how many can be."""
    return params.n - params.threshold + 1


def _work(params: Params) -> float:
    """D of the design: the slot less the skew on both of its ends."""
    return float(params.slot - 2 * params.skew)
