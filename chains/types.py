"""The interface between the relayer and a chain family: a few small protocols over immutable values.

A family is one folder under `chains/`, found through the entry-point group `ballast.chains` by its CAIP-2 namespace.
Amounts are integers in base units of the asset or token concerned; times are Unix seconds of the chain concerned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from chains.caip import AccountId, AssetId, ChainId
from chains.encoding import domain_id
from chains.errors import Unreadable
from chains.hashing import keccak256


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A finalized point of a chain. `block_hash` is 32 bytes, as the chain's own explorers print it."""

    chain: str
    height: int
    block_hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Position:
    """One collateral position: who holds what. `options` is the family's validated `position_options`."""

    account: AccountId
    asset: AssetId
    decimals: int
    options: BaseModel

    @property
    def id(self) -> bytes:
        """Keccak-256 of "CAIP-10 CAIP-19": 32 bytes that name the position in observations."""
        return keccak256(f"{self.account} {self.asset}".encode("ascii"))

    @property
    def chain(self) -> str:
        return str(self.account.chain)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One wrapped token with its gate. `options` is the family's validated `deployment_options`."""

    gate: AccountId
    token: AssetId
    decimals: int
    route: bytes
    options: BaseModel

    @property
    def domain(self) -> bytes:
        """Keccak-256 of the gate's CAIP-10 name (design, section 2)."""
        return domain_id(str(self.gate))

    @property
    def key(self) -> tuple[bytes, bytes]:
        """Domain and route: a gate may hold several routes, each with a token of its own."""
        return self.domain, self.route

    @property
    def chain(self) -> str:
        return str(self.gate.chain)


@dataclass(frozen=True, slots=True)
class Locked:
    """What a position holds at a checkpoint. `proof` is a family's own encoding; empty where none is configured."""

    amount: int
    proof: bytes = b""


@dataclass(frozen=True, slots=True)
class GateState:
    """A deployment at a checkpoint: total supply, the gate's last round, active cap (as lowered by redemptions) and
    expiry. A gate that has taken no statement yet reads as round 0, cap 0, expiry 0."""

    supply: int
    round: int
    cap: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How one endpoint behaved. `name` is its configured label: never a URL, which may carry a key."""

    name: str
    state: str
    lagging: int
    lying: int
    failing: int
    limiting: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that the chain has executed. `error` is the gate's own error name where it failed, else ""."""

    transaction: str
    height: int
    ok: bool
    error: str = ""
    cost: int = 0


class SourceChain(Protocol):
    """Reads collateral. Every read names its checkpoint; there is no "latest"."""

    async def finalized(self) -> Checkpoint:
        """The newest grid checkpoint on which a quorum of endpoints agrees. Never goes back. Raises `Unreadable`,
        `Halted`."""
        ...

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        """One result per position, in order. An error is an `Unreadable`, never a zero. Raises `Unreadable` itself
        where nothing can be read at this checkpoint (a chain without history), and `Halted`."""
        ...


class DestinationChain(Protocol):
    """Reads gates and brings them statements."""

    async def finalized(self) -> Checkpoint: ...

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        """One result per deployment, in order; all of one result stems from the one block. Raises as `locked` does."""
        ...

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        """Brings `submission` (leaf | branch | certificate) to the gate and waits until the transaction is executed.

        `key` names it in the journal: the same key is never sent twice at once, and a restart resumes it. None: the
        gate had an equal or newer statement already, nothing was spent. Raises `ChainError`.
        """
        ...

    async def settle(self) -> None:
        """Looks once at what was submitted and is not final yet: resubmits what was dropped or reorged, bumps fees
        within the cap, fills nonce gaps. To be called again and again."""
        ...


class Chain(SourceChain, DestinationChain, Protocol):
    """An opened chain: both roles, over one set of endpoints."""

    async def check(self) -> None:
        """Start check: chain id, genesis, every configured account and token as declared. Raises `Refused` with all
        findings, one a line, or `Unreadable`."""
        ...

    def health(self) -> tuple[EndpointHealth, ...]: ...

    async def close(self) -> None: ...


class Journal(Protocol):
    """Durable memory of one chain: what is put is on disk when the call returns."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...

    def delete(self, key: str) -> None: ...

    def items(self, prefix: str) -> list[tuple[str, bytes]]: ...


class Log(Protocol):
    """The part of a structlog logger that families use: an event name and fields."""

    def debug(self, event: str, **fields: Any) -> Any: ...

    def info(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...

    def error(self, event: str, **fields: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class ChainSetup:
    """All that a family needs to open a chain.

    `chain_options` comes from committee.toml ([chains."eip155:1"]), `member_options` from member.toml (endpoints,
    quorum, fees), both validated by the family's models. `account_secret` (32 bytes) pays for transactions; None opens
    the chain for reading only.
    """

    chain: ChainId
    chain_options: BaseModel
    member_options: BaseModel
    positions: tuple[Position, ...]
    deployments: tuple[Deployment, ...]
    journal: Journal
    log: Log
    account_secret: bytes | None = field(default=None, repr=False)
    turn: int = 0


class Family(Protocol):
    """What the entry point of a family loads. Importing it must be cheap: heavy libraries are imported by `open`."""

    namespace: str
    chain_options: type[BaseModel]
    member_options: type[BaseModel]
    position_options: type[BaseModel]
    deployment_options: type[BaseModel]

    def canonical_account(self, account: AccountId) -> AccountId:
        """The one spelling of the account's name. Raises `CaipError`."""
        ...

    def canonical_asset(self, asset: AssetId) -> AssetId:
        """The one spelling of the asset's name; refuses kinds that the family cannot read. Raises `CaipError`."""
        ...

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        """Offline findings about one chain's options beyond what the model says, one sentence each."""
        ...

    def spread(self, options: BaseModel) -> int:
        """By how many seconds, at most, the state that is read at a checkpoint may be newer than the checkpoint's time.
        0 where a checkpoint names one state; `options` are the family's `chain_options`."""
        ...

    def cap_limit(self) -> int:
        """The greatest cap that this family's gate can store (EVM: 2**128 - 1)."""
        ...

    def open(self, setup: ChainSetup) -> Chain:
        """An opened chain; connects lazily."""
        ...

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        """Offline: `proof` shows that `position` held `amount` at `at`. Raises `ProofError`. An empty proof is a
        `ProofError` where the position's options call for one."""
        ...

    def account_address(self, secret: bytes) -> str:
        """The address that an account secret (32 bytes) controls."""
        ...
