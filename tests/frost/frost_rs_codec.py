"""The encodings of `frost-rs` (ZF's FROST behind a Python interface): Base64url around ZF's own binary forms.

Every package begins with a version byte and four bytes that name the ciphersuite; identifiers are 32-byte scalars.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from relayer.frost import Commitment, GroupKey, KeyPackage, PublicKeyPackage, SigningShare

HEADER = bytes.fromhex("00eed6b1b1")


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")


def raw(data: str) -> bytes:
    return urlsafe_b64decode(data)


def identifier(i: int) -> str:
    return text(i.to_bytes(32, "big"))


def key_package(key: KeyPackage) -> str:
    public = key.public
    own = key.identifier.to_bytes(32, "big") + key.share.reveal() + key.share.verifying_share
    return text(HEADER + own + public.group.point33 + bytes([public.threshold]))


def public_package(public: PublicKeyPackage) -> str:
    assert public.size < 128, "the count is one byte of a varint"
    shares = b"".join(i.to_bytes(32, "big") + share for i, share in public.verifying_shares.items())
    return text(HEADER + bytes([public.size]) + shares + public.group.point33)


def commitment(c: Commitment) -> str:
    return text(HEADER + c.hiding + c.binding)


def read_commitment(i: int, data: str) -> Commitment:
    body = raw(data)
    assert body[:5] == HEADER
    assert len(body) == 71
    return Commitment(i, body[5:38], body[38:])


def read_key_packages(packages: dict[str, str]) -> tuple[PublicKeyPackage, dict[int, KeyPackage]]:
    """Key packages that frost-rs's dealer made, by identifier."""
    bodies = {int.from_bytes(raw(i), "big"): raw(p) for i, p in packages.items()}
    some = next(iter(bodies.values()))
    public = PublicKeyPackage(GroupKey(some[102:135]), {i: b[69:102] for i, b in bodies.items()}, some[135])
    return public, {i: KeyPackage(SigningShare(i, b[37:69]), public) for i, b in bodies.items()}
