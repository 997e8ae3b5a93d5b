"""Aggregation of signature shares, and who is to blame where it fails (RFC 9591, sections 5.3 and 5.4)."""

from collections.abc import Mapping, Sequence

from relayer.frost.curve import ORDER, SecretScalar, add, decode_scalar, encode_point, encode_scalar, multiply
from relayer.frost.errors import InvalidParameters, InvalidPoint, InvalidScalar, InvalidShares, InvalidSignature
from relayer.frost.keys import PublicKeyPackage
from relayer.frost.round1 import Commitment
from relayer.frost.session import Session, open_session
from relayer.frost.verify import verify


def aggregate(
    public: PublicKeyPackage, message: bytes, commitments: Sequence[Commitment], shares: Mapping[int, bytes]
) -> tuple[bytes, bytes]:
    """The group signature (R 33 bytes, z 32 bytes) from one share of each of the session's signers.

    The signature is verified before it is returned; only where it fails is each share looked at. Raises
    `InvalidShares` naming every member whose share is missing, uncalled for, out of range or wrong, and what
    `open_session` raises.
    """
    session = open_session(public, message, commitments)
    if missing := session.commitments.keys() - shares.keys():
        raise InvalidShares(missing, "no signature share")
    if uncalled := shares.keys() - session.commitments.keys():
        raise InvalidShares(uncalled, "signature share of a member outside the session")
    try:
        z = encode_scalar(sum([decode_scalar(share) for share in shares.values()]) % ORDER)
        verify(public.group, message, session.r, z)
    except (InvalidScalar, InvalidSignature) as error:
        culprits = [i for i, share in shares.items() if not _holds(public, session, i, share)]
        if not culprits:  # shares that each verify against a consistent package add up to a valid signature
            raise InvalidParameters("every share holds, yet not their sum: the public key package is wrong") from error
        raise InvalidShares(culprits, "signature share does not verify") from error
    return session.r, z


def verify_share(
    public: PublicKeyPackage, message: bytes, commitments: Sequence[Commitment], identifier: int, share: bytes
) -> None:
    """verify_signature_share: raises `InvalidShares` naming `identifier` unless its share is right for the session."""
    session = open_session(public, message, commitments)
    if identifier not in session.commitments:
        raise InvalidShares((identifier,), "signature share of a member outside the session")
    if not _holds(public, session, identifier, share):
        raise InvalidShares((identifier,), "signature share does not verify")


def _holds(public: PublicKeyPackage, session: Session, identifier: int, share: bytes) -> bool:
    """Whether z_i * G = D_i + rho_i * E_i + (c * lambda_i) * Y_i."""
    weight = session.challenge * session.lagrange(identifier) % ORDER
    try:
        left = SecretScalar(share).point()
        right = add([*session.commitment_share(identifier), multiply(public.points[identifier], weight)])
    except (InvalidScalar, InvalidPoint):
        return False
    return encode_point(left) == encode_point(right)
