"""Rounds of whole members over a local NATS server, chain reads excluded: from the first call of a round to its
certificate at the leader. Every figure is a wall-clock time of this machine; the peer of 7 members are 4."""

import asyncio
import contextlib
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from relayer.bus.server import NatsServer
from tests.daemon.rig import committee, until

ROUNDS = 30


class Stopwatch:
    """A logger that keeps when each round was first called and first certified."""

    def __init__(self) -> None:
        self.called: dict[int, float] = {}
        self.certified: dict[int, float] = {}

    def info(self, event: str, **fields: Any) -> None:
        if event in ("call", "certified"):
            kept = self.called if event == "call" else self.certified
            kept.setdefault(fields["round"], time.perf_counter())

    def debug(self, event: str, **fields: Any) -> None:
        """Nothing of it is measured."""

    warning = error = debug

    def took(self) -> list[float]:
        """Milliseconds of every round that has both."""
        return sorted((at - self.called[k]) * 1e3 for k, at in self.certified.items() if k in self.called)


async def measure(n: int, faulty: int, threshold: int) -> list[float]:
    """Milliseconds of `ROUNDS` rounds, ascending."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as directory:
        async with NatsServer() as server, contextlib.AsyncExitStack() as stack:
            c = committee(Path(directory), server.url, n, faulty, threshold, slot=2)
            for i in range(n):
                await stack.enter_async_context(c.member(i, watch))
            await until(lambda: len(watch.took()) > ROUNDS, 60 * ROUNDS)
    return watch.took()


def figures() -> list[dict[str, Any]]:
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    four = asyncio.run(measure(4, 1, 3))
    seven = asyncio.run(measure(7, 2, 5))
    rows = []
    for name, pick in (("round.p50_ms", statistics.median), ("round.p99_ms", lambda ms: ms[int(0.99 * (len(ms) - 1))])):
        base = pick(four)
        rows.append({"name": f"{name}.4", "value": round(base, 1), "unit": "ms", "peer": None, "ratio": None})
        ratio = round(pick(seven) / base, 2)
        rows.append(
            {"name": f"{name}.7", "value": round(pick(seven), 1), "unit": "ms", "peer": round(base, 1), "ratio": ratio}
        )
    return rows
