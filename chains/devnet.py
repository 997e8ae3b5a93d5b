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
from chains.hashing import keccak256
from chains.registry import UnknownFamily, family, installed
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

    A chain may be source of one route and destination of others; each `deploy_...` adds to it. They are called one
    after the other; everything else may overlap. `position` and `deployment` below are rows of committee.toml, as
    `deploy_source` and `deploy_destination` gave them (more settings may have been added), given by this object or by
    an earlier one.
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
        """The chain's table in committee.toml. It may set `finality_lag`, where the devnet's usual one (8 seconds) is
        too short or much too long."""
        ...

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        """The chain's table in a member.toml, for endpoints by name and URL."""
        ...

    async def fund(self, addresses: Sequence[str]) -> None:
        """Gives each address enough of the native coin to pay for transactions."""
        ...

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        """Deploys an asset of so many decimals and a vault, gives `supply` of the asset to the user, and returns the
        position's row."""
        ...

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        """Deploys a token of so many decimals, its gate and its feed (where the family has feeds), and returns the
        deployment's row. The gate is the token's only minter, the user the gate's. The gate asks the chain's one record
        of the committee, which the first call makes."""
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
        of it, so a refusal is executed too. Equal mints are different transactions."""
        ...

    async def receipt(self, transaction: str) -> Receipt:
        """Waits for the execution of a transaction of the user. Where the gate refused it the receipt's `error` is the
        gate's own, by the name that it has on every family (`ExceedsCap`)."""
        ...

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        """The user burns `amount` through the gate."""
        ...

    async def supply(self, deployment: Table) -> int:
        """The token's total supply now."""
        ...

    async def feed(self, deployment: Table) -> int | None:
        """The collateral that the reserve feed beside the gate answers now, in route units, or that the gate itself
        records where the family has no feeds; None while there is no data."""
        ...

    def user_secret(self) -> bytes:
        """The user's secret (32 bytes), for commands that sign as the user: one for all local chains of the family. It
        belongs to everybody."""
        ...

    def user_address(self) -> str:
        """The user's address on this chain."""
        ...

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        """Switches the controllable endpoint at this URL. A liar tells a wrong supply of the deployed token, and of a
        source chain a wrong balance of the vault."""
        ...


class Devnet(Protocol):
    """Local chains of one family.

    `name` is the family's everyday name, in lower-case letters and digits, beside its namespace. `rank` orders families
    (see `families`): the longer a chain takes to start, the higher. `ports`: on how many ports a node listens.
    `historical`: whether the family's readers can read older blocks, so that members that read at one moment read the
    very same block, and one that reads something else there is named as an outlier.
    """

    name: str
    rank: int
    ports: int
    historical: bool

    def chain_id(self, number: int) -> ChainId:
        """The name of the family's local chain `number`, counted from 0."""
        ...

    def preparation(self) -> Program | None:
        """What must be run once on this machine before a node can be started; None where nothing is missing.

        The program prepares and ends. It says on stdout how far it is, a JSON line each time: {"what": text, "done":
        number, "most": number, 0 where it is unknown}. Where it fails it says why and what to do on stderr, and ends
        with another code than 0. It gives way to other programs by itself. On SIGTERM it ends with all that it has
        started, and leaves nothing half made; it may be run again at any time, also by several at once."""
        ...

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        """A node of `chain`, which is one of `chain_id`, that listens on 127.0.0.1: with HTTP on `port`, and on as many
        of the ports after it as `ports` says. Nothing is left to prepare. `directory` exists, is the node's own and
        takes its files. The program runs in the foreground, and ends with all that it has started on SIGTERM and
        SIGINT."""
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


def account_secret(name: str) -> bytes:
    """The secret (32 bytes) of the account that is called so on every devnet. It belongs to everybody."""
    return keccak256(f"ballast devnet {name}".encode("ascii"))


def families() -> dict[str, Devnet]:
    """The installed families that can be run locally, by namespace: lowest `rank` first, then by name."""
    found = {}
    for namespace in installed():
        try:
            found[namespace] = devnet(namespace)
        except UnknownFamily:
            continue
    return dict(sorted(found.items(), key=lambda one: (one[1].rank, one[1].name)))


__all__ = [
    "Behaviour",
    "ChainError",
    "Committee",
    "Devnet",
    "HasDevnet",
    "LocalChain",
    "Program",
    "Table",
    "account_secret",
    "devnet",
    "families",
]
