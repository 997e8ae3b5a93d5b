"""What a configuration says about Solana chains, as frozen models that refuse unknown keys.

`ChainOptions`, `PositionOptions` and `DeploymentOptions` belong to committee.toml: all members share them, and they are
part of the configuration's digest. `MemberOptions` belongs to one member's member.toml. Addresses are base58. Units
stand in each description.

What could move or freeze collateral beside its owner is refused unless it is named here, so that a name in the
configuration is always an admission: "yes, this account may do that".
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chains.endpoint_options import EndpointsOptions, Options
from chains.solana.addresses import SYSTEM_PROGRAM, TOKEN_PROGRAM, TOKEN_PROGRAMS, canonical

NOBODY = "none"


def _token_program(text: str) -> str:
    if text not in TOKEN_PROGRAMS:
        raise ValueError(f"neither SPL Token nor Token-2022: {' or '.join(TOKEN_PROGRAMS)}")
    return text


def _address_or_nobody(text: str) -> str:
    return text if text == NOBODY else canonical(text)


_Address = Annotated[str, AfterValidator(canonical)]
_Holder = Annotated[str, AfterValidator(_address_or_nobody)]
_TokenProgram = Annotated[str, AfterValidator(_token_program)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]


class ChainOptions(Options):
    """committee.toml, [chains."solana:REFERENCE"]: what all members must agree on."""

    genesis_hash: _Address = Field(
        description="genesis hash in base58; its first 32 characters are the chain's reference"
    )
    window: int = Field(
        default=32,
        ge=1,
        le=1000,
        description="answers of different endpoints count together if no further apart (slots, and seconds)",
    )
    max_finality_lag: int = Field(
        default=3600,
        ge=1,
        description="a finalized slot older than this, by the member's clock, is no checkpoint any more (seconds)",
    )


class PositionOptions(Options):
    """committee.toml, options of a collateral position."""

    transfer: Literal["exact", "fee_on_transfer"] = Field(
        default="exact",
        description="what the mint does on transfer; a mint with transfer fees is refused unless they are declared. "
        "What it withholds in an account never counts",
    )
    owner: _Address | None = Field(
        default=None, description="token: who owns the token account (its authority); required"
    )
    token_program: _TokenProgram = Field(default=TOKEN_PROGRAM, description="token: the program of mint and account")
    delegate: _Address | None = Field(default=None, description="token: the one that may be the account's delegate")
    close_authority: _Address | None = Field(
        default=None, description="token: the one that may be the account's close authority, beside its owner"
    )
    permanent_delegate: _Address | None = Field(
        default=None, description="token: the one that may be the mint's permanent delegate, who can take every token"
    )
    mint_close_authority: _Address | None = Field(
        default=None, description="token: the one that may close the mint while nothing of it exists"
    )
    pause_authority: _Address | None = Field(
        default=None, description="token: the one that may pause the mint; while it is paused, it is unreadable"
    )
    transfer_hook: _Address | None = Field(
        default=None, description="token: the program that the mint may call at each transfer, and that can refuse it"
    )
    confidential: bool = Field(
        default=False, description="token: the mint may allow confidential transfers; hidden amounts never count"
    )
    program: _Address = Field(
        default=SYSTEM_PROGRAM, description="native: the program that owns the account (default: the system program)"
    )
    reserve: int = Field(
        default=0,
        ge=0,
        lt=1 << 64,
        description="native: what does not count, such as the deposit without which the account is removed (lamports)",
    )


class DeploymentOptions(Options):
    """committee.toml, options of a deployment: what stands behind the gate's address."""

    program: _Address = Field(description="address of the program that the gate, a route account, belongs to")
    program_hash: _Sha256 = Field(
        description="SHA-256 of the program's deployed code without the zeros at its end, in hex"
    )
    upgrade_authority: _Holder = Field(description='who may upgrade the program, or "none"')
    token_program: _TokenProgram = Field(default=TOKEN_PROGRAM, description="the program of the wrapped token's mint")
    freeze_authority: _Holder = Field(
        default=NOBODY, description='who may freeze holders of the wrapped token, or "none"'
    )


class MemberOptions(EndpointsOptions):
    """member.toml, [chains."solana:REFERENCE"]: this member's own endpoints and fees."""

    batch: int = Field(
        default=8,
        ge=1,
        le=100,
        description="most calls in one request, each of at most 100 accounts; 1 for endpoints without batches (calls)",
    )
    priority_fee: int = Field(
        default=0, ge=0, description="bid at least this for each compute unit (micro-lamports per compute unit)"
    )
    max_priority_fee: int = Field(
        default=1_000_000, ge=0, description="never bid more than this (micro-lamports per compute unit)"
    )
    compute_margin: int = Field(
        default=20, ge=0, le=1000, description="how much above what the simulation used is asked for (percent)"
    )
    max_compute_units: int = Field(
        default=200_000, ge=1_000, le=1_400_000, description="largest compute limit of a transaction (compute units)"
    )
    poll: float = Field(default=1.0, gt=0, le=60, description="interval of looking for a signature (seconds)")
    submit_timeout: float = Field(default=180.0, gt=0, description="submit waits this long for execution (seconds)")

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if self.priority_fee > self.max_priority_fee:
            raise ValueError("priority_fee: more than max_priority_fee")
        return self
