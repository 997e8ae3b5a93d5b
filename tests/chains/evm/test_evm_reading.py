"""Readings of positions and gates at one finalized block, against a real node behind proxies."""

import functools
from dataclasses import replace
from typing import Any

import pytest

from chains.caip import AccountId
from chains.errors import Halted, ProofError, Refused, Unreadable
from chains.evm.chain import open_chain
from chains.evm.family import FAMILY
from chains.evm.misbehaviour import Rule
from chains.evm.options import DeploymentOptions, PositionOptions
from chains.halts import HaltedReading, halted, resume
from chains.misbehaviour import HONEST, Behaviour
from chains.opened import OpenedChain
from chains.types import Checkpoint, GateState, Locked, Position
from tests.chains.evm.evm_support import (
    CHAIN,
    UNIT,
    Odd,
    World,
    deployed_code,
    healths,
    load,
    until,
    world,
)
from tests.chains.memory import MemoryJournal, Recorder

BALANCE_OF, TOTAL_SUPPLY = "0x70a08231", "0x18160ddd"
IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"


def lying(**rule: Any) -> Behaviour[Rule]:
    return Behaviour(mode="lying", rules=(Rule(**rule),))


async def locked(chain: OpenedChain, position: Position, at: Checkpoint) -> Locked | Unreadable:
    return (await chain.locked((position,), at))[0]


async def test_positions_and_gates_are_read_and_proven() -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        await chain.check()
        erc20, native = await chain.locked((w.position, w.native), at)
        assert isinstance(erc20, Locked)
        assert erc20.amount == 100 * UNIT
        FAMILY.check_proof(w.position, at, erc20.amount, erc20.proof)
        with pytest.raises(ProofError):
            FAMILY.check_proof(w.position, at, erc20.amount + 1, erc20.proof)
        assert isinstance(native, Locked)
        assert native.amount == await w.client.native_balance(w.client.address)
        FAMILY.check_proof(w.native, at, native.amount, native.proof)
        assert await chain.deployments((w.deployment,), at) == (GateState(0, 0, 0, 0),)
        assert {h.state for h in chain.health()} == {"ok"}


async def test_a_reading_stays_at_its_block_while_the_chain_goes_on() -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        before = await locked(chain, w.position, at)
        await w.mined(w.client.deposit(w.vault, 5 * UNIT))
        after = await w.final(chain)
        assert await locked(chain, w.position, at) == before
        now = await locked(chain, w.position, after)
        assert isinstance(now, Locked)
        assert now.amount == 105 * UNIT


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "eth_call", "data": BALANCE_OF, "add": 10**24},
        {"method": "eth_getBalance", "add": 10**24},
        {"method": "eth_getProof", "path": "balance", "add": 1},
        {"method": "eth_getProof", "path": "accountProof", "result": []},
        {"method": "eth_call", "data": BALANCE_OF, "add": -(10**18)},
    ],
)
async def test_one_lying_endpoint_is_outvoted_named_and_set_aside(rule: dict[str, Any]) -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        honest = await chain.locked((w.position, w.native), at)
        w.proxies[1].behave(lying(**rule))
        assert await chain.locked((w.position, w.native), at) == honest
        await until(lambda: healths(chain)["b"].lying == 1)
        assert {h.name: h.state for h in chain.health()} == {"a": "ok", "b": "lying", "c": "ok"}
        served = w.proxies[1].served
        assert await chain.locked((w.position, w.native), at) == honest
        assert w.proxies[1].served == served


@pytest.mark.parametrize("path", ["stateRoot", "timestamp", "hash", "number"])
async def test_a_lying_head_proves_itself_false(path: str) -> None:
    async with world() as w, w.opened() as chain:
        await w.final(chain)
        value = {"result": "0x" + "11" * 32} if path in ("stateRoot", "hash") else {"add": 1000}
        w.proxies[0].behave(lying(method="eth_getBlockByNumber", path=path, **value))
        await w.node.mine(3)
        at = await chain.finalized()
        block = await w.node.call("eth_getBlockByNumber", hex(at.height), False)
        assert block["hash"] == "0x" + at.block_hash.hex()
        assert healths(chain)["a"].lying == 1


