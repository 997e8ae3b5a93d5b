"""FROST(secp256k1, SHA-256), RFC 9591: two-round threshold Schnorr signatures as pure functions.

`keys` (group, shares, dealer), `round1` (nonces and commitments), `round2` (signature shares), `aggregate`, `verify`.
No I/O, no clock; randomness is an argument. The arithmetic is libsecp256k1's.
"""

from relayer.frost import round1, round2
from relayer.frost.aggregate import aggregate, verify_share
from relayer.frost.errors import (
    Blame,
    FrostError,
    InvalidCommitments,
    InvalidParameters,
    InvalidPoint,
    InvalidScalar,
    InvalidShares,
    InvalidSignature,
    NonceReuse,
)
from relayer.frost.keys import GroupKey, KeyPackage, PublicKeyPackage, SigningShare, deal
from relayer.frost.round1 import Commitment, SigningNonces
from relayer.frost.verify import verify

__all__ = [
    "Blame",
    "Commitment",
    "FrostError",
    "GroupKey",
    "InvalidCommitments",
    "InvalidParameters",
    "InvalidPoint",
    "InvalidScalar",
    "InvalidShares",
    "InvalidSignature",
    "KeyPackage",
    "NonceReuse",
    "PublicKeyPackage",
    "SigningNonces",
    "SigningShare",
    "aggregate",
    "deal",
    "round1",
    "round2",
    "verify",
    "verify_share",
]
