"""One bounded queue per sender, served in turns: who floods fills only its own queue and gets only its own turn."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """`messages` and `size` (bytes) bound each lane; a single item larger than `size` fits an empty lane."""

    def __init__(self, lanes: int, messages: int, size: int) -> None:
        self._lanes: list[deque[tuple[T, int]]] = [deque() for _ in range(lanes)]
        self._sizes = [0] * lanes
        self._turns: deque[int] = deque()  # the lanes that hold something, each once
        self._messages = messages
        self._size = size
        self._wake = asyncio.Event()
        self._failure: Exception | None = None
        self._closed = False

    def offer(self, lane: int, item: T, size: int) -> bool:
        """Appends to the lane; False where it is full."""
        queue = self._lanes[lane]
        if queue and (len(queue) >= self._messages or self._sizes[lane] + size > self._size):
            return False
        if not queue:
            self._turns.append(lane)
        queue.append((item, size))
        self._sizes[lane] += size
        self._wake.set()
        return True

    def fail(self, error: Exception) -> None:
        """From now on `take` raises `error`, whatever is queued."""
        self._failure = error
        self._wake.set()

    def close(self) -> None:
        """`take` ends once nothing is queued."""
        self._closed = True
        self._wake.set()

    async def take(self) -> T | None:
        """The next item, lane by lane in turns; None once closed and empty. For one taker at a time."""
        while True:
            if self._failure is not None:
                raise self._failure
            if self._turns:
                break
            if self._closed:
                return None
            self._wake.clear()
            await self._wake.wait()
        lane = self._turns.popleft()
        item, size = self._lanes[lane].popleft()
        self._sizes[lane] -= size
        if self._lanes[lane]:
            self._turns.append(lane)
        return item
