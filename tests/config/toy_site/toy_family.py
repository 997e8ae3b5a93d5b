"""A chain family that lives outside the project: it shows that a family is found, and asked, through its entry point
alone. Accounts are words of letters; the canonical spelling is lower case; the one kind of asset is "coin"."""

from collections.abc import Iterable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import ProofError
from chains.types import Chain, ChainSetup, Checkpoint, Position


class ChainOptions(BaseModel):
    seed: str = Field(description="what the toy chain grew from")
    finality_lag: int = Field(description="given by the common setting (seconds)")


class PositionOptions(BaseModel):
    proven: bool = Field(default=False, description="whether a reading carries a proof")


class DeploymentOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")
    colour: str = Field(default="red", description="colour of the gate")


class Endpoint(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    url: SecretStr = Field(description="where it is")
    headers: dict[str, SecretStr] = Field(default={}, description="sent along")
    patience: int = Field(default=1, ge=1, description="how long to wait (seconds)")


class MemberOptions(BaseModel):
    endpoints: list[Endpoint] = Field(min_length=1, description="where the toy chain is read")


class ToyFamily:
    namespace = "toy"
    chain_options = ChainOptions
    member_options = MemberOptions
    position_options = PositionOptions
    deployment_options = DeploymentOptions

    def canonical_account(self, account: AccountId) -> AccountId:
        if not account.address.isalpha():
            raise CaipError(f"{account.address!r} is no toy account: letters only")
        return replace(account, address=account.address.lower())

    def canonical_asset(self, asset: AssetId) -> AssetId:
        if asset.kind != "coin":
            raise CaipError(f"a toy chain has coins, no {asset.kind}")
        return replace(asset, asset=asset.asset.lower())

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        assert isinstance(options, ChainOptions)
        if options.seed == "weed":
            yield f"{chain} must not grow from weed"

    def spread(self, options: BaseModel) -> int:
        assert isinstance(options, ChainOptions)
        return 38 if options.seed == "ivy" else 0

    def cap_limit(self) -> int:
        return 2**64 - 1

    def open(self, setup: ChainSetup) -> Chain:
        raise NotImplementedError

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        assert isinstance(position.options, PositionOptions)
        if position.options.proven and not proof:
            raise ProofError("no proof")

    def account_address(self, secret: bytes) -> str:
        return secret.hex()


FAMILY = ToyFamily()
