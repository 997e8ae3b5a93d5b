"""What a message and the commitments of its signers determine, the same for signers and aggregator: binding factors,
group commitment R, challenge (RFC 9591, sections 4.3 to 4.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from relayer.frost.ciphersuite import h1_finish, h1_state, h2, h4, h5
from relayer.frost.curve import Point, add, encode_point, multiply
from relayer.frost.errors import InvalidCommitments, InvalidParameters, InvalidPoint, InvalidScalar
from relayer.frost.keys import GroupKey, PublicKeyPackage
from relayer.frost.polynomial import lagrange
from relayer.frost.round1 import Commitment


@dataclass(frozen=True, slots=True)
class Session:
    """One signing session: commitments and binding factors by identifier (ascending), R (33 bytes), the challenge."""

    commitments: dict[int, Commitment]
    binding_factors: dict[int, int]
    r: bytes
    challenge: int

    def lagrange(self, identifier: int) -> int:
        """The interpolating value of one of the session's signers."""
        return lagrange(self.commitments, identifier)

    def commitment_share(self, identifier: int) -> tuple[Point, Point]:
        """The two terms whose sum is the member's part of R: D_i and rho_i * E_i."""
        own = self.commitments[identifier]
        return own.hiding_point, multiply(own.binding_point, self.binding_factors[identifier])


def challenge(group: GroupKey, r: bytes, message: bytes) -> int:
    """compute_challenge: H2(R | group key | message). Zero is left to the caller."""
    return h2(r + group.point33 + message)


def open_session(public: PublicKeyPackage, message: bytes, commitments: Sequence[Commitment]) -> Session:
    """The session of `message` and `commitments`, which may come in any order.

    Raises `InvalidCommitments` for a stranger's or a second commitment of one member, `InvalidParameters` for fewer
    signers than the threshold and where the session must be begun anew (R the identity or the challenge zero:
    impossible by chance).
    """
    ordered = {c.identifier: c for c in sorted(commitments, key=lambda c: c.identifier)}
    if len(ordered) != len(commitments):
        seen = [c.identifier for c in commitments]
        raise InvalidCommitments({i for i in seen if seen.count(i) > 1}, "two commitments in one session")
    if strangers := [i for i in ordered if i not in public.verifying_shares]:
        raise InvalidCommitments(strangers, "commitment of a stranger to this group")
    if len(ordered) < public.threshold:
        raise InvalidParameters(f"{len(ordered)} signers, at least {public.threshold} are needed")
    factors = _binding_factors(public.group, message, ordered)
    try:
        points = [c.hiding_point for c in ordered.values()]
        points += [multiply(c.binding_point, factors[i]) for i, c in ordered.items()]
        r = encode_point(add(points))
    except (InvalidPoint, InvalidScalar) as error:
        raise InvalidParameters("the commitments add up to the identity: begin a new session") from error
    e = challenge(public.group, r, message)
    if e == 0:
        raise InvalidParameters("the challenge is zero: begin a new session")
    return Session(ordered, factors, r, e)


def _binding_factors(group: GroupKey, message: bytes, ordered: dict[int, Commitment]) -> dict[int, int]:
    """compute_binding_factors: H1(group key | H4(message) | H5(commitments) | identifier) of each signer."""
    encoded = b"".join([c.encode() for c in ordered.values()])
    state = h1_state(group.point33 + h4(message) + h5(encoded))
    return {i: h1_finish(state, i.to_bytes(32, "big")) for i in ordered}
