"""Many controllable endpoints of one family in one process, each controlled for itself (see `chains.proxy`).

A family has a module of its own whose entry point is `main` with the family's dialect:

    python -m chains.evm.endpoints 4001=8545 4002=8545 ...     (listen=upstream; port 0 takes a free one)

All listen on 127.0.0.1 and lead to nodes there. Once all listen, one JSON line for each says where it is, in the order
of the arguments: {"url": .., "port": .., "control": .., "upstream": ..}. They serve until the process is ended.
"""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from chains.devnet import Program
from chains.misbehaviour import Dialect, R
from chains.proxy import Proxy


def program(name: str, module: str, upstreams: Mapping[int, int]) -> Program:
    """The program that serves `upstreams` (listen: upstream) by a family's module."""
    pairs = [f"{port}={upstream}" for port, upstream in upstreams.items()]
    return Program(name, (sys.executable, "-m", module, *pairs))


def settings(endpoints: Mapping[str, str]) -> dict[str, Any]:
    """What a devnet's member.toml says of a chain's endpoints, given by name and URL: a majority of them must agree,
    and as all are on this machine, nobody waits long for one that does not answer."""
    return {
        "quorum": len(endpoints) // 2 + 1,
        "timeout": 2.0,
        "deadline": 3.0,
        "poll": 0.5,
        "set_aside": 3.0,
        "endpoints": [{"name": name, "url": url} for name, url in endpoints.items()],
    }


def main(arguments: Sequence[str], dialect: Dialect[R]) -> None:
    """Serves a proxy on each first port before the node on the second, until SIGINT or SIGTERM."""
    pairs = [argument.split("=") for argument in arguments]
    asyncio.run(_serve([(int(port), int(upstream)) for port, upstream in pairs], dialect))


async def _serve(pairs: Sequence[tuple[int, int]], dialect: Dialect[R]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        proxies = []
        for port, upstream in pairs:
            proxies.append(await stack.enter_async_context(Proxy(f"http://127.0.0.1:{upstream}", dialect, port=port)))
        for proxy, (_, upstream) in zip(proxies, pairs, strict=True):
            where = {"url": proxy.url, "port": proxy.port, "control": f"{proxy.url}/control", "upstream": upstream}
            sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        await ended.wait()
