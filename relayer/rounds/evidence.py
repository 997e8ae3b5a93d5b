"""Contradictions among what members signed: found as observations and proposals pass by, kept, raised once each."""

from collections.abc import Callable

from relayer.agreement.observation import Observation
from relayer.agreement.params import Params
from relayer.agreement.records import Proposal
from relayer.rounds import effects as fx
from relayer.rounds.effects import Effect

WINDOW = 16


class Witness:
    """Remembers, for the last `WINDOW` rounds, who signed what. All that it is shown has been judged."""

    def __init__(self, params: Callable[[int], Params | None]) -> None:
        self._params_at = params
        self._observed: dict[tuple[int, int], Observation] = {}
        self._proposed: dict[int, Proposal] = {}
        self._signed: dict[tuple[int, int], tuple[Proposal, Observation]] = {}
        self._raised: set[tuple[str, int, int]] = set()

    def begin(self, round_: int) -> None:
        """Forgets what is too old: observations of other rounds, the rest below the window."""
        least = round_ - WINDOW
        self._observed = {key: o for key, o in self._observed.items() if key[0] >= round_}
        self._proposed = {k: p for k, p in self._proposed.items() if k >= least}
        self._signed = {key: s for key, s in self._signed.items() if key[0] >= least}
        self._raised = {key for key in self._raised if key[1] >= least}

    def observation(self, o: Observation) -> list[Effect]:
        """`o` beside its author's other words: another observation of its round, and another proposal that it signed
        for one round; and beside what others report of the leaders."""
        out: list[Effect] = []
        first = self._observed.setdefault((o.round, o.member), o)
        if first.body != o.body:
            out += self._raise("two observations", o.round, o.member, first.encode(), o.encode())
        for p in o.proposals:
            if p.round >= o.round - WINDOW:
                out += self.proposal(p)
                signed, where = self._signed.setdefault((p.round, o.member), (p, o))
                if signed.id != p.id:
                    out += self._raise("two signatures", p.round, o.member, where.encode(), o.encode())
        return out

    def proposal(self, p: Proposal) -> list[Effect]:
        """`p` beside its leader's other proposal for the round."""
        first = self._proposed.setdefault(p.round, p)
        params = self._params_at(p.round)
        if first.id == p.id or params is None:
            return []
        return self._raise("two proposals", p.round, params.leader(p.round), first.encode(), p.encode())

    def _raise(self, kind: str, round_: int, culprit: int, *evidence: bytes) -> list[Effect]:
        if (kind, round_, culprit) in self._raised:
            return []
        self._raised.add((kind, round_, culprit))
        return [fx.Dispute(kind, round_, culprit, evidence)]
