"""Waiting for what has no event of its own; the test's own time-out ends what never comes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chains.errors import Unreadable

T = TypeVar("T")


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.005)


async def until_told(condition: Callable[[], Awaitable[bool]]) -> None:
    """The same for what another program tells."""
    while not await condition():  # noqa: ASYNC110 - another program decides
        await asyncio.sleep(0.05)


async def until_read(reading: Callable[[], Awaitable[T]]) -> T:
    """What is read in the end, where the time-outs are so short that a slow machine may miss them."""
    while True:
        try:
            return await reading()
        except Unreadable:
            await asyncio.sleep(0.05)
