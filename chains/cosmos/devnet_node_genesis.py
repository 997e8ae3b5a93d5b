"""The genesis of a local Cosmos chain: what `wasmd init` writes, with accounts, balances and one validator.

The validator joins by a genesis transaction (MsgCreateValidator, signed in SIGN_MODE_DIRECT), as on every chain. It is
encoded and signed here, so that no keyring is needed and no secret is handed over. Sources: Cosmos SDK,
proto/cosmos/staking/v1beta1/tx.proto and tx/v1beta1/tx.proto, x/genutil; CometBFT, privval/file.go.

    TxBody       messages 1 (Any)
    AuthInfo     signer_infos 1 (public_key 1 (Any), mode_info 2 (single 1 (mode 1))), fee 2 (gas_limit 2)
    SignDoc      body_bytes 1, auth_info_bytes 2, chain_id 3; account number and sequence are 0
    MsgCreateValidator   description 1 (moniker 1), commission 2 (rate 1, max_rate 2, max_change_rate 3),
                         min_self_delegation 3, validator_address 5, pubkey 6 (Any), value 7 (denom 1, amount 2)
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from coincurve import PrivateKey, PublicKey
from Crypto.Hash import RIPEMD160
from nacl.signing import SigningKey

from chains.cosmos import bech32
from chains.cosmos.protobuf import data, message, uint
from chains.devnet import account_secret

PREFIX = "wasm"
"""Of the addresses on local chains."""
FEE_DENOMINATION = "stake"
"""What fees are paid in, and what the validator has staked."""

Balances = Mapping[str, Mapping[str, int]]
"""What each address holds of each denomination, in base units."""

_STAKED = 10**8
_GENESIS_GAS = 200_000
_SIGN_MODE_DIRECT = 1
_DECIMALS = 10**18
_RATES = {"rate": 10**17, "max_rate": 2 * 10**17, "max_change_rate": 10**16}
_SECP256K1 = "/cosmos.crypto.secp256k1.PubKey"
_ED25519 = "/cosmos.crypto.ed25519.PubKey"
_CREATE = "/cosmos.staking.v1beta1.MsgCreateValidator"
_ACCOUNT = "/cosmos.auth.v1beta1.BaseAccount"


def account_bytes(secret: bytes) -> bytes:
    """The address (20 bytes) of the secp256k1 key `secret` (32 bytes): RIPEMD-160 of SHA-256 of the compressed key."""
    public = PublicKey.from_secret(secret).format(compressed=True)
    return RIPEMD160.new(hashlib.sha256(public).digest()).digest()


def account_address(secret: bytes) -> str:
    """The address of `secret` (32 bytes) on local chains."""
    return bech32.encode(PREFIX, account_bytes(secret))


def consensus_key_file(chain_id: str) -> dict[str, Any]:
    """What priv_validator_key.json says: the key that the chain's validator votes with. It belongs to everybody."""
    key = _consensus_key(chain_id)
    public = bytes(key.verify_key)
    return {
        "address": hashlib.sha256(public).digest()[:20].hex().upper(),
        "pub_key": {"type": "tendermint/PubKeyEd25519", "value": _base64(public)},
        "priv_key": {"type": "tendermint/PrivKeyEd25519", "value": _base64(bytes(key) + public)},
    }


def with_chain(genesis: dict[str, Any], chain_id: str, balances: Balances) -> dict[str, Any]:
    """`genesis` with the accounts of `balances` and the validator. Raises `ValueError` for a balance that is not
    positive, and `KeyError` where `genesis` has not the form that `wasmd init` gives it."""
    operator = account_address(_operator(chain_id))
    held = {**balances, operator: {FEE_DENOMINATION: 2 * _STAKED}}
    for address, coins in held.items():
        if any(amount <= 0 for amount in coins.values()):
            raise ValueError(f"{address}: a balance that is not positive")
    state: dict[str, Any] = genesis["app_state"]
    auth, bank, genutil = state["auth"], state["bank"], state["genutil"]
    accounts = [_account(address) for address in held]
    coins_of = [{"address": address, "coins": _coins(coins)} for address, coins in held.items() if coins]
    changed = {
        "auth": {**auth, "accounts": [*auth["accounts"], *accounts]},
        "bank": {**bank, "balances": [*bank["balances"], *coins_of]},
        "genutil": {**genutil, "gen_txs": [*genutil["gen_txs"], genesis_transaction(chain_id)]},
    }
    return {**genesis, "app_state": {**state, **changed}}


def genesis_transaction(chain_id: str) -> dict[str, Any]:
    """The signed transaction, in JSON, by which the validator of `chain_id` joins."""
    secret, consensus = _operator(chain_id), bytes(_consensus_key(chain_id).verify_key)
    public = PublicKey.from_secret(secret).format(compressed=True)
    valoper = bech32.encode(f"{PREFIX}valoper", account_bytes(secret))
    create = (
        message(1, data(1, chain_id.encode()))
        + message(2, b"".join(data(i, str(rate).encode()) for i, rate in enumerate(_RATES.values(), start=1)))
        + data(3, b"1")
        + data(5, valoper.encode())
        + message(6, _any(_ED25519, data(1, consensus)))
        + message(7, data(1, FEE_DENOMINATION.encode()) + data(2, str(_STAKED).encode()))
    )
    body = message(1, _any(_CREATE, create))
    signer = message(1, _any(_SECP256K1, data(1, public))) + message(2, message(1, uint(1, _SIGN_MODE_DIRECT)))
    auth_info = message(1, signer) + message(2, uint(2, _GENESIS_GAS))
    signed = data(1, body) + data(2, auth_info) + data(3, chain_id.encode())
    signature = PrivateKey(secret).sign_recoverable(signed, hasher=_sha256)[:64]
    return {
        "body": {"messages": [_create_json(chain_id, valoper, consensus)]},
        "auth_info": {
            "signer_infos": [
                {
                    "public_key": {"@type": _SECP256K1, "key": _base64(public)},
                    "mode_info": {"single": {"mode": "SIGN_MODE_DIRECT"}},
                    "sequence": "0",
                }
            ],
            "fee": {"amount": [], "gas_limit": str(_GENESIS_GAS), "payer": "", "granter": ""},
        },
        "signatures": [_base64(signature)],
    }


def _create_json(moniker: str, valoper: str, consensus: bytes) -> dict[str, Any]:
    return {
        "@type": _CREATE,
        "description": {"moniker": moniker},
        "commission": {name: f"{rate // _DECIMALS}.{rate % _DECIMALS:018d}" for name, rate in _RATES.items()},
        "min_self_delegation": "1",
        "validator_address": valoper,
        "pubkey": {"@type": _ED25519, "key": _base64(consensus)},
        "value": {"denom": FEE_DENOMINATION, "amount": str(_STAKED)},
    }


def _account(address: str) -> dict[str, Any]:
    return {"@type": _ACCOUNT, "address": address, "pub_key": None, "account_number": "0", "sequence": "0"}


def _coins(coins: Mapping[str, int]) -> list[dict[str, str]]:
    # The SDK wants them in order.
    return [{"denom": denomination, "amount": str(amount)} for denomination, amount in sorted(coins.items())]


def _operator(chain_id: str) -> bytes:
    return account_secret(f"cosmos operator {chain_id}")


def _consensus_key(chain_id: str) -> SigningKey:
    return SigningKey(account_secret(f"cosmos consensus {chain_id}"))


def _any(kind: str, value: bytes) -> bytes:
    return data(1, kind.encode()) + data(2, value)


def _sha256(signed: bytes) -> bytes:
    return hashlib.sha256(signed).digest()


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
