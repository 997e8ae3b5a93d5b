"""The demo's local chain on a real node: its gates and vaults, its user, and endpoints that lie about them."""

import secrets
import time
from base64 import b64decode
from collections.abc import AsyncIterator

import aiohttp
import pytest

from chains.caip import ChainId
from chains.cosmos import messages as said
from chains.cosmos import state, stores, transactions
from chains.cosmos.addresses import account_bytes, denomination_asset, of_secret
from chains.cosmos.demo import LIE, STRIDE, CosmosLocalChain
from chains.cosmos.demo_contracts import code
from chains.cosmos.devnet import FUNDS
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, PREFIX
from chains.cosmos.family import FAMILY
from chains.cosmos.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.devnet import Behaviour, Committee, Table, account_secret
from chains.encoding import MintCap, domain_id, route_id
from chains.errors import ChainError, Refused, Unreadable
from chains.types import Locked
from tests.chains.cosmos.cluster import Stage, staged
from tests.chains.cosmos.nodes import DEVNET, RunningNode, needs_wasmd
from tests.chains.cosmos.sites import Site, deployment, opened_site, position
from tests.chains.polling import until_told
from tests.chains.readers import answered
from tests.chains.statements import Committee as Signers
from tests.chains.statements import planted

pytestmark = needs_wasmd

EPOCH, LEASE = 3, 86_400
SIGNERS = Signers("devnet")
GROUP = Committee(EPOCH, bytes([2 + SIGNERS.parity]) + SIGNERS.px)
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def site(node: RunningNode) -> AsyncIterator[Site]:
    async with opened_site(node) as site:
        yield site


def _address(name: str) -> str:
    return name.rpartition(":")[2]


# Collateral


async def test_a_vault_of_coins_is_filled_and_drained(site: Site) -> None:
    chain = site.local
    row = await chain.deploy_source("EUR", 6, 1_000)
    at = position(row)
    assert at.asset == denomination_asset(chain.chain, "ueur")
    assert FAMILY.canonical_asset(at.asset) == at.asset
    had = site.balance(chain.user_address(), at.asset)
    assert had >= 1_000
    before = site.locked(at)
    assert (await chain.lock(row, 400)).ok
    assert await chain.locked(row) == site.locked(at) == before + 400
    beyond = await chain.lock(row, had)
    assert not beyond.ok
    assert "insufficient funds" in beyond.error
    assert at.account.address != chain.user_address()
    assert (await chain.drain(row)).ok
    assert (await chain.locked(row), site.locked(at)) == (0, 0)
    assert site.balance(chain.user_address(), at.asset) == had + before


async def test_a_vault_of_a_cw20_is_filled_and_drained(site: Site) -> None:
    chain = site.local
    row = await chain.deploy_cw20_source("EUR", 9, 1_000)
    options = PositionOptions.model_validate(row["options"])
    assert (options.checksum, options.admin) == (code("cw20_base.wasm").checksum.hex(), "none")
    assert await chain.locked(row) == 0
    assert (await chain.lock(row, 400)).ok
    assert await chain.locked(row) == site.locked(position(row)) == 400
    beyond = await chain.lock(row, 601)
    assert not beyond.ok
    assert "Overflow" in beyond.error
    assert (await chain.drain(row)).ok
    assert await chain.locked(row) == 0
    assert (await chain.lock(row, 1_000)).ok  # so the user had everything back


async def test_an_asset_that_no_chain_has_is_refused(site: Site) -> None:
    with pytest.raises(Refused, match="has no asset 'XYZ' in its bank; it has USD, EUR"):
        await site.local.deploy_source("XYZ", 6, 1)


async def test_what_was_sent_is_final_once_it_is_in_a_checkpoint(site: Site) -> None:
    row = await site.local.deploy_source("GBP", 6, 1_000)
    receipt = await site.local.lock(row, 1)
    await until_told(site.local.final)
    # The newest checkpoint of members that ask now, or later.
    assert (site.node.height() - 1) // STRIDE * STRIDE >= receipt.height
    later = DEVNET.local(site.node.chain, site.node.port, [row])
    try:
        assert await later.final()  # it has sent nothing
    finally:
        await later.close()


