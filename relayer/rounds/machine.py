"""One member in the rounds. Events go in with the clock's reading, effects come out; nothing here waits or does I/O.

A round of this member: the slot begins; it reads; it calls while a reason holds; it enters when it calls or when f+1
others do, which is its promise; it observes; it checks what the leader proposes, signs, and learns the certificate.
What comes from others has been judged before it gets here (`relayer.agreement.judging`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chains.encoding import Certificate
from chains.hashing import keccak256
from relayer.agreement.bundle import Bundle, CertifiedRound, ProposedRound, entries_of
from relayer.agreement.compute import Allot, Outcome
from relayer.agreement.observation import ChainReading, Observation, encode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal, encode_statements
from relayer.agreement.shareout import share_out
from relayer.agreement.voting import Lost, Memory, OwnReadings, Refusal, propose, vote
from relayer.frost import FrostError, InvalidShares, KeyPackage, round2
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect, note
from relayer.rounds.leading import Leading, observing_ends, session_length
from relayer.rounds.messages import Call, Commitments, Kind, Proposed, Refused, Session, Share, Sign, commitment_id
from relayer.rounds.nonces import Entropy, OwnNonces, PeerCommitments
from relayer.rounds.reasons import reasons

BATCH = 4


class SecondSelf(Exception):
    """A signed observation of this very member that this process did not make: another copy runs, or the store is
    older than what it has said. The member must stop."""


@dataclass
class Slot:
    """What the member has done and heard in one slot."""

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
    done: bool = False


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


class Machine:
    """`me` is the member's index, `sign` its Ed25519 signature over given bytes, `entropy(n)` n random bytes."""

    def __init__(
        self,
        me: int,
        params: Callable[[int], Params | None],
        key: KeyPackage,
        sign: Callable[[bytes], bytes],
        entropy: Entropy,
        restored: Restored,
        allot: Allot = share_out,
    ) -> None:
        self.me = me
        self._params_at = params
        self._key = key
        self._sign = sign
        self._allot = allot
        self._nonces = OwnNonces(key, entropy)
        self._peers = PeerCommitments()
        self._demerits: dict[int, int] = {}
        self._restored = restored
        self._signed = list(restored.signed)
        self._highest = restored.certified
        self._memory = Memory(
            restored.promise,
            dict(restored.messages),
            tuple(p for _, p in restored.signed),
            restored.certificates,
            restored.lost,
        )
        self._slot: Slot | None = None
        self._early: dict[int, set[int]] = {}
        self._leading: Leading | None = None

    @property
    def highest(self) -> tuple[Certified, CertifiedRound] | None:
        """The highest certificate known."""
        return self._highest

    @property
    def memory(self) -> Memory:
        return self._memory

    @property
    def slot(self) -> Slot | None:
        return self._slot

    # ---- time

    def hello(self, params: Params) -> list[Effect]:
        """At start: commitments for every other member, and the wish for theirs."""
        return [self._commitments_for(m, wanted=True) for m in range(params.n) if m != self.me]

    def tick(self, now: float) -> list[Effect]:
        """To be called at every slot's start and whenever `wake` says."""
        params = self._current(now)
        if params is None:
            return []
        out: list[Effect] = []
        round_ = params.slot_at(now)
        if self._slot is None or self._slot.round != round_:
            out += self._begin(params, round_)
        if self._leading is not None:
            out += self._lead(params, now)
        return out

    def wake(self, now: float) -> float:
        """The next second at which something is due even if nothing comes in."""
        params = self._current(now)
        if params is None:
            return now + 1.0
        due = [float(params.begins(params.slot_at(now) + 1))]
        if self._leading is not None and self._leading.proposal is None:
            due.append(observing_ends(params, self._leading.round))
        if self._leading is not None and self._leading.attempt is not None:
            due.append(self._leading.attempt.until)
        return min([t for t in due if t > now] or [now])

    def _current(self, now: float) -> Params | None:
        """The configuration in force in the slot of `now`; None before the committee's genesis."""
        params = self._params_at(0)
        if params is None or now < params.genesis:
            return None
        return self._params_at(params.slot_at(now))

    def _here(self, now: float) -> tuple[Params, Slot] | None:
        """Configuration and slot, where the clock still stands in the slot that was begun last."""
        params, slot = self._current(now), self._slot
        if params is None or slot is None or slot.round != params.slot_at(now):
            return None
        return params, slot

    def _begin(self, params: Params, round_: int) -> list[Effect]:
        self._slot = Slot(round_)
        self._slot.calls |= self._early.pop(round_, set())
        self._early = {k: v for k, v in self._early.items() if k > round_}
        self._leading = Leading(round_) if params.leader(round_) == self.me else None
        out: list[Effect] = [fx.Read(round_)]
        if self._leading:
            out += [
                self._commitments_for(m, wanted=True)
                for m in range(params.n)
                if m != self.me and not self._peers.count(m)
            ]
        return out + self._call_or_enter(params)

    # ---- calling, entering, observing

    def read(self, round_: int, readings: tuple[ChainReading, ...], now: float) -> list[Effect]:
        """The readings that `Read` asked for are there: whatever could not be read is absent."""
        here = self._here(now)
        if here is None or here[1].round != round_ or here[1].readings is not None:
            return []
        params, slot = here
        slot.readings = readings
        return self._call_or_enter(params)

    def called(self, sender: int, round_: int, call: Call, now: float) -> list[Effect]:
        """A member wants a round. Who knows less than this member is answered with the highest certificate."""
        if (here := self._here(now)) is None:
            return []
        params, slot = here
        out: list[Effect] = []
        if self._highest and call.known < self._highest[0].round and sender not in slot.answered:
            slot.answered.add(sender)
            out.append(fx.Send(Kind.CERTIFICATE, self._highest[0].round, self._highest[0].encode(), sender))
        if round_ == slot.round:
            slot.calls.add(sender)
            out += self._call_or_enter(params)
        elif round_ == slot.round + 1 and params.begins(round_) - now <= params.skew:
            self._early.setdefault(round_, set()).add(sender)
        return out

    def _call_or_enter(self, params: Params) -> list[Effect]:
        slot = self._slot
        assert slot is not None
        out: list[Effect] = []
        if slot.done or (slot.round < self._memory.promise and slot.round not in self._restored.observations):
            return out
        if not slot.called:
            found = reasons(params, self._highest[1] if self._highest else None, slot.readings, slot.round)
            if found:
                slot.called = True
                known = self._highest[0].round if self._highest else 0
                out.append(note("call", round=slot.round, reasons=sorted(set(found.values()))))
                out.append(fx.Send(Kind.CALL, slot.round, Call(known).encode()))
        if slot.called or len(slot.calls - {self.me}) > params.faulty:
            out += self._enter(slot)
        if slot.entered and not slot.observed and slot.readings is not None:
            out += self._observe(params, slot)
        return out

    def _enter(self, slot: Slot) -> list[Effect]:
        """Entering is the promise."""
        slot.entered = True
        if slot.round <= self._memory.promise:
            return []
        self._memory = replace(self._memory, promise=slot.round)
        return [fx.Promise(slot.round)]

    def _check_self(self, bundle: Bundle, slot: Slot) -> None:
        """Raises `SecondSelf` where the bundle holds an observation by this member that it did not make."""
        raw = self._restored.observations.get(slot.round)
        mine = slot.seen.get(self.me) or (Observation.decode(raw) if raw else None)
        for o in bundle.observations:
            if o.member == self.me and (mine is None or o.body != mine.body):
                raise SecondSelf(
                    f"round {slot.round} holds an observation by this member that this process did not make"
                )

    def _observe(self, params: Params, slot: Slot) -> list[Effect]:
        assert slot.readings is not None
        slot.observed = True
        if slot.round in self._restored.observations:
            raw = self._restored.observations[slot.round]
            return [fx.Send(Kind.OBSERVATION, slot.round, raw)]
        certified = self._highest[0] if self._highest else None
        proposals = tuple(p for p, _ in sorted(self._signed, key=lambda s: s[0].round))
        unsigned = Observation(params.config_id, params.epoch, slot.round, self.me, certified, proposals, slot.readings)
        observation = replace(unsigned, signature=self._sign(unsigned.signed_part))
        raw = observation.encode()
        return [fx.RecordObservation(slot.round, raw), fx.Send(Kind.OBSERVATION, slot.round, raw)]

    # ---- leading

    def observed(self, observation: Observation, now: float) -> list[Effect]:
        """A judged observation, this member's own included."""
        here = self._here(now)
        if here is None or observation.round != here[1].round:
            return []
        params, slot = here
        if observation.config_id != params.config_id:
            return [note("observation.config", "warning", member=observation.member, round=slot.round)]
        first = slot.seen.setdefault(observation.member, observation)
        if first.body != observation.body:
            evidence = (first.encode(), observation.encode())
            return [fx.Dispute("two observations", slot.round, observation.member, evidence)]
        if self._leading is None:
            return []
        self._leading.observations.setdefault(observation.member, observation)
        return self._lead(params, now)

    def bundle_wanted(self, now: float) -> tuple[Observation, ...] | None:
        """The observations to propose from, when it is time to propose; the runtime answers with `propose`."""
        here, leading = self._here(now), self._leading
        if here is None or leading is None or here[1].done or not here[1].entered:
            return None
        params, slot = here
        if slot.round in self._restored.proposed or not leading.ready(params, now):
            return None
        return tuple(leading.observations[m] for m in sorted(leading.observations))

    def propose(self, bundle: Bundle, now: float) -> list[Effect]:
        """Leads: computes the round from `bundle` and opens its first signing session."""
        here, leading = self._here(now), self._leading
        if here is None or leading is None or leading.proposal:
            return []
        params, slot = here
        try:
            outcome, header, basis = propose(bundle, params, self._allot)
        except Refusal as refusal:
            slot.done = True
            return [note("round.empty", "warning", round=slot.round, why=str(refusal))]
        unsigned = Proposal(header, basis)
        proposal = replace(unsigned, signature=self._sign(unsigned.signed_part))
        leading.proposal = proposal
        blobs = _blobs(outcome, bundle)
        out: list[Effect] = [fx.RecordProposal(slot.round, proposal.encode(), blobs)]
        out += self._vote(proposal, bundle, params, self._readings(slot), slot)
        if slot.accepted is None:
            return out
        return out + self._session(params, now)

    def _lead(self, params: Params, now: float) -> list[Effect]:
        leading, slot = self._leading, self._slot
        assert leading is not None
        assert slot is not None
        if leading.attempt is None or slot.done:
            return []
        if leading.attempt.full:
            return self._finish(params, now)
        if now >= leading.attempt.until:
            silent = leading.give_up()
            for member in silent:
                self._demerits[member] = self._demerits.get(member, 0) + 1
            out: list[Effect] = [note("session.silent", "warning", round=slot.round, members=sorted(silent))]
            return out + self._session(params, now)
        return []

    def _session(self, params: Params, now: float) -> list[Effect]:
        """Opens the next signing session with t members that have a commitment left."""
        leading, slot = self._leading, self._slot
        assert leading is not None
        assert slot is not None
        assert leading.proposal is not None
        able = [m for m in leading.candidates(self.me, self._demerits, params) if m == self.me or self._peers.count(m)]
        if len(able) < params.threshold or leading.sessions > params.n - params.threshold:
            slot.done = True
            return [note("round.unsigned", "warning", round=slot.round, able=len(able), sessions=leading.sessions)]
        commitments = {}
        for member in able[: params.threshold]:
            taken = self._nonces.fresh(self.me) if member == self.me else self._peers.take(member)
            assert taken is not None
            commitments[member + 1] = taken
        session = leading.open(commitments, now + session_length(params))
        first = leading.sessions == 1
        body = Proposed(leading.proposal, session).encode() if first else Sign(leading.proposal.id, session).encode()
        kind = Kind.PROPOSAL if first else Kind.SIGN
        own, share = self._share(leading.proposal, session, self.me)
        out: list[Effect] = [*own, fx.Send(kind, slot.round, body)]
        if share is not None and leading.attempt is not None:
            leading.attempt.shares[self.me + 1] = share.share
            out += self._lead(params, now)
        return out

    def share(self, sender: int, share: Share, now: float) -> list[Effect]:
        """A signature share for the session under way; any other is too late."""
        self._peers.add(sender, share.fresh)
        params, leading = self._current(now), self._leading
        if params is None or leading is None or leading.proposal is None or leading.attempt is None:
            return []
        if share.message != leading.proposal.id or share.session != leading.attempt.session.number:
            return []
        if leading.attempt.session.of(sender + 1) is None:
            return []
        leading.attempt.shares.setdefault(sender + 1, share.share)
        return self._lead(params, now)

    def refused(self, sender: int, refused: Refused, now: float) -> list[Effect]:
        """A member says that it does not sign: the session goes on without waiting for it."""
        params, leading = self._current(now), self._leading
        out: list[Effect] = [note("refused", "warning", member=sender, code=refused.code, why=refused.text)]
        if params is None or leading is None or leading.proposal is None or leading.attempt is None:
            return out
        attempt = leading.attempt
        current = refused.message == leading.proposal.id and refused.session == attempt.session.number
        if not current or attempt.session.of(sender + 1) is None or sender + 1 in attempt.shares:
            return out
        leading.left_out.add(sender)
        leading.attempt = None
        return out + self._session(params, now)

    def _finish(self, params: Params, now: float) -> list[Effect]:
        leading, slot = self._leading, self._slot
        assert leading is not None
        assert slot is not None
        assert leading.proposal is not None
        try:
            r, z = leading.finish(self._key.public)
        except InvalidShares as error:
            culprits = sorted(i - 1 for i in error.culprits)
            for member in culprits:
                self._demerits[member] = self._demerits.get(member, 0) + 1
            out: list[Effect] = [note("share.invalid", "error", round=slot.round, members=culprits)]
            return out + self._session(params, now)
        except FrostError as error:
            slot.done = True
            return [note("round.unsigned", "error", round=slot.round, why=str(error))]
        assert slot.accepted is not None
        certified = Certified(Certificate(leading.proposal.header, r, z), leading.proposal.basis)
        known = _certified_round(certified, slot.accepted, params)
        return [fx.Send(Kind.CERTIFICATE, slot.round, certified.encode()), *self.certified(certified, known)]

    # ---- signing

    def proposed(self, sender: int, proposed: Proposed, bundle: Bundle, own: OwnReadings, now: float) -> list[Effect]:
        """The leader's proposal, its closure judged. `own` holds this member's readings by (chain, height)."""
        here = self._here(now)
        if here is None or proposed.proposal.round != here[1].round or here[1].done:
            return []
        params, slot = here
        if sender != params.leader(slot.round):
            return [note("proposal.stranger", "warning", member=sender, round=slot.round)]
        self._check_self(bundle, slot)
        out = self._enter(slot)
        if slot.proposal is not None and slot.proposal.id != proposed.proposal.id:
            evidence = (slot.proposal.encode(), proposed.proposal.encode())
            return [*out, fx.Dispute("two proposals", slot.round, sender, evidence)]
        if slot.proposal is None:
            out += self._vote(proposed.proposal, bundle, params, own, slot)
        return out + self._answer(proposed.proposal, proposed.session, sender, slot)

    def sign(self, sender: int, request: Sign, now: float) -> list[Effect]:
        """A further session for the proposal that this member has accepted."""
        here = self._here(now)
        if here is None or sender != here[0].leader(here[1].round):
            return []
        slot = here[1]
        if slot.done or slot.proposal is None or slot.proposal.id != request.message:
            return []
        return self._answer(slot.proposal, request.session, sender, slot)

    def _vote(self, proposal: Proposal, bundle: Bundle, params: Params, own: OwnReadings, slot: Slot) -> list[Effect]:
        slot.proposal = proposal
        try:
            slot.accepted = vote(proposal, bundle, params, self._memory, own, self._allot)
        except Refusal as refusal:
            return [note("refuse", "warning", round=slot.round, code=refusal.code, why=str(refusal))]
        found = [
            note("outlier", "warning", chain=chain, round=slot.round, members=sorted(v.outliers))
            for chain, v in slot.accepted.verdicts.items()
            if v.outliers
        ]
        split = [
            note("split", "error", chain=chain, round=slot.round, items=len(v.split))
            for chain, v in slot.accepted.verdicts.items()
            if v.split
        ]
        return [*found, *split]

    def _answer(self, proposal: Proposal, session: Session, leader: int, slot: Slot) -> list[Effect]:
        """A share, or a refusal, where the session calls for this member."""
        if session.of(self.me + 1) is None:
            return []
        if slot.accepted is None:
            refusal = Refused(proposal.id, session.number, "vote", "the proposal was not accepted; see the log")
            return [fx.Send(Kind.REFUSAL, slot.round, refusal.encode(), leader)]
        out, share = self._share(proposal, session, leader)
        if share is None:
            refusal = Refused(proposal.id, session.number, "commitment", "the commitment is not known or was used")
            fresh = self._commitments_for(leader, wanted=False)
            return [*out, fx.Send(Kind.REFUSAL, slot.round, refusal.encode(), leader), fresh]
        return [*out, fx.Send(Kind.SHARE, slot.round, share.encode(), leader)]

    def _share(self, proposal: Proposal, session: Session, leader: int) -> tuple[list[Effect], Share | None]:
        """The effects that must be done before the share leaves, and the share."""
        mine = session.of(self.me + 1)
        nonces = self._nonces.take(leader, mine) if mine else None
        if mine is None or nonces is None:
            return [], None
        try:
            z = round2.sign(self._key, nonces, proposal.id, session.commitments)
        except FrostError as error:
            return [note("session.bad", "warning", round=proposal.round, why=str(error))], None
        self._remember(proposal)
        record = fx.RecordSignature(proposal.round, proposal.id, proposal.encode(), commitment_id(mine))
        return [record], Share(proposal.id, session.number, z, self._nonces.fresh(leader))

    def _remember(self, proposal: Proposal) -> None:
        if any(p.id == proposal.id for p, _ in self._signed):
            return
        slot, params = self._slot, self._params_at(proposal.round)
        assert slot is not None
        assert slot.accepted is not None
        assert params is not None
        self._signed.append((proposal, _proposed_round(proposal, slot.accepted, params)))
        self._memory = replace(
            self._memory,
            promise=max(self._memory.promise, proposal.round),
            messages={**self._memory.messages, proposal.round: proposal.id},
            signed=tuple(p for _, p in self._signed),
        )

    # ---- certificates and commitments

    def certified(self, certified: Certified, known: CertifiedRound) -> list[Effect]:
        """A judged certificate, from anyone. The highest clears the reasons and ends the proposals below it."""
        if self._highest and certified.round <= self._highest[0].round:
            return []
        self._highest = certified, known
        self._signed = [s for s in self._signed if s[0].round > certified.round]
        certificates = (*self._memory.certificates[-63:], known)
        self._memory = replace(self._memory, signed=tuple(p for _, p in self._signed), certificates=certificates)
        if self._slot is not None and self._slot.round <= certified.round:
            self._slot.done = True
        return [
            fx.RecordCertificate(certified),
            note("certified", round=certified.round, statements=sum(map(len, known.entries.values()))),
            fx.Submit(certified),
        ]

    def commitments(self, sender: int, body: Commitments) -> list[Effect]:
        """A member's commitments for this one to use."""
        self._peers.replace(sender, body.commitments)
        return [self._commitments_for(sender, wanted=False)] if body.wanted else []

    def _commitments_for(self, member: int, wanted: bool) -> Effect:
        body = Commitments(wanted, self._nonces.batch(member, BATCH))
        return fx.Send(Kind.COMMITMENTS, 0, body.encode(), member)

    @staticmethod
    def _readings(slot: Slot) -> OwnReadings:
        return {(r.chain, r.height): r for r in slot.readings or ()}


def _blobs(outcome: Outcome, bundle: Bundle) -> dict[bytes, bytes]:
    """Books, statements and manifest of a proposal, by digest."""
    parts = (
        outcome.books.encoded,
        encode_statements(outcome.leaves),
        encode_manifest(tuple(o.digest for o in bundle.observations)),
    )
    return {keccak256(part): part for part in parts}


def _proposed_round(proposal: Proposal, outcome: Outcome, params: Params) -> ProposedRound:
    return ProposedRound(proposal.id, proposal.round, params.epoch, entries_of(outcome.leaves, params))


def _certified_round(certified: Certified, outcome: Outcome, params: Params) -> CertifiedRound:
    entries = entries_of(outcome.leaves, params)
    return CertifiedRound(certified.id, certified.round, params.epoch, entries, outcome.books)
