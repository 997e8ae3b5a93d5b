"""Strict parsing of the values in JSON-RPC answers (Ethereum JSON-RPC specification, "hex value encoding").

What is not exactly of its form raises `BadValue`: an endpoint's answer is hostile until it is parsed.
"""

import re
from collections.abc import Mapping

_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,63})")
_DATA = re.compile(r"0x(?:[0-9a-f]{2})*")


class BadValue(ValueError):
    """An answer that has not the form which the call promises."""


def quantity(value: object) -> int:
    """A 0x-prefixed integer without leading zeros, below 2**256."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(low := value.lower()):
        raise BadValue(f"not a quantity: {shown(value)}")
    return int(low, 16)


def data(value: object, size: int | None = None) -> bytes:
    """0x-prefixed whole bytes; exactly `size` of them where it is given."""
    if not isinstance(value, str) or not _DATA.fullmatch(low := value.lower()):
        raise BadValue(f"not hex data: {shown(value)}")
    raw = bytes.fromhex(low[2:])
    if size is not None and len(raw) != size:
        raise BadValue(f"{len(raw)} bytes of data, expected {size}")
    return raw


def word(value: object) -> bytes:
    """32 bytes."""
    return data(value, 32)


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadValue(f"not an object: {shown(value)}")
    return value


def items(value: object, most: int) -> list[object]:
    """A JSON array of at most `most` items."""
    if not isinstance(value, list) or len(value) > most:
        raise BadValue(f"not an array of at most {most} items")
    return value


def member(value: Mapping[str, object], name: str) -> object:
    """A field that must be there."""
    if name not in value:
        raise BadValue(f"the field {name} is missing")
    return value[name]


def shown(value: object) -> str:
    """A hostile value, short enough to be logged."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