# Gates


async def submitted(site: Site, row: Table, route: str, round_: int, cap: int) -> int:
    """A statement that this deployment's gate takes: the height of its block."""
    # The chain's time is that of its last block, and may be behind the clock.
    now = int(time.time())
    leaf = MintCap(domain_id(row["gate"]), route_id(route), cap, cap, 0, now - LEASE // 2, now + LEASE // 2)
    told = said.submit(route_id(route), planted(leaf).certified(SIGNERS, EPOCH, round_))
    receipt = await site.issuer.transact(
        [transactions.execution(site.issuer.address, _address(row["gate"]), told)], 400_000
    )
    assert receipt.ok, receipt.error
    return receipt.height


async def test_a_gate_mints_what_is_covered_and_refuses_the_rest_by_name(site: Site) -> None:
    chain = site.local
    row = await chain.deploy_destination("USD", 6, GROUP, LEASE)
    assert await chain.feed(row) is None
    early = await chain.receipt(await chain.send_mint(row, 1))
    assert (early.ok, early.error) == (False, "NoStatement")
    await submitted(site, row, "USD", 9, 1_000)
    assert await chain.feed(row) == 1_000
    # None is waited for before the next is sent, and the two of 1 differ.
    sent = [await chain.send_mint(row, amount) for amount in (998, 3, 1, 1, 1)]
    assert len(set(sent)) == 5
    receipts = [await chain.receipt(one) for one in sent]
    refused = (False, "ExceedsCap")
    assert [(one.ok, one.error) for one in receipts] == [(True, ""), refused, (True, ""), (True, ""), refused]
    assert await chain.supply(row) == site.supply(deployment(row, "USD")) == 1_000
    # The refused one is a transaction in a block, that failed with the contract's own error.
    told = site.result(receipts[1].transaction)
    assert told["code"]
    assert "ballast error 45 ExceedsCap" in told["log"]
    assert (await chain.redeem(row, 300)).ok
    assert await chain.supply(row) == 700
    again = await chain.receipt(await chain.send_mint(row, 1))
    assert again.error == "ExceedsCap"  # redeeming has lowered the cap


async def test_one_contract_holds_all_routes_and_is_each_token_s_only_minter(site: Site) -> None:
    chain = site.local
    first = await chain.deploy_destination("CHF", 6, GROUP, LEASE)
    # As by another process: that the contract is there already is seen on the chain.
    later = DEVNET.local(site.node.chain, site.node.port, [first])
    try:
        second = await later.deploy_destination("SEK", 9, GROUP, LEASE)
    finally:
        await later.close()
    assert first["gate"] == second["gate"]
    gate = account_bytes(_address(first["gate"]))
    found = site.node.value(stores.WASM, state.key(gate, state.COMMITTEE))
    assert found is not None
    assert state.committee(found) == state.Committee(EPOCH, 0, SIGNERS.px, SIGNERS.parity)
    for row, name, decimals in ((first, "CHF", 6), (second, "SEK", 9)):
        token = account_bytes(_address(row["token"]))
        record, minters, info = (
            site.node.value(stores.WASM, key)
            for key in (
                state.key(gate, state.GATE, route_id(name)),
                state.key(gate, state.MINTERS, route_id(name)),
                stores.cw20_supply_key(token),
            )
        )
        assert record is not None
        assert minters is not None
        assert info is not None
        assert state.gate(record).token == state.Token(state.TokenKind.CW20, _address(row["token"]))
        assert state.gate(record).max_lease == LEASE
        assert state.minters(minters) == (chain.user_address(),)
        assert stores.cw20_supply(info) == (0, decimals)
        assert stores.cw20_minter(info) == _address(row["gate"])


async def test_a_deployment_s_pins_are_what_stands_on_the_chain(site: Site) -> None:
    row = await site.local.deploy_destination("NOK", 6, GROUP, LEASE)
    options = DeploymentOptions.model_validate(row["options"])
    for name, checksum, admin in (
        (row["gate"], options.checksum, options.admin),
        (row["token"], options.token_checksum, options.token_admin),
    ):
        contract = site.node.value(stores.WASM, stores.contract_key(account_bytes(_address(name))))
        assert contract is not None
        made = stores.contract_info(contract)
        stored = site.node.value(stores.WASM, stores.code_key(made.code_id))
        assert stored is not None
        assert stores.checksum(stored).hex() == checksum
        assert (made.admin, admin) == ("", "none")


async def test_a_route_that_is_there_already_is_refused_by_the_contract(site: Site) -> None:
    await site.local.deploy_destination("DKK", 6, GROUP, LEASE)
    with pytest.raises(ChainError, match="setting up the demo failed: AlreadyInitialized"):
        await site.local.deploy_destination("DKK", 6, GROUP, LEASE)


# Who pays, and what members know


async def test_accounts_are_funded_whatever_prefix_their_addresses_have(site: Site) -> None:
    members = [account_secret(f"cosmos member {i}") for i in range(3)]
    await site.local.fund([FAMILY.account_address(secret) for secret in members])
    fee = denomination_asset(site.local.chain, FEE_DENOMINATION)
    held = [site.balance(of_secret(secret, PREFIX), fee) for secret in members]
    assert held == [FUNDS] * 3
    await site.local.fund([of_secret(members[0], PREFIX)])
    assert site.balance(of_secret(members[0], PREFIX), fee) == FUNDS  # nothing more: it has enough


async def test_members_begin_at_a_block_of_the_chain(site: Site) -> None:
    options = ChainOptions.model_validate(await site.local.committee_table())
    assert options.chain_id == site.node.chain.reference
    table = site.local.member_table({n: f"http://127.0.0.1:{n}" for n in "123"})
    member = MemberOptions.model_validate(table)
    assert (member.quorum, [one.name for one in member.endpoints]) == (2, ["1", "2", "3"])
    header = site.node.ask("commit", height=str(member.trust_height))["signed_header"]
    assert header["commit"]["block_id"]["hash"] == member.trust_hash.upper()
    assert member.gas_price is not None


async def test_a_chain_whose_node_does_not_answer_is_not_ready() -> None:
    chain = CosmosLocalChain(ChainId("cosmos", "ballast-local-0"), NOWHERE)
    try:
        assert not await chain.ready()
        with pytest.raises(ChainError, match="no root of trust yet"):
            chain.member_table({"a": NOWHERE, "b": NOWHERE})
    finally:
        await chain.close()


async def test_another_chain_at_the_port_is_named(node: RunningNode) -> None:
    chain = DEVNET.local(DEVNET.chain_id(1), node.port)
    try:
        with pytest.raises(ChainError, match="the chain 'ballast-local-0' answers, not 'ballast-local-1'"):
            await until_told(chain.ready)
        with pytest.raises(Refused, match="serves the chain 'ballast-local-0'"):
            await chain.committee_table()
    finally:
        await chain.close()


# What members read of it


@pytest.fixture
async def stage(site: Site) -> AsyncIterator[Stage]:
    """A member whose chain has a vault of coins, one of a cw20, and a gate."""
    rows = [await site.local.deploy_source("JPY", 6, 1_000), await site.local.deploy_cw20_source("JPY", 6, 1_000)]
    for row in rows:
        missing = 400 - await site.local.locked(row)
        assert not missing or (await site.local.lock(row, missing)).ok
    route = f"JPY {secrets.token_hex(8)}"  # each one has a gate of its own
    gate = await site.local.deploy_destination(route, 6, GROUP, LEASE)
    height = await submitted(site, gate, route, 9, 1_000)
    # From there on all of it is there at the newest checkpoint.
    await site.node.reaches(height + 1 + STRIDE)
    positions = [position(row) for row in rows]
    async with staged(site, positions, [deployment(gate, route)]) as stage:
        yield stage


async def test_a_member_reads_what_was_deployed_and_proves_it(stage: Stage) -> None:
    async with stage.opened() as chain:
        await chain.check()
        at = await chain.finalized()
        found = await chain.locked(stage.positions, at)
        assert [one.amount if isinstance(one, Locked) else one for one in found] == [400, 400]
        for of, one in zip(stage.positions, found, strict=True):
            assert isinstance(one, Locked)
            FAMILY.check_proof(of, at, one.amount, one.proof)
        (gate,) = await chain.deployments(stage.deployments, at)
        assert not isinstance(gate, Unreadable)
        assert (gate.supply, gate.round, gate.cap) == (0, 9, 1_000)


@pytest.mark.parametrize("how", ["lying", "lagging", "failing"])
async def test_one_endpoint_of_three_changes_nothing_that_is_read(stage: Stage, how: Behaviour) -> None:
    await stage.site.local.behave(stage.proxies[0].url, how)
    async with stage.opened() as chain:

        async def noticed() -> bool:
            at = await chain.finalized()
            found = [*await chain.locked(stage.positions, at), *await chain.deployments(stage.deployments, at)]
            assert [getattr(one, "amount", getattr(one, "cap", one)) for one in found] == [400, 400, 1_000]
            first = chain.health()[0]
            return bool({"lying": first.lying, "lagging": first.lagging, "failing": first.failing}[how])

        await until_told(noticed)
        assert not any(each.lying for each in chain.health()[1:])
    await stage.site.local.behave(stage.proxies[0].url, "honest")
    async with stage.opened() as chain:
        await chain.locked(stage.positions, await chain.finalized())
        await answered(chain)
        assert [(each.state, each.lying) for each in chain.health()] == [("ok", 0)] * 3


async def test_endpoints_that_all_lie_are_believed_in_nothing(stage: Stage) -> None:
    """What they tell is not proven: there is no reading, and no wrong one."""
    for proxy in stage.proxies:
        await stage.site.local.behave(proxy.url, "lying")
    held = stores.balance_key(account_bytes(stage.positions[0].account.address), "ujpy")
    asked = {"path": "/store/bank/key", "data": held.hex(), "height": "0", "prove": False}
    call = {"jsonrpc": "2.0", "id": 1, "method": "abci_query", "params": asked}
    async with aiohttp.ClientSession() as web, web.post(stage.proxies[0].url, json=call) as response:
        told = (await response.json())["result"]["response"]["value"]
    assert stores.amount(b64decode(told), "ujpy") == 400 + LIE
    async with stage.opened() as chain:
        at = await chain.finalized()

        async def all_named() -> bool:
            for read in (chain.locked(stage.positions, at), chain.deployments(stage.deployments, at)):
                try:
                    found = await read
                except Unreadable:
                    continue
                assert all(isinstance(one, Unreadable) for one in found)
            return all(each.lying for each in chain.health())

        await until_told(all_named)


async def test_what_is_missing_is_an_error_and_never_zero(site: Site) -> None:
    chain = site.local
    nobody = {"account": f"{chain.chain}:{chain.user_address()}", "asset": f"{chain.chain}/native:unone"}
    with pytest.raises(ChainError, match="there is no denomination unone"):
        await chain.locked(nobody)
    absent = f"{chain.chain}/cw20:{_address((await chain.deploy_destination('NONE', 6, GROUP, LEASE))['gate'])}"
    with pytest.raises(ChainError, match="there is no cw20 token"):
        await chain.locked({**nobody, "asset": absent})
    with pytest.raises(ChainError, match="there is no cw20 token"):
        await chain.supply({"token": absent})
    with pytest.raises(ChainError, match="there is no route of"):
        await chain.feed({"gate": absent, "token": absent})
