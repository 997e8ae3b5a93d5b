"""Local chains with the real contract on real nodes, and whoever sends transactions there.

What is true on a chain is read past all endpoints, at once and unproven (see `tests.chains.cosmos.nodes`).
"""

import itertools
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from chains.caip import AccountId, AssetId
from chains.cosmos import blocks_json, state, stores
from chains.cosmos.addresses import account_bytes, denomination
from chains.cosmos.client import Client
from chains.cosmos.demo import PATIENT, CosmosLocalChain
from chains.cosmos.devnet import OWNER, VAULTS
from chains.cosmos.devnet_node_genesis import PREFIX
from chains.cosmos.options import DeploymentOptions, PositionOptions
from chains.cosmos.user import CosmosUser
from chains.devnet import Table, account_secret
from chains.encoding import route_id
from chains.types import Deployment, Position, Receipt
from tests.chains.cosmos.nodes import RunningNode
from tests.chains.polling import until_told

Kind = Literal["bank", "cw20"]
"""Of what a vault holds."""

SUPPLY = 10**9
DECIMALS = 6
_PAGE = 100
"""Most transactions in one answer."""


@dataclass
class Site:
    """One chain: its node, and whoever sends transactions: `local` sets it up, the `issuer` has issued all assets, the
    `keeper` keeps the vault, the `user` may mint."""

    node: RunningNode
    local: CosmosLocalChain
    issuer: Client
    keeper: Client
    user: CosmosUser

    @property
    def chain(self) -> str:
        return str(self.local.chain)

    async def new_vault(self, symbol: str, kind: Kind = "bank") -> Table:
        """The row of a vault. The user has `SUPPLY` of the asset, or that much more."""
        deploy = self.local.deploy_source if kind == "bank" else self.local.deploy_cw20_source
        return await deploy(symbol, DECIMALS, SUPPLY)

    async def mint(self, deployment: Deployment, amount: int) -> Receipt:
        """The user mints to itself."""
        return await self.user.mint(deployment, self.user.address_at(deployment), amount, None)

    # What is true

    def time(self) -> int:
        """The newest block's (seconds)."""
        return blocks_json.time(self.node.ask("status")["sync_info"]["latest_block_time"]) // 10**9

    def gate(self, deployment: Deployment) -> state.Statement:
        """The newest statement."""
        found = self._entry(state.key(account_bytes(deployment.gate.address), state.STATEMENT, deployment.route))
        assert found is not None, deployment.gate
        return state.statement(found)

    def supply(self, deployment: Deployment) -> int:
        found = self._entry(stores.cw20_supply_key(account_bytes(deployment.token.asset)))
        assert found is not None, deployment.token
        return stores.cw20_supply(found)[0]

    def locked(self, position: Position) -> int:
        return self.balance(position.account.address, position.asset)

    def balance(self, holder: str, asset: AssetId) -> int:
        denom = denomination(asset)
        if denom is not None:
            held = self.node.value(stores.BANK, stores.balance_key(account_bytes(holder), denom))
            return 0 if held is None else stores.amount(held, denom)
        found = self._entry(stores.cw20_balance_key(account_bytes(asset.asset), holder))
        return 0 if found is None else stores.uint128(found)

    def result(self, transaction: str) -> Any:
        """What became of a transaction, by its hash in hexadecimal."""
        return self.node.ask("tx", hash=b64encode(bytes.fromhex(transaction)).decode(), prove=False)["tx_result"]

    def executions(self, contract: str) -> list[Any]:
        """The results of all transactions that executed a contract and succeeded, oldest first."""
        asked = {"query": f"execute._contract_address='{contract}'", "prove": False, "order_by": "asc"}
        results = list[Any]()
        for page in itertools.count(1):
            found = self.node.ask("tx_search", **asked, page=str(page), per_page=str(_PAGE))
            results += [each["tx_result"] for each in found["txs"]]
            if len(results) >= int(found["total_count"]):
                break
        return results

    def _entry(self, key: bytes) -> bytes | None:
        return self.node.value(stores.WASM, key)


def position(row: Table) -> Position:
    """A row of committee.toml."""
    options = PositionOptions.model_validate(row["options"])
    return Position(AccountId.parse(row["account"]), AssetId.parse(row["asset"]), row["decimals"], options)


def deployment(row: Table, route: str) -> Deployment:
    """A row of committee.toml, of the route of this name."""
    options = DeploymentOptions.model_validate(row["options"])
    gate, token = AccountId.parse(row["gate"]), AssetId.parse(row["token"])
    return Deployment(gate, token, row["decimals"], route_id(route), options)


@asynccontextmanager
async def opened_site(node: RunningNode) -> AsyncIterator[Site]:
    """A site on a node that runs."""
    async with AsyncExitStack() as stack:
        local = CosmosLocalChain(node.chain, node.url)
        stack.push_async_callback(local.close)
        user = CosmosUser(node.chain, SecretStr(node.url), local.user_secret(), PATIENT)
        stack.push_async_callback(user.close)
        issuer, keeper = (
            Client(node.chain, node.url, account_secret(name), PREFIX, limits=PATIENT) for name in (OWNER, VAULTS)
        )
        stack.push_async_callback(issuer.close)
        stack.push_async_callback(keeper.close)
        await until_told(local.ready)
        yield Site(node, local, issuer, keeper, user)


@asynccontextmanager
async def new_site(number: int, directory: Path) -> AsyncIterator[Site]:
    """A site on a node of its own."""
    with RunningNode(number, directory) as node:
        node.start()
        await node.ready()
        async with opened_site(node) as site:
            yield site
