"""Fixed-width big-endian writing and exact reading: the ground of every encoding in the project.

A reader never allocates before it has checked that the bytes are there, and `end` refuses what is left over, so each
value has exactly one encoding. Errors are `EncodingError`, naming the field.
"""

import itertools
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

ZERO32 = bytes(32)


class EncodingError(ValueError):
    """Bytes that are not the canonical encoding, or a value that has none. Says which field."""


class Writer:
    """Appends fields; `bytes(writer)` is the encoding."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def uint(self, name: str, value: int, size: int) -> "Writer":
        """`value` as `size` bytes, big-endian."""
        if not 0 <= value < 1 << (8 * size):
            raise EncodingError(f"{name}: {value} does not fit u{8 * size}")
        self._parts.append(value.to_bytes(size, "big"))
        return self

    def u8(self, name: str, value: int) -> "Writer":
        return self.uint(name, value, 1)

    def u16(self, name: str, value: int) -> "Writer":
        return self.uint(name, value, 2)

    def u32(self, name: str, value: int) -> "Writer":
        return self.uint(name, value, 4)

    def u64(self, name: str, value: int) -> "Writer":
        return self.uint(name, value, 8)

    def u256(self, name: str, value: int) -> "Writer":
        return self.uint(name, value, 32)

    def fixed(self, name: str, value: bytes, size: int) -> "Writer":
        """`value` as it is; it must be `size` bytes long."""
        if len(value) != size:
            raise EncodingError(f"{name}: {len(value)} bytes, expected {size}")
        self._parts.append(value)
        return self

    def b32(self, name: str, value: bytes) -> "Writer":
        return self.fixed(name, value, 32)

    def blob(self, name: str, value: bytes) -> "Writer":
        """u32 length, then the bytes."""
        self.u32(f"{name} length", len(value))
        self._parts.append(value)
        return self

    def text(self, name: str, value: str) -> "Writer":
        """u8 length, then ASCII."""
        if not value.isascii():
            raise EncodingError(f"{name}: not ASCII")
        self.u8(f"{name} length", len(value))
        self._parts.append(value.encode("ascii"))
        return self

    def __bytes__(self) -> bytes:
        return b"".join(self._parts)


class Reader:
    """Reads fields in order out of `data`; call `end` after the last one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def rest(self) -> int:
        """How many bytes are not read yet."""
        return len(self._data) - self._at

    def fixed(self, name: str, size: int) -> bytes:
        if self.rest < size:
            raise EncodingError(f"{name}: {size} bytes expected, {self.rest} left")
        self._at += size
        return self._data[self._at - size : self._at]

    def uint(self, name: str, size: int) -> int:
        return int.from_bytes(self.fixed(name, size), "big")

    def u8(self, name: str) -> int:
        return self.uint(name, 1)

    def u16(self, name: str) -> int:
        return self.uint(name, 2)

    def u32(self, name: str) -> int:
        return self.uint(name, 4)

    def u64(self, name: str) -> int:
        return self.uint(name, 8)

    def u256(self, name: str) -> int:
        return self.uint(name, 32)

    def b32(self, name: str) -> bytes:
        return self.fixed(name, 32)

    def blob(self, name: str, limit: int) -> bytes:
        size = self.u32(f"{name} length")
        if size > limit:
            raise EncodingError(f"{name}: {size} bytes, at most {limit} are allowed")
        return self.fixed(name, size)

    def text(self, name: str) -> str:
        raw = self.fixed(name, self.u8(f"{name} length"))
        if not raw.isascii():
            raise EncodingError(f"{name}: not ASCII")
        return raw.decode("ascii")

    def many(self, name: str, count: int, smallest: int, read: Callable[["Reader"], T]) -> tuple[T, ...]:
        """`count` items of at least `smallest` bytes each; a count that cannot fit is refused before any is read."""
        if count * smallest > self.rest:
            raise EncodingError(f"{name}: {count} items do not fit into {self.rest} bytes")
        return tuple(read(self) for _ in range(count))

    def end(self) -> None:
        if self.rest:
            raise EncodingError(f"{self.rest} bytes after the end")


def strictly_ascending(name: str, keys: list[bytes]) -> None:
    """Raises unless `keys` rise strictly: sorted, and none twice. So a set has one encoding."""
    if any(a >= b for a, b in itertools.pairwise(keys)):
        raise EncodingError(f"{name}: not in strictly ascending order")
