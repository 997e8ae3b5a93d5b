"""The journal of transactions: what was signed is on disk before it is sent, so that a restart resumes it.

What an entry holds, and how it is encoded, is the family's own.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from chains.types import Journal

_PREFIX = "tx/"


class Sent(Protocol):
    """A transaction that was signed. `key` names it in the journal."""

    @property
    def key(self) -> str: ...

    def encode(self) -> bytes: ...


E = TypeVar("E", bound=Sent)


class Outbox(Generic[E]):
    """The entries in a chain's journal. `decode` takes an entry's key and its encoding."""

    def __init__(self, journal: Journal, decode: Callable[[str, bytes], E]) -> None:
        self._journal, self._decode = journal, decode

    def get(self, key: str) -> E | None:
        stored = self._journal.get(_PREFIX + key)
        return None if stored is None else self._decode(key, stored)

    def put(self, entry: E) -> None:
        """Durable when it returns."""
        self._journal.put(_PREFIX + entry.key, entry.encode())

    def delete(self, key: str) -> None:
        self._journal.delete(_PREFIX + key)

    def entries(self) -> list[E]:
        """All entries, by key."""
        return [self._decode(key[len(_PREFIX) :], value) for key, value in self._journal.items(_PREFIX)]
