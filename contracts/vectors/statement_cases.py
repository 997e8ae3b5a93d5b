"""statements.json: leaves, headers, evidence and names, each with its bytes and their hash."""

from dataclasses import replace
from typing import Any, TypeVar

from material import ACCOUNT, COMMITTEE_ACCOUNT, EPOCH, HANDOVER, MINT_CAP, ROUND, ROUTE, Case, hexed, seed

from chains.encoding import Handover, Header, MintCap, domain_id, evidence, leaf_hash, route_id

U64 = 2**64
U256 = 2**256
AMOUNTS = ("mint_cap", "collateral", "supply")
TIMES = ("observed_at", "expires_at")


L = TypeVar("L", MintCap, Handover)


def _with(leaf: L, field: str, value: Any) -> L:
    return replace(leaf, **{field: value})


def _mint_cap(name: str, leaf: MintCap) -> Case:
    data = leaf.encode()
    return {**_fields("mint_cap", name, leaf), "bytes": hexed(data), "hash": hexed(leaf_hash(data))}


def _handover(name: str, leaf: Handover) -> Case:
    data = leaf.encode()
    return {**_fields("handover", name, leaf), "bytes": hexed(data), "hash": hexed(leaf_hash(data))}


def _fields(type_: str, name: str, leaf: MintCap | Handover) -> Case:
    case: Case = {"name": name, "type": type_, "valid": True, "error": "", "bytes": "", "hash": ""}
    for field in leaf.__slots__:
        value = getattr(leaf, field)
        case[field] = hexed(value) if isinstance(value, bytes) else str(value)
    return case


def _refused(name: str, type_: str, error: str, data: bytes) -> Case:
    return {"name": name, "type": type_, "valid": False, "error": error, "bytes": hexed(data), "hash": ""}


def _unencodable(name: str, leaf: MintCap | Handover) -> Case:
    """Values without an encoding: for encoders only, there are no bytes to decode."""
    type_ = "mint_cap" if isinstance(leaf, MintCap) else "handover"
    return {**_fields(type_, name, leaf), "valid": False, "error": "out_of_range"}


def _decoding(name: str, type_: str, data: bytes) -> list[Case]:
    """Wrong kinds and lengths of one leaf's bytes."""
    own = data[0]
    kinds = [k for k in (0, 1, 2, 3, 4, 0x81, 0xFF) if k != own]
    return [
        *[_refused(f"{name}_kind_{k}", type_, "bad_kind", bytes([k]) + data[1:]) for k in kinds],
        _refused(f"{name}_empty", type_, "bad_length", b""),
        _refused(f"{name}_kind_only", type_, "bad_length", data[:1]),
        _refused(f"{name}_truncated", type_, "bad_length", data[:-1]),
        _refused(f"{name}_extended", type_, "bad_length", data + b"\x00"),
        _refused(f"{name}_twice", type_, "bad_length", data + data),
    ]


def _leaves() -> list[Case]:
    zero = MintCap(bytes(32), bytes(32), 0, 0, 0, 0, 0)
    most = MintCap(b"\xff" * 32, b"\xff" * 32, U256 - 1, U256 - 1, U256 - 1, U64 - 1, U64 - 1)
    found = [_mint_cap("mint_cap", MINT_CAP), _mint_cap("mint_cap_zero", zero), _mint_cap("mint_cap_most", most)]
    for field in AMOUNTS:
        for label, value in (("one", 1), ("2_64", U64), ("2_128_minus_1", 2**128 - 1), ("2_128", 2**128)):
            found.append(_mint_cap(f"mint_cap_{field}_{label}", _with(MINT_CAP, field, value)))
    found += [_handover(f"handover_parity_{parity}", replace(HANDOVER, parity=parity)) for parity in (0, 1)]
    found.append(_handover("handover_most", Handover(b"\xff" * 32, U64 - 1, b"\xff" * 32, 1, U64 - 1)))

    found += [_unencodable(f"mint_cap_{f}_2_256", _with(MINT_CAP, f, U256)) for f in AMOUNTS]
    found += [_unencodable(f"mint_cap_{f}_negative", _with(MINT_CAP, f, -1)) for f in (*AMOUNTS, *TIMES)]
    found += [_unencodable(f"mint_cap_{f}_2_64", _with(MINT_CAP, f, U64)) for f in TIMES]
    found += [_unencodable(f"mint_cap_{f}_short", _with(MINT_CAP, f, bytes(31))) for f in ("domain", "route")]
    found += [_unencodable(f"handover_{f}_2_64", _with(HANDOVER, f, U64)) for f in ("new_epoch", "expires_at")]
    found += [_unencodable(f"handover_parity_{p}_value", replace(HANDOVER, parity=p)) for p in (-1, 2, 256)]

    found += _decoding("mint_cap", "mint_cap", MINT_CAP.encode()) + _decoding("handover", "handover", HANDOVER.encode())
    coded = HANDOVER.encode()
    return found + [
        _refused(f"handover_parity_{p}", "handover", "bad_parity", coded[:73] + bytes([p]) + coded[74:])
        for p in (2, 3, 27, 255)
    ]


def _headers() -> list[Case]:
    found = list[Case]()
    for name, header in (
        ("header", Header(EPOCH, ROUND, seed("evidence"), seed("root"))),
        ("header_zero", Header(0, 0, bytes(32), bytes(32))),
        ("header_most", Header(U64 - 1, U64 - 1, b"\xff" * 32, b"\xff" * 32)),
    ):
        found.append(
            {
                "name": name,
                "type": "header",
                "valid": True,
                "error": "",
                "bytes": hexed(header.encode()),
                "hash": hexed(header.message()),
                "epoch": str(header.epoch),
                "round": str(header.round),
                "evidence": hexed(header.evidence),
                "root": hexed(header.root),
            }
        )
    parts = (seed("config"), seed("books"), seed("observations"))
    found.append(
        {
            "name": "evidence",
            "type": "evidence",
            "valid": True,
            "error": "",
            "bytes": hexed(b"\x02" + b"".join(parts)),
            "hash": hexed(evidence(*parts)),
            "config_id": hexed(parts[0]),
            "books_digest": hexed(parts[1]),
            "observations_digest": hexed(parts[2]),
        }
    )
    return found


def _name(name: str, text: str, digest: bytes) -> Case:
    data = hexed(text.encode("ascii"))
    return {
        "name": name,
        "type": "name",
        "valid": True,
        "error": "",
        "bytes": data,
        "hash": hexed(digest),
        "text": text,
    }


def cases() -> list[Case]:
    names = [
        _name("domain_of_gate", ACCOUNT, domain_id(ACCOUNT)),
        _name("domain_of_committee", COMMITTEE_ACCOUNT, domain_id(COMMITTEE_ACCOUNT)),
        _name("route", ROUTE, route_id(ROUTE)),
    ]
    return _leaves() + _headers() + names
