"""Keys: the group's, its members', and the trusted dealer that splits one (RFC 9591, section 3 and appendix C)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn, SupportsIndex

from relayer.frost.curve import ORDER, Point, SecretScalar, decode_point, encode_point
from relayer.frost.errors import InvalidCommitments, InvalidParameters, InvalidPoint
from relayer.frost.polynomial import evaluate, evaluate_commitment, interpolate

MAX_MEMBERS = 65_535


@dataclass(frozen=True, slots=True)
class GroupKey:
    """The committee's public key, `point33` compressed (33 bytes).

    Beyond being a point, its x-coordinate `px` is below the group order: gates verify by public-key recovery, which
    takes px as an ECDSA r. Raises `InvalidPoint`.
    """

    point33: bytes
    point: Point = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", decode_point(self.point33))
        if int.from_bytes(self.px, "big") >= ORDER:
            raise InvalidPoint("group key: its x-coordinate is not below the group order; no gate could verify with it")

    @classmethod
    def from_px(cls, px: bytes, parity: int) -> "GroupKey":
        """The key with x-coordinate `px` (32 bytes) and y even (`parity` 0) or odd (1)."""
        if len(px) != 32 or parity not in (0, 1):
            raise InvalidPoint(f"group key: px of {len(px)} bytes, parity {parity}; expected 32 bytes and 0 or 1")
        return cls(bytes([2 + parity]) + px)

    @property
    def px(self) -> bytes:
        """The x-coordinate, 32 bytes."""
        return self.point33[1:]

    @property
    def parity(self) -> int:
        """0 where y is even, 1 where it is odd."""
        return self.point33[0] & 1

    def __reduce__(self) -> "tuple[type[GroupKey], tuple[bytes]]":
        return GroupKey, (self.point33,)


@dataclass(frozen=True, slots=True)
class PublicKeyPackage:
    """What everybody knows about one group key: `verifying_shares` (33 bytes each) of members 1 to n, the threshold.

    Raises `InvalidParameters` unless the identifiers are exactly 1..n and 2 <= threshold <= n, `InvalidPoint` for a
    share that is no point. `check` says whether shares and key belong together.
    """

    group: GroupKey
    verifying_shares: Mapping[int, bytes]
    threshold: int
    points: Mapping[int, Point] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        n = len(self.verifying_shares)
        if n > MAX_MEMBERS or set(self.verifying_shares) != set(range(1, n + 1)):
            raise InvalidParameters(f"members: identifiers must be exactly 1 to n, n at most {MAX_MEMBERS}")
        if not 2 <= self.threshold <= n:
            raise InvalidParameters(f"threshold: {self.threshold} of {n}, expected at least 2 and at most n")
        shares = {i: self.verifying_shares[i] for i in range(1, n + 1)}
        object.__setattr__(self, "verifying_shares", MappingProxyType(shares))
        object.__setattr__(self, "points", MappingProxyType({i: decode_point(s) for i, s in shares.items()}))

    @property
    def size(self) -> int:
        """n, how many members there are."""
        return len(self.verifying_shares)

    def check(self) -> None:
        """Raises `InvalidParameters` unless all shares lie on one polynomial of degree t-1 that meets the group key.

        A wrong verifying share would blame an honest member; costs about t * (n-t+1) point multiplications.
        """
        base = {i: self.points[i] for i in range(1, self.threshold + 1)}
        try:
            if encode_point(interpolate(base, 0)) != self.group.point33:
                raise InvalidParameters("group key: it is not the one that the verifying shares make")
            for i in range(self.threshold + 1, self.size + 1):
                if encode_point(interpolate(base, i)) != self.verifying_shares[i]:
                    raise InvalidParameters(f"verifying share of member {i}: not on the polynomial of the others")
        except InvalidPoint as error:
            raise InvalidParameters("verifying shares: they make the identity") from error

    def __hash__(self) -> int:
        return hash((self.group, self.threshold, tuple(self.verifying_shares.values())))

    def __reduce__(self) -> "tuple[type[PublicKeyPackage], tuple[GroupKey, dict[int, bytes], int]]":
        return PublicKeyPackage, (self.group, dict(self.verifying_shares), self.threshold)


class SigningShare:
    """The secret of one member: its identifier and the polynomial's value there. Never shown, pickled or copied."""

    __slots__ = ("identifier", "scalar", "verifying_share")

    def __init__(self, identifier: int, secret: bytes | SecretScalar) -> None:
        if not 1 <= identifier <= MAX_MEMBERS:
            raise InvalidParameters(f"identifier: {identifier}, expected 1 to {MAX_MEMBERS}")
        self.identifier = identifier
        self.scalar = secret if isinstance(secret, SecretScalar) else SecretScalar(secret)
        self.verifying_share = encode_point(self.scalar.point())

    def reveal(self) -> bytes:
        """The 32 secret bytes, for the keystore alone."""
        return self.scalar.reveal()

    def __repr__(self) -> str:
        return f"SigningShare(identifier={self.identifier}, <secret>)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a signing share is neither pickled nor copied")


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """What one member signs with: its share and the group's public package, which must know that share."""

    share: SigningShare
    public: PublicKeyPackage

    def __post_init__(self) -> None:
        if self.public.verifying_shares.get(self.share.identifier) != self.share.verifying_share:
            raise InvalidParameters(f"member {self.share.identifier}: the signing share is not of this group")

    @property
    def identifier(self) -> int:
        return self.share.identifier


def commit_polynomial(coefficients: Sequence[bytes]) -> tuple[bytes, ...]:
    """vss_commit: each secret coefficient (32 bytes, constant term first) times G, 33 bytes each."""
    return tuple(encode_point(SecretScalar(c).point()) for c in coefficients)


def check_share(share: SigningShare, commitment: Sequence[bytes]) -> None:
    """vss_verify: raises `InvalidCommitments` unless the commitment's polynomial has the share's value there."""
    expected = evaluate_commitment([decode_point(c) for c in commitment], share.identifier)
    if encode_point(expected) != share.verifying_share:
        raise InvalidCommitments((share.identifier,), "the share does not match the polynomial's commitment")


def deal(coefficients: Sequence[bytes], n: int, t: int) -> tuple[PublicKeyPackage, dict[int, KeyPackage]]:
    """trusted_dealer_keygen: splits the key `coefficients[0]` among members 1 to n, any t of whom can sign.

    The t coefficients (32 bytes each, uniform in [1, n-1]) are all the randomness there is. Raises `InvalidParameters`,
    or `InvalidScalar` and `InvalidPoint` for coefficients that must be drawn again (probability below 2^-120).
    """
    if not 2 <= t <= n <= MAX_MEMBERS:
        raise InvalidParameters(f"threshold {t} of {n}: expected 2 <= t <= n <= {MAX_MEMBERS}")
    if len(coefficients) != t:
        raise InvalidParameters(f"{len(coefficients)} coefficients, expected t = {t}")
    polynomial = [SecretScalar(c) for c in coefficients]
    group = GroupKey(encode_point(polynomial[0].point()))
    shares = [SigningShare(i, evaluate(polynomial, i)) for i in range(1, n + 1)]
    for coefficient in polynomial:
        coefficient.wipe()
    public = PublicKeyPackage(group, {s.identifier: s.verifying_share for s in shares}, t)
    return public, {s.identifier: KeyPackage(s, public) for s in shares}


__all__ = [
    "MAX_MEMBERS",
    "GroupKey",
    "KeyPackage",
    "PublicKeyPackage",
    "SigningShare",
    "check_share",
    "commit_polynomial",
    "deal",
]