async def test_lying_endpoints_with_the_rest_down_give_nothing() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            at = await w.final(chain)
        w.proxies[0].behave(lying(method="eth_call", data=BALANCE_OF, add=10**24))
        for proxy in w.proxies[1:]:
            proxy.behave(Behaviour(mode="failing", how="500"))
        impatient = w.member_options(deadline=2.0, timeout=2.0)
        async with w.opened(journal=journal, options=impatient) as chain:
            found = await locked(chain, w.position, at)
            assert isinstance(found, Unreadable)
            with pytest.raises(Unreadable):
                await chain.finalized()
            assert healths(chain)["b"].failing > 0
            # It is not taken at its word either once the others are back.
            for proxy in w.proxies[1:]:
                proxy.behave(HONEST)
        async with w.opened(journal=journal) as chain:
            honest = await locked(chain, w.position, at)
            assert isinstance(honest, Locked)
            assert honest.amount == 100 * UNIT


async def test_even_a_lying_quorum_cannot_prove_a_balance() -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        for proxy in w.proxies:
            proxy.behave(lying(method="eth_call", data=BALANCE_OF, add=10**24))
        found = await locked(chain, w.position, at)
        assert isinstance(found, Unreadable)
        assert "proven" in str(found)


async def test_an_endpoint_that_is_behind_is_not_counted() -> None:
    async with world() as w, w.opened(options=w.member_options(max_lag=5)) as chain:
        await w.final(chain)
        await w.node.mine(20)
        w.proxies[2].behave(Behaviour(mode="lagging", behind=10))
        at = await chain.finalized()
        final = await w.node.call("eth_getBlockByNumber", "finalized", False)
        assert at.height == int(final["number"], 16)
        assert healths(chain)["c"].lagging > 0
        assert healths(chain)["c"].lying == 0
        assert isinstance(await locked(chain, w.position, at), Locked)
        w.proxies[1].behave(Behaviour(mode="lagging", behind=10))
        await w.node.mine(5)
        assert (await chain.finalized()) == at


async def test_the_checkpoint_never_goes_back_not_even_over_a_restart() -> None:
    async with world() as w:
        journal = MemoryJournal()
        async with w.opened(journal=journal) as chain:
            at = await w.final(chain)
        for proxy in w.proxies:
            proxy.behave(Behaviour(mode="lagging", behind=3))
        async with w.opened(journal=journal) as chain:
            assert await chain.finalized() == at


async def test_checkpoints_lie_on_the_grid_and_members_agree_bit_for_bit() -> None:
    async with world(stride=4) as w, w.opened() as one, w.opened() as other:
        await w.node.mine(9)
        w.proxies[0].behave(Behaviour(mode="lagging", behind=1))
        at = await one.finalized()
        w.proxies[0].behave(HONEST)
        assert at.height % 4 == 0
        assert await other.finalized() == at
        assert await one.locked((w.position,), at) == await other.locked((w.position,), at)
        beyond = Checkpoint(at.chain, at.height + 4, at.block_hash, at.time)
        assert isinstance(await locked(one, w.position, beyond), Unreadable)


async def test_a_real_block_that_is_not_final_yet_is_not_read() -> None:
    async with world() as w, w.opened() as chain:
        await w.final(chain)
        block = await w.node.call("eth_getBlockByNumber", "latest", False)
        height, time = int(block["number"], 16), int(block["timestamp"], 16)
        newest = Checkpoint(str(CHAIN), height, bytes.fromhex(block["hash"][2:]), time)
        early = await locked(chain, w.position, newest)
        assert isinstance(early, Unreadable)
        assert "beyond the last final one" in str(early)
        assert (await w.final(chain)).height >= height
        assert isinstance(await locked(chain, w.position, newest), Locked)


async def test_a_checkpoint_that_is_not_of_this_chain_is_unreadable() -> None:
    async with world() as w, w.opened() as chain:
        at = await w.final(chain)
        for wrong in (
            replace(at, block_hash=b"\x11" * 32),
            replace(at, height=at.height - 1),
            replace(at, time=at.time + 1),
            replace(at, chain="eip155:1"),
        ):
            assert isinstance(await locked(chain, w.position, wrong), Unreadable)


