"""Verification of a group signature (RFC 9591, section 6.5 and appendix B), with every check that a gate makes."""

from relayer.frost.curve import ORDER, add_base, decode_point, decode_scalar, encode_point, multiply
from relayer.frost.errors import InvalidPoint, InvalidScalar, InvalidSignature
from relayer.frost.keys import GroupKey
from relayer.frost.session import challenge


def verify(group: GroupKey, message: bytes, r: bytes, z: bytes) -> None:
    """Raises `InvalidSignature` unless z * G = R + e * P.

    R is 33 bytes (prefix 02 or 03, x < p, on the curve), z 32 bytes with 0 < z < n; e is not 0. That the key's
    x-coordinate is below n holds for every `GroupKey`.
    """
    try:
        decode_point(r)
    except InvalidPoint as error:
        raise InvalidSignature("bad_point", f"R: {error}") from error
    try:
        scalar = decode_scalar(z)
    except InvalidScalar as error:
        raise InvalidSignature("bad_scalar", f"z: {error}") from error
    e = challenge(group, r, message)
    if e == 0:
        raise InvalidSignature("bad_signature", "the challenge is zero")
    try:
        point = add_base(multiply(group.point, ORDER - e), scalar)
    except InvalidPoint as error:
        raise InvalidSignature("bad_signature", "z * G - e * P is the identity") from error
    if encode_point(point) != r:
        raise InvalidSignature("bad_signature", "z * G - e * P is not R")
