"""What a chain family brings for devnets and the demo: local nodes, controllable endpoints, demo contracts, a user.

A family that can be run locally has, beside what `chains.types.Family` asks for, a method `devnet()` that imports and
returns its `Devnet`; `devnet(namespace)` below finds it. Nothing here is used in production: a devnet's members are
configured and started as everywhere else.

Amounts are integers in base units of the asset or token concerned. All calls go straight to the node, past the
endpoints that may misbehave; they raise `ChainError`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from chains.caip import ChainId
from chains.errors import ChainError
from chains.registry import UnknownFamily, family
from chains.types import Receipt

Table = Mapping[str, Any]
"""A table of a configuration file, as TOML would give it."""

Behaviour = Literal["honest", "lying", "lagging", "failing"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program to be run in the background. `name` names it and its log file; nothing secret stands in `argv`."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committee:
    """What a gate must know of the committee: its epoch, and the group key as a compressed point (SEC 1, 33 bytes)."""

    epoch: int
    group_key: bytes


class LocalChain(Protocol):
    """One local chain with its demo contracts, and the demo's user on it.

    `position` and `deployment` below are rows of committee.toml, as `deploy_source` and `deploy_destination` gave them.
    """

    chain: ChainId

    async def ready(self) -> bool:
        """Whether the node answers yet."""
        ...

    async def final(self) -> bool:
        """Whether all that this object has sent is part of finalized blocks."""
        ...

    async def close(self) -> None: ...

    async def committee_table(self) -> Table:
        """The chain's table in committee.toml."""
        ...

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        """The chain's table in a member.toml, for endpoints by name and URL."""
        ...

    async def fund(self, addresses: Sequence[str]) -> None:
        """Gives each address enough of the native coin to pay for transactions."""
        ...

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        """Deploys an asset and a vault, gives `supply` of the asset to the user, and returns the position's row."""
        ...

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        """Deploys the committee's record, a token, its gate and its feed, and returns the deployment's row. The gate is
        the token's only minter, the user the gate's."""
        ...

    async def lock(self, position: Table, amount: int) -> Receipt:
        """The user locks `amount` of the asset in the vault."""
        ...

    async def drain(self, position: Table) -> Receipt:
        """The vault's owner takes everything out and hands it to the user."""
        ...

    async def locked(self, position: Table) -> int:
        """What the vault holds now."""
        ...

    async def send_mint(self, deployment: Table, amount: int) -> str:
        """The user sends a mint to the gate and does not wait: the transaction's name. It is sent whatever will become
        of it, so a refusal is executed too."""
        ...

    async def receipt(self, transaction: str) -> Receipt:
        """Waits for the execution of a transaction of the user."""
        ...

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        """The user burns `amount` through the gate."""
        ...

    async def supply(self, deployment: Table) -> int:
        """The token's total supply now."""
        ...

    async def feed(self, deployment: Table) -> int | None:
        """What the reserve feed beside the gate answers now, in route units; None while it has no data."""
        ...

    def user_secret(self) -> bytes:
        """The user's secret (32 bytes), for commands that sign as the user: one for all local chains. It belongs to
        everybody."""
        ...

    def user_address(self) -> str:
        """The user's address on this chain."""
        ...

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        """Switches the controllable endpoint at this URL. A liar tells a wrong supply of the deployed token, and of a
        source chain a wrong balance of the vault."""
        ...


class Devnet(Protocol):
    """Local chains of one family."""

    def chain_id(self, number: int) -> ChainId:
        """The name of the family's local chain `number`, counted from 0."""
        ...

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        """A node of `chain` that listens on 127.0.0.1. `directory` exists and takes its files."""
        ...

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        """One program that serves a controllable endpoint on each port of `upstreams` (keys), before the node on the
        port given as value; all on 127.0.0.1."""
        ...

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> LocalChain:
        """The chain whose node listens on `port`. `tables`: the rows that were deployed on it earlier."""
        ...


class HasDevnet(Protocol):
    """A family that can be run locally."""

    def devnet(self) -> Devnet: ...


def devnet(namespace: str) -> Devnet:
    """The devnet of the family of `namespace`. Raises `UnknownFamily` for a family without one."""
    found: Any = family(namespace)
    if not hasattr(found, "devnet"):
        raise UnknownFamily(f"the chain family {namespace!r} brings no devnet")
    brings: HasDevnet = found
    return brings.devnet()


__all__ = [
    "Behaviour",
    "ChainError",
    "Committee",
    "Devnet",
    "HasDevnet",
    "LocalChain",
    "Program",
    "Table",
    "devnet",
]
