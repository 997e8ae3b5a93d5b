"""The committed vectors, and their hex and decimal strings as values."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "contracts" / "vectors"

Case = dict[str, Any]


def load(name: str) -> list[Case]:
    cases: list[Case] = json.loads((FOLDER / name).read_text(encoding="ascii"))["cases"]
    return cases


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def raw(case: Case, field: str) -> bytes:
    text = case[field]
    assert text.startswith("0x"), f"{field} of {case['name']}"
    return bytes.fromhex(text[2:])


def number(case: Case, field: str) -> int:
    return int(case[field])


def with_and_without_y(case: Case, field: str = "y") -> list[bytes | None]:
    """The forms in which a case is judged: with y as the EVM does, and without where it is not about y."""
    return [raw(case, field)] if case["scope"] == "evm" else [raw(case, field), None]
