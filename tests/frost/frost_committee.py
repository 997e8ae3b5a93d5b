"""Committees and sessions for the tests, all from one seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from relayer.frost import Commitment, KeyPackage, PublicKeyPackage, SigningNonces, deal, round1, round2


def stream(seed: bytes, label: str) -> bytes:
    """32 bytes that depend on nothing but the arguments; as a scalar they are in range with overwhelming odds."""
    return sha256(seed + label.encode()).digest()


def dealt(n: int, t: int, seed: bytes = b"") -> tuple[PublicKeyPackage, dict[int, KeyPackage]]:
    return deal([stream(seed, f"coefficient {i}") for i in range(t)], n, t)


@dataclass
class Signing:
    """One session up to its shares."""

    message: bytes
    nonces: dict[int, SigningNonces]
    commitments: list[Commitment]
    shares: dict[int, bytes]


def committed(
    keys: dict[int, KeyPackage], signers: Iterable[int], seed: bytes = b""
) -> dict[int, tuple[SigningNonces, Commitment]]:
    return {
        i: round1.commit(keys[i].share, stream(seed, f"hiding {i}") + stream(seed, f"binding {i}")) for i in signers
    }


def signing(keys: dict[int, KeyPackage], signers: Iterable[int], message: bytes, seed: bytes = b"") -> Signing:
    made = committed(keys, signers, seed)
    commitments = [c for _, c in made.values()]
    shares = {i: round2.sign(keys[i], nonces, message, commitments) for i, (nonces, _) in made.items()}
    return Signing(message, {i: nonces for i, (nonces, _) in made.items()}, commitments, shares)
