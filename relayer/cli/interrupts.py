"""How commands that have started something are broken off."""

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def interruptible(work: Awaitable[T]) -> T:
    """Awaits `work` so that SIGINT, SIGTERM and SIGHUP cancel it; then raises `KeyboardInterrupt`."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
