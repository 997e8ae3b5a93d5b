"""Whole rounds over real parts: members, bus, stores, the family's adapter over HTTP, the contract on a real node."""

from pathlib import Path

import pytest

from chains.types import Deployment
from tests.chains.cosmos import lies
from tests.chains.cosmos.cluster import cosmos_committee, running, until
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.cosmos.sites import Kind, Site
from tests.chains.rounds import amounts, certified

pytestmark = needs_wasmd


async def refused(site: Site, gate: Deployment, amount: int) -> None:
    """A mint above the cap is executed, and fails by the gate's own error."""
    receipt = await site.mint(gate, amount)
    assert (receipt.ok, receipt.error) == (False, "ExceedsCap")
    assert "ballast error 45 ExceedsCap" in site.result(receipt.transaction)["log"]


@pytest.mark.parametrize("kind", ["bank", "cw20"])
async def test_caps_follow_the_collateral_and_no_mint_exceeds_them(tmp_path: Path, nats: str, kind: Kind) -> None:
    async with (
        cosmos_committee(tmp_path, nats, {"USD": (0,)}, 700_000, {"USD": kind}) as c,
        running(c) as members,
    ):
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("USD")
        site, vault = ground.sites[gate.chain], c.world.vaults["USD"]
        await until(lambda: ground.gate(gate).cap == 700_000)
        await refused(site, gate, 700_001)
        assert (await site.mint(gate, 700_000)).ok
        await refused(site, gate, 1)
        assert ground.supply(gate) == 700_000
        assert (await site.local.lock(vault, 50_000)).ok
        await until(lambda: ground.gate(gate).cap == 750_000)
        await refused(site, gate, 50_001)
        assert (await site.mint(gate, 50_000)).ok
        assert (await site.user.redeem(gate, 200_000)).ok
        assert ground.supply(gate) == 550_000
        assert amounts(members, position) == {700_000, 750_000}
        assert not any(m.store.disputes() for m in members)


async def test_a_member_whose_endpoints_lie_changes_nothing(tmp_path: Path, nats: str) -> None:
    """What they tell is not proven, so that this member reads nothing, rather than something wrong."""
    async with cosmos_committee(tmp_path, nats, {"USD": (0,)}, 700_000) as c:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("USD")
        rules = (lies.of_position(position, add=10**6), lies.of_supply(gate, 10**6))
        ground.behave(3, "lying", *rules, at=(0, 1, 2))
        ground.behave(2, "lagging", behind=40)
        async with running(c) as members:
            await until(lambda: ground.gate(gate).cap == 700_000)
            reached = certified(members[0])
            await until(lambda: certified(members[3]) > reached + 1)
            assert amounts(members[:3], position) == {700_000}
            assert amounts(members[3:], position) <= {700_000}
            assert not any(m.store.disputes() for m in members)
