"""What can go wrong with a chain, as one tree. A family translates its libraries' errors into these at its edge.

ChainError
├── Refused        the configuration does not fit the chain (wrong chain id, no code, decimals): stop, mend it
├── Unreadable     no quorum, lag, time-out, limit: abstain for now, try again later
├── Halted         a finalized block changed, a pinned code changed: abstain until resumed by hand
└── ProofError     a state proof that does not hold
"""


class ChainError(Exception):
    """Base of all errors of chain families; the text is one sentence for an operator."""


class Refused(ChainError):
    """The chain is not the one that the configuration describes."""


class Unreadable(ChainError):
    """No trustworthy reading now. Never to be taken for a zero."""


class Halted(ChainError):
    """Something happened that must not happen; `evidence` is kept for the operator."""

    def __init__(self, text: str, evidence: str = "") -> None:
        super().__init__(text)
        self.evidence = evidence


class ProofError(ChainError):
    """A proof is malformed or proves something else."""
