"""Prints what the contract emitted in a transaction, one JSON object an event:
`python -m chains.cosmos.show_events --contract CONTRACT --chain CHAIN --url URL HASH`.

Integers are texts of digits, since JSON readers do not keep 128 bits exactly; digests are lower-case hex. A transaction
that failed has no events: what it emitted was taken back.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from chains.caip import ChainId
from chains.cosmos.addresses import canonical
from chains.cosmos.client import Client
from chains.cosmos.events import Event, events
from chains.cosmos.sending import Found
from chains.errors import ChainError, Unreadable
from chains.events import show


async def executed(chain: ChainId, url: str, name: str) -> Found:
    """An executed transaction by its hash in hexadecimal. Raises `ChainError` for one that failed or is not known."""
    try:
        wanted = bytes.fromhex(name)
    except ValueError:
        wanted = b""
    if len(wanted) != 32:
        raise ChainError(f"{name!r} is no hash of a transaction: 64 hexadecimal digits")
    async with Client(chain, url) as client:
        found = await client.found(wanted)
    if found is None:
        raise Unreadable(f"the node knows no transaction {name}")
    if found.error:
        raise ChainError(f"transaction {name} failed ({found.error}), so that it has no events")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chains.cosmos.show_events", description="Events of a transaction.")
    parser.add_argument("--contract", required=True, help="address of the contract")
    parser.add_argument("--chain", required=True, help="CAIP-2 id of the chain, cosmos:REFERENCE")
    parser.add_argument("--url", required=True, help="CometBFT RPC that knows the transaction; env:NAME or file:PATH")
    parser.add_argument("hash", help="of the transaction")
    options = parser.parse_args(argv)

    def found() -> tuple[Event, ...]:
        contract = canonical(options.contract)
        done = asyncio.run(executed(ChainId.parse(options.chain), options.url, options.hash))
        return events(done.events, contract)

    return show(found, lambda kind: kind.name.lower())


if __name__ == "__main__":
    sys.exit(main())
