"""What a configuration says about Cosmos chains, as frozen models that refuse unknown keys.

`ChainOptions`, `PositionOptions` and `DeploymentOptions` belong to committee.toml: all members share them, and they are
part of the configuration's digest. `MemberOptions` belongs to one member's member.toml: each member has a root of trust
of its own, and renews it without asking the others. Units stand in each description.
"""

import re
from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chains.cosmos.addresses import canonical
from chains.endpoint_options import EndpointsOptions, Options

NOBODY = "none"


def _address_or_nobody(text: str) -> str:
    return text if text == NOBODY else canonical(text)


_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
_Holder = Annotated[str, AfterValidator(_address_or_nobody)]
_GasPrice = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$")
]
_Decimal = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$")]


class ChainOptions(Options):
    """committee.toml, [chains."cosmos:REFERENCE"]: what all members must agree on."""

    chain_id: Annotated[str, StringConstraints(min_length=1, max_length=50)] = Field(
        description="what the chain calls itself; an endpoint of another chain is refused"
    )
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,31}$")] = Field(
        description='prefix of the chain\'s account addresses, such as "cosmos"'
    )
    trust_period: int = Field(
        ge=60,
        le=315_360_000,
        description="how long a header is built upon; must be shorter than the chain's unbonding time (seconds)",
    )
    stride: int = Field(
        default=1, ge=1, le=100_000, description="checkpoints lie at heights that are multiples of this (blocks)"
    )
    max_block_seconds: int = Field(
        default=30,
        ge=1,
        le=3600,
        description="a block whose successor is dated later than this after it is no checkpoint: what it holds may be "
        "so much newer than its own time (seconds)",
    )
    max_drift: int = Field(
        default=10, ge=0, le=600, description="how far a header may be ahead of the member's clock (seconds)"
    )
    max_finality_lag: int = Field(
        default=3600,
        ge=1,
        description="a block older than this, by the member's clock, is no checkpoint any more (seconds)",
    )


class PositionOptions(Options):
    """committee.toml, options of a collateral position."""

    checksum: _Sha256 | None = Field(
        default=None, description="cw20: SHA-256 of the token contract's code, in hex; required"
    )
    admin: _Holder | None = Field(
        default=None, description='cw20: who may migrate the token contract, or "none"; required'
    )
    vault_checksum: _Sha256 | None = Field(
        default=None, description="SHA-256 of the vault's own code, where it is a contract to be pinned"
    )
    proof: bool = Field(
        default=True, description="whether every reading carries the state proof, so that anybody can check it offline"
    )


class DeploymentOptions(Options):
    """committee.toml, options of a deployment: what stands behind the gate's address."""

    checksum: _Sha256 = Field(description="SHA-256 of the gate contract's code, in hex")
    admin: _Holder = Field(description='who may migrate the gate contract, or "none"')
    token_checksum: _Sha256 | None = Field(
        default=None, description="cw20: SHA-256 of the wrapped token contract's code, in hex; required"
    )
    token_admin: _Holder | None = Field(
        default=None, description='cw20: who may migrate the wrapped token contract, or "none"; required'
    )


class MemberOptions(EndpointsOptions):
    """member.toml, [chains."cosmos:REFERENCE"]: this member's own endpoints (CometBFT's RPC), root of trust, fees."""

    batch: int = Field(
        default=10, ge=1, le=1000, description="most calls in one request; CometBFT itself allows 10 (calls)"
    )
    trust_height: int = Field(ge=1, description="height of a block that the member knows to be the chain's")
    trust_hash: _Sha256 = Field(description="hash of that block, in hex, from a source other than the endpoints")
    max_lag: int = Field(default=20, ge=1, description="an endpoint that is further back than others lags (blocks)")
    gas_price: _GasPrice | None = Field(
        default=None, description='what is bid for one unit of gas, such as "0.025uatom"; required to submit'
    )
    max_gas_price: _Decimal | None = Field(
        default=None, description="bid up to this where the chain asks for more; default: gas_price"
    )
    max_gas: int = Field(default=1_000_000, ge=100_000, description="largest gas limit of a transaction (gas)")
    gas_margin: int = Field(
        default=20, ge=0, le=1000, description="how much above what the simulation used is asked for (percent)"
    )
    timeout_blocks: int = Field(
        default=20, ge=2, le=1000, description="a transaction that is not in a block by then never will be (blocks)"
    )
    poll: float = Field(default=2.0, gt=0, le=60, description="interval of looking for a transaction (seconds)")
    submit_timeout: float = Field(default=180.0, gt=0, description="submit waits this long for execution (seconds)")

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.max_gas_price is not None and self.gas_price is None:
            raise ValueError("max_gas_price: without gas_price")
        if self.gas_price is not None and self.max_gas_price is not None:
            # A denomination begins with a letter.
            bid = re.split(r"[a-zA-Z]", self.gas_price, maxsplit=1)[0]
            if Fraction(self.max_gas_price) < Fraction(bid):
                raise ValueError("max_gas_price: less than gas_price")
        return self
