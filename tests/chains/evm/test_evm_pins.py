"""Pinned code and declared tokens: what changes halts what rests on it, what is not declared is refused."""

from dataclasses import replace

import pytest

from chains.caip import AccountId
from chains.errors import Halted, Refused, Unreadable
from chains.evm.family import FAMILY
from chains.evm.options import PositionOptions
from chains.halts import HaltedReading, halted, resume
from chains.types import GateState, Locked
from tests.chains.evm.evm_support import (
    CHAIN,
    Odd,
    deployed_code,
    load,
    locked,
    world,
)
from tests.chains.memory import MemoryJournal, Recorder

BALANCE_OF, TOTAL_SUPPLY = "0x70a08231", "0x18160ddd"

IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"


async def test_swapped_code_halts_what_rests_on_it_and_nothing_else() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            await w.final(chain)
            code = await w.node.call("eth_getCode", w.collateral, "latest")
            await w.node.call("anvil_setCode", w.collateral, code + "00")
            at = await w.final(chain)
            swapped, native = await chain.locked((w.position, w.native), at)
            assert isinstance(swapped, HaltedReading)
            assert isinstance(swapped, Unreadable)
            assert isinstance(swapped, Halted)
            assert w.collateral in swapped.evidence
            assert isinstance(native, Locked)
            await w.node.call("anvil_setCode", w.collateral, code)
            restored = await w.final(chain)
            assert isinstance(await locked(chain, w.position, restored), HaltedReading)
            (subject,) = halted(journal)
            assert resume(journal, subject)
            assert isinstance(await locked(chain, w.position, restored), Locked)


@pytest.mark.parametrize("which", ["gate", "token", "committee"])
async def test_a_swapped_gate_token_or_committee_contract_halts_the_deployment(which: str) -> None:
    async with world() as w, w.opened() as chain:
        assert await chain.deployments((w.deployment,), await w.final(chain)) == (GateState(0, 0, 0, 0),)
        await w.node.call("anvil_setCode", getattr(w, which), "0x6001600055")
        (found,) = await chain.deployments((w.deployment,), await w.final(chain))
        assert isinstance(found, HaltedReading)
        assert getattr(w, which) in found.evidence


async def test_a_token_without_a_pin_is_unreadable_but_halts_nothing() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            unpinned = replace(w.position, options=PositionOptions(transfer="exact"))
            found = await locked(chain, unpinned, await w.final(chain))
            assert isinstance(found, Unreadable)
            assert "not pinned" in str(found)
        assert halted(journal) == {}
        assert not resume(journal, "chain")


async def test_a_gate_that_does_not_exist_is_unreadable_not_zero() -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        absent = replace(w.deployment, gate=AccountId(CHAIN, "0x" + "12" * 20))
        (found,) = await chain.deployments((absent,), at)
        assert isinstance(found, Unreadable)


async def test_a_proxy_needs_a_pin_and_halts_when_its_implementation_changes() -> None:
    async with world() as w:
        odd = await Odd.deployed(w)
        implementation = await deployed_code(w, load("TestTokens.json")["OddToken"]["bytecode"])
        proxy = Odd(w, await deployed_code(w, load("TestTokens.json")["Proxy1967"]["bytecode"], implementation))
        await proxy.do("mint", w.vault, 7)
        # A proxy's constructor does not run the implementation's: scale is 0 until it is set.
        await proxy.do("set", False, w.vault, False, 0, 1)
        unpinned = await proxy.position(w, w.vault)
        pin = {"address": implementation, "code_hash": await w.client.code_hash(implementation)}
        pinned = await proxy.position(w, w.vault, implementation=pin)
        wrong = await proxy.position(w, w.vault, implementation=pin | {"address": odd.address})
        async with w.opened(positions=(unpinned,), deployments=()) as chain:
            await w.final(chain)
            with pytest.raises(Refused, match=f"is a proxy for {implementation}; pin it"):
                await chain.check()
        async with w.opened(positions=(wrong,), deployments=()) as chain:
            with pytest.raises(Refused, match=r"implementation\.address: pinned is"):
                await chain.check()
        async with w.opened(positions=(pinned,), deployments=()) as chain:
            await chain.check()
            assert await locked(chain, pinned, await w.final(chain)) == Locked(7)
            word = "0x" + odd.address[2:].rjust(64, "0")
            await w.node.call("anvil_setStorageAt", proxy.address, IMPLEMENTATION_SLOT, word)
            found = await locked(chain, pinned, await w.final(chain))
            assert isinstance(found, HaltedReading)
            assert odd.address in found.evidence


