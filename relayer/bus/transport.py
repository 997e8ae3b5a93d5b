"""What the bus needs of a message system: one small protocol. `nats.py` and `memory.py` are its two siblings.

A transport may lose, repeat, reorder, delay and invent messages: nothing above it trusts what it delivers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

Handler = Callable[[bytes], Awaitable[bytes | None]]
"""Answers a request. None, and whatever it raises, becomes an empty answer."""


class Transport(Protocol):
    @property
    def connected(self) -> bool: ...

    @property
    def dropped(self) -> int:
        """Messages thrown away here because nobody took them fast enough."""
        ...

    async def publish(self, subject: str, payload: bytes) -> None:
        """Hands `payload` to whoever listens now; nobody listening is no error. Raises `BusDown`; then nothing was
        sent, and nothing is kept for later."""
        ...

    async def subscribe(self, subject: str) -> AsyncIterator[bytes]:
        """Listens from the moment this returns, through every reconnection, until the transport is closed; then the
        iteration ends. Raises `BusDown`."""
        ...

    async def request(self, subject: str, payload: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - part of the request
        """One answer. Raises `NoAnswer` after `timeout` seconds or where nobody serves the subject, `BusDown`."""
        ...

    async def serve(self, subject: str, handler: Handler) -> None:
        """Answers requests until the transport is closed. What the handler raises costs that request its answer, and
        nothing else."""
        ...

    async def close(self) -> None: ...


class Inbox:
    """A bounded queue of payloads between a transport and one subscriber. When full, what comes is dropped, counted."""

    def __init__(self, messages: int, size: int) -> None:
        self._queue: deque[bytes] = deque()
        self._messages = messages
        self._room = size
        self._wake = asyncio.Event()
        self._closed = False
        self.dropped = 0

    def put(self, payload: bytes) -> None:
        if self._closed:
            return
        if len(self._queue) >= self._messages or len(payload) > self._room:
            self.dropped += 1
            return
        self._room -= len(payload)
        self._queue.append(payload)
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        payload = self._queue.popleft()
        self._room += len(payload)
        return payload
