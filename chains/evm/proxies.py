"""Many controllable proxies in one process: `python -m chains.evm.proxies 4001=8545 4002=8545 ...` (listen=upstream).

All listen on 127.0.0.1 and lead to nodes there; each is controlled for itself (see `chains.evm.proxy`). Prints "ready"
once all listen, and serves until it is ended.
"""

import asyncio
import contextlib
import signal
import sys

from chains.evm.proxy import Proxy


async def serve(pairs: list[tuple[int, int]]) -> None:
    """Serves a proxy on each first port before the node on the second, until SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        for port, upstream in pairs:
            await stack.enter_async_context(Proxy(f"http://127.0.0.1:{upstream}", port=port))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: list[str]) -> None:
    """Entry point of `python -m chains.evm.proxies`."""
    pairs = [argument.split("=") for argument in arguments]
    asyncio.run(serve([(int(port), int(upstream)) for port, upstream in pairs]))


if __name__ == "__main__":
    main(sys.argv[1:])
