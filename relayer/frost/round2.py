"""Round two: a member's signature share (RFC 9591, section 5.2)."""

from collections.abc import Sequence

from relayer.frost.curve import ORDER
from relayer.frost.errors import InvalidCommitments
from relayer.frost.keys import KeyPackage
from relayer.frost.round1 import Commitment, SigningNonces
from relayer.frost.session import open_session


def sign(key: KeyPackage, nonces: SigningNonces, message: bytes, commitments: Sequence[Commitment]) -> bytes:
    """z_i = d_i + e_i * rho_i + lambda_i * s_i * c, 32 bytes; `nonces` are used up.

    Raises what `open_session` does, `InvalidCommitments` where the session holds another commitment for this member
    than the nonces', and `NonceReuse`. Nothing is used up before all checks have passed.
    """
    session = open_session(key.public, message, commitments)
    own = key.identifier
    if session.commitments.get(own) != nonces.commitment:
        raise InvalidCommitments((own,), "the session's commitment is not the one of these nonces")
    weight = session.lagrange(own) * session.challenge % ORDER
    hiding, binding = nonces.take()
    bound = binding.times(session.binding_factors[own])
    weighted = key.share.scalar.times(weight)
    masked = hiding.plus(bound)
    share = masked.plus(weighted).reveal()
    for secret in (hiding, binding, bound, weighted, masked):
        secret.wipe()
    return share
