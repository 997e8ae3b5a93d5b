"""The leader's half of a round as a part of the machine: propose from the observations, then session after session."""

from collections.abc import Callable

from chains.encoding import Certificate
from chains.hashing import keccak256
from relayer.agreement.bundle import Bundle, CertifiedRound, entries_of
from relayer.agreement.compute import Allot, Outcome
from relayer.agreement.observation import Observation, encode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal, encode_statements
from relayer.agreement.voting import Refusal, propose
from relayer.frost import FrostError, InvalidShares, KeyPackage
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect, note
from relayer.rounds.leading import Leading, most_sessions, observing_ends, session_length
from relayer.rounds.messages import Kind, Proposed, Refused, Session, Share, Sign
from relayer.rounds.nonces import OwnNonces, PeerCommitments
from relayer.rounds.safety import Safety
from relayer.rounds.signing import Signer
from relayer.rounds.slot import Slot


class Leader:
    """`leading` is there in the slots that this member leads."""

    def __init__(
        self,
        me: int,
        key: KeyPackage,
        sign: Callable[[bytes], bytes],
        safety: Safety,
        signer: Signer,
        nonces: OwnNonces,
        allot: Allot,
    ) -> None:
        self._me = me
        self._key = key
        self._sign = sign
        self._safety = safety
        self._signer = signer
        self._nonces = nonces
        self._allot = allot
        self._demerits: dict[int, int] = {}
        self.peers = PeerCommitments()
        self.leading: Leading | None = None

    def begin(self, params: Params, round_: int) -> list[Effect]:
        """A slot begins: in an own one, asks those for commitments of whom it has none left."""
        self.leading = Leading(round_) if params.leader(round_) == self._me else None
        if self.leading is None:
            return []
        return [
            self._nonces.offer(m, wanted=True) for m in range(params.n) if m != self._me and not self.peers.count(m)
        ]

    def due(self, params: Params, now: float) -> list[float]:
        """When something is due here even if nothing comes in."""
        if self.leading is None:
            return []
        if self.leading.attempt is not None:
            return [self.leading.attempt.until]
        ends = observing_ends(params, self.leading.round)
        return [ends] if self.leading.proposal is None and now < ends else []

    def wanted(self, params: Params, slot: Slot, now: float) -> tuple[Observation, ...] | None:
        """The observations to propose from, when it is time to."""
        leading = self.leading
        if leading is None or slot.done or not slot.entered or slot.round in self._safety.proposed:
            return None
        if self._safety.barred(slot.round) or not leading.ready(params, now):
            return None
        return tuple(leading.observations[m] for m in sorted(leading.observations))

    def propose(self, bundle: Bundle, params: Params, slot: Slot, now: float) -> list[Effect]:
        """Computes the round from `bundle`, votes on it like any member, and opens the first session."""
        leading = self.leading
        if leading is None or self.wanted(params, slot, now) is None:
            return []
        if any(o.round != slot.round for o in bundle.observations):
            return []
        try:
            outcome, header, basis = propose(bundle, params, self._allot)
        except Refusal as refusal:
            slot.done = True
            return [note("round.empty", "warning", round=slot.round, why=str(refusal))]
        unsigned = Proposal(header, basis)
        proposal = leading.proposal = Proposal(header, basis, self._sign(unsigned.signed_part))
        out = self._signer.vote(proposal, bundle, params, slot.own, slot)
        if slot.accepted is None:
            slot.done = True
            return out
        out.append(fx.RecordProposal(slot.round, proposal.encode(), _blobs(outcome, bundle)))
        return out + self._session(params, slot, now)

    def step(self, params: Params, slot: Slot, now: float) -> list[Effect]:
        """Ends the session under way where all shares are there or its time is over."""
        leading = self.leading
        if leading is None or leading.attempt is None or slot.done:
            return []
        if leading.attempt.full:
            return self._finish(params, slot, now)
        if now < leading.attempt.until:
            return []
        silent = sorted(leading.give_up())
        self._blame(silent)
        out: list[Effect] = [note("session.silent", "warning", round=slot.round, members=silent)]
        return out + self._session(params, slot, now)

    def share(self, sender: int, share: Share, params: Params, slot: Slot, now: float) -> list[Effect]:
        """A signature share for the session under way; any other is too late."""
        leading = self.leading
        if leading is None or leading.attempt is None or not leading.current(sender, share.message, share.session):
            return []
        leading.attempt.shares.setdefault(sender + 1, share.share)
        return self.step(params, slot, now)

    def refused(self, sender: int, refused: Refused, params: Params, slot: Slot, now: float) -> list[Effect]:
        """A member does not sign: the session ends without waiting for it. Who only did not know its commitment (it
        restarted, or messages crossed) may be asked once more."""
        leading = self.leading
        out: list[Effect] = [note("refused", "warning", member=sender, code=refused.code, why=refused.text)]
        if leading is None or leading.attempt is None or slot.done:
            return out
        if not leading.current(sender, refused.message, refused.session) or sender + 1 in leading.attempt.shares:
            return out
        leading.refused(sender, again=refused.code == "commitment")
        return out + self._session(params, slot, now)

    def _session(self, params: Params, slot: Slot, now: float) -> list[Effect]:
        """Opens the next signing session with t members that have a commitment left."""
        leading = self.leading
        assert leading is not None
        assert leading.proposal is not None
        ranked = leading.candidates(self._me, self._demerits, params)
        able = [m for m in ranked if m == self._me or self.peers.count(m)]
        if len(able) < params.threshold or leading.sessions >= most_sessions(params):
            slot.done = True
            return [note("round.unsigned", "warning", round=slot.round, able=len(able), sessions=leading.sessions)]
        commitments = {}
        for member in able[: params.threshold]:
            taken = self._nonces.fresh(self._me) if member == self._me else self.peers.take(member)
            assert taken is not None
            commitments[member + 1] = taken
        session = leading.open(commitments, now + session_length(params))
        own, share = self._signer.share(session, self._me, params, slot)
        out = [*own, self._request(leading.proposal, session, slot)]
        if share is not None and leading.attempt is not None:
            leading.attempt.shares[self._me + 1] = share.share
        return out

    @staticmethod
    def _request(proposal: Proposal, session: Session, slot: Slot) -> Effect:
        if session.number == 1:
            return fx.Send(Kind.PROPOSAL, slot.round, Proposed(proposal, session).encode())
        return fx.Send(Kind.SIGN, slot.round, Sign(proposal.id, session).encode())

    def _finish(self, params: Params, slot: Slot, now: float) -> list[Effect]:
        leading = self.leading
        assert leading is not None
        assert leading.proposal is not None
        assert slot.accepted is not None
        try:
            r, z = leading.finish(self._key.public)
        except InvalidShares as error:
            culprits = [i - 1 for i in error.culprits]
            self._blame(culprits)
            out: list[Effect] = [note("share.invalid", "error", round=slot.round, members=culprits)]
            return out + self._session(params, slot, now)
        except FrostError as error:
            slot.done = True
            return [note("round.unsigned", "error", round=slot.round, why=str(error))]
        slot.done = True
        certified = Certified(Certificate(leading.proposal.header, r, z), leading.proposal.basis)
        entries = entries_of(slot.accepted.leaves, params)
        known = CertifiedRound(certified.id, certified.round, params.epoch, entries, slot.accepted.books)
        return [fx.Send(Kind.CERTIFICATE, slot.round, certified.encode()), *self._safety.learn(certified, known)]

    def _blame(self, members: list[int]) -> None:
        for member in members:
            self._demerits[member] = self._demerits.get(member, 0) + 1


def _blobs(outcome: Outcome, bundle: Bundle) -> dict[bytes, bytes]:
    """Books, statements and manifest of a proposal, by digest."""
    parts = (
        outcome.books.encoded,
        encode_statements(outcome.leaves),
        encode_manifest(tuple(o.digest for o in bundle.observations)),
    )
    return {keccak256(part): part for part in parts}
