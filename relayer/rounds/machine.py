"""One member in the rounds. Events go in with the clock's reading, effects come out; nothing here waits or does I/O.

A round of this member: the slot begins; it reads; it calls while a reason holds; it enters when it calls or when f+1
others do, which is its promise; it observes; it checks what the leader proposes, signs, and learns the certificate.
What comes from others has been judged before it gets here (`relayer.agreement.judging`).
"""

from collections.abc import Callable
from dataclasses import replace

from relayer.agreement.bundle import Bundle, CertifiedRound
from relayer.agreement.compute import Allot
from relayer.agreement.observation import ChainReading, Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Certified
from relayer.agreement.shareout import share_out
from relayer.agreement.voting import Memory, OwnReadings
from relayer.frost import KeyPackage
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect, note
from relayer.rounds.evidence import Witness
from relayer.rounds.leader import Leader
from relayer.rounds.messages import Call, Commitments, Kind, Proposed, Refused, Share, Sign
from relayer.rounds.nonces import Entropy, OwnNonces
from relayer.rounds.reasons import reasons
from relayer.rounds.safety import Safety
from relayer.rounds.signing import Signer
from relayer.rounds.slot import Early, Restored, SecondSelf, Slot

__all__ = ["Machine", "Restored", "SecondSelf", "Slot"]


