"""One member of the committee in memory: a real machine, judge, keys and nonces around a disk that outlives it.

It does what the daemon's loop does, without waiting: decodes what comes in, fetches and judges what it refers to,
hands it to the machine, and carries out the effects in order.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from nacl.signing import SigningKey

from chains.wire import EncodingError
from relayer.agreement.bundle import Bundle, Invalid
from relayer.agreement.judging import Checks, Judge, Missing, UnknownConfiguration
from relayer.agreement.observation import ChainReading, Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal
from relayer.frost import FrostError, KeyPackage
from relayer.rounds import effects as fx
from relayer.rounds.machine import Machine
from relayer.rounds.messages import Call, Commitments, Kind, Proposed, Refused, Share, Sign

from .disk import DURABLE, Disk

if TYPE_CHECKING:
    from .committee import Committee, Message

T = TypeVar("T")
Readings = tuple[ChainReading, ...]


class Crash(BaseException):
    """The process ends here, in the middle of what it does."""


class Node:
    """`sees(readings)` is what it makes of what the chains show; `allowed(effect)` raises `Crash` to end it."""

    def __init__(self, me: int, committee: "Committee", key: KeyPackage, identity: SigningKey, checks: Checks) -> None:
        self.me = me
        self.committee = committee
        self.key = key
        self.identity = identity
        self.disk = Disk()
        self.skew = 0.0
        self.params_at: Callable[[int], Params | None] = committee.params
        self.sees: Callable[[Readings], Readings] = lambda readings: readings
        self.before: Callable[[fx.Effect], None] = lambda effect: None
        self.notes: list[fx.Note] = []
        self.faults: list[tuple[int, Exception]] = []
        self.stopped: Exception | None = None
        self.machine: Machine | None = None
        self._checks = checks
        self._starts = 0
        self._drawn = 0
        self._cache: dict[bytes, bytes] = {}
        self._judge = self._new_judge()

    @property
    def clock(self) -> float:
        return self.committee.now + self.skew

    @property
    def up(self) -> bool:
        return self.machine is not None

    def noted(self, event: str) -> list[Mapping[str, Any]]:
        """The fields of every such note, oldest first."""
        return [n.fields for n in self.notes if n.event == event]

    def keep(self, blob: bytes) -> bytes:
        """Serves `blob` from now on; its digest."""
        self._put(blob)
        return self.committee.digest(blob)

    # ---- its life

    def judged(self, proposal: Proposal) -> Bundle:
        """The bundle of a proposal that it has all parts of."""
        return self._judge.basis(proposal.basis, proposal.round, self.blob)

    def start(self) -> None:
        """The process starts, from nothing but its disk."""
        self._starts += 1
        self._cache = {}
        self._judge = self._new_judge()
        restored = self.disk.restored(self._new_judge())
        self._judge = self._new_judge()
        self.machine = Machine(
            self.me, self.params_at, self.key, self.sign, self.entropy, restored, self.committee.allot
        )
        params = self.params_at(0)
        assert params is not None
        machine = self.machine
        self._step(lambda: machine.hello(params))

    def stop(self) -> None:
        self.machine = None

    def _new_judge(self) -> Judge:
        return Judge({p.config_id: p for p in self.committee.configs}, self._checks, self.committee.allot)

    def sign(self, message: bytes) -> bytes:
        return self.identity.sign(message).signature

    def entropy(self, count: int) -> bytes:
        """Different in every start and every draw, and the same in every run."""
        self._drawn += 1
        seed = f"{self.committee.seed} {self.me} {self._starts} {self._drawn}".encode()
        return b"".join(sha256(seed + bytes([i])).digest() for i in range(-(-count // 32)))[:count]

    # ---- what comes in

    def alarm(self) -> None:
        self._step(list)

    def receive(self, m: "Message") -> None:
        """A message whose envelope was proven: it is `m.source`'s, for this group and `m.round`."""
        if self.machine is None:
            return
        try:
            self._message(m)
        except (EncodingError, FrostError, Invalid, Missing, UnknownConfiguration) as error:
            self.faults.append((m.source, error))

    def _message(self, m: "Message") -> None:
        machine = self.machine
        assert machine is not None
        if m.kind == Kind.CALL:
            call = Call.decode(m.body)
            self._step(lambda: machine.called(m.source, m.round, call, self.clock))
        elif m.kind == Kind.COMMITMENTS:
            pairs = Commitments.decode(m.body, m.source + 1)
            self._step(lambda: machine.commitments(m.source, pairs))
        elif m.kind == Kind.OBSERVATION:
            self._observation(machine, m.source, m.body)
        elif m.kind == Kind.PROPOSAL:
            self._proposal(machine, m.source, Proposed.decode(m.body))
        elif m.kind == Kind.SIGN:
            request = Sign.decode(m.body)
            self._step(lambda: machine.sign(m.source, request, self.clock))
        elif m.kind == Kind.SHARE:
            share = Share.decode(m.body, m.source + 1)
            self._step(lambda: machine.share(m.source, share, self.clock))
        elif m.kind == Kind.REFUSAL:
            refused = Refused.decode(m.body)
            self._step(lambda: machine.refused(m.source, refused, self.clock))
        elif m.kind == Kind.CERTIFICATE:
            certified = Certified.decode(m.body)
            known = self._settled(m.source, lambda: self._judge.certified(certified, self.blob))
            self._step(lambda: machine.certified(certified, known))

    def _observation(self, machine: Machine, source: int, raw: bytes) -> None:
        observation = Observation.decode(raw)
        if observation.member != source:
            raise Invalid("an observation of another member")
        self._put(raw)
        self._settled(source, lambda: self._judge.observation(observation, self.blob))
        self._step(lambda: machine.observed(observation, self.clock))

    def _proposal(self, machine: Machine, source: int, proposed: Proposed) -> None:
        proposal = proposed.proposal
        self._settled(source, lambda: self._judge.proposed(proposal, self.blob))
        bundle = self._settled(source, lambda: self._judge.basis(proposal.basis, proposal.round, self.blob))
        own = self._own(bundle)
        self._step(lambda: machine.proposed(source, proposed, bundle, own, self.clock))

    def _own(self, bundle: Bundle) -> dict[tuple[str, int], ChainReading]:
        """This member's own readings at the checkpoints that the observers name."""
        world, found = self.committee.world, dict[tuple[str, int], ChainReading]()
        for theirs in (reading for o in bundle.observations for reading in o.chains):
            for mine in self.sees((world.read(theirs.chain, theirs.height),)):
                found[mine.chain, mine.height] = mine
        return found

    def _read(self, round_: int) -> None:
        machine = self.machine
        if machine is not None:
            found = self.sees(self.committee.world.read_all(self.committee.now))
            self._step(lambda: machine.read(round_, found, self.clock))

    # ---- blobs

    def blob(self, digest: bytes) -> bytes | None:
        return self._cache.get(digest) or self.disk.blob(digest)

    def _put(self, raw: bytes) -> None:
        self._cache[self.committee.digest(raw)] = raw

    def _settled(self, source: int, judge: Callable[[], T]) -> T:
        """The verdict, after fetching from the sender what it calls for."""
        while True:
            try:
                return judge()
            except Missing as missing:
                for digest in sorted(missing.digests):
                    blob = self.committee.fetch(self.me, source, digest)
                    if blob is None:
                        raise
                    self._put(blob)

    # ---- the machine

    def _step(self, step: Callable[[], list[fx.Effect]]) -> None:
        """One entry of the machine, as the daemon's: what is due, the event, and a proposal where it is time."""
        machine = self.machine
        if machine is None:
            return
        try:
            self._do(machine.tick(self.clock))
            self._do(step())
            if (wanted := machine.bundle_wanted(self.clock)) is not None:
                self._do(machine.propose(self._judge.bundle(wanted), self.clock))
        except Crash:
            self.stop()
            self.committee.crashed(self)
        except self.committee.fatal as error:
            self.stop()
            self.stopped = error
        else:
            self.committee.alarm_at(self, machine.wake(self.clock) - self.skew)

    def _do(self, effects: list[fx.Effect]) -> None:
        for effect in effects:
            self.before(effect)
            self._effect(effect)

    def _effect(self, effect: fx.Effect) -> None:
        committee = self.committee
        match effect:
            case fx.Read():
                committee.later(committee.reading_time, lambda: self._read(effect.round))
            case fx.Note():
                self.notes.append(effect)
            case fx.Dispute():
                self.disk.disputes.append(effect)
            case fx.Submit():
                committee.submitted(self, effect.certified)
            case fx.Send():
                if effect.kind == Kind.OBSERVATION:
                    self._put(effect.body)
                    committee.later(0.0, lambda: self.own_observation(effect.body))
                committee.send(self, effect)
        if isinstance(effect, DURABLE):
            if isinstance(effect, fx.RecordProposal):
                self._cache |= effect.blobs
            if isinstance(effect, fx.RecordCertificate):
                self._keep_books()
            self.disk.write(effect, self.blob)

    def _keep_books(self) -> None:
        """The books of a round that was computed here need no fetching."""
        slot = self.machine.slot if self.machine else None
        if slot is not None and slot.accepted is not None:
            self._put(slot.accepted.books.encoded)

    def own_observation(self, raw: bytes) -> None:
        """This member's own observation is judged like any other."""
        if self.machine is not None:
            try:
                self._observation(self.machine, self.me, raw)
            except (Invalid, Missing) as error:
                self.faults.append((self.me, error))
