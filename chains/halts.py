"""What must not happen and did: kept in the journal with its evidence until an operator resumes by hand.

A halt of the whole chain (a finalized block changed) stops every reading; a halt of one subject (a pinned code changed)
stops the readings that rest on it, the others go on.
"""

from chains.errors import Halted, Unreadable
from chains.types import Journal, Log

CHAIN = "chain"
_PREFIX = "halt/"


class HaltedReading(Unreadable, Halted):
    """One position or deployment is halted: for its routes as good as unreadable, until it is resumed by hand."""


class Halts:
    """The halts of one chain, durable in its journal."""

    def __init__(self, chain: str, journal: Journal, log: Log) -> None:
        self._chain, self._journal, self._log = chain, journal, log

    def halt(self, subject: str, evidence: str) -> None:
        """Remembers a halt; the first evidence about a subject is the one that is kept."""
        if self._journal.get(_PREFIX + subject) is None:
            self._journal.put(_PREFIX + subject, evidence.encode("utf-8"))
            self._log.error("halted", chain=self._chain, subject=subject, evidence=evidence)

    def check_chain(self) -> None:
        """Raises `Halted` while the whole chain is halted."""
        evidence = self._evidence(CHAIN)
        if evidence is not None:
            raise Halted(self._text(CHAIN, evidence), evidence)

    def of(self, subject: str) -> HaltedReading | None:
        """The halt of one subject, if there is one."""
        evidence = self._evidence(subject)
        return None if evidence is None else HaltedReading(self._text(subject, evidence), evidence)

    def _evidence(self, subject: str) -> str | None:
        stored = self._journal.get(_PREFIX + subject)
        return None if stored is None else stored.decode("utf-8")

    def _text(self, subject: str, evidence: str) -> str:
        return f"{self._chain}: {subject} is halted: {evidence}; find out why, then resume it by hand"


def halted(journal: Journal) -> dict[str, str]:
    """Subject and evidence of every halt that is in force."""
    return {key[len(_PREFIX) :]: value.decode("utf-8") for key, value in journal.items(_PREFIX)}


def resume(journal: Journal, subject: str) -> bool:
    """Lifts a halt by hand; False if there was none. For the chain as a whole the remembered checkpoint is forgotten
    too: it is the one that changed."""
    known = journal.get(_PREFIX + subject) is not None
    if known and subject == CHAIN:
        journal.delete(CHECKPOINT_KEY)
    journal.delete(_PREFIX + subject)
    return known


CHECKPOINT_KEY = "checkpoint"
"""Where the newest checkpoint is remembered."""
