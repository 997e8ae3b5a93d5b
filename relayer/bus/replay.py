"""Which proven envelopes count: each once, none from too far back or ahead, and never a second copy of oneself. Pure.

A sender's sequence is its own clock in microseconds and rises strictly, over restarts too. Per sender the guard keeps
the last `window` sequences that it accepted, and the floor below which nothing is accepted any more. So messages may
arrive reordered among the last `window`, duplicates are known, and the state is bounded.
"""

from bisect import bisect_left

from relayer.bus.errors import Drop, Replayed, SecondCopy

SECOND = 1_000_000


class ReplayGuard:
    """`me`, `instance`, `started`: this process: member index, its random number, its clock (microseconds) at start.

    `ahead` and `behind` (microseconds) bound how far a sequence may lie from this member's own clock. `ahead` bounds
    for how long a member whose clock once ran wild stays unheard after it is set right.
    """

    def __init__(
        self,
        members: int,
        me: int,
        instance: int,
        started: int,
        *,
        window: int = 1024,
        ahead: int = 600 * SECOND,
        behind: int = 600 * SECOND,
    ) -> None:
        self._senders = [_Sender() for _ in range(members)]
        self._me = me
        self._instance = instance
        self._started = started
        self._window = window
        self._ahead = ahead
        self._behind = behind

    def known(self, sender: int, instance: int, sequence: int) -> bool:
        """Whether an envelope with these numbers has been accepted before. Changes nothing, so it may be asked about
        a claim that is not proven yet, to spare the signature check."""
        return self._senders[sender].has(instance, sequence)

    def accept(self, sender: int, instance: int, sequence: int, now: int) -> None:
        """Takes note of a *proven* envelope; `now`: this member's clock, microseconds.

        Raises `Replayed` where it must not count, and `SecondCopy` where it bears this member's own signature, another
        process's number, and a sequence later than the start of this one. What this member's earlier runs sent has
        earlier sequences: replaying it stops nobody.
        """
        if sender == self._me and instance != self._instance and sequence > self._started:
            raise SecondCopy(
                f"member {sender} runs twice: another process with the same identity key is sending. "
                "Stop both, find out which store is the newer one, start only that one"
            )
        if sequence > now + self._ahead:
            raise Replayed(Drop.AHEAD, f"{(sequence - now) // SECOND} s ahead of the own clock")
        if sequence < now - self._behind:
            raise Replayed(Drop.OLD, f"{(now - sequence) // SECOND} s old")
        self._senders[sender].add(instance, sequence, self._window)


class _Sender:
    __slots__ = ("_floor", "_instance", "_seen")

    def __init__(self) -> None:
        self._instance: int | None = None
        self._seen: list[int] = []  # ascending
        self._floor = -1  # nothing at or below it is accepted

    def has(self, instance: int, sequence: int) -> bool:
        if instance != self._instance:
            return False
        at = bisect_left(self._seen, sequence)
        return at < len(self._seen) and self._seen[at] == sequence

    def add(self, instance: int, sequence: int, window: int) -> None:
        if instance != self._instance:
            highest = self._seen[-1] if self._seen else self._floor
            if sequence <= highest:
                raise Replayed(Drop.OLD, "from an earlier run of its sender")
            # The floor stays: a sender that alternates between instances cannot get anything accepted twice.
            self._instance, self._seen, self._floor = instance, [], highest
        if sequence <= self._floor:
            raise Replayed(Drop.OLD, "below the reordering window")
        at = bisect_left(self._seen, sequence)
        if at < len(self._seen) and self._seen[at] == sequence:
            raise Replayed(Drop.DUPLICATE, "seen before")
        self._seen.insert(at, sequence)
        if len(self._seen) > window:
            self._floor = self._seen.pop(0)
