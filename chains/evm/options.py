"""What a configuration says about EVM chains, as frozen models that refuse unknown keys.

`ChainOptions`, `PositionOptions` and `DeploymentOptions` belong to committee.toml: all members share them, and they are
part of the configuration's digest. `MemberOptions` belongs to one member's member.toml. Hashes and addresses are
0x-prefixed hex and are kept in lower case, so that one setting has one spelling. Units stand in each description.
"""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from chains.endpoint_options import EndpointsOptions, Options

EIP1967_IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
"""keccak256("eip1967.proxy.implementation") - 1 (EIP-1967)."""


def _slot_text(value: object) -> object:
    # A slot number or 32 bytes in hex: kept as hex, so that the configuration's digest sees one spelling.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 256:
        return f"0x{value:064x}"
    return value


_Hex32 = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$", to_lower=True)]
_Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]
_Slot = Annotated[_Hex32, BeforeValidator(_slot_text)]
_ViewNoArgument = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*\(\)$")]
_ViewOfAccount = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*\(address\)$")]


class Implementation(Options):
    """The pin of a proxy: where it keeps its implementation, which one that is, and its code."""

    address: _Address = Field(description="address of the implementation contract")
    code_hash: _Hex32 = Field(description="Keccak-256 of the implementation's runtime code")
    slot: _Slot = Field(
        default=EIP1967_IMPLEMENTATION,
        description="storage slot of the proxy that holds the address (default: EIP-1967)",
    )
    minimal: bool = Field(
        default=False, description="an EIP-1167 clone: the address is part of the proxy's own code, in no slot"
    )


class ChainOptions(Options):
    """committee.toml, [chains."eip155:N"]: what all members must agree on."""

    genesis_hash: _Hex32 = Field(description="hash of block 0; an endpoint of another chain is refused")
    stride: int = Field(
        default=1, ge=1, le=100_000, description="checkpoints lie at heights that are multiples of this (blocks)"
    )
    max_finality_lag: int = Field(
        default=3600,
        ge=1,
        description="a finalized block older than this, by the member's clock, is no checkpoint any more (seconds)",
    )


class PositionOptions(Options):
    """committee.toml, options of a collateral position."""

    transfer: Literal["exact", "fee_on_transfer", "rebasing"] = Field(
        description="what the token does on transfer; a token that does not credit what was sent, or whose balances "
        "move by themselves, is refused unless it is declared here. Native coins: exact"
    )
    code_hash: _Hex32 | None = Field(default=None, description="ERC-20: hash of the token's runtime code; required")
    implementation: Implementation | None = Field(
        default=None, description="ERC-20 behind a proxy: the pinned implementation; a proxy without it is refused"
    )
    vault_code_hash: _Hex32 | None = Field(
        default=None, description="Keccak-256 of the vault's own runtime code, where it is a contract to be pinned"
    )
    balance_slot: _Slot | None = Field(
        default=None, description="ERC-20: slot of the mapping of balances; then every reading carries a storage proof"
    )
    balance_slot_order: Literal["solidity", "vyper"] = Field(
        default="solidity", description="how the mapping hashes: keccak(key, slot) or Vyper's keccak(slot, key)"
    )
    balance_bits: int = Field(
        default=256, ge=8, le=256, description="how many low bits of the slot's word are the balance (bits)"
    )
    paused_call: _ViewNoArgument | None = Field(
        default=None, description='view such as "paused()": while it is true, the position counts as 0'
    )
    frozen_call: _ViewOfAccount | None = Field(
        default=None, description='view such as "isBlacklisted(address)": while true for the vault, it counts as 0'
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.transfer == "rebasing" and self.balance_slot is not None:
            raise ValueError("balance_slot: a rebasing token stores shares, its slot does not hold the balance")
        return self

    @property
    def can_freeze(self) -> bool:
        return self.paused_call is not None or self.frozen_call is not None


class DeploymentOptions(Options):
    """committee.toml, options of a deployment: what stands behind the gate's address."""

    code_hash: _Hex32 = Field(description="Keccak-256 of the gate's runtime code")
    token_code_hash: _Hex32 = Field(description="Keccak-256 of the wrapped token's runtime code")
    token_implementation: Implementation | None = Field(
        default=None, description="wrapped token behind a proxy: the pinned implementation"
    )
    committee: _Address = Field(description="address of the Committee contract that the gate asks")
    committee_code_hash: _Hex32 = Field(description="Keccak-256 of the Committee contract's runtime code")


class MemberOptions(EndpointsOptions):
    """member.toml, [chains."eip155:N"]: this member's own endpoints and fees."""

    max_lag: int = Field(default=64, ge=1, description="an endpoint whose finality is further back lags (blocks)")
    max_fee_per_gas: int = Field(default=200_000_000_000, ge=1, description="never bid more than this per gas (wei)")
    priority_fee_per_gas: int = Field(default=1_000_000_000, ge=0, description="tip at first (wei per gas)")
    bump_after: float = Field(default=60.0, gt=0, description="raise the bid of what is not executed by then (seconds)")
    max_gas: int = Field(default=1_000_000, ge=21_000, description="largest gas limit of a transaction (gas)")
    poll: float = Field(default=2.0, gt=0, le=60, description="interval of looking for a receipt (seconds)")
    submit_timeout: float = Field(default=180.0, gt=0, description="submit waits this long for execution (seconds)")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.priority_fee_per_gas > self.max_fee_per_gas:
            raise ValueError("priority_fee_per_gas: more than max_fee_per_gas")
        return self
