"""What binds the member, as its safety store holds it: the machine's image of it, changed only together with an effect
that makes the change durable."""

from collections.abc import Callable
from dataclasses import replace

from relayer.agreement.books import Entry
from relayer.agreement.bundle import CertifiedRound, ProposedRound, entries_of
from relayer.agreement.compute import Outcome
from relayer.agreement.observation import Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal
from relayer.agreement.voting import Memory
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect, note
from relayer.rounds.slot import Restored, SecondSelf


class Safety:
    """The promise, the messages signed, the highest certificate, and what earlier runs of this member said."""

    def __init__(self, me: int, params: Callable[[int], Params | None], restored: Restored) -> None:
        self._me = me
        self._params_at = params
        self._observed = dict(restored.observations)
        self._signed = list(restored.signed)
        self.proposed = restored.proposed
        self.highest = restored.certified
        self.memory = Memory(
            restored.promise,
            dict(restored.messages),
            tuple(p for _, p in restored.signed),
            restored.certificates,
            restored.lost,
        )

    @property
    def known(self) -> int:
        """The round of the highest certificate known; 0 for none."""
        return self.highest[0].round if self.highest else 0

    def barred(self, round_: int) -> bool:
        """Whether the member has no part in `round_`: it promised a later one, or lost its store and may have had a
        part in the round before."""
        lost = self.memory.lost
        return round_ < self.memory.promise or (lost is not None and round_ < lost.first_round)

    def enter(self, round_: int) -> list[Effect]:
        """Entering is the promise."""
        if round_ <= self.memory.promise:
            return []
        self.memory = replace(self.memory, promise=round_)
        return [fx.Promise(round_)]

    def said(self, round_: int) -> bytes | None:
        """This member's observation of `round_`, as far as it is remembered: that of the promise's round always is."""
        return self._observed.get(round_)

    def observe(self, round_: int, raw: bytes) -> list[Effect]:
        """`raw` is the member's only observation of `round_`."""
        self._observed = {k: o for k, o in self._observed.items() if k >= self.memory.promise} | {round_: raw}
        return [fx.RecordObservation(round_, raw)]

    def reports(self, round_: int) -> tuple[Proposal, ...]:
        """The proposals for an observation of `round_`: all that were signed above the highest certificate, rising."""
        return tuple(p for p, _ in sorted(self._signed, key=lambda s: s[0].round) if p.round < round_)

    def sign(self, proposal: Proposal, outcome: Outcome, params: Params) -> None:
        """The proposal is signed: its message is the round's, for ever."""
        if any(p.id == proposal.id for p, _ in self._signed):
            return
        entries = entries_of(outcome.leaves, params)
        self._signed.append((proposal, ProposedRound(proposal.id, proposal.round, params.epoch, entries)))
        messages = {k: m for k, m in self.memory.messages.items() if k >= self.memory.promise}
        self.memory = replace(
            self.memory,
            promise=max(self.memory.promise, proposal.round),
            messages={**messages, proposal.round: proposal.id},
            signed=tuple(p for _, p in self._signed),
        )

    def learn(self, certified: Certified, known: CertifiedRound) -> list[Effect]:
        """A judged certificate. The highest clears the reasons and ends the proposals below it."""
        if self.highest and certified.round == self.highest[0].round and certified.id != self.highest[0].id:
            return self._fork(certified)
        if certified.round <= self.known:
            return []
        self.highest = certified, known
        self._signed = [s for s in self._signed if s[0].round > certified.round]
        older = (left for c in self.memory.certificates if (left := self._uncovered(c, known)).entries)
        self.memory = replace(self.memory, signed=tuple(p for _, p in self._signed), certificates=(*older, known))
        return [
            fx.RecordCertificate(certified),
            note("certified", round=certified.round, statements=sum(map(len, known.entries.values()))),
            fx.Submit(certified),
        ]

    def _fork(self, certified: Certified) -> list[Effect]:
        """Two certificates of one round: its leader proposed twice, and more than f members signed both."""
        assert self.highest is not None
        params = self._params_at(certified.round)
        culprit = params.leader(certified.round) if params else 0
        evidence = (self.highest[0].encode(), certified.encode())
        return [fx.Dispute("two certificates", certified.round, culprit, evidence)]

    def _uncovered(self, old: CertifiedRound, new: CertifiedRound) -> CertifiedRound:
        """`old` with the entries that a vote must still look for. What the newer certificate covers is covered by
        whatever covers that one; what ended a longest lease ago can no longer matter to anybody."""
        params = self._params_at(old.round)
        chains = {d.domain: d.chain for r in params.routes for d in r.deployments} if params else {}
        spare = params.longest_lease if params else 0

        def matters(route: bytes, entry: Entry) -> bool:
            later = next((e for e in new.entries.get(route, ()) if e.domain == entry.domain), None)
            if later and later.cap >= entry.cap and later.expires_at >= entry.expires_at:
                return False
            chain = chains.get(entry.domain)
            return chain is None or entry.expires_at + spare >= new.books.horizon(chain)

        left = {route: tuple(e for e in entries if matters(route, e)) for route, entries in old.entries.items()}
        return replace(old, entries={route: entries for route, entries in left.items() if entries})

    def check_self(self, o: Observation) -> None:
        """Raises `SecondSelf` where `o`, judged and this member's, is none that it made. Each of its observations was
        durable before it was sent, and the promise before that; what it said before a loss of the store is no sign."""
        lost = self.memory.lost
        if o.member != self._me or (lost is not None and o.round < lost.first_round):
            return
        raw = self.said(o.round)
        if o.round >= self.memory.promise if raw is None else Observation.decode(raw).body != o.body:
            raise SecondSelf(f"round {o.round} has an observation by this member that this process did not make")
