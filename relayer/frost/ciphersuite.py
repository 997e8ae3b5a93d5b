"""FROST(secp256k1, SHA-256): the hash functions H1 to H5 (RFC 9591, section 6.5) on `expand_message_xmd` (RFC 9380,
section 5.3.1). Scalars that are public come back as integers, nonces as `SecretScalar`.
"""

from hashlib import sha256
from typing import Any

from relayer.frost.curve import ORDER, SecretScalar

CONTEXT_STRING = b"FROST-secp256k1-SHA256-v1"
SCALAR_BYTES = 48
"""L of hash_to_field: ceil((256 + 128) / 8), so that the reduction is unbiased."""

_MAX_DST = 255
_PADDED = sha256(bytes(64))  # Z_pad: the state after one block of zeros
_TWO_192 = 2**192

Hash = Any
"""A running SHA-256 (hashlib names no public type for it)."""


def _dst_prime(dst: bytes) -> bytes:
    if len(dst) > _MAX_DST:
        dst = sha256(b"H2C-OVERSIZE-DST-" + dst).digest()
    return dst + len(dst).to_bytes(1, "big")


_RHO = _dst_prime(CONTEXT_STRING + b"rho")
_CHAL = _dst_prime(CONTEXT_STRING + b"chal")
_NONCE = _dst_prime(CONTEXT_STRING + b"nonce")
_MSG = sha256(CONTEXT_STRING + b"msg")
_COM = sha256(CONTEXT_STRING + b"com")


def expand_message_xmd(message: bytes, dst: bytes, size: int) -> bytes:
    """`size` uniform bytes from `message` under the domain separation tag `dst` (RFC 9380, section 5.3.1)."""
    if not 0 < size <= 255 * 32:
        raise ValueError(f"expand_message_xmd: {size} bytes asked for, at most {255 * 32} can be made")
    state = _PADDED.copy()
    state.update(message)
    return _expand(state, _dst_prime(dst), size)


def _expand(state: Hash, dst_prime: bytes, size: int) -> bytes:
    """The rest of expand_message_xmd once Z_pad and the message are in `state`, which is used up."""
    state.update(size.to_bytes(2, "big") + b"\x00" + dst_prime)
    b0 = state.digest()
    block = sha256(b0 + b"\x01" + dst_prime).digest()
    out, mask = block, int.from_bytes(b0, "big")
    for i in range(2, -(-size // 32) + 1):
        mixed = (mask ^ int.from_bytes(block, "big")).to_bytes(32, "big")
        block = sha256(mixed + i.to_bytes(1, "big") + dst_prime).digest()
        out += block
    return out[:size]


def h1_state(prefix: bytes) -> Hash:
    """H1 begun with `prefix`; what all members of a session share is hashed once."""
    state = _PADDED.copy()
    state.update(prefix)
    return state


def h1_finish(state: Hash, suffix: bytes) -> int:
    """H1(prefix | suffix): a binding factor. `state` can be used again."""
    state = state.copy()
    state.update(suffix)
    return int.from_bytes(_expand(state, _RHO, SCALAR_BYTES), "big") % ORDER


def h1(message: bytes) -> int:
    """H1, "rho"."""
    return h1_finish(h1_state(b""), message)


def h2(message: bytes) -> int:
    """H2, "chal": the challenge."""
    state = _PADDED.copy()
    state.update(message)
    return int.from_bytes(_expand(state, _CHAL, SCALAR_BYTES), "big") % ORDER


def h3(randomness: bytes, secret: SecretScalar) -> SecretScalar:
    """H3(randomness | secret), "nonce".

    The 48 bytes are reduced as hi * 2^192 + lo through libsecp256k1: no Python integer holds the nonce.
    """
    state = _PADDED.copy()
    state.update(randomness)
    state.update(secret.reveal())
    wide = _expand(state, _NONCE, SCALAR_BYTES)
    return SecretScalar(bytes(8) + wide[:24]).times(_TWO_192).plus_bytes(bytes(8) + wide[24:])


def h4(message: bytes) -> bytes:
    """H4, "msg": 32 bytes."""
    state = _MSG.copy()
    state.update(message)
    return state.digest()


def h5(message: bytes) -> bytes:
    """H5, "com": 32 bytes."""
    state = _COM.copy()
    state.update(message)
    return state.digest()
