"""Transactions: put together and signed. Pure.

One signer, who pays; SIGN_MODE_DIRECT (Cosmos SDK, ADR-020): what is signed are the very bytes of body and auth info,
with the chain id and the account's number. A transaction is named by the SHA-256 of its bytes. The protobuf messages
are cosmpy's; signatures (RFC 6979, low s) come from libsecp256k1, since cosmpy's own keys sign in variable time.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coincurve import PrivateKey
from cosmpy.protos.cosmos.bank.v1beta1.tx_pb2 import MsgSend
from cosmpy.protos.cosmos.base.v1beta1.coin_pb2 import Coin
from cosmpy.protos.cosmos.crypto.secp256k1.keys_pb2 import PubKey
from cosmpy.protos.cosmos.tx.signing.v1beta1.signing_pb2 import SignMode
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import (
    AuthInfo,
    Fee,
    ModeInfo,
    SignDoc,
    SignerInfo,
    TxBody,
    TxRaw,
)
from cosmpy.protos.cosmwasm.wasm.v1.tx_pb2 import (
    MsgExecuteContract,
    MsgInstantiateContract,
    MsgStoreCode,
)
from google.protobuf.any_pb2 import Any as Packed

from chains.cosmos.addresses import of_secret
from chains.cosmos.messages import Message, encoded

_NO_SIGNATURE = bytes(64)

Coins = Mapping[str, int]
"""Amounts in base units, by denomination."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction stands among its account's: the account's number on the chain, and the sequence, which is
    used up by the one transaction that is executed with it."""

    account: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What a transaction may use and costs: `gas` is its limit, `fee` in base units of `denomination`. No block above
    `timeout_height` takes it."""

    gas: int
    fee: int
    denomination: str
    timeout_height: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its hash (32 bytes), which names it, and all its bytes."""

    hash: bytes
    raw: bytes = field(repr=False)

    @classmethod
    def of(cls, raw: bytes) -> "Signed":
        return cls(hashlib.sha256(raw).digest(), raw)

    @property
    def name(self) -> str:
        """In hexadecimal, as explorers show it."""
        return self.hash.hex().upper()


class Key:
    """The key of an account whose address begins with `prefix`. Its secret is in no text that this object gives."""

    def __init__(self, secret: bytes, prefix: str) -> None:
        """`secret`: 32 bytes. Raises `Refused` for bytes that are no secp256k1 private key."""
        self.address = of_secret(secret, prefix)
        self._secret = PrivateKey(secret)

    def __repr__(self) -> str:
        return f"Key({self.address})"

    def signed(self, messages: Sequence[Any], chain_id: str, place: Place, budget: Budget) -> Signed:
        """The transaction of these messages, each a protobuf message."""
        body, auth = self._parts(messages, place, budget)
        document = SignDoc(body_bytes=body, auth_info_bytes=auth, chain_id=chain_id, account_number=place.account)
        # The recoverable form is R | s | recovery id, with the low s that the SDK asks for.
        signature = self._secret.sign_recoverable(document.SerializeToString(deterministic=True))[:64]
        return Signed.of(_raw(body, auth, signature))

    def unsigned(self, messages: Sequence[Any], place: Place, budget: Budget) -> bytes:
        """The bytes of the same transaction with zeros for a signature, as a simulation takes it."""
        body, auth = self._parts(messages, place, budget)
        return _raw(body, auth, _NO_SIGNATURE)

    def _parts(self, messages: Sequence[Any], place: Place, budget: Budget) -> tuple[bytes, bytes]:
        body = TxBody(messages=[_packed(each) for each in messages], timeout_height=budget.timeout_height)
        signer = SignerInfo(
            public_key=_packed(PubKey(key=self._secret.public_key.format(compressed=True))),
            mode_info=ModeInfo(single=ModeInfo.Single(mode=SignMode.SIGN_MODE_DIRECT)),
            sequence=place.sequence,
        )
        fee = Fee(amount=coins({budget.denomination: budget.fee} if budget.fee else {}), gas_limit=budget.gas)
        auth = AuthInfo(signer_infos=[signer], fee=fee)
        return body.SerializeToString(deterministic=True), auth.SerializeToString(deterministic=True)


def execution(sender: str, contract: str, message: Message, funds: Coins | None = None) -> Any:
    """MsgExecuteContract."""
    return MsgExecuteContract(sender=sender, contract=contract, msg=encoded(message), funds=coins(funds or {}))


def storing(sender: str, code: bytes) -> Any:
    """MsgStoreCode: anybody may instantiate it. `code` is WebAssembly, which may be compressed by gzip."""
    return MsgStoreCode(sender=sender, wasm_byte_code=code)


def instantiation(
    sender: str, code_id: int, label: str, message: Message, funds: Coins | None = None, admin: str = ""
) -> Any:
    """MsgInstantiateContract. Without an `admin` nobody can migrate the contract."""
    return MsgInstantiateContract(
        sender=sender, admin=admin, code_id=code_id, label=label, msg=encoded(message), funds=coins(funds or {})
    )


def sending(sender: str, to: str, amounts: Coins) -> Any:
    """MsgSend, of the bank."""
    return MsgSend(from_address=sender, to_address=to, amount=coins(amounts))


def coins(amounts: Coins) -> list[Any]:
    """In the order that the SDK wants."""
    return [Coin(denom=denomination, amount=str(amount)) for denomination, amount in sorted(amounts.items())]


def _packed(message: Any) -> Any:
    return Packed(type_url=f"/{message.DESCRIPTOR.full_name}", value=message.SerializeToString(deterministic=True))


def _raw(body: bytes, auth: bytes, signature: bytes) -> bytes:
    made = TxRaw(body_bytes=body, auth_info_bytes=auth, signatures=[signature])
    return bytes(made.SerializeToString(deterministic=True))
