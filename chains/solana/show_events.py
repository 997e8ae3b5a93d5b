"""Prints what the program logged in a transaction, one JSON object an event:
`python -m chains.solana.show_events --program PROGRAM --chain CHAIN --url URL SIGNATURE`.

Without the last three the lines of a log are read from stdin, as explorers show them. Integers are texts of
digits, since JSON readers do not keep 64 bits exactly; digests are lower-case hex. A transaction that failed has no
events: what it logged was taken back.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence

from solders.signature import Signature

from chains.caip import ChainId
from chains.errors import ChainError, Unreadable
from chains.events import show
from chains.jsonrpc import Limits
from chains.solana import sending
from chains.solana.addresses import canonical
from chains.solana.client import LIMITS, Client
from chains.solana.events import Event, events


async def logged(chain: ChainId, url: str, signature: str, limits: Limits = LIMITS) -> tuple[str, ...]:
    """The log of an executed transaction. Raises `ChainError` for one that failed or is not known."""
    try:
        wanted = bytes(Signature.from_string(signature))
    except ValueError:
        raise ChainError(f"{signature!r} is no signature: base58 of 64 bytes") from None
    async with Client(chain, url, limits=limits) as client:
        (found,) = await client.ask(sending.details(wanted))
    if found is None:
        raise Unreadable(f"the node knows no confirmed transaction {signature}")
    if found.failure is not None:
        raise ChainError(f"transaction {signature} failed, so that it has no events")
    lines: tuple[str, ...] = found.logs
    return lines


def lines_of(file: Iterable[str]) -> list[str]:
    """A log as it was pasted: without empty lines and indentation."""
    return [line.strip() for line in file if line.strip()]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chains.solana.show_events", description="Events of a transaction.")
    parser.add_argument("--program", required=True, help="address of the program")
    parser.add_argument("--chain", help="CAIP-2 id of the chain, solana:REFERENCE")
    parser.add_argument("--url", help="JSON-RPC endpoint that knows the transaction; env:NAME or file:PATH")
    parser.add_argument("signature", nargs="?", help="of the transaction; without it a log is read from stdin")
    options = parser.parse_args(argv)
    where = (options.chain, options.url, options.signature)
    if any(where) and not all(where):
        parser.error("--chain, --url and SIGNATURE belong together; without them a log is read from stdin")

    def found() -> tuple[Event, ...]:
        program = canonical(options.program)
        log = asyncio.run(logged(ChainId.parse(where[0]), *where[1:])) if all(where) else lines_of(sys.stdin)
        return events(log, program)

    return show(found)


if __name__ == "__main__":
    sys.exit(main())
