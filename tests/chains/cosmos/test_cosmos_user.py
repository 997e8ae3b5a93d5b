"""A holder at one real node: mints, refusals and redemptions with the real contract."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from chains.caip import AccountId, CaipError, ChainId
from chains.cosmos import messages, queries, show_events
from chains.cosmos.bech32 import encode
from chains.cosmos.client import Client
from chains.cosmos.family import FAMILY
from chains.cosmos.user import CosmosUser
from chains.devnet import account_secret
from chains.errors import ChainError, Refused, Unreadable
from chains.types import GateState
from tests.chains.cosmos.gates import Gated, gated
from tests.chains.cosmos.nodes import RunningNode, needs_wasmd
from tests.chains.statements import seed

pytestmark = needs_wasmd

HOLDER = account_secret("a holder of cosmos tokens")


@pytest.fixture
async def g(node: RunningNode) -> AsyncIterator[Gated]:
    async with gated(node) as made:
        yield made


async def test_a_mint_above_the_cap_fails_in_a_block_and_a_redemption_lowers_the_cap(g: Gated) -> None:
    d = g.deployment
    await g.site.local.fund([FAMILY.account_address(HOLDER)])
    async with g.holder(HOLDER) as holder:
        user, wallet = g.site.user, holder.address_at(d)
        assert (await user.state(d)) == GateState(0, 0, 0, 0)
        assert await user.mint_refusal(d, wallet, 1, None) == "NoStatement"
        none = await user.mint(d, wallet, 1, None)
        assert (none.ok, none.error) == (False, "NoStatement")
        statement = g.statement(5, 1_000)
        above = await user.mint(d, wallet, 1_001, statement)
        assert (above.ok, above.error) == (False, "ExceedsCap")
        assert above.cost > 0
        assert g.site.result(above.transaction)["code"] == 5  # executed, in a block, and failed
        # All of a transaction or nothing: the statement did not come of it either.
        assert (await user.state(d)).round == 0
        assert await user.mint_refusal(d, wallet, 1_000, statement) == ""
        exact = await user.mint(d, wallet, 1_000, statement)
        assert (exact.ok, exact.error) == (True, "")
        assert exact.height > above.height
        state = await user.state(d)
        assert (state.supply, state.round, state.cap) == (1_000, 5, 1_000)
        assert g.site.balance(wallet, d.token) == 1_000
        one_more = await user.mint(d, wallet, 1, None)
        assert (one_more.ok, one_more.error) == (False, "ExceedsCap")
        assert await user.mint_refusal(d, wallet, 1, None) == "ExceedsCap"
        assert await holder.allow(d, 300) is None
        assert await holder.redeem_refusal(d, 300) == ""
        redeemed = await holder.redeem(d, 300)
        assert (redeemed.ok, redeemed.error) == (True, "")
        state = await holder.state(d)
        assert (state.supply, state.cap) == (700, 700)
        refused = await holder.redeem(d, 701)
        assert (refused.ok, refused.error) == (False, "Overflow: Cannot Sub with given operands")
        assert await holder.redeem_refusal(d, 0) == "ZeroAmount"


async def test_who_may_not_mint_is_refused_in_a_block(g: Gated) -> None:
    d = g.deployment
    await g.site.local.fund([FAMILY.account_address(HOLDER)])
    async with g.holder(HOLDER) as holder:
        statement = g.statement(5, 1_000)
        assert await holder.mint_refusal(d, holder.address_at(d), 1, statement) == "NotMinter"
        receipt = await holder.mint(d, holder.address_at(d), 1, statement)
        assert (receipt.ok, receipt.error) == (False, "NotMinter")


async def test_two_equal_mints_are_two_transactions_also_at_once(g: Gated) -> None:
    d, user = g.deployment, g.site.user
    wallet = user.address_at(d)
    assert (await user.mint(d, wallet, 10, g.statement(5, 1_000))).ok
    first, second = await asyncio.gather(user.mint(d, wallet, 10, None), user.mint(d, wallet, 10, None))
    assert first.ok
    assert second.ok
    assert first.transaction != second.transaction
    assert g.site.balance(wallet, d.token) == 30


async def test_the_events_of_a_mint_are_shown(g: Gated, capsys: pytest.CaptureFixture[str]) -> None:
    d, user = g.deployment, g.site.user
    wallet, url = user.address_at(d), g.site.node.url
    receipt = await user.mint(d, wallet, 1_000, g.statement(5, 1_000))
    failed = await user.mint(d, wallet, 1, None)
    where = ["--contract", d.gate.address, "--chain", str(d.gate.chain), "--url", url]
    assert await asyncio.to_thread(show_events.main, [*where, receipt.transaction]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in told] == ["StatementAccepted", "Minted"]
    assert (told[0]["round"], told[0]["cap"]) == ("5", "1000")
    assert (told[1]["amount"], told[1]["minter"], told[1]["route"]) == ("1000", wallet, d.route.hex())
    for name, text in ((failed.transaction, "ExceedsCap"), ("00" * 32, "knows no transaction"), ("x", "no hash of")):
        assert await asyncio.to_thread(show_events.main, [*where, name]) == 1
        out, err = capsys.readouterr()
        assert (out, text in err) == ("", True)


async def test_addresses_chains_and_gates_of_another_kind_are_refused(g: Gated) -> None:
    d, user = g.deployment, g.site.user
    with pytest.raises(Refused, match="no address of this chain: the gate's begins with wasm"):
        await user.mint(d, encode("cosmos", bytes(20)), 1, None)
    with pytest.raises(CaipError):
        await user.mint(d, "0x00", 1, None)
    other = ChainId("cosmos", "cosmoshub-4")
    elsewhere = CosmosUser(other, SecretStr(g.site.node.url), HOLDER)
    with pytest.raises(Refused, match=r"serves the chain 'ballast-local-0'.*, not cosmos:cosmoshub-4"):
        await elsewhere.state(d)
    await elsewhere.close()
    wrong_prefix = AccountId(d.gate.chain, encode("cosmos", bytes(32)))
    nowhere = AccountId(d.gate.chain, encode("wasm", bytes(32)))
    with pytest.raises(Refused, match=r"the node does not know cosmos1.*expected 'wasm'"):
        await user.mint_refusal(replace(d, gate=wrong_prefix), encode("cosmos", bytes(20)), 1, None)
    with pytest.raises(Unreadable, match="has no route"):
        await user.state(replace(d, gate=nowhere))
    with pytest.raises(ChainError, match="no such contract"):
        await user.state(replace(d, token=type(d.token)(d.token.chain, "cw20", nowhere.address)))
    with pytest.raises(Refused, match="no secp256k1 private key"):
        CosmosUser(other, SecretStr(g.site.node.url), bytes(31))


async def test_an_account_without_coins_is_told_what_to_do(g: Gated) -> None:
    async with g.holder(seed("a cosmos user without coins")) as holder:
        to = holder.address_at(g.deployment)
        with pytest.raises(Unreadable, match=f"{to} has no coins yet: send some to {to}"):
            await holder.mint(g.deployment, to, 1, None)


async def test_a_client_asks_contracts_and_the_node_its_price(g: Gated) -> None:
    async with Client(g.site.local.chain, g.site.node.url) as client:
        answer = await client.query(g.deployment.gate.address, messages.query("contract"))
        assert answer["domain"] == g.deployment.domain.hex()
        with pytest.raises(ChainError, match="refuses a query: ballast error 60 UnknownRoute"):
            await client.query(g.deployment.gate.address, messages.query("state", bytes(32)))
        (prices,) = await client.ask(queries.least_prices())
        assert [(float(p.amount), p.denomination) for p in prices] == [(0.025, "stake")]
        with pytest.raises(Refused, match="no account"):
            await client.send([])
