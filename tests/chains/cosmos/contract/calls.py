"""Transactions for tests: who signs them, and any messages for contracts in them.

The bytes are those of the messages of the Cosmos SDK (cosmos/tx/v1beta1) and of wasmd (cosmwasm/wasm/v1).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from coincurve import PrivateKey, PublicKey

from chains.cosmos import bech32, build_node
from chains.cosmos.devnet_node import chain_id
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, PREFIX, account_address, account_bytes
from chains.cosmos.messages import Message, encoded
from chains.cosmos.protobuf import data, message, uint
from chains.devnet import account_secret

ARTIFACTS = Path(build_node.__file__).parent / "artifacts"
CHAIN = chain_id(0)
GATE_CODE, TOKEN_CODE = 1, 2

_GAS = 3_000_000
_STORE_GAS = 30_000_000
_GAS_PER_FEE = 40
_SECP256K1 = "/cosmos.crypto.secp256k1.PubKey"
_SIGN_MODE_DIRECT = 1


def secret_of(name: str) -> bytes:
    return account_secret(f"cosmos contract {name}")


def address_of(name: str) -> str:
    return account_address(secret_of(name))


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction: who signs it, and its messages, encoded as Any."""

    sender: str
    messages: tuple[bytes, ...]
    gas: int

    def __add__(self, other: "Call") -> "Call":
        assert other.sender == self.sender
        return Call(self.sender, self.messages + other.messages, self.gas + other.gas)


def execute(sender: str, contract: str, told: Message | bytes, coins: Mapping[str, int] | None = None) -> Call:
    raw = told if isinstance(told, bytes) else encoded(told)
    return _call(sender, "MsgExecuteContract", data(2, contract.encode()) + data(3, raw) + _coins(5, coins or {}))


def instantiate(sender: str, code: int, told: Message, salt: bytes, admin: str = "") -> Call:
    body = data(2, admin.encode()) + uint(3, code) + data(4, b"for a test") + data(5, encoded(told)) + data(7, salt)
    return _call(sender, "MsgInstantiateContract2", body)


def migrate(sender: str, contract: str, code: int, told: bytes = b"{}") -> Call:
    return _call(sender, "MsgMigrateContract", data(2, contract.encode()) + uint(3, code) + data(4, told))


def update_admin(sender: str, contract: str, admin: str) -> Call:
    return _call(sender, "MsgUpdateAdmin", data(2, admin.encode()) + data(3, contract.encode()))


def clear_admin(sender: str, contract: str) -> Call:
    return _call(sender, "MsgClearAdmin", data(3, contract.encode()))


def sudo(sender: str, contract: str, told: Message) -> Call:
    """What the chain's governance alone may send."""
    return _call(sender, "MsgSudoContract", data(2, contract.encode()) + data(3, encoded(told)))


def store(sender: str, wasm: bytes) -> Call:
    return _call(sender, "MsgStoreCode", data(2, wasm), _STORE_GAS)


def _call(sender: str, name: str, body: bytes, gas: int = _GAS) -> Call:
    value = data(1, address_of(sender).encode()) + body
    return Call(sender, (data(1, f"/cosmwasm.wasm.v1.{name}".encode()) + data(2, value),), gas)


def _coins(number: int, coins: Mapping[str, int]) -> bytes:
    return b"".join(
        message(number, data(1, denomination.encode()) + data(2, str(amount).encode()))
        for denomination, amount in sorted(coins.items())
    )


@lru_cache
def contract_address(sender: str, salt: bytes, wasm: bytes) -> str:
    """Where `instantiate` puts a contract (wasmd, x/wasm/keeper/addresses.go, BuildContractAddressPredictable)."""
    parts = (hashlib.sha256(wasm).digest(), account_bytes(secret_of(sender)), salt, b"")
    named = b"wasm\0" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return bech32.encode(PREFIX, hashlib.sha256(hashlib.sha256(b"module").digest() + named).digest())


def transaction(call: Call, number: int, sequence: int) -> bytes:
    """It, signed, for an account with this number and sequence."""
    secret = secret_of(call.sender)
    public = PublicKey.from_secret(secret).format(compressed=True)
    key = message(1, data(1, _SECP256K1.encode()) + data(2, data(1, public)))
    signer = key + message(2, message(1, uint(1, _SIGN_MODE_DIRECT))) + uint(3, sequence)
    fee = _coins(1, {FEE_DENOMINATION: call.gas // _GAS_PER_FEE}) + uint(2, call.gas)
    body, auth = b"".join(message(1, each) for each in call.messages), message(1, signer) + message(2, fee)
    signed = data(1, body) + data(2, auth) + data(3, CHAIN.encode()) + uint(4, number)
    signature = PrivateKey(secret).sign_recoverable(signed, hasher=lambda text: hashlib.sha256(text).digest())[:64]
    return data(1, body) + data(2, auth) + data(3, signature)


@lru_cache
def artifact(code: int) -> bytes:
    """The committed artifact that has this number on the chain."""
    return (ARTIFACTS / {GATE_CODE: "ballast.wasm", TOKEN_CODE: "cw20_base.wasm"}[code]).read_bytes()
