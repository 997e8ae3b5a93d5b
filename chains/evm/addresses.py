"""EVM addresses: kept in lower-case hex, written in mixed case with a checksum (EIP-55)."""

import re

from chains.caip import CaipError
from chains.hashing import keccak256

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def canonical(text: str) -> str:
    """The address in lower case. One in mixed case must bear its checksum. Raises `CaipError`."""
    if not _ADDRESS.fullmatch(text):
        raise CaipError(f"{text!r} is no EVM address (0x and 40 hex digits)")
    low = text.lower()
    if text[2:] not in (low[2:], text[2:].upper()) and text != checksummed(low):
        raise CaipError(f"{text!r}: the letters' case does not match the address's EIP-55 checksum; look for a typo")
    return low


def checksummed(address: str) -> str:
    """The EIP-55 spelling of a lower-case address."""
    digest = keccak256(address[2:].encode("ascii")).hex()
    return "0x" + "".join(c.upper() if int(d, 16) >= 8 else c for c, d in zip(address[2:], digest, strict=False))
