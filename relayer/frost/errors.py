"""What can go wrong in FROST, and who is to blame.

    FrostError
    ├── InvalidParameters       n, t, identifiers or messages that no session may have
    ├── InvalidScalar           not 32 bytes, zero, or not below the group order
    ├── InvalidPoint            not a compressed point of the curve, or the identity
    ├── NonceReuse              nonces offered a second time
    ├── InvalidSignature        a group signature that does not verify: `reason` is a short code
    └── Blame                   somebody's contribution is wrong: `culprits` names the identifiers
        ├── InvalidCommitments  the commitments of a session
        └── InvalidShares       signature shares that do not verify, or are missing

No message holds a secret.
"""

from collections.abc import Iterable


class FrostError(Exception):
    """Anything that FROST refuses."""


class InvalidParameters(FrostError):
    """A configuration or a session that the protocol does not allow."""


class InvalidScalar(FrostError):
    """Bytes that are not a scalar in [1, n-1], 32 bytes big-endian. The value is never part of the message."""


class InvalidPoint(FrostError):
    """Bytes that are not a compressed SEC 1 point (33 bytes, prefix 02 or 03, x < p, on the curve)."""


class NonceReuse(FrostError):
    """The nonces of member `identifier` were used before; a second use would reveal the signing share."""

    def __init__(self, identifier: int) -> None:
        super().__init__(f"member {identifier}: these nonces were used before; commit to new ones")
        self.identifier = identifier


class Blame(FrostError):
    """Contributions that are wrong; `culprits` holds their members' identifiers in ascending order."""

    def __init__(self, culprits: Iterable[int], what: str) -> None:
        self.culprits = tuple(sorted(culprits))
        super().__init__(f"{what}: member {', '.join(map(str, self.culprits))}")


class InvalidCommitments(Blame):
    """Nonce commitments that are duplicated, of a stranger, or not those that the member made."""


class InvalidShares(Blame):
    """Signature shares that are missing, of a stranger, out of range, or do not verify."""


class InvalidSignature(FrostError):
    """A group signature that does not verify.

    `reason` is `bad_point` (R), `bad_scalar` (z) or `bad_signature` (the equation, or a challenge of zero).
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
