"""A chain family outside the project whose positions bring state proofs: the SHA-256 of what was read. It can be out of
reach only, as its chains are none."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from chains.caip import AccountId, AssetId, ChainId
from chains.errors import ProofError, Unreadable
from chains.types import (
    ChainSetup,
    Checkpoint,
    Deployment,
    EndpointHealth,
    GateState,
    Locked,
    Position,
    Receipt,
)


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PositionOptions(Options):
    proven: bool = Field(default=True, description="whether each reading carries a proof")


class MemberOptions(Options):
    endpoints: list[dict[str, str]] = Field(default=[], description="where the chain is read")


def proof_of(position: bytes, at: Checkpoint, amount: int) -> bytes:
    return sha256(position + at.block_hash + at.height.to_bytes(8, "big") + amount.to_bytes(32, "big")).digest()


class OutOfReach:
    """A chain without an endpoint that answers."""

    async def check(self) -> None:
        raise Unreadable("no endpoint answers")

    async def finalized(self) -> Checkpoint:
        raise Unreadable("no endpoint answers")

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        raise Unreadable("no endpoint answers")

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        raise Unreadable("no endpoint answers")

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        raise Unreadable("no endpoint answers")

    async def settle(self) -> None:
        raise Unreadable("no endpoint answers")

    def health(self) -> tuple[EndpointHealth, ...]:
        return ()

    async def close(self) -> None:
        pass


class ShownFamily:
    namespace = "shown"
    chain_options: type[BaseModel] = Options
    member_options: type[BaseModel] = MemberOptions
    position_options: type[BaseModel] = PositionOptions
    deployment_options: type[BaseModel] = Options

    def canonical_account(self, account: AccountId) -> AccountId:
        return account

    def canonical_asset(self, asset: AssetId) -> AssetId:
        return asset

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        return ()

    def spread(self, options: BaseModel) -> int:
        return 0

    def cap_limit(self) -> int:
        return 2**128 - 1

    def open(self, setup: ChainSetup) -> OutOfReach:
        return OutOfReach()

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        assert isinstance(position.options, PositionOptions)
        if not position.options.proven and not proof:
            return
        if proof != proof_of(position.id, at, amount):
            raise ProofError("the block does not show this amount")

    def account_address(self, secret: bytes) -> str:
        return sha256(secret).hexdigest()[:40]


FAMILY = ShownFamily()
