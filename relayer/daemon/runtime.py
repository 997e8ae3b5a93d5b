"""The loop around the rounds' machine: clock and bus in, effects out, in order.

Messages are judged before the machine sees them: what a message refers to is fetched first, each in a task of its own,
so that a slow or hostile sender holds up nobody else. The machine itself is entered by one at a time; each batch of its
effects is carried out in order, and a record that cannot be made durable ends the process before anything after it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from chains.encoding import MintCap
from chains.types import Log
from chains.wire import EncodingError
from relayer.agreement.bundle import Bundle, CertifiedRound, Invalid
from relayer.agreement.closures import closure
from relayer.agreement.judging import Judge, Missing, UnknownConfiguration
from relayer.agreement.observation import ChainReading, Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal, decode_statements
from relayer.bus.bus import Bus, Incoming
from relayer.bus.errors import FetchFailed
from relayer.daemon.admission import Admission
from relayer.daemon.blobs import BlobCache
from relayer.daemon.reading import Readings
from relayer.daemon.recording import Recorder, SafetyStore
from relayer.daemon.settling import Settler, Unjudged
from relayer.daemon.submitting import Submitter, jobs
from relayer.daemon.telling import Findings, Meter, Teller
from relayer.frost import FrostError
from relayer.rounds import effects as fx
from relayer.rounds.leading import session_length
from relayer.rounds.machine import Machine
from relayer.rounds.messages import Call, Commitments, Kind, Proposed, Refused, Share, Sign


class Runtime:
    """Owns the machine. `now()` is Unix seconds."""

    def __init__(
        self,
        machine: Machine,
        params: Callable[[int], Params | None],
        judge: Judge,
        bus: Bus,
        store: SafetyStore,
        blobs: BlobCache,
        readings: Readings,
        submitter: Submitter,
        now: Callable[[], float],
        log: Log,
        meter: Meter,
        blob_limit: int,
        prune: Callable[[], object],
    ) -> None:
        self._machine = machine
        self._params = params
        self._judge = judge
        self._bus = bus
        self._store = store
        self._blobs = blobs
        self._readings = readings
        self._submitter = submitter
        self._now = now
        self._meter = meter
        self._entry = asyncio.Lock()
        self._tasks: asyncio.TaskGroup | None = None
        self._kick = asyncio.Event()
        self._admission = Admission()
        self._ground: Mapping[bytes, bytes] = {}
        self._teller = Teller(log, meter)
        self._settler = Settler(bus, blobs, self._admission, blob_limit)
        self._recorder = Recorder(machine, store, blobs, judge, self._teller, prune)

    @property
    def findings(self) -> Findings:
        """What is worth telling an operator."""
        return self._teller.findings

    async def run(self, outstanding: Iterable[tuple[Certified, CertifiedRound]] = ()) -> None:
        """Until cancelled. `outstanding`: the certificates of before a restart, oldest first, so that the newest
        statement of a route which later ones left out is known again. Raises what must stop a member: `StoreFailed`,
        `SecondSelf`, `SecondCopy`."""
        self._bus.serve_blobs(self._blobs)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            if (first := self._params(0)) is not None:
                await self._do(self._machine.hello(first))
            for certified, known in outstanding:
                self._submit(certified, known)
            tasks.create_task(self._clock())
            tasks.create_task(self._listen())

    async def _clock(self) -> None:
        while True:
            await self._enter(lambda: self._machine.tick(self._now()))
            self._kick.clear()  # only now: entering sets it, and what came meanwhile has been acted on
            delay = self._machine.wake(self._now()) - self._now()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, delay)):
                    await self._kick.wait()

    async def _listen(self) -> None:
        async for incoming in self._bus.messages():
            params = self._params(0)
            if params is None or not self._admission.take(incoming, params.slot_at(self._now())):
                self._meter.event("message.excess")
                continue
            self._spawn(self._framed(incoming))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._tasks is not None
        self._tasks.create_task(work)

    async def _framed(self, m: Incoming) -> None:
        try:
            await self._guarded(m)
        finally:
            self._admission.done(m.sender)

    async def _guarded(self, m: Incoming) -> None:
        """What a message contains is its sender's to answer for: nothing in it stops this member."""
        try:
            await self._message(m)
        except (EncodingError, FrostError) as error:
            self._teller.tell("message.malformed", member=m.sender, kind=m.kind, why=str(error))
        except Invalid as error:
            self._teller.tell("message.invalid", member=m.sender, kind=m.kind, why=str(error))
            self._recorder.dispute("invalid", m.round, m.sender, m.body)
        except (FetchFailed, UnknownConfiguration, Missing) as error:
            self._teller.tell("message.incomplete", member=m.sender, kind=m.kind, why=str(error))
        except Unjudged as error:
            self._teller.tell("message.unjudged", member=m.sender, kind=m.kind, why=str(error))

    async def _message(self, m: Incoming) -> None:
        machine, now = self._machine, self._now
        if m.kind == Kind.CALL:
            call = Call.decode(m.body)
            await self._enter(lambda: machine.called(m.sender, m.round, call, now()))
        elif m.kind == Kind.COMMITMENTS:
            pairs = Commitments.decode(m.body, m.sender + 1)
            await self._enter(lambda: machine.commitments(m.sender, pairs))
        elif m.kind == Kind.OBSERVATION:
            await self._observation(m.sender, m.round, m.body)
        elif m.kind == Kind.PROPOSAL:
            await self._proposal(m.sender, Proposed.decode(m.body))
        elif m.kind == Kind.SIGN:
            request = Sign.decode(m.body)
            await self._enter(lambda: machine.sign(m.sender, request, now()))
        elif m.kind == Kind.SHARE:
            share = Share.decode(m.body, m.sender + 1)
            await self._enter(lambda: machine.share(m.sender, share, now()))
        elif m.kind == Kind.REFUSAL:
            refused = Refused.decode(m.body)
            await self._enter(lambda: machine.refused(m.sender, refused, now()))
        elif m.kind == Kind.CERTIFICATE:
            await self._certificate(m.sender, Certified.decode(m.body))

    # ---- judging

    async def _observation(self, sender: int, round_: int, raw: bytes) -> None:
        observation = Observation.decode(raw)
        if (observation.member, observation.round) != (sender, round_):
            raise EncodingError("an observation of another member or round than its envelope's")
        self._blobs.put(raw)
        self._blobs.fix(round_, await self._settler.settled(sender, lambda: self._whole(observation)))
        await self._enter(lambda: self._machine.observed(observation, self._now()))

    def _whole(self, observation: Observation) -> Mapping[bytes, bytes]:
        """The observation's closure, judged. Raises as judging does."""
        self._judge.observation(observation, self._blobs)
        return closure([observation], self._blobs, self._judge.dropped)

    async def _proposal(self, sender: int, proposed: Proposed) -> None:
        proposal = proposed.proposal
        params = self._params(proposal.round)
        if params is None or params.slot_at(self._now()) != proposal.round or sender != params.leader(proposal.round):
            return
        bundle, ground = await self._settler.settled(sender, lambda: self._grounded(proposal))
        own = await self._own(bundle, session_length(params) / 2)
        self._recorder.note(proposal, ground)
        await self._enter(lambda: self._machine.proposed(sender, proposed, bundle, own, self._now()))
        slot = self._machine.slot
        if slot is not None and slot.accepted is not None:
            self._blobs.put(slot.accepted.books.encoded)  # computed here: the certificate needs no fetching

    def _grounded(self, proposal: Proposal) -> tuple[Bundle, Mapping[bytes, bytes]]:
        """The proposal's bundle, and all that must be durable with a signature on it. Raises as judging does."""
        self._judge.proposed(proposal, self._blobs)
        bundle = self._judge.basis(proposal.basis, proposal.round, self._blobs)
        named = (proposal.basis.statements, proposal.basis.observations)
        own = self._blobs.collect(named)
        if len(own) < len(set(named)):
            raise Missing(set(named) - own.keys())
        return bundle, {**closure(bundle.observations, self._blobs, self._judge.dropped), **own}

    async def _certificate(self, sender: int, certified: Certified) -> None:
        highest = self._machine.highest
        if highest is not None and (highest[0].round > certified.round or highest[0].id == certified.id):
            return
        known, statements = await self._settler.settled(sender, lambda: self._with_statements(certified))

        def learn() -> list[fx.Effect]:
            self._blobs.put(statements)  # the cache may have let go of it meanwhile
            return self._machine.certified(certified, known)

        await self._enter(learn)

    def _with_statements(self, certified: Certified) -> tuple[CertifiedRound, bytes]:
        known = self._judge.certified(certified, self._blobs)
        statements = self._blobs(certified.basis.statements)
        if statements is None:
            raise Missing([certified.basis.statements])
        return known, statements

    async def _own(self, bundle: Bundle, deadline: float) -> dict[tuple[str, int], ChainReading]:
        named = [reading for o in bundle.observations for reading in o.chains]
        return await self._readings.own(named, deadline)

    # ---- the machine

    async def _enter(self, step: Callable[[], list[fx.Effect]]) -> None:
        async with self._entry:
            await self._do(self._machine.tick(self._now()))
            await self._do(step())
            wanted = self._machine.bundle_wanted(self._now())
            if wanted is not None:
                await self._propose(wanted)
        self._kick.set()

    async def _propose(self, wanted: tuple[Observation, ...]) -> None:
        try:
            bundle = self._judge.bundle(wanted)
            self._ground = closure(wanted, self._blobs, self._judge.dropped)
        except Missing as error:  # a verdict or a part was forgotten meanwhile: this slot is lost, nothing else
            self._teller.tell("round.forgotten", why=str(error))
            return
        await self._do(self._machine.propose(bundle, self._now()))

    async def _do(self, effects: Iterable[fx.Effect]) -> None:
        for effect in effects:
            await self._effect(effect)

    async def _effect(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Read():
                self._spawn(self._read(effect.round))
            case fx.Promise():
                self._store.raise_promise(effect.round)
            case fx.RecordObservation():
                self._store.record_observation(effect.round, effect.raw)
            case fx.RecordProposal():
                self._recorder.proposal(effect, self._ground)
            case fx.RecordSignature():
                self._recorder.signature(effect)
            case fx.RecordCertificate():
                self._recorder.certificate(effect.certified)
            case fx.Send():
                await self._send(effect)
            case fx.Submit():
                if (known := self._machine.highest) is not None:
                    self._submit(*known)
            case fx.Dispute():
                self._recorder.dispute(effect.kind, effect.round, effect.culprit, b"".join(effect.evidence))
                self._teller.tell("dispute", kind=effect.kind, round=effect.round, member=effect.culprit)
            case fx.Note():
                self._teller.note(effect)

    async def _send(self, send: fx.Send) -> None:
        epoch = params.epoch if (params := self._params(send.round)) else 0
        if send.kind == Kind.OBSERVATION:
            # This member's own observation is judged like any other.
            self._blobs.put(send.body)
            self._spawn(self._guarded(Incoming(self._machine.me, send.kind, epoch, send.round, send.body)))
        await self._bus.send(send.kind, epoch, send.round, send.body, send.to)

    async def _read(self, round_: int) -> None:
        params = self._params(round_)
        assert params is not None
        found = await self._readings.read(params)
        await self._enter(lambda: self._machine.read(round_, found, self._now()))

    def _submit(self, certified: Certified, known: CertifiedRound) -> None:
        params = self._params(known.round)
        blob = self._blobs(certified.basis.statements)
        if params is not None and blob is not None:
            leaves = tuple(leaf for leaf in decode_statements(blob) if isinstance(leaf, MintCap))
            self._submitter.offer(jobs(certified.certificate, leaves, known.books), params)
