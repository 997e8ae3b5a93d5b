"""Round one: nonces and the commitments to them, made ahead of any message and used once (RFC 9591, section 5.1)."""

from dataclasses import dataclass, field
from typing import NoReturn, SupportsIndex

from relayer.frost.ciphersuite import h3
from relayer.frost.curve import Point, SecretScalar, decode_point, encode_point
from relayer.frost.errors import InvalidCommitments, InvalidParameters, InvalidPoint, NonceReuse
from relayer.frost.keys import MAX_MEMBERS, SigningShare


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a member publishes: the points of its two nonces, 33 bytes each.

    Parsed once, here; raises `InvalidCommitments` for what are no points and `InvalidParameters` for no identifier.
    """

    identifier: int
    hiding: bytes
    binding: bytes
    hiding_point: Point = field(init=False, repr=False, compare=False)
    binding_point: Point = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.identifier <= MAX_MEMBERS:
            raise InvalidParameters(f"identifier: {self.identifier}, expected 1 to {MAX_MEMBERS}")
        try:
            object.__setattr__(self, "hiding_point", decode_point(self.hiding))
            object.__setattr__(self, "binding_point", decode_point(self.binding))
        except InvalidPoint as error:
            raise InvalidCommitments((self.identifier,), f"nonce commitment is no point ({error})") from error

    def encode(self) -> bytes:
        """identifier 32 | hiding 33 | binding 33: its part of encode_group_commitment_list."""
        return self.identifier.to_bytes(32, "big") + self.hiding + self.binding

    def __reduce__(self) -> "tuple[type[Commitment], tuple[int, bytes, bytes]]":
        return Commitment, (self.identifier, self.hiding, self.binding)


class SigningNonces:
    """Two secret nonces, for one signature share at most. They live in memory only: not shown, pickled or copied."""

    __slots__ = ("_secrets", "commitment")

    def __init__(self, hiding: SecretScalar, binding: SecretScalar, commitment: Commitment) -> None:
        self._secrets = [(hiding, binding)]
        self.commitment = commitment

    def take(self) -> tuple[SecretScalar, SecretScalar]:
        """The hiding and the binding nonce, the first time; raises `NonceReuse` ever after."""
        try:
            return self._secrets.pop()  # one atomic step: two threads cannot both get them
        except IndexError:
            raise NonceReuse(self.commitment.identifier) from None

    @property
    def used(self) -> bool:
        return not self._secrets

    def __repr__(self) -> str:
        return f"SigningNonces(identifier={self.commitment.identifier}, used={self.used}, <secret>)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("nonces are neither pickled nor copied")


def commit(share: SigningShare, randomness: bytes) -> tuple[SigningNonces, Commitment]:
    """New nonces and their commitment. `randomness` is 64 fresh bytes: 32 for the hiding nonce, 32 for the binding one.

    nonce_generate (RFC 9591, section 4.1) hashes the share in, so that a weak source alone does not reveal the key.
    """
    if len(randomness) != 64:
        raise InvalidParameters(f"randomness: {len(randomness)} bytes, expected 64")
    hiding, binding = h3(randomness[:32], share.scalar), h3(randomness[32:], share.scalar)
    commitment = Commitment(share.identifier, encode_point(hiding.point()), encode_point(binding.point()))
    return SigningNonces(hiding, binding, commitment), commitment