async def test_a_stall_of_finality_keeps_the_checkpoint_and_ends_in_unreadable() -> None:
    async with world() as w:
        async with w.opened() as chain:
            at = await w.final(chain)
            await w.node.call("anvil_mine", "0x1")
            first = await chain.finalized()
            assert (first, await chain.finalized()) == (first, first)
            assert first.height >= at.height
            assert await locked(chain, w.position, first) == await locked(chain, w.position, first)
        # The blocks of this node lie in the future, so that a clock of the test's own is needed to be late.
        impatient = w.setup(chain_options=w.chain_options.model_copy(update={"max_finality_lag": 100}))
        for late, stalls in ((100, False), (101, True)):
            chain = open_chain(impatient, clock=functools.partial(float, first.time + late))
            try:
                if stalls:
                    with pytest.raises(Unreadable, match="finality stalls"):
                        await chain.finalized()
                else:
                    assert await chain.finalized() == first
            finally:
                await chain.close()


async def test_a_reorg_below_finalized_halts_until_resumed_by_hand() -> None:
    async with world() as w:
        journal, recorder = MemoryJournal(), Recorder()
        async with w.opened(journal=journal, log=recorder) as chain:
            at = await w.final(chain)
            await w.node.call("anvil_reorg", 5, [])
            await w.node.mine(3)
            with pytest.raises(Halted) as caught:
                await chain.finalized()
            assert at.block_hash.hex() in caught.value.evidence
            with pytest.raises(Halted):
                await chain.locked((w.position,), at)
        assert set(halted(journal)) == {"chain"}
        async with w.opened(journal=journal) as chain:
            with pytest.raises(Halted):
                await chain.finalized()
            with pytest.raises(Halted):
                await chain.deployments((w.deployment,), at)
        assert resume(journal, "chain")
        assert not resume(journal, "chain")
        async with w.opened(journal=journal) as chain:
            assert isinstance(await locked(chain, w.position, await w.final(chain)), Locked)


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


async def findings(w: World, **changes: Any) -> str:
    async with w.opened(**changes) as chain:
        with pytest.raises(Refused) as caught:
            await chain.check()
    return str(caught.value)


async def test_the_start_check_reports_every_finding_at_once() -> None:
    async with world() as w:
        await w.node.mine(4)
        options = w.position.options
        assert isinstance(options, PositionOptions)
        gate_options = w.deployment.options
        assert isinstance(gate_options, DeploymentOptions)
        nowhere = "0x" + "99" * 20
        positions = (
            replace(w.position, decimals=6),
            replace(w.position, options=PositionOptions(transfer="exact")),
            replace(w.position, asset=replace(w.position.asset, asset=nowhere)),
            replace(w.native, options=PositionOptions(transfer="rebasing", paused_call="paused()")),
        )
        deployments = (
            replace(w.deployment, route=b"\x11" * 32, decimals=8),
            replace(w.deployment, gate=AccountId(CHAIN, nowhere)),
            replace(w.deployment, options=gate_options.model_copy(update={"committee": w.collateral})),
        )
        text = await findings(w, positions=positions, deployments=deployments)
        code_hash = options.code_hash
        for expected in (
            f"decimals: 6 is declared, {w.collateral} has 18",
            f'code_hash is missing; the code at {w.collateral} has code_hash = "{code_hash}"',
            f"there is no code at {nowhere}",
            "transfer: native coins move exactly",
            "paused_call: a native position has no token",
            f"the gate's route is 0x{w.deployment.route.hex()}, configured is 0x{'11' * 32}",
            f"decimals: 8 is declared, {w.token} has 18",
            f"the gate's committee is {w.committee}, configured is {w.collateral}",
            f"epoch() of the committee contract {w.collateral} reverts",
        ):
            assert expected in text


async def test_wrong_chain_or_genesis_refuses_to_start_and_never_counts() -> None:
    async with world(contracts=False) as w:
        w.proxies[1].behave(lying(method="eth_chainId", result="0x1"))
        assert "endpoint b: serves chain id 1, configured is 31337" in await findings(w)
        w.proxies[1].behave(
            lying(method="eth_getBlockByNumber", result=await w.node.call("eth_getBlockByNumber", "0x1", False))
        )
        assert "endpoint b: its genesis block is" in await findings(w)
        async with w.opened() as chain:
            await chain.finalized()
            assert healths(chain)["b"].state == "refused"
