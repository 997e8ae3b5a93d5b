"""The signer's half of a round: vote on what the leader proposes, then give a share to each session that asks."""

from relayer.agreement.bundle import Bundle
from relayer.agreement.compute import Allot
from relayer.agreement.params import Params
from relayer.agreement.records import Proposal
from relayer.agreement.voting import OwnReadings, Refusal, vote
from relayer.frost import FrostError, KeyPackage, round2
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect, note
from relayer.rounds.leading import most_sessions
from relayer.rounds.messages import Kind, Refused, Session, Share, commitment_id
from relayer.rounds.nonces import OwnNonces
from relayer.rounds.safety import Safety
from relayer.rounds.slot import Slot


class Signer:
    """Votes once per slot, on the first proposal of its leader; each nonce pair gives one share."""

    def __init__(self, me: int, key: KeyPackage, safety: Safety, nonces: OwnNonces, allot: Allot) -> None:
        self._me = me
        self._key = key
        self._safety = safety
        self._nonces = nonces
        self._allot = allot

    def vote(self, proposal: Proposal, bundle: Bundle, params: Params, own: OwnReadings, slot: Slot) -> list[Effect]:
        """The proposal becomes the slot's; `slot.accepted` is set where the member may sign it."""
        slot.proposal = proposal
        try:
            slot.accepted = vote(proposal, bundle, params, self._safety.memory, own, self._allot)
        except Refusal as refusal:
            slot.refusal = refusal
            return [note("refuse", "warning", round=slot.round, code=refusal.code, why=str(refusal))]
        out: list[Effect] = []
        for chain, verdict in slot.accepted.verdicts.items():
            if verdict.outliers:
                out.append(note("outlier", "warning", chain=chain, round=slot.round, members=sorted(verdict.outliers)))
            if verdict.split:
                out.append(note("split", "error", chain=chain, round=slot.round, items=len(verdict.split)))
        return out

    def answer(self, session: Session, leader: int, params: Params, slot: Slot) -> list[Effect]:
        """A share or a refusal, once, where the session calls for this member. A round has a bounded number of
        sessions; further ones are not answered."""
        number = session.number
        if session.of(self._me + 1) is None or number in slot.sessions or number > most_sessions(params):
            return []
        slot.sessions.add(number)
        assert slot.proposal is not None
        if slot.accepted is None:
            why = slot.refusal or Refusal("vote", "the proposal was not accepted")
            return [self._refused(Refused(slot.proposal.id, number, why.code, str(why)), leader, slot)]
        out, share = self.share(session, leader, params, slot)
        if share is None:
            refused = Refused(slot.proposal.id, number, "commitment", "the commitment is not known or was used")
            return [*out, self._nonces.offer(leader, wanted=False), self._refused(refused, leader, slot)]
        return [*out, fx.Send(Kind.SHARE, slot.round, share.encode(), leader)]

    def share(self, session: Session, leader: int, params: Params, slot: Slot) -> tuple[list[Effect], Share | None]:
        """The effects that must be done before the share leaves, and the share of the accepted proposal."""
        assert slot.proposal is not None
        assert slot.accepted is not None
        mine = session.of(self._me + 1)
        nonces = self._nonces.take(leader, mine) if mine else None
        if mine is None or nonces is None:
            return [], None
        try:
            z = round2.sign(self._key, nonces, slot.proposal.id, session.commitments)
        except FrostError as error:
            return [note("session.bad", "warning", round=slot.round, why=str(error))], None
        self._safety.sign(slot.proposal, slot.accepted, params)
        record = fx.RecordSignature(slot.round, slot.proposal.id, slot.proposal.encode(), commitment_id(mine))
        return [record], Share(slot.proposal.id, session.number, z, self._nonces.fresh(leader))

    @staticmethod
    def _refused(refused: Refused, leader: int, slot: Slot) -> Effect:
        return fx.Send(Kind.REFUSAL, slot.round, refused.encode(), leader)
