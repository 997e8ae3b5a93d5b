"""Requests about the chain: slots, blocks, blockhashes, fees."""

import asyncio
from typing import Any

from tests.chains.solana.node.comparison import Script
from tests.chains.solana.node.node_support import (
    CONFIRMED,
    NOBODY,
    PROCESSED,
    SYSTEM,
)

FAR = 10**9
"""A slot that no chain here reaches."""


async def chain(script: Script) -> None:
    for method in (
        *("getHealth", "getVersion", "getGenesisHash", "getIdentity", "getSlot", "getSlotLeader", "getBlockHeight"),
        *("getEpochInfo", "getEpochSchedule", "getTransactionCount", "getFirstAvailableBlock", "minimumLedgerSlot"),
        *("getLatestBlockhash", "getRecentPrioritizationFees"),
    ):
        await script.ask("plain", method)
        await script.ask("three parameters", method, {}, {}, {})
    for method in ("getSlot", "getBlockHeight", "getEpochInfo", "getLatestBlockhash", "getTransactionCount"):
        await script.ask("processed", method, PROCESSED)
        await script.ask("unknown commitment", method, {"commitment": "recent"})
        await script.ask("far minContextSlot", method, {"minContextSlot": FAR})
        await script.ask("bad minContextSlot", method, {"minContextSlot": -1})
        await script.ask("not a configuration", method, "processed")
    block = await _final_block(script)
    for label, slot in (
        *(("0", 0), ("a block", block), ("far", FAR), ("text", "1"), ("negative", -1), ("null", None)),
        *(("float", 1.5), ("boolean", True), ("huge", 2**70)),
    ):
        await script.ask(label, "getBlockTime", slot)
        await script.ask(label, "getBlocks", slot, 3)
        await script.ask(label, "getBlock", slot)
        if slot not in (0, block):  # whose votes are forgotten after some hundred slots
            await script.ask(label, "getBlockCommitment", slot)
    script.keep("getBlockCommitment of the newest slot", await _newest_commitment(script))
    await script.ask("none", "getBlockTime")
    for label, params in (
        *(("no end", [0]), ("reversed", [5, 0]), ("far end", [0, FAR]), ("processed", [0, 3, PROCESSED])),
        *(("config in place of the end", [0, CONFIRMED]), ("confirmed", [0, 3, CONFIRMED])),
    ):
        await script.ask(label, "getBlocks", *params)
    await script.ask("of 3", "getBlocksWithLimit", 0, 3)
    await script.ask("of too many", "getBlocksWithLimit", 0, 600_000)
    await script.ask("processed", "getBlock", block, PROCESSED)
    for details in ("none", "signatures", "accounts", "full"):
        await script.ask(details, "getBlock", block, {"transactionDetails": details, "rewards": False, **CONFIRMED})
    await script.ask("bad details", "getBlock", block, {"transactionDetails": "all"})
    newest = str(await script.rpc.blockhash())
    hashes: list[tuple[str, list[Any]]] = [
        *(("newest", [newest, PROCESSED]), ("unknown", [NOBODY, PROCESSED]), ("short", ["1111"]), ("none", [])),
        *(("far", [newest, {"minContextSlot": FAR}]), ("no base58", ["0OIl" * 8]), ("number", [5])),
    ]
    for label, params in hashes:
        await script.ask(label, "isBlockhashValid", *params)
    for label, size in (("0", 0), ("165", 165), ("too much", 10**9), ("negative", -1), ("text", "165")):
        await script.ask(label, "getMinimumBalanceForRentExemption", size)
    await script.ask("confirmed", "getMinimumBalanceForRentExemption", 10, CONFIRMED)
    for label, accounts in (("one", [SYSTEM]), ("bad", ["x"]), ("too many", [SYSTEM] * 129), ("text", SYSTEM)):
        await script.ask(label, "getRecentPrioritizationFees", accounts)
    await script.ask("unknown", "getRecentBlockhash")


async def _final_block(script: Script) -> int:
    """The slot of a block that is final and is told whole. The slot that a validator begins with has no block, the next
    one's does not tell its parent."""
    while True:
        for slot in await script.rpc.call("getBlocks", 3):
            if isinstance(await script.rpc.call("getBlock", slot), dict):
                return int(slot)
        await asyncio.sleep(0.05)


async def _newest_commitment(script: Script) -> Any:
    """What is told of the votes for a confirmed slot, once they have been counted."""
    while True:
        told = await script.rpc.call("getBlockCommitment", await script.rpc.call("getSlot", CONFIRMED))
        if told["commitment"] is not None:
            return told
        await asyncio.sleep(0.05)
