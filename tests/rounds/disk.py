"""A member's safety store in memory: its durable effects in order, and the blobs that it must be able to serve.

Each effect is one atomic write, so a crash falls between two of them. `Disk.upto(k)` is what a backup taken after the
k-th write holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relayer.agreement.closures import parts
from relayer.agreement.judging import Blobs, Judge
from relayer.agreement.observation import Observation, decode_manifest
from relayer.agreement.records import Certified, Proposal
from relayer.agreement.voting import Lost
from relayer.rounds import effects as fx
from relayer.rounds.machine import Restored

Durable = fx.Promise | fx.RecordObservation | fx.RecordProposal | fx.RecordSignature | fx.RecordCertificate
DURABLE = (fx.Promise, fx.RecordObservation, fx.RecordProposal, fx.RecordSignature, fx.RecordCertificate)


@dataclass
class Disk:
    """`disputes` are kept too, but bind nobody."""

    log: list[tuple[Durable, Mapping[bytes, bytes]]] = field(default_factory=list)
    lost: Lost | None = None
    disputes: list[fx.Dispute] = field(default_factory=list)

    def write(self, effect: Durable, cache: Blobs) -> None:
        """One write: the effect, with what it must not be without."""
        self.log.append((effect, self._needed(effect, cache)))

    def _needed(self, effect: Durable, cache: Blobs) -> Mapping[bytes, bytes]:
        digests: set[bytes] = set()
        if isinstance(effect, fx.RecordProposal):
            return effect.blobs
        if isinstance(effect, fx.RecordSignature):
            digests = _closure(Proposal.decode(effect.proposal), cache)
        if isinstance(effect, fx.RecordCertificate):
            digests = {effect.certified.basis.books, effect.certified.basis.statements}
        return {digest: blob for digest in digests if (blob := cache(digest)) is not None}

    def blob(self, digest: bytes) -> bytes | None:
        return next((blobs[digest] for _, blobs in reversed(self.log) if digest in blobs), None)

    def upto(self, writes: int) -> "Disk":
        """A backup from after the first `writes` writes."""
        return Disk(self.log[:writes], self.lost)

    def restored(self, judge: Judge) -> Restored:
        """What a start finds; judged anew by `judge`, as nothing but the disk is there."""
        certified: tuple[Certified, ...] = ()
        signed: dict[bytes, Proposal] = {}
        promise, messages, observations, proposed = 0, dict[int, bytes](), dict[int, bytes](), set[int]()
        for effect, _ in self.log:
            match effect:
                case fx.Promise():
                    promise = max(promise, effect.round)
                case fx.RecordObservation():
                    observations[effect.round] = effect.raw
                case fx.RecordProposal():
                    proposed.add(effect.round)
                case fx.RecordSignature():
                    messages[effect.round] = effect.message
                    signed[effect.message] = Proposal.decode(effect.proposal)
                case fx.RecordCertificate():
                    certified = (*certified, effect.certified)
        rounds = tuple(judge.certified(c, self.blob) for c in certified)
        floor = certified[-1].round if certified else 0
        above = sorted((p for p in signed.values() if p.round > floor), key=lambda p: p.round)
        return Restored(
            promise,
            messages,
            observations,
            frozenset(proposed),
            tuple((p, judge.proposed(p, self.blob)) for p in above),
            (certified[-1], rounds[-1]) if certified else None,
            rounds,
            self.lost,
        )


def _closure(proposal: Proposal, cache: Blobs) -> set[bytes]:
    manifest = cache(proposal.basis.observations)
    assert manifest is not None, "a share without the manifest of its observations"
    raws = [cache(digest) for digest in decode_manifest(manifest)]
    assert None not in raws, "a share without the observations that it stands on"
    observations = [Observation.decode(raw) for raw in raws if raw is not None]
    return parts(proposal.basis, observations, cache)
