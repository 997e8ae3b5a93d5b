"""A local node in process: one ledger and its front, whose slots a clock or its owner moves."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from chains.solana.node.front import Front
from chains.solana.node.ledger import Ledger
from chains.solana.node.settings import Settings

Clock = Callable[[], float]
"""Unix seconds."""

GENESIS_TIME = 1_700_000_000
"""When a chain without a clock begins, in Unix seconds."""


class LocalNode:
    """An async context manager, or `start` and `stop`.

    With a `clock` slots pass by themselves. Without one time stands still until `advance` is called, so that a test
    decides what is final; slots are then `slot_ms` apart, from `GENESIS_TIME` on.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None, host: str = "127.0.0.1") -> None:
        self.settings = settings if settings is not None else Settings()
        self.ledger = Ledger(self.settings, GENESIS_TIME if clock is None else clock())
        self._clock, self._host = clock, host
        self._front = Front(self.ledger, host)
        self._ticking: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Known after the start; websockets are also served on the next port."""
        return self._front.port

    @property
    def url(self) -> str:
        return f"http://{self._name()}:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://{self._name()}:{self.port + 1}"

    @property
    def subscribers(self) -> int:
        """How many websockets are open."""
        return self._front.sessions

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Returns once the node listens. Port 0: any free one. Raises `front.CannotListen`."""
        await self._front.start(port)
        if self._clock is not None:
            self._ticking = asyncio.create_task(self._tick(self._clock))

    async def stop(self) -> None:
        """Stops listening and the clock. The ledger can still be asked."""
        ticking, self._ticking = self._ticking, None
        if ticking is not None:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
        await self._front.stop()

    async def stop_front(self) -> None:
        """Stops listening; the chain goes on, and its ports stay its own."""
        await self._front.pause()

    async def start_front(self) -> None:
        """Listens again, on the same ports."""
        await self._front.start(self.port)

    async def wait(self) -> None:
        """Returns when the clock has been stopped; raises what broke it."""
        if self._ticking is not None:
            await self._ticking

    def advance(self, slots: int = 1, now: float | None = None) -> None:
        """Closes `slots` slots, one after the other; the last is opened at `now` (Unix seconds), if that is later than
        its time."""
        for left in reversed(range(slots)):
            self.ledger.advance(now if left == 0 else None)
            self._front.poll()

    def finalize(self, now: float | None = None) -> None:
        """Advances until everything sent so far is final."""
        sent = self.ledger.blocks.open.slot
        while self.ledger.blocks.at("finalized").slot < sent:
            self.advance(1, now)

    async def _tick(self, clock: Clock) -> None:
        while True:
            if self.ledger.tick(clock()):
                self._front.poll()
            await asyncio.sleep(max(self.ledger.next_time() - clock(), 0))

    def _name(self) -> str:
        return f"[{self._host}]" if ":" in self._host else self._host
