"""Validator sets as headers commit to them: the Merkle root over each validator's key and voting power, in order.

    SimpleValidator   pub_key 1 {ed25519 1}, voting_power 2

Sources: CometBFT's specification, "Core data structures"; proto/tendermint/types/validator.proto. Only Ed25519 keys,
which CometBFT's consensus parameters allow by default, are supported: a set with any other key is refused by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from chains.cosmos import merkle, protobuf
from chains.cosmos.headers import ADDRESS_BYTES
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError

MOST_VALIDATORS = 1024
MOST_POWER = (2**63 - 1) // 8
"""The greatest total voting power that CometBFT allows (MaxTotalVotingPower)."""

KEY_BYTES = 32
_SIMPLE: dict[int, Kind] = {1: "message", 2: "varint"}
_KEY: dict[int, Kind] = {1: "bytes", 2: "bytes", 3: "bytes", 4: "bytes", 5: "bytes"}
_OTHER_KEYS = {2: "secp256k1", 3: "bls12381", 4: "mldsa65", 5: "secp256k1eth"}


@dataclass(frozen=True, slots=True)
class Validator:
    """An Ed25519 key (32 bytes) and its voting power; `address` (20 bytes) is the beginning of the key's SHA-256."""

    key: bytes
    power: int
    address: bytes = field(init=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ProofError(f"validator: an Ed25519 key of {len(self.key)} bytes")
        if not 0 < self.power <= MOST_POWER:
            raise ProofError(f"validator: a voting power of {self.power}")
        object.__setattr__(self, "address", sha256(self.key).digest()[:ADDRESS_BYTES])

    def encode(self) -> bytes:
        """The message SimpleValidator, which is the validator's leaf in the set's tree."""
        return protobuf.message(1, protobuf.data(1, self.key)) + protobuf.uint(2, self.power)

    @classmethod
    def decode(cls, encoded: bytes) -> "Validator":
        fields = protobuf.decode(encoded, "validator", _SIMPLE)
        key = protobuf.decode(fields.required(1), "validator key", _KEY)
        for number, name in _OTHER_KEYS.items():
            if key.data(number):
                raise ProofError(f"validator: a key of type {name}; only ed25519 is supported")
        return cls(key.data(1), fields.int64(2))


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """Validators in the order in which they are hashed and vote. Raises `ProofError` for an empty set, for one in
    which an address comes twice, and for a total above `MOST_POWER`."""

    validators: tuple[Validator, ...]
    total: int = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.validators) <= MOST_VALIDATORS:
            raise ProofError(f"validators: {len(self.validators)} of them, expected 1 to {MOST_VALIDATORS}")
        if len({validator.address for validator in self.validators}) != len(self.validators):
            raise ProofError("validators: one comes twice")
        total = sum(validator.power for validator in self.validators)
        if total > MOST_POWER:
            raise ProofError("validators: more voting power than CometBFT allows")
        object.__setattr__(self, "total", total)

    @property
    def hash(self) -> bytes:
        """What a header's `validators_hash` is (32 bytes)."""
        return merkle.root([validator.encode() for validator in self.validators])

    @classmethod
    def decode(cls, validators: Iterable[bytes]) -> "ValidatorSet":
        """The set of these SimpleValidator messages. Raises `ProofError`."""
        return cls(tuple(Validator.decode(encoded) for encoded in validators))
