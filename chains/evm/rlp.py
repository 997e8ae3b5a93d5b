"""RLP (Yellow Paper, appendix B) through the library `rlp`, with its errors translated and nesting bounded.

Decoding is strict: one value has one encoding. `rlp` is imported at the first use: its import takes a while.
"""

from collections.abc import Sequence
from typing import TypeAlias

from chains.errors import ProofError

Item: TypeAlias = "bytes | Sequence[Item]"

_MOST_BYTES = 1 << 20


def encode(item: Item) -> bytes:
    """The encoding of byte strings and lists of them."""
    import rlp  # type: ignore[import-untyped]

    return bytes(rlp.encode(item))


def decode(encoded: bytes) -> Item:
    """Byte strings and lists. Raises `ProofError` for anything that is no canonical encoding."""
    import rlp

    if len(encoded) > _MOST_BYTES:
        raise ProofError(f"rlp: {len(encoded)} bytes, at most {_MOST_BYTES} are read")
    try:
        # RecursionError: the library descends once per level, and hostile input nests.
        return _plain(rlp.decode(encoded, strict=True))
    except (rlp.DecodingError, RecursionError) as error:
        raise ProofError(f"rlp: not canonical ({type(error).__name__})") from None


def integer(value: int) -> bytes:
    """Big-endian without leading zeros; 0 is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def to_integer(value: Item) -> int:
    """The integer below 2**256 that `value` is. Raises `ProofError` for a leading zero."""
    if not isinstance(value, bytes) or len(value) > 32 or value[:1] == b"\x00":
        raise ProofError("rlp: not a canonical integer")
    return int.from_bytes(value, "big")


def _plain(item: object) -> Item:
    if isinstance(item, (bytes, bytearray)):
        return bytes(item)
    if isinstance(item, (list, tuple)):
        return [_plain(child) for child in item]
    raise ProofError("rlp: neither bytes nor a list")