async def test_a_clone_is_seen_and_can_be_pinned() -> None:
    async with world() as w:
        odd = await Odd.deployed(w)
        clone = Odd(w, "0x" + "c1" * 20)
        code = f"0x363d3d373d3d3d363d73{odd.address[2:]}5af43d82803e903d91602b57fd5bf3"
        await w.node.call("anvil_setCode", clone.address, code)
        await clone.do("set", False, w.vault, False, 0, 1)
        await clone.do("mint", w.vault, 9)
        pin = {"address": odd.address, "code_hash": await w.client.code_hash(odd.address), "minimal": True}
        pinned = await clone.position(w, w.vault, implementation=pin)
        async with w.opened(positions=(await clone.position(w, w.vault),), deployments=()) as chain:
            await w.final(chain)
            with pytest.raises(Refused, match=f"is a proxy for {odd.address}"):
                await chain.check()
        async with w.opened(positions=(pinned,), deployments=()) as chain:
            await chain.check()
            assert await locked(chain, pinned, await w.final(chain)) == Locked(9)


async def test_fee_on_transfer_and_rebasing_tokens_are_refused_unless_declared() -> None:
    async with world() as w:
        odd = await Odd.deployed(w)
        await odd.do("mint", w.vault, 10_000)
        await odd.do("set", False, w.vault, False, 100, 1)
        exact = await odd.position(w, w.vault)
        async with w.opened(positions=(exact,), deployments=()) as chain:
            await w.final(chain)
            with pytest.raises(Refused, match="a transfer of 10000 credits 9900"):
                await chain.check()
        declared = await odd.position(w, w.vault, transfer="fee_on_transfer")
        async with w.opened(positions=(declared,), deployments=()) as chain:
            await chain.check()
            assert await locked(chain, declared, await w.final(chain)) == Locked(10_000)
        # Balances that are shares times a factor: the slot proves the shares, the balance is measured.
        await odd.do("set", False, w.vault, False, 0, 3)
        proven = await odd.position(w, w.vault, balance_slot=0)
        rebasing = await odd.position(w, w.vault, transfer="rebasing")
        async with w.opened(positions=(proven, rebasing), deployments=()) as chain:
            contradiction, measured = await chain.locked((proven, rebasing), await w.final(chain))
            assert isinstance(contradiction, Unreadable)
            assert "is it the right slot" in str(contradiction)
            assert measured == Locked(30_000)


async def test_paused_or_frozen_collateral_counts_as_nothing_where_declared() -> None:
    async with world() as w:
        odd = await Odd.deployed(w)
        await odd.do("mint", w.vault, 50)
        await odd.do("mint", w.gate, 60)
        views = {"paused_call": "paused()", "frozen_call": "isBlacklisted(address)", "balance_slot": 0}
        one, other = await odd.position(w, w.vault, **views), await odd.position(w, w.gate, **views)
        recorder = Recorder()
        async with w.opened(positions=(one, other), deployments=(), log=recorder) as chain:
            at = await w.final(chain)
            await chain.check()
            assert [x.amount for x in await chain.locked((one, other), at) if isinstance(x, Locked)] == [50, 60]
            await odd.do("set", False, w.vault, True, 0, 1)
            at = await w.final(chain)
            frozen, free = await chain.locked((one, other), at)
            assert isinstance(frozen, Locked)
            assert isinstance(free, Locked)
            assert (frozen.amount, free.amount) == (0, 60)
            FAMILY.check_proof(one, at, 0, frozen.proof)
            assert recorder.named("collateral_frozen")
            await odd.do("set", True, w.vault, False, 0, 1)
            assert [
                x.amount for x in await chain.locked((one, other), await w.final(chain)) if isinstance(x, Locked)
            ] == [
                0,
                0,
            ]
