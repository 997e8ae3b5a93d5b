"""FROST beside ZF's implementation (the wheel `frost-rs`), in the same run: `python tests/bench/frost.py`.

Both sides start from the received bytes of all commitments: parsing and checking those points is part of every figure.
`frost-rs` also decodes its Base64 and its packages in each call, because its interface has nothing else. Where it
cannot be imported (no wheel for Python 3.13) `peer` and `ratio` are null.
"""

import hashlib
import importlib
import json
import statistics
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

from relayer.frost import Commitment, KeyPackage, PublicKeyPackage, SigningNonces, aggregate, deal, round1, round2

frost_rs: Any
try:
    frost_rs = importlib.import_module("frost_rs").utility_secp256k1
except ImportError:
    frost_rs = None

COMMITTEES = ((3, 4), (7, 10), (67, 100))
RUNS = 30
MESSAGE = hashlib.sha256(b"ballast bench").digest()
ZF_HEADER = bytes.fromhex("00eed6b1b1")  # version, and the ciphersuite's four bytes

Received = list[tuple[int, bytes, bytes]]


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure: the median of 30 runs, `value` ours, `peer` frost-rs's."""
    if frost_rs is None:
        print("frost: frost-rs has no wheel for this Python; figures without a peer", file=sys.stderr)
    return [figure for t, n in COMMITTEES for figure in _committee(t, n)]


def _committee(t: int, n: int) -> list[dict[str, Any]]:
    public, keys = deal([_bytes(f"coefficient {i}") for i in range(t)], n, t)
    made = {i: round1.commit(keys[i].share, _bytes(f"hiding {i}") + _bytes(f"binding {i}")) for i in range(1, t + 1)}
    commitments = [c for _, c in made.values()]
    shares = {i: round2.sign(keys[i], nonces, MESSAGE, commitments) for i, (nonces, _) in made.items()}
    received = [(c.identifier, c.hiding, c.binding) for c in commitments]

    ours_sign, peer_sign, ours_aggregate, peer_aggregate = list[float](), list[float](), list[float](), list[float]()
    peer = None if frost_rs is None else _Peer(public, keys[1], received, shares)
    for run in range(RUNS):
        nonces, own = round1.commit(keys[1].share, _bytes(f"run {run}") + _bytes(f"again {run}"))
        fresh = [(1, own.hiding, own.binding), *received[1:]]
        ours_sign.append(_ms(partial(_sign, keys[1], nonces, fresh)))
        ours_aggregate.append(_ms(partial(_aggregate, public, received, shares)))
        if peer is not None:
            peer_sign.append(_ms(peer.sign))
            peer_aggregate.append(_ms(peer.aggregate))
    label = f"{t}-of-{n}"
    return [
        _figure(f"frost.sign_ms.{label}", ours_sign, peer_sign),
        _figure(f"frost.aggregate_ms.{label}", ours_aggregate, peer_aggregate),
    ]


def _sign(key: KeyPackage, nonces: SigningNonces, received: Received) -> bytes:
    return round2.sign(key, nonces, MESSAGE, [Commitment(*c) for c in received])


def _aggregate(public: PublicKeyPackage, received: Received, shares: dict[int, bytes]) -> tuple[bytes, bytes]:
    return aggregate(public, MESSAGE, [Commitment(*c) for c in received], shares)


class _Peer:
    """The same session in frost-rs's own encodings."""

    def __init__(self, public: PublicKeyPackage, key: KeyPackage, received: Received, shares: dict[int, bytes]) -> None:
        own = key.identifier.to_bytes(32, "big") + key.share.reveal() + key.share.verifying_share
        self._key = _text(ZF_HEADER + own + public.group.point33 + bytes([public.threshold]))
        entries = [i.to_bytes(32, "big") + share for i, share in public.verifying_shares.items()]
        self._public = _text(ZF_HEADER + bytes([public.size]) + b"".join(entries) + public.group.point33)
        self._commitments = {_name(i): _text(ZF_HEADER + hiding + binding) for i, hiding, binding in received}
        self._shares = {_name(i): _text(share) for i, share in shares.items()}
        self._nonces, own_commitment = frost_rs.preprocess(self._key)
        self._own = {**self._commitments, _name(key.identifier): own_commitment}
        signature = urlsafe_b64decode(self.aggregate())
        assert signature == b"".join(_aggregate(public, received, shares)), "both must make the same signature"

    def sign(self) -> str:
        share: str = frost_rs.sign(MESSAGE, self._own, self._nonces, self._key)
        return share

    def aggregate(self) -> str:
        signature: str = frost_rs.aggregate(MESSAGE, self._commitments, self._shares, self._public)
        return signature


def _figure(name: str, ours: list[float], peer: list[float]) -> dict[str, Any]:
    value = statistics.median(ours)
    beside = statistics.median(peer) if peer else None
    return {
        "name": name,
        "value": round(value, 4),
        "unit": "ms",
        "peer": None if beside is None else round(beside, 4),
        "ratio": None if beside is None else round(value / beside, 3),
    }


def _ms(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1_000


def _bytes(label: str) -> bytes:
    return hashlib.sha256(label.encode()).digest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")


def _name(identifier: int) -> str:
    return _text(identifier.to_bytes(32, "big"))


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))
