"""Submitting at the ledger of the tests: to the receipt, or until it is stuck."""

import asyncio
from typing import Any

import pytest
from solders.transaction import VersionedTransaction

from chains.errors import Unreadable
from chains.solana.submit import Submitter
from chains.types import Receipt
from tests.chains.polling import until
from tests.chains.solana.ledger import World, statement


async def landed(w: World, submitter: Submitter, raw: bytes, key: str = "r5", round_: int = 5) -> Receipt | None:
    """Submits; the first transaction that is sent is executed at once."""
    known = len(w.ledger.pool)
    task = asyncio.ensure_future(submitter.submit(w.deployment, raw, key))
    await until(lambda: len(w.ledger.pool) > known or task.done())
    if not task.done():
        w.ledger.land(w.ledger.signatures()[-1])
        w.ledger.round = round_
    return await task


async def stuck(w: World, raw: bytes = b"", key: str = "r5", **changes: Any) -> bytes:
    """Submits without a block, and ends as a process does: the signature of what was sent."""
    with pytest.raises(Unreadable, match="not executed yet"):
        await w.opened(submit_timeout=1e-9, **changes).submit(w.deployment, raw or statement(5), key)
    return w.entry(key).signed.signature


def budget(raw: bytes) -> tuple[int, int]:
    """Compute limit and price of a transaction."""
    limit, price, _ = (bytes(i.data) for i in VersionedTransaction.from_bytes(raw).message.instructions)
    assert (limit[0], price[0]) == (2, 3)
    return int.from_bytes(limit[1:], "little"), int.from_bytes(price[1:], "little")


async def landed_entry(w: World) -> Receipt:
    """The block takes what is journalled; the receipt that `submit` gives for it."""
    w.ledger.land(w.entry().signed.signature)
    w.ledger.round = 5
    receipt = await w.opened().submit(w.deployment, statement(5), "r5")
    assert receipt is not None
    return receipt
