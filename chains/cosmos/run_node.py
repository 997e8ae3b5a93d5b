"""Runs the node of one local chain in the foreground: `python -m chains.cosmos.run_node --chain ID --port N --dir D`.

CometBFT's RPC listens on the port, gRPC, the REST gateway and the peers' port on the three after it. wasmd is built
first if that has not been done, and then takes this process's place, so that it ends with it.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from chains.cosmos.build_node import build
from chains.cosmos.devnet import PORTS, balances
from chains.cosmos.devnet_node import COMMIT_MS, Ports, prepare
from chains.errors import ChainError


def main() -> int:
    """Returns only where the node cannot be run: the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chains.cosmos.run_node", description="Runs one local chain.")
    parser.add_argument("--chain", required=True, metavar="ID", help="what the chain calls itself")
    parser.add_argument("--port", required=True, type=int, metavar="N", help="of the RPC; three more follow it")
    parser.add_argument("--dir", required=True, type=Path, metavar="DIR", help="where its files are, or will be")
    parser.add_argument(
        "--commit-ms", type=int, default=COMMIT_MS, metavar="MS", help="how long a block waits for the next at least"
    )
    asked = parser.parse_args()
    # Ended while it builds or prepares, it ends what it has started for that.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        ports = Ports(*range(asked.port, asked.port + PORTS))
        argv = prepare(build(_say), asked.dir.absolute(), asked.chain, ports, balances(), asked.commit_ms)
        # What takes this process's place would inherit what is ignored here: the one by Python, the other by whoever
        # has started it in the background.
        for number in (signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except (ChainError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def _say(what: str, done: int, most: int) -> None:
    sys.stdout.write(f"wasmd: {what} {done}/{most or '?'}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
