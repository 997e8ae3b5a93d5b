"""Making durable what the machine asks for, together with all that it stands on."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from relayer.agreement.judging import Judge
from relayer.agreement.records import Basis, Certified, Proposal
from relayer.daemon.blobs import BlobCache
from relayer.daemon.pruning import EVERY
from relayer.daemon.telling import Teller
from relayer.rounds import effects as fx
from relayer.rounds.machine import Machine

KEPT_VERDICTS = 4096


class SafetyStore(Protocol):
    """The part of the store that the rounds write to. Every call is durable when it returns, or raises."""

    def raise_promise(self, round: int) -> None: ...  # noqa: A002 - the protocol's term

    def record_observation(self, round: int, raw: bytes) -> None: ...  # noqa: A002

    def record_proposal(self, round: int, raw: bytes) -> None: ...  # noqa: A002

    def record_signature(
        self,
        round: int,  # noqa: A002
        message: bytes,
        proposal_raw: bytes,
        commitment_id: bytes,
        closure: Any,
    ) -> None: ...

    def record_certificate(self, round: int, digest: bytes, raw: bytes) -> None: ...  # noqa: A002

    def record_dispute(self, kind: str, round: int, culprit: int, raw: bytes) -> None: ...  # noqa: A002

    def put_blobs(self, blobs: Any) -> None: ...


class Recorder:
    """Every call is durable when it returns, or raises `StoreError`."""

    def __init__(
        self,
        machine: Machine,
        store: SafetyStore,
        blobs: BlobCache,
        judge: Judge,
        teller: Teller,
        prune: Callable[[], object],
    ) -> None:
        self._machine = machine
        self._store = store
        self._blobs = blobs
        self._judge = judge
        self._teller = teller
        self._prune = prune
        self._recent: dict[Basis, tuple[int, Mapping[bytes, bytes]]] = {}
        self._certificates = 0

    def note(self, proposal: Proposal, ground: Mapping[bytes, bytes]) -> None:
        """Remembers what must be durable with a signature on this proposal."""
        self._recent = {basis: kept for basis, kept in self._recent.items() if kept[0] >= proposal.round - 1}
        self._recent[proposal.basis] = proposal.round, ground

    def proposal(self, effect: fx.RecordProposal, ground: Mapping[bytes, bytes]) -> None:
        """A proposal of this member's own; `ground`: its observations' closures."""
        for blob in effect.blobs.values():
            self._blobs.put(blob)
        self.note(Proposal.decode(effect.raw), {**ground, **effect.blobs})
        self._store.put_blobs(effect.blobs)
        self._store.record_proposal(effect.round, effect.raw)

    def signature(self, effect: fx.RecordSignature) -> None:
        _, ground = self._recent[Proposal.decode(effect.proposal).basis]
        accepted = self._machine.slot.accepted if self._machine.slot else None
        # The books were computed here and never fetched: others will ask for them once the round is certified.
        books = {} if accepted is None else {accepted.books.digest: accepted.books.encoded}
        self._store.record_signature(
            effect.round, effect.message, effect.proposal, effect.commitment, {**ground, **books}
        )

    def certificate(self, certified: Certified) -> None:
        highest = self._machine.highest
        kept = dict(self._recent[certified.basis][1]) if certified.basis in self._recent else {}
        if highest is not None and highest[0].id == certified.id:
            kept[certified.basis.books] = highest[1].books.encoded
        named = {certified.basis.books, certified.basis.statements}
        kept |= self._blobs.collect(named - kept.keys())
        if not named <= kept.keys():  # without them the store could not be taken up again after a restart
            self._teller.tell("certificate.incomplete", round=certified.round)
            return
        self._store.put_blobs(kept)
        self._store.record_certificate(certified.round, certified.id, certified.encode())
        self._judge.forget(certified.round - KEPT_VERDICTS)
        self._certificates += 1
        if self._certificates % EVERY == 0:
            self._prune()

    def dispute(self, kind: str, round_: int, culprit: int, evidence: bytes) -> None:
        """Signed evidence against a member."""
        self._store.record_dispute(kind, round_, culprit, evidence)
        self._teller.meter.dispute(kind)
