"""secp256k1 as FROST needs it: the one file that calls libsecp256k1.

Points live in libsecp256k1's own form and are never the identity: whatever would be the identity is refused where it
would arise. Secret scalars stay in C buffers and are only handled by the library's constant-time calls; public ones are
Python integers modulo `ORDER`. Bytes are big-endian: scalars 32, points 33 (compressed, SEC 1, section 2.3.3).
"""

from collections.abc import Sequence
from typing import Any, NewType, NoReturn, SupportsIndex

from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]  # compiled, without stubs
from coincurve.context import GLOBAL_CONTEXT

from relayer.frost.errors import InvalidPoint, InvalidScalar

FIELD = 2**256 - 2**32 - 977
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

Point = NewType("Point", object)
"""A point other than the identity, parsed (`secp256k1_pubkey *`). Never changed once made."""

_context = GLOBAL_CONTEXT.ctx
_PUBKEY = ffi.typeof("secp256k1_pubkey *")
_POINTERS = ffi.typeof("secp256k1_pubkey *[]")
_BYTES32 = ffi.typeof("unsigned char[32]")
_BYTES33 = ffi.typeof("unsigned char[33]")
_COMPRESSED = lib.SECP256K1_EC_COMPRESSED
_ZERO = bytes(32)


def encode_scalar(value: int) -> bytes:
    """32 bytes of a public scalar in [0, n-1]."""
    return value.to_bytes(32, "big")


def decode_scalar(data: bytes) -> int:
    """The public scalar in [1, n-1] of 32 bytes. Raises `InvalidScalar`."""
    if len(data) != 32:
        raise InvalidScalar(f"scalar: {len(data)} bytes, expected 32")
    value = int.from_bytes(data, "big")
    if not 0 < value < ORDER:
        raise InvalidScalar("scalar: zero, or not below the group order")
    return value


def decode_point(data: bytes) -> Point:
    """The point of 33 bytes: prefix 02 or 03, x < p, on the curve. Raises `InvalidPoint`."""
    if len(data) != 33:
        raise InvalidPoint(f"point: {len(data)} bytes, expected 33")
    point = ffi.new(_PUBKEY)
    if not lib.secp256k1_ec_pubkey_parse(_context, point, data, 33):
        raise InvalidPoint(f"point: {data.hex()} is not a compressed point of secp256k1")
    return Point(point)


def encode_point(point: Point) -> bytes:
    """33 bytes of a point."""
    out, size = ffi.new(_BYTES33), ffi.new("size_t *", 33)
    lib.secp256k1_ec_pubkey_serialize(_context, out, size, point, _COMPRESSED)
    return bytes(ffi.buffer(out))


def multiply(point: Point, scalar: int) -> Point:
    """scalar * point, for a public scalar in [1, n-1]; variable time. Raises `InvalidScalar` for zero."""
    out = ffi.new(_PUBKEY, _value(point))
    if not lib.secp256k1_ec_pubkey_tweak_mul(_context, out, encode_scalar(scalar)):
        raise InvalidScalar("scalar: zero, or not below the group order")
    return Point(out)


def add_base(point: Point, scalar: int) -> Point:
    """point + scalar * G, for a public scalar; variable time. Raises `InvalidPoint` where the sum is the identity."""
    out = ffi.new(_PUBKEY, _value(point))
    if not lib.secp256k1_ec_pubkey_tweak_add(_context, out, encode_scalar(scalar)):
        raise InvalidPoint("point: the sum is the identity")
    return Point(out)


def add(points: Sequence[Point]) -> Point:
    """The sum of at least one point. Raises `InvalidPoint` where it is the identity."""
    out = ffi.new(_PUBKEY)
    if not lib.secp256k1_ec_pubkey_combine(_context, out, ffi.new(_POINTERS, points), len(points)):
        raise InvalidPoint("point: the sum is the identity")
    return Point(out)


def _value(point: Point) -> Any:  # the struct itself, so that ffi.new copies it
    pointer: Any = point
    return pointer[0]


class SecretScalar:
    """A scalar in [1, n-1] that must not leak: not shown, not pickled, not copied, not compared.

    Every operation is one of libsecp256k1's constant-time calls. A result that would be zero (probability 2^-256)
    raises `InvalidScalar`.
    """

    __slots__ = ("_buffer",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise InvalidScalar(f"secret scalar: {len(secret)} bytes, expected 32")
        self._buffer = ffi.new(_BYTES32, secret)
        if not lib.secp256k1_ec_seckey_verify(_context, self._buffer):
            raise InvalidScalar("secret scalar: zero, or not below the group order")

    def times(self, factor: int) -> "SecretScalar":
        """This times a public scalar."""
        return self._tweaked(lib.secp256k1_ec_seckey_tweak_mul, encode_scalar(factor))

    def plus(self, other: "SecretScalar") -> "SecretScalar":
        """The sum of two secret scalars."""
        return self._tweaked(lib.secp256k1_ec_seckey_tweak_add, other._buffer)

    def plus_bytes(self, term: bytes) -> "SecretScalar":
        """This plus 32 bytes below the group order, zero allowed."""
        return self._tweaked(lib.secp256k1_ec_seckey_tweak_add, term)

    def _tweaked(self, tweak: Any, by: Any) -> "SecretScalar":
        out = SecretScalar.__new__(SecretScalar)
        out._buffer = ffi.new(_BYTES32)
        ffi.memmove(out._buffer, self._buffer, 32)
        if not tweak(_context, out._buffer, by):
            raise InvalidScalar("secret scalar: zero, or not below the group order")
        return out

    def point(self) -> Point:
        """This times G, in constant time."""
        out = ffi.new(_PUBKEY)
        if not lib.secp256k1_ec_pubkey_create(_context, out, self._buffer):
            raise InvalidScalar("secret scalar: it was wiped")
        return Point(out)

    def reveal(self) -> bytes:
        """The 32 bytes, for storing or sending what is meant to be stored or sent."""
        return bytes(ffi.buffer(self._buffer))

    def wipe(self) -> None:
        """Overwrites the secret; every later operation raises `InvalidScalar`."""
        ffi.memmove(self._buffer, _ZERO, 32)

    def __repr__(self) -> str:
        return "SecretScalar(<secret>)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret scalar is neither pickled nor copied")
