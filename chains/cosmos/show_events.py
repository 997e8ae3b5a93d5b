"""Prints what the contract emitted in a transaction, one JSON object an event:
`python -m chains.cosmos.show_events --contract CONTRACT --chain CHAIN --url URL HASH`.

Integers are texts of digits, since JSON readers do not keep 128 bits exactly; digests are lower-case hex. A transaction
that failed has no events: what it emitted was taken back.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import IntEnum
from typing import Any

from chains.caip import CaipError, ChainId
from chains.cosmos.addresses import canonical
from chains.cosmos.client import Client
from chains.cosmos.events import Event, EventError, events
from chains.cosmos.sending import Found
from chains.errors import ChainError, Unreadable


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


def document(event: Event) -> dict[str, Any]:
    """An event as JSON has it."""
    return {"event": type(event).__name__} | {name: _plain(value) for name, value in asdict(event).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, IntEnum):
        return value.name.lower()
    return str(value) if isinstance(value, int) else value


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chains.cosmos.show_events", description="Events of a transaction.")
    parser.add_argument("--contract", required=True, help="address of the contract")
    parser.add_argument("--chain", required=True, help="CAIP-2 id of the chain, cosmos:REFERENCE")
    parser.add_argument("--url", required=True, help="CometBFT RPC that knows the transaction; env:NAME or file:PATH")
    parser.add_argument("hash", help="of the transaction")
    options = parser.parse_args(argv)
    try:
        contract = canonical(options.contract)
        found = asyncio.run(executed(ChainId.parse(options.chain), options.url, options.hash))
        for event in events(found.events, contract):
            sys.stdout.write(json.dumps(document(event)) + "\n")
    except (CaipError, ChainError, EventError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
