"""What a keystore holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NoReturn, SupportsIndex

import nacl.signing

from relayer.frost import KeyPackage
from relayer.keystore.errors import KeystoreExists, NoSuchKey


class Secret32:
    """32 secret bytes: not shown, pickled or copied."""

    __slots__ = ("_bytes",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError(f"secret: {len(secret)} bytes, expected 32")
        self._bytes = bytes(secret)

    def reveal(self) -> bytes:
        return self._bytes

    def __repr__(self) -> str:
        return "Secret32(<secret>)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")


@dataclass(frozen=True, slots=True, eq=False)
class KeystoreContents:
    """A member's keys: the Ed25519 seed of its identity, its FROST share of each epoch, its accounts on chains.

    `accounts` are 32-byte secrets by CAIP-2 chain id (`eip155:1`) or by namespace (`eip155`: all chains of the family
    that have no account of their own).
    """

    member: str
    identity: Secret32
    shares: Mapping[int, KeyPackage] = field(default_factory=dict)
    accounts: Mapping[str, Secret32] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))
        object.__setattr__(self, "accounts", MappingProxyType(dict(self.accounts)))

    @property
    def signing_key(self) -> nacl.signing.SigningKey:
        """The identity that signs what the member sends."""
        return nacl.signing.SigningKey(self.identity.reveal())

    @property
    def verify_key(self) -> bytes:
        """The public half of the identity, 32 bytes."""
        return bytes(self.signing_key.verify_key)

    def share(self, epoch: int) -> KeyPackage:
        """The share of `epoch`; raises `NoSuchKey`."""
        if epoch not in self.shares:
            held = ", ".join(map(str, sorted(self.shares))) or "none"
            raise NoSuchKey(f"keystore of {self.member}: no signing share of epoch {epoch} (it holds: {held})")
        return self.shares[epoch]

    def account(self, chain: str) -> Secret32:
        """The account of a CAIP-2 chain id: its own, else its namespace's; raises `NoSuchKey`."""
        for name in (chain, chain.partition(":")[0]):
            if name in self.accounts:
                return self.accounts[name]
        raise NoSuchKey(f"keystore of {self.member}: no account for {chain}; add one for it or for its namespace")

    def with_share(self, epoch: int, key: KeyPackage) -> "KeystoreContents":
        """With the share of one more epoch; a share that is there is never replaced."""
        if epoch in self.shares:
            raise KeystoreExists(f"keystore of {self.member}: it already holds a share of epoch {epoch}")
        return replace(self, shares={**self.shares, epoch: key})

    def with_account(self, chain: str, secret: Secret32) -> "KeystoreContents":
        return replace(self, accounts={**self.accounts, chain: secret})
