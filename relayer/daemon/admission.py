"""How much of this member one sender may occupy: the bus bounds what waits to be read, this what is being judged.

Only observations and proposals of the slot in which the clock stands, and of the next one, are judged: the machine
would take no others, and each verdict costs signature checks, fetches and memory. An honest member sends one of each in
a round, and the same once more after a restart; of everything together it sends some dozens.
"""

import asyncio
from collections import Counter

from relayer.bus.bus import Incoming
from relayer.rounds.messages import Kind

MESSAGES = 32
PER_SLOT = 512
REPEATS = 4
FETCHES = 8
COUNTED = frozenset({Kind.OBSERVATION, Kind.PROPOSAL})


class Admission:
    """Counts by sender. `take` and `done` frame the work on one message."""

    def __init__(self) -> None:
        self._busy = Counter[int]()
        self._slot = 0
        self._here = Counter[int]()
        self._heard = Counter[tuple[int, int, int]]()
        self._fetching: dict[int, asyncio.Semaphore] = {}

    def take(self, m: Incoming, slot: int) -> bool:
        """Whether to work on `m` now; `slot`: the round in which the clock stands."""
        if slot != self._slot:
            self._slot, self._here = slot, Counter()
        self._here[m.sender] += 1
        if self._busy[m.sender] >= MESSAGES or self._here[m.sender] > PER_SLOT:
            return False
        if m.kind in COUNTED:
            if not slot <= m.round <= slot + 1:
                return False
            self._heard = Counter({key: n for key, n in self._heard.items() if key[0] >= slot})
            if self._heard[m.round, m.sender, m.kind] >= REPEATS:
                return False
            self._heard[m.round, m.sender, m.kind] += 1
        self._busy[m.sender] += 1
        return True

    def done(self, sender: int) -> None:
        self._busy[sender] -= 1

    def fetching(self, sender: int) -> asyncio.Semaphore:
        """To be held for each fetch on behalf of a message of `sender`."""
        return self._fetching.setdefault(sender, asyncio.Semaphore(FETCHES))
