"""Names on Cosmos chains: CAIP-2 references, accounts in Bech32, assets of the bank and of cw20 contracts.

    cosmos:REFERENCE                 the chain id, or "hashed-" and the beginning of its SHA-256 (CAIP-5)
    cosmos:REFERENCE/native:DENOM    a denomination of the bank module, percent-encoded (a "/" is %2F)
    cosmos:REFERENCE/ibc:HASH        the denomination ibc/HASH, which came over IBC
    cosmos:REFERENCE/cw20:ADDRESS    a cw20 contract

Sources: CAIP-2, CAIP-5, CAIP-10, CAIP-19; the asset kinds are those proposed for the namespace cosmos (CAIPs, 111).
"""

import hashlib
import re
from urllib.parse import quote, unquote

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.cosmos.bech32 import Bech32Error, decode, encode
from chains.errors import Refused

CW20 = "cw20"
_NATIVE = "native"
_IBC = "ibc"
_ACCOUNT_BYTES = (20, 32)
_SECRET_BYTES = 32
_CHAIN_ID = re.compile(r"[-a-zA-Z0-9]{1,32}")
_HASHED = "hashed-"
_HASHED_REFERENCE = re.compile(_HASHED + r"[0-9a-f]{16}")
_DENOMINATION = re.compile(r"[a-zA-Z][a-zA-Z0-9/:._-]{2,127}")
_IBC_HASH = re.compile(r"[0-9A-F]{64}")


def reference(chain_id: str) -> str:
    """The CAIP-2 reference of the chain that calls itself `chain_id`."""
    if _CHAIN_ID.fullmatch(chain_id) and not chain_id.startswith(_HASHED):
        return chain_id
    return _HASHED + hashlib.sha256(chain_id.encode("utf-8")).hexdigest()[:16]


def check_chain(chain: ChainId) -> None:
    """Raises `CaipError` for a reference that no chain id has."""
    text = chain.reference
    if not (_HASHED_REFERENCE if text.startswith(_HASHED) else _CHAIN_ID).fullmatch(text):
        raise CaipError(f"{chain}: the reference is the chain id, or hashed- and 16 digits of its hash (CAIP-5)")


def account_bytes(address: str) -> bytes:
    """The 20 or 32 bytes of an address. Raises `CaipError`."""
    return _parts(address)[1]


def prefix(address: str) -> str:
    """The human-readable prefix of an address, which names the chain or its kind. Raises `CaipError`."""
    return _parts(address)[0]


def of_secret(secret: bytes, prefix: str) -> str:
    """The address of the secp256k1 key `secret` (32 bytes): RIPEMD-160 of SHA-256 of the compressed public key. Raises
    `Refused` for bytes that are no private key. Source: Cosmos SDK, crypto/keys/secp256k1."""
    from coincurve import PublicKey
    from Crypto.Hash import RIPEMD160

    wrong = f"the account's secret is no secp256k1 private key ({_SECRET_BYTES} bytes)"
    if len(secret) != _SECRET_BYTES:
        raise Refused(wrong)  # coincurve would fill up a shorter one with zeros
    try:
        public = PublicKey.from_secret(secret).format(compressed=True)
    except ValueError:
        raise Refused(wrong) from None
    return encode(prefix, RIPEMD160.new(hashlib.sha256(public).digest()).digest())


def canonical(address: str) -> str:
    """The address, which has one spelling: lower case. Raises `CaipError`."""
    _parts(address)
    return address


def canonical_account(account: AccountId) -> AccountId:
    """Raises `CaipError` for what cannot be an account on a Cosmos chain."""
    check_chain(account.chain)
    canonical(account.address)
    return account


def canonical_asset(asset: AssetId) -> AssetId:
    """Raises `CaipError` for another kind of asset, and for a name that is no denomination or contract."""
    check_chain(asset.chain)
    if asset.token is not None:
        raise CaipError(f"{asset}: a single token of a collection is no fungible asset")
    if asset.kind == CW20:
        canonical(asset.asset)
        return asset
    if asset.kind == _IBC and _IBC_HASH.fullmatch(asset.asset.upper()):
        return AssetId(asset.chain, _IBC, asset.asset.upper())
    if asset.kind == _NATIVE and _DENOMINATION.fullmatch(unquote(asset.asset)):
        return denomination_asset(asset.chain, unquote(asset.asset))
    raise CaipError(
        f"{asset}: Cosmos assets are native:DENOM (percent-encoded), ibc:HASH (64 hexadecimal digits) or cw20:ADDRESS"
    )


def denomination_asset(chain: ChainId, denomination: str) -> AssetId:
    """The name of a denomination of the bank module."""
    kind, separator, rest = denomination.partition("/")
    if kind == _IBC and separator and _IBC_HASH.fullmatch(rest):
        return AssetId(chain, _IBC, rest)
    # Python leaves "_" and "~" as they are; CAIP-19 has no "_".
    return AssetId(chain, _NATIVE, quote(denomination, safe="").replace("_", "%5F"))


def denomination(asset: AssetId) -> str | None:
    """The denomination that a canonical `asset` names; None for a cw20 contract."""
    if asset.kind == CW20:
        return None
    return f"{_IBC}/{asset.asset}" if asset.kind == _IBC else unquote(asset.asset)


def _parts(address: str) -> tuple[str, bytes]:
    try:
        found, data = decode(address)
    except Bech32Error as error:
        raise CaipError(str(error)) from None
    if len(data) not in _ACCOUNT_BYTES:
        raise CaipError(f"{address}: an account has 20 or 32 bytes, not {len(data)}")
    return found, data
