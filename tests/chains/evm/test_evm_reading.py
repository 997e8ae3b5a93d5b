"""Readings of positions and gates at one finalized block, against a real node behind proxies."""

import functools
from dataclasses import replace
from typing import Any

import pytest

from chains.caip import AccountId
from chains.errors import Halted, ProofError, Refused, Unreadable
from chains.evm.chain import open_chain
from chains.evm.family import FAMILY
from chains.evm.options import DeploymentOptions, PositionOptions
from chains.halts import halted, resume
from chains.misbehaviour import HONEST, Behaviour
from chains.types import Checkpoint, GateState, Locked
from tests.chains.evm.evm_support import CHAIN, UNIT, World, locked, lying, world
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.polling import until
from tests.chains.readers import healths

BALANCE_OF, TOTAL_SUPPLY = "0x70a08231", "0x18160ddd"


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
        served = w.proxies[1].served
        honest = await chain.locked((w.position, w.native), at)
        # The others may have been enough: what it has been asked until now it answers honestly.
        await until(lambda: w.proxies[1].served > served)
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
        # Late by a clock of the test's own.
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
            # Empty blocks of one and the same second may well be the very same again.
            await w.node.call("evm_increaseTime", 60)
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