class Machine:
    """`me` is the member's index, `sign` its Ed25519 signature over given bytes, `entropy(n)` n random bytes.

    Slots only go forward: while the clock stands in an earlier slot than one already begun, the member is silent.
    """

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
        self._sign = sign
        self._nonces = OwnNonces(key, entropy)
        self._safety = Safety(me, params, restored)
        self._signer = Signer(me, key, self._safety, self._nonces, allot)
        self._leader = Leader(me, key, sign, self._safety, self._signer, self._nonces, allot)
        self._witness = Witness(params)
        self._slot: Slot | None = None
        self._early: dict[int, Early] = {}

    @property
    def highest(self) -> tuple[Certified, CertifiedRound] | None:
        """The highest certificate known."""
        return self._safety.highest

    @property
    def memory(self) -> Memory:
        return self._safety.memory

    @property
    def slot(self) -> Slot | None:
        return self._slot

    # ---- time

    def hello(self, params: Params) -> list[Effect]:
        """At start: commitments for every other member, and the wish for theirs."""
        return [self._nonces.offer(m, wanted=True) for m in range(params.n) if m != self.me]

    def tick(self, now: float) -> list[Effect]:
        """To be called at every slot's start and whenever `wake` says."""
        out = self._advance(now)
        if here := self._here(now):
            out += self._leader.step(*here, now)
        return out

    def wake(self, now: float) -> float:
        """The next second at which something is due even if nothing comes in; `now` where it is overdue."""
        params = self._current(now)
        if params is None:
            return now + 1.0
        due = [float(params.begins(params.slot_at(now) + 1))]
        if (here := self._here(now)) and not here[1].done:
            due += self._leader.due(params, now)
        return max(now, min(due))

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

    def _advance(self, now: float) -> list[Effect]:
        """Begins the slot in which the clock stands, where it is a later one. A clock that is set back begins none
        anew: what was said and signed in it would be forgotten."""
        params = self._current(now)
        if params is None:
            return []
        round_ = params.slot_at(now)
        if self._slot is not None and round_ <= self._slot.round:
            return []
        early = self._early.pop(round_, Early())
        self._early = {}
        self._slot = Slot(round_, calls=early.calls, done=self._safety.known >= round_)
        self._witness.begin(round_)
        out: list[Effect] = [fx.Read(round_), *self._leader.begin(params, round_)]
        out += self._call_or_enter(params, self._slot)
        for observation in early.observations.values():
            out += self._hear(observation, params, self._slot, now)
        return out

    def _early_for(self, round_: int, params: Params, slot: Slot, now: float) -> Early | None:
        """Where to keep what comes for the next slot up to `skew` before it begins here."""
        if round_ != slot.round + 1 or params.begins(round_) - now > params.skew:
            return None
        return self._early.setdefault(round_, Early())

    # ---- calling, entering, observing

    def read(self, round_: int, readings: tuple[ChainReading, ...], now: float) -> list[Effect]:
        """The readings that `Read` asked for are there: whatever could not be read is absent."""
        out = self._advance(now)
        here = self._here(now)
        if here is None or here[1].round != round_ or here[1].readings is not None:
            return out
        here[1].readings = readings
        return out + self._call_or_enter(*here)

    def called(self, sender: int, round_: int, call: Call, now: float) -> list[Effect]:
        """A member wants a round. Who knows less than this member is answered with the highest certificate."""
        out = self._advance(now)
        if (here := self._here(now)) is None:
            return out
        params, slot = here
        highest = self._safety.highest
        if highest and call.known < highest[0].round and sender not in slot.answered and sender != self.me:
            slot.answered.add(sender)
            out.append(fx.Send(Kind.CERTIFICATE, highest[0].round, highest[0].encode(), sender))
        if round_ == slot.round:
            slot.calls.add(sender)
            out += self._call_or_enter(params, slot)
        elif early := self._early_for(round_, params, slot, now):
            early.calls.add(sender)
        return out

    def _call_or_enter(self, params: Params, slot: Slot) -> list[Effect]:
        out: list[Effect] = []
        if slot.done or self._safety.barred(slot.round):
            return out
        if not slot.called:
            highest = self._safety.highest
            if found := reasons(params, highest[1] if highest else None, slot.readings, slot.round):
                slot.called = True
                out.append(note("call", round=slot.round, reasons=sorted(set(found.values()))))
                out.append(fx.Send(Kind.CALL, slot.round, Call(self._safety.known).encode()))
        if slot.called or len(slot.calls - {self.me}) > params.faulty:
            slot.entered = True
            out += self._safety.enter(slot.round)
        if slot.entered and not slot.observed and slot.readings is not None:
            out += self._observe(params, slot, slot.readings)
        return out

    def _observe(self, params: Params, slot: Slot, readings: tuple[ChainReading, ...]) -> list[Effect]:
        """The member's only observation of the round; the very same one where it was made before a restart."""
        slot.observed = True
        if (said := self._safety.said(slot.round)) is not None:
            return [fx.Send(Kind.OBSERVATION, slot.round, said)]
        certified = self._safety.highest[0] if self._safety.highest else None
        proposals = self._safety.reports(slot.round)
        unsigned = Observation(params.config_id, params.epoch, slot.round, self.me, certified, proposals, readings)
        raw = replace(unsigned, signature=self._sign(unsigned.signed_part)).encode()
        return [*self._safety.observe(slot.round, raw), fx.Send(Kind.OBSERVATION, slot.round, raw)]

    def observed(self, observation: Observation, now: float) -> list[Effect]:
        """A judged observation, this member's own included. Raises `SecondSelf`."""
        out = self._advance(now)
        if (here := self._here(now)) is None:
            return out
        params, slot = here
        self._safety.check_self(observation)
        if observation.round == slot.round:
            return out + self._hear(observation, params, slot, now)
        if early := self._early_for(observation.round, params, slot, now):
            early.observations.setdefault(observation.member, observation)
        return out

    def _hear(self, observation: Observation, params: Params, slot: Slot, now: float) -> list[Effect]:
        if observation.config_id != params.config_id:
            return [note("observation.config", "warning", member=observation.member, round=slot.round)]
        out = self._witness.observation(observation)
        slot.seen.setdefault(observation.member, observation)
        if self._leader.leading is not None:
            self._leader.leading.observations.setdefault(observation.member, observation)
        return out + self._leader.step(params, slot, now)

    # ---- leading

    def bundle_wanted(self, now: float) -> tuple[Observation, ...] | None:
        """The observations to propose from, when it is time to propose; the runtime answers with `propose`."""
        here = self._here(now)
        return self._leader.wanted(*here, now) if here else None

    def propose(self, bundle: Bundle, now: float) -> list[Effect]:
        """Leads: computes the round from `bundle` and opens its first signing session."""
        out = self._advance(now)
        here = self._here(now)
        return out + self._leader.propose(bundle, *here, now) if here else out

    def share(self, sender: int, share: Share, now: float) -> list[Effect]:
        """A signature share, with a fresh commitment."""
        self._leader.peers.add(sender, share.fresh)
        out = self._advance(now)
        here = self._here(now)
        return out + self._leader.share(sender, share, *here, now) if here else out

    def refused(self, sender: int, refused: Refused, now: float) -> list[Effect]:
        """A member says that it does not sign."""
        out = self._advance(now)
        here = self._here(now)
        return out + self._leader.refused(sender, refused, *here, now) if here else out

    # ---- signing

    def proposed(self, sender: int, proposed: Proposed, bundle: Bundle, own: OwnReadings, now: float) -> list[Effect]:
        """The leader's proposal: its signature and its bundle's closure judged. `own` holds this member's readings by
        (chain, height). Raises `SecondSelf`."""
        out = self._advance(now)
        here = self._here(now)
        if here is None or proposed.proposal.round != here[1].round or sender == self.me:
            return out
        params, slot = here
        if sender != params.leader(slot.round):
            return [*out, note("proposal.stranger", "warning", member=sender, round=slot.round)]
        for observation in bundle.observations:
            self._safety.check_self(observation)
            out += self._witness.observation(observation)
        out += self._witness.proposal(proposed.proposal)
        if slot.done:
            return out
        if slot.proposal is None:
            slot.entered = True
            out += self._safety.enter(slot.round)
            out += self._signer.vote(proposed.proposal, bundle, params, own, slot)
        if slot.proposal is None or slot.proposal.id != proposed.proposal.id:
            return out
        out += self._signer.answer(proposed.session, sender, params, slot)
        if slot.asked and slot.asked.message == slot.proposal.id:
            out += self._signer.answer(slot.asked.session, sender, params, slot)
        return out

    def sign(self, sender: int, request: Sign, now: float) -> list[Effect]:
        """A further session for the proposal that this member has accepted, or is about to get."""
        out = self._advance(now)
        here = self._here(now)
        if here is None or sender == self.me or sender != here[0].leader(here[1].round) or here[1].done:
            return out
        params, slot = here
        if slot.proposal is None:
            slot.asked = request
            return out
        if slot.proposal.id != request.message:
            return out
        return out + self._signer.answer(request.session, sender, params, slot)

    # ---- certificates and commitments

    def certified(self, certified: Certified, known: CertifiedRound) -> list[Effect]:
        """A judged certificate, from anyone. The highest clears the reasons and ends the proposals below it."""
        out = self._safety.learn(certified, known)
        if self._slot is not None and self._slot.round <= self._safety.known:
            self._slot.done = True
        return out

    def commitments(self, sender: int, body: Commitments) -> list[Effect]:
        """A member's commitments for this one to use."""
        self._leader.peers.replace(sender, body.commitments)
        return [self._nonces.offer(sender, wanted=False)] if body.wanted and sender != self.me else []
