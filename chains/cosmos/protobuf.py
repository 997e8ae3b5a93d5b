"""Protocol Buffers, strictly: of each message there is exactly one encoding that is read.

The encoding is the one that gogoproto's marshaller writes and ADR-027 of the Cosmos SDK calls deterministic: fields in
the order of their numbers, minimal varints, no field that holds its type's default, none that is unknown. Decoding is
our own because its input is hostile: a library skips unknown fields, lets later fields override earlier ones and
accepts padded varints, so that one meaning had many encodings, and one encoding two readers. docs/adr/0026.
Source: Protocol Buffers, "Encoding".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chains.errors import ProofError

Kind = Literal["varint", "fixed64", "bytes", "message", "repeated"]
"""What a field holds. `bytes` (strings too) is never empty; `message` may be, for that it is there says something;
`repeated` is any number of messages or byte strings, which stand together and may be empty."""

MOST_BYTES = 1 << 20
_LARGEST = 1 << 64
_WIRE: dict[Kind, int] = {"varint": 0, "fixed64": 1, "bytes": 2, "message": 2, "repeated": 2}


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of one decoded message, by number."""

    name: str
    values: Mapping[int, int | list[bytes]]

    def uint(self, number: int) -> int:
        """An unsigned integer or an enum; 0 where the field is absent."""
        value = self.values.get(number, 0)
        assert isinstance(value, int)
        return value

    def int64(self, number: int) -> int:
        """A signed integer (two's complement); 0 where the field is absent."""
        value = self.uint(number)
        return value - _LARGEST if value >> 63 else value

    def int32(self, number: int) -> int:
        """A signed integer of 32 bits. Raises `ProofError` for one that does not fit."""
        value = self.int64(number)
        if not -(1 << 31) <= value < 1 << 31:
            raise ProofError(f"{self.name}: field {number} does not fit 32 bits")
        return value

    def data(self, number: int) -> bytes:
        """A byte string; empty where the field is absent."""
        return self.maybe(number) or b""

    def maybe(self, number: int) -> bytes | None:
        """An embedded message's bytes; None where the field is absent."""
        parts = self.all(number)
        return parts[0] if parts else None

    def required(self, number: int) -> bytes:
        """An embedded message's bytes. Raises `ProofError` where the field is absent."""
        part = self.maybe(number)
        if part is None:
            raise ProofError(f"{self.name}: field {number} is missing")
        return part

    def all(self, number: int) -> list[bytes]:
        """Every element of a repeated field."""
        value = self.values.get(number, [])
        assert isinstance(value, list)
        return value

    def text(self, number: int) -> str:
        """A string. Raises `ProofError` where it is not UTF-8."""
        try:
            return self.data(number).decode("utf-8")
        except UnicodeDecodeError:
            raise ProofError(f"{self.name}: field {number} is not UTF-8") from None


def decode(encoded: bytes, name: str, schema: Mapping[int, Kind], most: int = 1024) -> Message:
    """The message that `encoded` is, with at most `most` elements in each repeated field. `name` says in errors which.

    Raises `ProofError` for anything that is not the one encoding of a message of this schema.
    """
    if len(encoded) > MOST_BYTES:
        raise ProofError(f"{name}: {len(encoded)} bytes, at most {MOST_BYTES} are read")
    values = dict[int, int | list[bytes]]()
    at, last = 0, 0
    while at < len(encoded):
        tag, at = _varint(encoded, at, name)
        number, kind = tag >> 3, schema.get(tag >> 3)
        if kind is None or tag & 7 != _WIRE[kind]:
            raise ProofError(f"{name}: field {number} of wire type {tag & 7} is not known")
        if number < last or (number == last and kind != "repeated"):
            raise ProofError(f"{name}: field {number} comes twice or too late")
        last = number
        if kind == "varint" or kind == "fixed64":
            value, at = _varint(encoded, at, name) if kind == "varint" else _fixed64(encoded, at, name)
            if not value:
                raise ProofError(f"{name}: field {number} holds its default")
            values[number] = value
            continue
        size, at = _varint(encoded, at, name)
        if size > len(encoded) - at:
            raise ProofError(f"{name}: it ends too early")
        if not size and kind == "bytes":
            raise ProofError(f"{name}: field {number} holds its default")
        parts = values.setdefault(number, [])
        assert isinstance(parts, list)
        if len(parts) == most:
            raise ProofError(f"{name}: more than {most} elements in field {number}")
        parts.append(encoded[at : at + size])
        at += size
    return Message(name, values)


def varint(value: int) -> bytes:
    """A base-128 varint; negative integers as the 64 bits of their two's complement."""
    value %= _LARGEST
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def uint(number: int, value: int) -> bytes:
    """A field with an integer of any kind, an enum or a bool; nothing for 0."""
    return varint(number << 3) + varint(value) if value else b""


def sfixed64(number: int, value: int) -> bytes:
    """A field with a signed integer of fixed width (8 bytes, little-endian); nothing for 0."""
    return varint(number << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def data(number: int, value: bytes) -> bytes:
    """A field with a byte string or text in UTF-8; nothing for an empty one."""
    return message(number, value) if value else b""


def message(number: int, value: bytes) -> bytes:
    """A field with an embedded message, or an element of a repeated field; also an empty one is written."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(encoded: bytes, at: int, name: str) -> tuple[int, int]:
    """The minimal varint below 2**64 at `at`, and where it ends. Raises `ProofError`."""
    return _varint(encoded, at, name)


def _varint(encoded: bytes, at: int, name: str) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(encoded):
            raise ProofError(f"{name}: it ends too early")
        byte = encoded[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if (place and not byte) or value >= _LARGEST:
                raise ProofError(f"{name}: an integer that is not minimal or above 64 bits")
            return value, at + place + 1
    raise ProofError(f"{name}: an integer above 64 bits")


def _fixed64(encoded: bytes, at: int, name: str) -> tuple[int, int]:
    if len(encoded) - at < 8:
        raise ProofError(f"{name}: it ends too early")
    return int.from_bytes(encoded[at : at + 8], "little"), at + 8
