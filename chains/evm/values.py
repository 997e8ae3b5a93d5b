"""Strict parsing of the values in JSON-RPC answers (Ethereum JSON-RPC specification, "hex value encoding").

What is not exactly of its form raises `BadValue`: an endpoint's answer is hostile until it is parsed.
"""

import re

from chains.values import BadValue, shown

_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,63})")
_DATA = re.compile(r"0x(?:[0-9a-f]{2})*")


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
