"""Judging with the parts that it calls for: what is missing is fetched, within bounds, and judged again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from chains.wire import EncodingError
from relayer.agreement.bundle import Invalid
from relayer.agreement.judging import Missing, UnknownConfiguration
from relayer.bus.bus import Bus
from relayer.bus.errors import FetchFailed
from relayer.daemon.admission import FETCHES, Admission
from relayer.daemon.blobs import BlobCache
from relayer.frost import FrostError
from relayer.store.errors import StoreError

T = TypeVar("T")

SETTLE_SECONDS = 60.0


class Unjudged(Exception):
    """Judging failed in a way that it never should: what was judged does not count, and nobody is to blame."""


class Settler:
    """Fetches into `blobs`, of at most `limit` bytes each, from the sender first."""

    def __init__(self, bus: Bus, blobs: BlobCache, admission: Admission, limit: int) -> None:
        self._bus = bus
        self._blobs = blobs
        self._admission = admission
        self._limit = limit

    async def settled(self, sender: int, judge: Callable[[], T]) -> T:
        """The verdict, after fetching what it calls for. Raises `FetchFailed` where the parts are not to be had in
        time, `Unjudged` for whatever judging should never raise."""
        end = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while True:
            try:
                return judge()
            except Missing as missing:
                await self._fetch(sender, sorted(missing.digests), end)
            except (Invalid, EncodingError, FrostError, UnknownConfiguration, StoreError):
                raise
            except Exception as error:
                raise Unjudged(f"{type(error).__name__}: {error}") from error

    async def _fetch(self, sender: int, digests: list[bytes], end: float) -> None:
        """Into the cache, a few at a time: a sender may name thousands, and none of them need exist."""

        async def one(digest: bytes) -> None:
            async with self._admission.fetching(sender):
                self._blobs.put(await self._bus.fetch(sender, digest, self._limit))

        for at in range(0, len(digests), FETCHES):
            if asyncio.get_running_loop().time() >= end:
                raise FetchFailed(f"the parts of a message are not there within {SETTLE_SECONDS:g} s")
            await asyncio.gather(*(one(digest) for digest in digests[at : at + FETCHES]))
