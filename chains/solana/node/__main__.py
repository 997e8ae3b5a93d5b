"""`python -m chains.solana.node`: one local Solana node until SIGINT or SIGTERM. See docs/solana-node.md."""

import argparse
import asyncio
import logging
import signal
import sys
import time

from chains.solana.node import genesis
from chains.solana.node.arguments import BadArgument, parser, settings
from chains.solana.node.front import CannotListen
from chains.solana.node.node import LocalNode
from chains.solana.node.programs import NotAProgram


async def _run(arguments: argparse.Namespace) -> None:
    node = LocalNode(settings(arguments), time.time, arguments.bind_address)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await node.start(arguments.rpc_port)
    chain = f"{genesis.NAMESPACE}:{genesis.reference(node.settings.number)}"
    print(f"ready: {node.url} {node.websocket_url} {chain}", flush=True)  # noqa: T201 (the line that starters wait for)
    waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(node.wait())]
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await node.stop()
    for task in done:
        task.result()


def main() -> int:
    """The exit code: 0 after a signal, 2 for what was asked wrongly."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        asyncio.run(_run(parser().parse_args()))
    except (BadArgument, CannotListen, NotAProgram) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
