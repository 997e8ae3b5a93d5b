"""The family's devnet: local wasmd nodes, and who holds what on them from their genesis on.

The accounts' secrets are hashes of their names: they belong to everybody. A local chain is called by its number, so
that its name is known before a node runs.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chains import proxies
from chains.caip import ChainId
from chains.cosmos import build_node, devnet_node
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, Balances, account_address
from chains.devnet import Program, Table, account_secret
from chains.errors import Refused

if TYPE_CHECKING:
    from chains.cosmos.demo import CosmosLocalChain

NAMESPACE = "cosmos"
OWNER, USER, VAULTS = "owner", "user", "cosmos vault"
"""Names of accounts: who sets everything up and issues all assets, who locks and mints, who keeps what is locked."""

PORTS = 4
"""RPC, gRPC, the REST gateway, and other nodes, of which there are none."""
FUNDS = 10**12
"""Of the fee denomination for each account, in base units."""
ISSUED = 10**30
"""What there is of each asset, in base units."""
DENOMINATIONS: Mapping[str, str] = {
    symbol: f"u{symbol.lower()}" for symbol in ("USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK")
}
"""The assets of the bank by their symbols: the chain has them from its genesis on, for it can make no others."""

_OWNERS_FUNDS = 10**6 * FUNDS


class CosmosDevnet:
    """See `chains.devnet.Devnet`."""

    name = "cosmos"
    rank = 30
    ports = PORTS
    historical = True

    def chain_id(self, number: int) -> ChainId:
        return ChainId(NAMESPACE, devnet_node.chain_id(number))

    def preparation(self) -> Program | None:
        """The node is compiled, which takes minutes."""
        if build_node.node() is not None:
            return None
        return Program("build-wasmd", (sys.executable, "-m", "chains.cosmos.build_node", "--json"))

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        if chain.namespace != NAMESPACE:
            raise Refused(f"{chain} is no chain of the namespace {NAMESPACE}")
        where = ("--chain", chain.reference, "--port", str(port), "--dir", str(directory))
        return Program(f"node-{chain.reference}", (sys.executable, "-m", "chains.cosmos.run_node", *where))

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        return proxies.program(f"endpoints-{NAMESPACE}", "chains.cosmos.endpoints", upstreams)

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> "CosmosLocalChain":
        from chains.cosmos.demo import CosmosLocalChain

        return CosmosLocalChain(chain, f"http://127.0.0.1:{port}", tables)


def balances() -> Balances:
    """Who holds what at the beginning of every local chain."""
    assets = dict.fromkeys(DENOMINATIONS.values(), ISSUED)
    others = {account_address(account_secret(name)): {FEE_DENOMINATION: FUNDS} for name in (USER, VAULTS)}
    return {account_address(account_secret(OWNER)): {FEE_DENOMINATION: _OWNERS_FUNDS, **assets}} | others
