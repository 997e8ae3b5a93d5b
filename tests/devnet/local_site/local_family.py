"""Five chain families that live outside the project: four that can be run locally, and one that cannot. Their chains
are in memory, so that what a devnet does with several families is seen without one node.

`abacus` sorts before every other namespace, but its devnet takes long to start. `kiln` takes longer, and may have to be
prepared. `glacier` takes for ever: its programs run, and its chains are never ready.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from chains.caip import AccountId, AssetId, ChainId
from chains.devnet import Behaviour, Committee, Program, Table
from chains.types import Receipt


class ChainOptions(BaseModel):
    seed: str = Field(description="what the chain grew from")


class NoOptions(BaseModel):
    pass


class Endpoint(BaseModel):
    name: str = Field(description="what it is called")
    url: str = Field(description="where it is")


class MemberOptions(BaseModel):
    endpoints: list[Endpoint] = Field(description="where the chain is read")


@dataclass
class MemoryChain:
    """See `chains.devnet.LocalChain`. `calls` are the deployments in order; `funded` those who can pay."""

    chain: ChainId
    lag: int | None
    calls: list[str] = field(default_factory=list)
    funded: list[str] = field(default_factory=list)
    starts: bool = True

    async def ready(self) -> bool:
        return self.starts

    async def final(self) -> bool:
        return True

    async def close(self) -> None:
        pass

    async def committee_table(self) -> Table:
        return {"seed": "oak", **({} if self.lag is None else {"finality_lag": self.lag})}

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        return {"endpoints": [{"name": name, "url": url} for name, url in endpoints.items()]}

    async def fund(self, addresses: Sequence[str]) -> None:
        self.funded += addresses

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        self.calls.append(f"source {symbol}")
        return {
            "account": f"{self.chain}:vault{symbol}",
            "asset": f"{self.chain}/coin:{symbol.lower()}",
            "decimals": decimals,
        }

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        self.calls.append(f"destination {route}")
        return {
            "gate": f"{self.chain}:gate{route}",
            "token": f"{self.chain}/coin:w{route.lower()}",
            "decimals": decimals,
        }

    async def lock(self, position: Table, amount: int) -> Receipt:
        raise NotImplementedError

    async def drain(self, position: Table) -> Receipt:
        raise NotImplementedError

    async def locked(self, position: Table) -> int:
        raise NotImplementedError

    async def send_mint(self, deployment: Table, amount: int) -> str:
        raise NotImplementedError

    async def receipt(self, transaction: str) -> Receipt:
        raise NotImplementedError

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        raise NotImplementedError

    async def supply(self, deployment: Table) -> int:
        raise NotImplementedError

    async def feed(self, deployment: Table) -> int | None:
        raise NotImplementedError

    def user_secret(self) -> bytes:
        return self.chain.namespace.encode("ascii").ljust(32, b".")

    def user_address(self) -> str:
        return "user"

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class MemoryDevnet:
    """See `chains.devnet.Devnet`. A node prints what it was told, and ends."""

    namespace: str
    name: str
    rank: int
    ports: int
    lag: int | None = None
    historical: bool = False

    def chain_id(self, number: int) -> ChainId:
        return ChainId(self.namespace, str(7 + number))

    def preparation(self) -> Program | None:
        return None

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        shown = "import json, sys; print(json.dumps(sys.argv[1:]))"
        return Program(f"node-{chain.reference}", (sys.executable, "-c", shown, str(chain), str(port), str(directory)))

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        return Program(f"endpoints-{self.namespace}", (sys.executable, "-c", "print('nobody is served')"))

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> MemoryChain:
        return MemoryChain(chain, self.lag)


@dataclass(frozen=True)
class KilnDevnet(MemoryDevnet):
    """Its nodes stand on bricks, which kiln.py bakes into the directory that the environment variable KILN names;
    without it none are needed."""

    def preparation(self) -> Program | None:
        kiln = os.environ.get("KILN")
        if kiln is None or (Path(kiln) / "bricks").exists():
            return None
        return Program("bake-bricks", (sys.executable, str(Path(__file__).with_name("kiln.py")), kiln))


@dataclass(frozen=True)
class GlacierDevnet(MemoryDevnet):
    """Its programs run until they are ended."""

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        return Program(f"node-{chain.reference}", (sys.executable, "-c", "import time; time.sleep(3600)"))

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        return Program(f"endpoints-{self.namespace}", (sys.executable, "-c", "import time; time.sleep(3600)"))

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> MemoryChain:
        return MemoryChain(chain, self.lag, starts=False)


@dataclass(frozen=True)
class MemoryFamily:
    """See `chains.types.Family`; only what configurations need."""

    namespace: str
    chain_options: type[BaseModel] = ChainOptions
    member_options: type[BaseModel] = MemberOptions
    position_options: type[BaseModel] = NoOptions
    deployment_options: type[BaseModel] = NoOptions

    def canonical_account(self, account: AccountId) -> AccountId:
        return account

    def canonical_asset(self, asset: AssetId) -> AssetId:
        return asset

    def lint(self, chain: ChainId, options: BaseModel) -> Sequence[str]:
        return ()

    def spread(self, options: BaseModel) -> int:
        return 0

    def cap_limit(self) -> int:
        return 2**64 - 1

    def account_address(self, secret: bytes) -> str:
        return secret.hex()


@dataclass(frozen=True)
class LocalFamily(MemoryFamily):
    """One that can be run locally. See `chains.devnet.HasDevnet`."""

    brings: Any = None

    def devnet(self) -> MemoryDevnet:
        found: MemoryDevnet = self.brings
        return found


ABACUS = LocalFamily("abacus", brings=MemoryDevnet("abacus", "beads", rank=1000, ports=3, lag=11))
TALLY = LocalFamily("tally", brings=MemoryDevnet("tally", "stick", rank=999, ports=1))
KILN = LocalFamily("kiln", brings=KilnDevnet("kiln", "bricks", rank=1001, ports=1))
GLACIER = LocalFamily("glacier", brings=GlacierDevnet("glacier", "ice", rank=1002, ports=1))
STILL = MemoryFamily("still")
