"""CAIP-2 chain ids, CAIP-10 accounts and CAIP-19 assets: parsing to the letter of the specifications.

A family makes an address canonical (EVM: lower-case hex); here only the shared shape is checked. Sources: CAIP-2,
CAIP-10 and CAIP-19 of the Chain Agnostic Standards Alliance.
"""

import re
from dataclasses import dataclass

_CHAIN = r"(?P<namespace>[-a-z0-9]{3,8}):(?P<reference>[-_a-zA-Z0-9]{1,32})"
_CHAIN_RE = re.compile(_CHAIN)
_ACCOUNT_RE = re.compile(_CHAIN + r":(?P<address>[-.%a-zA-Z0-9]{1,128})")
_ASSET_RE = re.compile(
    _CHAIN + r"/(?P<kind>[-a-z0-9]{3,8}):(?P<asset>[-.%a-zA-Z0-9]{1,128})(/(?P<token>[-.%a-zA-Z0-9]{1,78}))?"
)


class CaipError(ValueError):
    """A text that is no CAIP name of the kind expected."""


@dataclass(frozen=True, slots=True)
class ChainId:
    """CAIP-2: `namespace:reference`, as in eip155:1."""

    namespace: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> "ChainId":
        match = _CHAIN_RE.fullmatch(text)
        if not match:
            raise CaipError(f"{text!r} is no CAIP-2 chain id (namespace:reference, as in eip155:1)")
        return cls(match["namespace"], match["reference"])

    def __str__(self) -> str:
        return f"{self.namespace}:{self.reference}"


@dataclass(frozen=True, slots=True)
class AccountId:
    """CAIP-10: `chain:address`."""

    chain: ChainId
    address: str

    @classmethod
    def parse(cls, text: str) -> "AccountId":
        match = _ACCOUNT_RE.fullmatch(text)
        if not match:
            raise CaipError(f"{text!r} is no CAIP-10 account (namespace:reference:address)")
        return cls(ChainId(match["namespace"], match["reference"]), match["address"])

    def __str__(self) -> str:
        return f"{self.chain}:{self.address}"


@dataclass(frozen=True, slots=True)
class AssetId:
    """CAIP-19 asset type or asset: `chain/kind:asset`, as in eip155:1/erc20:0x.. or eip155:1/slip44:60."""

    chain: ChainId
    kind: str
    asset: str
    token: str | None = None

    @classmethod
    def parse(cls, text: str) -> "AssetId":
        match = _ASSET_RE.fullmatch(text)
        if not match:
            raise CaipError(f"{text!r} is no CAIP-19 asset (namespace:reference/kind:asset)")
        chain = ChainId(match["namespace"], match["reference"])
        return cls(chain, match["kind"], match["asset"], match["token"])

    def __str__(self) -> str:
        return f"{self.chain}/{self.kind}:{self.asset}" + (f"/{self.token}" if self.token else "")
