"""What a configuration says about EVM chains, as frozen models that refuse unknown keys.

`ChainOptions`, `PositionOptions` and `DeploymentOptions` belong to committee.toml: all members share them, and they are
part of the configuration's digest. `MemberOptions` belongs to one member's member.toml. Hashes and addresses are
0x-prefixed hex and are kept in lower case, so that one setting has one spelling. Units stand in each description.
"""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator

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


class _Model(BaseModel):
    # An input may be a URL with a key in it: no error message may repeat it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Implementation(_Model):
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


class ChainOptions(_Model):
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


class PositionOptions(_Model):
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


class DeploymentOptions(_Model):
    """committee.toml, options of a deployment: what stands behind the gate's address."""

    code_hash: _Hex32 = Field(description="Keccak-256 of the gate's runtime code")
    token_code_hash: _Hex32 = Field(description="Keccak-256 of the wrapped token's runtime code")
    token_implementation: Implementation | None = Field(
        default=None, description="wrapped token behind a proxy: the pinned implementation"
    )
    committee: _Address = Field(description="address of the Committee contract that the gate asks")
    committee_code_hash: _Hex32 = Field(description="Keccak-256 of the Committee contract's runtime code")


class EndpointOptions(_Model):
    """One JSON-RPC endpoint. Every secret may be given as "env:NAME" or "file:PATH"."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")] = Field(
        description="label; the only thing about an endpoint that is ever logged"
    )
    url: SecretStr = Field(description='http(s) URL, or "env:NAME" or "file:PATH" of one')
    headers: dict[str, SecretStr] = Field(default={}, description="HTTP headers, for example an API key")

    @model_validator(mode="after")
    def _is_http(self) -> Self:
        text = self.url.get_secret_value()
        if not text.startswith(("env:", "file:")):
            check_url(text)
        return self


class MemberOptions(_Model):
    """member.toml, [chains."eip155:N"]: this member's own endpoints and fees."""

    endpoints: tuple[EndpointOptions, ...] = Field(min_length=2, description="independent endpoints of the chain")
    quorum: int = Field(
        default=2, ge=2, description="how many endpoints must agree; more than half of them (endpoints)"
    )
    timeout: float = Field(default=5.0, gt=0, le=120, description="of one request (seconds)")
    deadline: float = Field(default=20.0, gt=0, le=600, description="of one reading with all its retries (seconds)")
    max_response: int = Field(default=8_388_608, ge=1024, description="largest response that is read (bytes)")
    max_depth: int = Field(default=16, ge=4, le=64, description="deepest nesting of a response (levels)")
    batch: int = Field(default=100, ge=4, le=1000, description="most calls in one request (calls)")
    max_lag: int = Field(default=64, ge=1, description="an endpoint whose finality is further back lags (blocks)")
    set_aside: float = Field(default=60.0, ge=0, description="how long an endpoint that lied is not asked (seconds)")
    max_fee_per_gas: int = Field(default=200_000_000_000, ge=1, description="never bid more than this per gas (wei)")
    priority_fee_per_gas: int = Field(default=1_000_000_000, ge=0, description="tip at first (wei per gas)")
    bump_after: float = Field(default=60.0, gt=0, description="raise the bid of what is not executed by then (seconds)")
    max_gas: int = Field(default=1_000_000, ge=21_000, description="largest gas limit of a transaction (gas)")
    poll: float = Field(default=2.0, gt=0, le=60, description="interval of looking for a receipt (seconds)")
    submit_timeout: float = Field(default=180.0, gt=0, description="submit waits this long for execution (seconds)")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        count = len(self.endpoints)
        if self.quorum > count or 2 * self.quorum <= count:
            raise ValueError(
                f"quorum: {self.quorum} of {count} endpoints; it must be at most {count} and more than half of them, "
                "or two different answers could both have one"
            )
        _distinct("name", [e.name for e in self.endpoints])
        # The text is compared, not what env: and file: lead to; `open` compares that again once it is resolved.
        _distinct("url", [normal_url(e.url.get_secret_value()) for e in self.endpoints], show=False)
        if self.priority_fee_per_gas > self.max_fee_per_gas:
            raise ValueError("priority_fee_per_gas: more than max_fee_per_gas")
        if self.timeout > self.deadline:
            raise ValueError("timeout: longer than deadline")
        return self


def check_url(text: str) -> None:
    """Raises ValueError, without repeating the text, unless it is an http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("url: not an http(s) URL with a host (give it as such, or as env:NAME or file:PATH)")


def normal_url(text: str) -> str:
    """One spelling of a URL: scheme and host in lower case, the port written out, no last "/"."""
    if text.startswith(("env:", "file:")):
        return text
    parts = urlsplit(text)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}{parts.path.rstrip('/')}{query}"


def _distinct(what: str, values: list[str], show: bool = True) -> None:
    for i, value in enumerate(values):
        if value in values[:i]:
            first = values.index(value)
            name = f" ({value})" if show else ""
            raise ValueError(
                f"endpoints: [{first}] and [{i}] have the same {what}{name}; endpoints must be independent"
            )
