"""What bringing statements to gates has in common, whatever the chain.

A statement that the gate has already, or would refuse, stops before anything is spent. What was signed stays in the
journal until it is final, and one key is looked after by one task at a time.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from chains.errors import ChainError, Refused, Unreadable
from chains.jsonrpc import Fault
from chains.outbox import Outbox, Sent
from chains.types import Log

E = TypeVar("E", bound=Sent)

LATER_THAN_OURS = "StaleRound"
"""The gate's own error for a statement that is not newer than the one it has."""


class Busy:
    """One lock for each key."""

    def __init__(self) -> None:
        self._locks = WeakValueDictionary[str, asyncio.Lock]()

    def lock(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    async def each(self, keys: Iterable[str], settle: Callable[[str], Awaitable[None]]) -> None:
        """`settle` for every key that no other task looks after. What goes wrong with one does not keep the others from
        being looked at; the first error is raised afterwards."""
        failed: ChainError | None = None
        for key in keys:
            lock = self.lock(key)
            if lock.locked():
                continue
            async with lock:
                try:
                    await settle(key)
                except ChainError as error:
                    failed = failed or error
        if failed is not None:
            raise failed


async def replaced(outbox: Outbox[E], key: str, following: Awaitable[E | None], log: Log) -> E | None:
    """What is signed in the place of a journalled transaction that can do nothing any more. None: the gate has the
    statement or a newer one. Raises `Refused` if the gate would refuse it by now; in both cases it is forgotten."""
    try:
        entry = await following
    except Refused:
        outbox.delete(key)
        raise
    if entry is None:
        outbox.delete(key)
        log.info("transaction_superseded", key=key)
    return entry


def enough(answers: Mapping[str, Any], q: int, what: str) -> None:
    """Raises `Unreadable` where fewer than q endpoints answer."""
    if len(answers) < q:
        raise Unreadable(f"{what}: only {len(answers)} endpoints answer, {q} must")


def there_already(rounds: Iterable[int | None], round_: int, q: int) -> bool:
    """Whether q endpoints say that the gate has this round or a later one; None is no answer."""
    return sum(told is not None and told >= round_ for told in rounds) >= q


def simulated(told: Sequence[int | str | Fault], q: int) -> int | str:
    """What a transaction needs, of what each endpoint simulated: what it used, or the name of the error it would fail
    with. The q-th lowest use, or where q endpoints say that it would fail, the commonest name. Raises `Unreadable`
    where there is no quorum either way."""
    failures = Counter(each for each in told if isinstance(each, str))
    used = sorted(each for each in told if isinstance(each, int))
    if sum(failures.values()) >= q:
        return failures.most_common(1)[0][0]
    if len(used) < q:
        reasons = sorted({each.message for each in told if isinstance(each, Fault)} | set(failures))
        raise Unreadable(f"the simulation has no quorum: {'; '.join(reasons) or 'too few endpoints answer'}")
    return used[q - 1]
