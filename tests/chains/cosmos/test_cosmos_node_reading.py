"""Readings of a real chain: its stores, its proofs and its contracts are what the adapter takes them for."""

import string
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from coincurve import PublicKey

from chains.caip import AccountId, AssetId
from chains.cosmos import bech32, stores
from chains.cosmos.addresses import account_bytes, denomination, denomination_asset
from chains.cosmos.family import FAMILY
from chains.cosmos.misbehaviour import Rule
from chains.cosmos.options import PositionOptions
from chains.devnet import Committee as GroupKey
from chains.errors import ProofError, Refused, Unreadable
from chains.halts import HaltedReading
from chains.opened import OpenedChain
from chains.types import GateState, Locked, Position
from tests.chains.cosmos.cluster import LONGEST_LEASE, Stage, final, staged
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.cosmos.sites import DECIMALS, deployment, opened_site, position
from tests.chains.readers import answered

pytestmark = needs_wasmd
LOCKED = 123_456
_ROUTES = iter(string.ascii_lowercase)


@pytest.fixture
async def stage(node: RunningNode) -> AsyncIterator[Stage]:
    """A vault of the bank, one of a cw20, and a gate."""
    async with opened_site(node) as site:
        rows = [await site.new_vault("USD"), await site.new_vault("TOK", "cw20")]
        for row in rows:
            held = site.locked(position(row))
            assert (await site.local.lock(row, LOCKED)).ok
            assert site.locked(position(row)) == held + LOCKED
        key = GroupKey(1, PublicKey.from_secret(b"\1" * 32).format())
        name = f"reading-{next(_ROUTES)}"
        row = await site.local.deploy_destination(name, DECIMALS, key, LONGEST_LEASE)
        async with staged(site, [position(vault) for vault in rows], [deployment(row, name)]) as made:
            await final(site)
            yield made


async def read(chain: OpenedChain, *positions: Position) -> list[Any]:
    return list(await chain.locked(positions, await chain.finalized()))


async def test_positions_and_gates_are_read_checked_and_proven(stage: Stage) -> None:
    async with stage.opened() as chain:
        await chain.check()
        at = await chain.finalized()
        found = await chain.locked(stage.positions, at)
        for wanted, one in zip(stage.positions, found, strict=True):
            assert isinstance(one, Locked)
            assert one.amount == stage.site.locked(wanted)
            FAMILY.check_proof(wanted, at, one.amount, one.proof)
            for amount in (0, one.amount - 1, one.amount + 1):
                with pytest.raises(ProofError):
                    FAMILY.check_proof(wanted, at, amount, one.proof)
            for other in (replace(at, time=at.time + 1), replace(at, block_hash=bytes(32))):
                with pytest.raises(ProofError):
                    FAMILY.check_proof(wanted, other, one.amount, one.proof)
        assert await chain.deployments(stage.deployments, at) == (GateState(0, 0, 0, 0),)
        roles = {one["role"] for one in stage.log.named("contract")}
        assert roles == {"token", "gate"}


async def test_absence_is_zero_only_where_the_coin_is(stage: Stage) -> None:
    bank, token = stage.positions
    chain_id = bank.account.chain
    nobody = AccountId(chain_id, bech32.encode("wasm", b"\xff" * 20))
    none = replace(bank, asset=denomination_asset(chain_id, "unone"))
    async with stage.opened() as chain:
        at = await chain.finalized()
        held = [replace(bank, account=nobody), replace(token, account=nobody)]
        for wanted, one in zip(held, await chain.locked(held, at), strict=True):
            assert isinstance(one, Locked)
            assert one.amount == 0
            FAMILY.check_proof(wanted, at, 0, one.proof)
        (missing,) = await chain.locked([none], at)
        assert type(missing) is Unreadable
        assert "there is no denomination unone" in str(missing)


async def test_contracts_of_the_wrong_kind_are_named(stage: Stage) -> None:
    _, token = stage.positions
    (gate,) = stage.deployments
    pins = PositionOptions(checksum=gate.options.model_dump()["checksum"], admin="none")
    contract = AssetId(token.asset.chain, "cw20", gate.gate.address)
    nothing = replace(contract, asset=bech32.encode("wasm", bytes(32)))
    own = "is no cw20-base token"
    cases = {own: replace(token, asset=contract, options=pins), "there is no contract": replace(token, asset=nothing)}
    async with stage.opened() as chain:
        for text, wanted in cases.items():
            (found,) = await read(chain, wanted)
            assert type(found) is Unreadable
            assert text in str(found)
        (swapped,) = await read(chain, replace(token, asset=contract))
        assert isinstance(swapped, HaltedReading)
        wrong = replace(gate, gate=AccountId(gate.gate.chain, token.asset.asset))
        (found,) = await chain.deployments([wrong], await chain.finalized())
        assert isinstance(found, HaltedReading)
        other = replace(gate, route=bytes(31) + b"\1")
        (found,) = await chain.deployments([other], await chain.finalized())
        assert type(found) is Unreadable
        assert f"no route {other.route.hex()} is registered" in str(found)
        await self_checked(stage, replace(gate, token=token.asset))


async def self_checked(stage: Stage, wrong: Any) -> None:
    """A gate with another token is told at the start."""
    async with stage.opened(deployments=(wrong,)) as chain:
        with pytest.raises(Refused, match="the gate's token: the route"):
            await chain.check()


async def test_an_endpoint_that_lies_is_found_out(stage: Stage) -> None:
    bank, token = stage.positions
    denom = denomination(bank.asset)
    assert denom is not None
    keys = {
        stores.BANK: stores.balance_key(account_bytes(bank.account.address), denom),
        stores.WASM: stores.cw20_balance_key(account_bytes(token.asset.asset), token.account.address),
    }
    async with stage.opened() as chain:
        await chain.finalized()
        stage.behave("lying", *(Rule(store=store, key=key.hex(), add=10**9) for store, key in keys.items()))
        first, second = await read(chain, *stage.positions)
        assert (first.amount, second.amount) == (stage.site.locked(bank), stage.site.locked(token))
        await answered(chain)
        assert [health.state for health in chain.health()] == ["lying", "ok", "ok"]


async def test_another_admin_than_the_pinned_one_halts(stage: Stage) -> None:
    """As a configuration with another pin sees it."""
    _, token = stage.positions
    options = token.options.model_copy(update={"admin": token.account.address})
    async with stage.opened() as chain:
        (found,) = await read(chain, replace(token, options=options))
        assert isinstance(found, HaltedReading)
        assert f"admin: pinned is {token.account.address}" in str(found)
