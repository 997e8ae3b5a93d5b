"""Keccak-256, the one hash of the protocol's own structures."""

from eth_hash.auto import keccak as _keccak


def keccak256(data: bytes) -> bytes:
    """32-byte Keccak-256 of `data` (the original padding, as Ethereum uses it; not SHA3-256)."""
    return _keccak(data)
