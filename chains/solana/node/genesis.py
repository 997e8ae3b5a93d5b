"""The identity of a local chain, known before its node runs: everything follows from the chain's number.

Imports nothing but hashlib and the addresses' base58, so that a configuration can be written without loading the VM.
"""

import hashlib

from chains.solana import addresses

NAMESPACE = "solana"
MOST_NUMBER = 2**64 - 1

_GENESIS = "ballast local solana chain "
_FAUCET = "ballast local solana faucet "
_IDENTITY = "ballast local solana identity "


def genesis_hash(number: int) -> bytes:
    """The 32 bytes by which the chain `number` is told from every other: SHA-256 of a fixed text and the number in
    decimal. Raises `ValueError` unless 0 <= number < 2**64."""
    return _digest(_GENESIS, number)


def reference(number: int) -> str:
    """The reference of the chain's CAIP-2 id: the first 32 characters of its genesis hash in base58."""
    return addresses.to_text(genesis_hash(number))[: addresses.REFERENCE_SIZE]


def faucet_seed(number: int) -> bytes:
    """The ed25519 seed (32 bytes) of the account that airdrops are paid from. It belongs to everybody."""
    return _digest(_FAUCET, number)


def identity_seed(number: int) -> bytes:
    """The ed25519 seed (32 bytes) of the node's identity. It signs nothing."""
    return _digest(_IDENTITY, number)


def _digest(text: str, number: int) -> bytes:
    if not 0 <= number <= MOST_NUMBER:
        raise ValueError(f"a local chain's number is 0 to {MOST_NUMBER}, not {number}")
    return hashlib.sha256(f"{text}{number}".encode()).digest()
