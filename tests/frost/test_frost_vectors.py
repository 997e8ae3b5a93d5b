"""Published numbers: RFC 9591 Appendix E.5, ZF's own vectors, RFC 9380 Appendices K.1 and K.2."""

import json
from pathlib import Path
from typing import Any

import pytest

from relayer.frost import KeyPackage, PublicKeyPackage, aggregate, deal, round1, round2, verify, verify_share
from relayer.frost.ciphersuite import expand_message_xmd, h1, h4, h5
from relayer.frost.round1 import Commitment, SigningNonces
from relayer.frost.session import open_session

DATA = Path(__file__).parent / "data"
SESSIONS: list[dict[str, Any]] = json.loads((DATA / "sessions.json").read_text())["cases"]
EXPAND: list[dict[str, Any]] = json.loads((DATA / "expand_message_xmd.json").read_text())["cases"]

session_vectors = pytest.mark.parametrize("v", SESSIONS, ids=["rfc9591-e5", "zf", "zf-big-identifier"])


def _dealt(v: dict[str, Any]) -> tuple[PublicKeyPackage, dict[int, KeyPackage]]:
    polynomial = [bytes.fromhex(c) for c in [v["secret"], *v["coefficients"]]]
    return deal(polynomial, v["n"], v["t"])


def _committed(v: dict[str, Any], keys: dict[int, KeyPackage]) -> dict[int, tuple[SigningNonces, Commitment]]:
    made = {}
    for i in v["signers"]:
        given = v["round1"][str(i)]
        randomness = bytes.fromhex(given["hiding_nonce_randomness"] + given["binding_nonce_randomness"])
        made[i] = round1.commit(keys[i].share, randomness)
    return made


@session_vectors
def test_dealer(v: dict[str, Any]) -> None:
    public, keys = _dealt(v)
    assert public.group.point33.hex() == v["group_key"]
    for i, share in v["shares"].items():
        assert keys[int(i)].share.reveal().hex() == share


@session_vectors
def test_round_one(v: dict[str, Any]) -> None:
    _, keys = _dealt(v)
    for i, (nonces, commitment) in _committed(v, keys).items():
        given = v["round1"][str(i)]
        hiding, binding = nonces.take()
        assert hiding.reveal().hex() == given["hiding_nonce"]
        assert binding.reveal().hex() == given["binding_nonce"]
        assert commitment.hiding.hex() == given["hiding_nonce_commitment"]
        assert commitment.binding.hex() == given["binding_nonce_commitment"]


@session_vectors
def test_binding_factors(v: dict[str, Any]) -> None:
    public, keys = _dealt(v)
    message = bytes.fromhex(v["message"])
    commitments = [c for _, c in _committed(v, keys).values()]
    session = open_session(public, message, commitments)
    encoded = b"".join(c.encode() for c in commitments)
    for i in v["signers"]:
        given = v["round1"][str(i)]
        rho_input = public.group.point33 + h4(message) + h5(encoded) + i.to_bytes(32, "big")
        assert rho_input.hex() == given["binding_factor_input"]
        assert h1(rho_input) == session.binding_factors[i] == int(given["binding_factor"], 16)


@session_vectors
def test_round_two_and_signature(v: dict[str, Any]) -> None:
    public, keys = _dealt(v)
    message = bytes.fromhex(v["message"])
    committed = _committed(v, keys)
    commitments = [c for _, c in committed.values()]
    shares = {i: round2.sign(keys[i], nonces, message, commitments) for i, (nonces, _) in committed.items()}
    for i, share in shares.items():
        assert share.hex() == v["round2"][str(i)]
        verify_share(public, message, commitments, i, share)
    r, z = aggregate(public, message, commitments, shares)
    assert (r + z).hex() == v["signature"]
    verify(public.group, message, r, z)


@pytest.mark.parametrize("v", EXPAND, ids=lambda v: f"{len(v['dst'])}-{len(v['msg'])}-{v['size']}")
def test_expand_message_xmd(v: dict[str, Any]) -> None:
    assert expand_message_xmd(v["msg"].encode(), v["dst"].encode(), v["size"]).hex() == v["uniform_bytes"]


@pytest.mark.parametrize("size", [0, -1, 255 * 32 + 1])
def test_expand_message_xmd_refuses_sizes_it_cannot_make(size: int) -> None:
    with pytest.raises(ValueError, match="expand_message_xmd"):
        expand_message_xmd(b"", b"tag", size)
