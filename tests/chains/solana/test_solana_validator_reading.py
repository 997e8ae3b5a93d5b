"""A real validator is read as the stand-in is: slots, Clock and block times fit, accounts are the same."""

import asyncio
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions
from chains.solana.chain import open_chain
from chains.solana.options import ChainOptions, MemberOptions
from chains.types import ChainSetup, GateState, Locked
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.solana.cluster import (
    CHAIN,
    DEPLOYMENT,
    GATED,
    LAMPORTS,
    LOCKED,
    NATIVE_POSITION,
    SUPPLY,
    TOKEN_POSITION,
    accounts,
)
from tests.chains.solana.validator import QUICK, asked, needed, validator


async def block_time(url: str, slot: int) -> Any:
    """Once the validator says it, which may be a little after the slot is final."""
    while (told := await asked(url, "getBlockTime", slot)) is None:  # noqa: ASYNC110 - another program decides
        await asyncio.sleep(0.05)
    return told


@needed
async def test_a_real_validator_is_read(tmp_path: Path) -> None:
    async with validator(accounts(), tmp_path, *QUICK) as url:
        endpoints = (
            EndpointOptions(name="a", url=SecretStr(url)),
            EndpointOptions(name="b", url=SecretStr(url.replace("127.0.0.1", "localhost"))),
        )
        options = MemberOptions(endpoints=endpoints, timeout=120.0, deadline=600.0)
        genesis = ChainOptions(genesis_hash=await asked(url, "getGenesisHash"))
        positions = (TOKEN_POSITION, NATIVE_POSITION)
        setup = ChainSetup(CHAIN, genesis, options, positions, (DEPLOYMENT,), MemoryJournal(), Recorder())
        chain = open_chain(setup, time.time)
        try:
            await chain.check()
            before = await chain.finalized()
            after = before
            while after.height < before.height + 2:
                after = await chain.finalized()
                # The first slot, which the validator began with, has no block.
                if after.height > before.height:
                    assert after.time == await block_time(url, after.height)
            for at in (before, after):
                assert await chain.locked(positions, at) == (Locked(LOCKED), Locked(LAMPORTS - 1_000_000_000))
                assert await chain.deployments((DEPLOYMENT,), at) == (
                    GateState(SUPPLY, GATED.round, GATED.cap, GATED.expires_at),
                )
            assert {h.lying for h in chain.health()} == {0}
        finally:
            await chain.close()
