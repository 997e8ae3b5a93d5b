"""RLP (Yellow Paper, appendix B): byte strings and lists of them, strictly, with bounded nesting.

Decoding is our own because its input is hostile: the library descends without a bound and copies what is nested at
each level, so that a proof of 128 kB could keep it busy for ten seconds. The tests compare both.
"""

from collections.abc import Sequence
from typing import TypeAlias

from chains.errors import ProofError

Item: TypeAlias = "bytes | Sequence[Item]"

_MOST_BYTES = 1 << 20
_DEEPEST = 6
"""Trie nodes, accounts, headers and proof blobs nest at most 3 levels; nodes within nodes a little more."""


def encode(item: Item) -> bytes:
    """The encoding."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _head(0x80, len(item)) + item
    body = b"".join(encode(child) for child in item)
    return _head(0xC0, len(body)) + body


def decode(encoded: bytes) -> Item:
    """Byte strings and lists. Raises `ProofError` for anything that is not exactly one canonical encoding."""
    if len(encoded) > _MOST_BYTES:
        raise ProofError(f"rlp: {len(encoded)} bytes, at most {_MOST_BYTES} are read")
    item, end = _item(encoded, 0, len(encoded), _DEEPEST)
    if end != len(encoded):
        raise ProofError(f"rlp: {len(encoded) - end} bytes after the end")
    return item


def integer(value: int) -> bytes:
    """Big-endian without leading zeros; 0 is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def to_integer(value: Item) -> int:
    """The integer below 2**256 that `value` is. Raises `ProofError` for a leading zero."""
    if not isinstance(value, bytes) or len(value) > 32 or value[:1] == b"\x00":
        raise ProofError("rlp: not a canonical integer")
    return int.from_bytes(value, "big")


def _head(base: int, size: int) -> bytes:
    if size < 56:
        return bytes([base + size])
    length = integer(size)
    return bytes([base + 55 + len(length)]) + length


def _item(data: bytes, at: int, end: int, levels: int) -> tuple[Item, int]:
    # The item that begins at `at` and where it ends, which is not beyond `end`.
    if at >= end:
        raise ProofError("rlp: it ends too early")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    is_list = first >= 0xC0
    start, stop = _span(data, at, end, first - (0xC0 if is_list else 0x80))
    if not is_list:
        if stop - start == 1 and data[start] < 0x80:
            raise ProofError("rlp: a byte that needs no prefix has one")
        return data[start:stop], stop
    if not levels:
        raise ProofError(f"rlp: nested deeper than {_DEEPEST} levels")
    children = list[Item]()
    while start < stop:
        child, start = _item(data, start, stop, levels - 1)
        children.append(child)
    return children, stop


def _span(data: bytes, at: int, end: int, code: int) -> tuple[int, int]:
    # Where the payload begins and ends. Codes below 56 are its length, those above tell how many bytes the length has.
    start, size = at + 1, code
    if code > 55:
        start += code - 55
        raw = data[at + 1 : start]
        size = int.from_bytes(raw, "big")
        if raw[:1] == b"\x00" or size < 56:
            raise ProofError("rlp: a length that is not canonical")
    if start > end or size > end - start:
        raise ProofError("rlp: it ends too early")
    return start, start + size
