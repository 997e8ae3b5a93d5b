"""Time for members that a test runs in its own process."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

LONGEST_TURN = 0.05

Clock = Callable[[], float]
"""Unix seconds."""


class PatientClock:
    """Passes no faster than this process gets on: a turn of the event loop counts `LONGEST_TURN` seconds at most. Where
    the machine stands still, or has little time for this process, rounds take longer and are not lost."""

    def __init__(self) -> None:
        self._now = float(int(time.time()))

    def __call__(self) -> float:
        return self._now

    async def run(self) -> None:
        """Until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            seen = time.monotonic()
            self._now += min(seen - last, LONGEST_TURN)
            last = seen


@contextlib.asynccontextmanager
async def patient_clock() -> AsyncIterator[PatientClock]:
    clock = PatientClock()
    running = asyncio.create_task(clock.run())
    try:
        yield clock
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
