"""JSON documents from outside, read with bounds, and amounts as people write them."""

import json
import re
from pathlib import Path
from typing import Any

from chains.nesting import nests_deeper
from relayer.cli.report import WRONG, Problem

DEEPEST = 32
"""Nested lists and objects. No document of ours comes near it."""

_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,78})(\.(?P<part>[0-9]{1,78}))?")


def read_document(file: Path, largest: int) -> Any:
    """The JSON document in `file`. Raises `Problem` when it is larger than `largest` bytes or no JSON; `OSError`."""
    with file.open("rb") as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise Problem(f"{file}: larger than {largest} bytes, which no such document is")
    return parse_document(data, str(file))


def parse_document(data: bytes, what: str) -> Any:
    """`data` as JSON with nothing odd in it: no key twice, no NaN, nested at most `DEEPEST` deep. Raises `Problem`."""
    if nests_deeper(data, DEEPEST):
        raise Problem(f"{what}: nested deeper than {DEEPEST}, which no such document is")
    try:
        return json.loads(data, object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(f"{what}: no JSON of ours ({error})") from None


def human(amount: int, decimals: int) -> str:
    """`amount` in base units as a decimal number, exactly, with thousands apart: 1234500 of 6 decimals is 1.2345."""
    whole, part = divmod(abs(amount), 10**decimals)
    fraction = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{'-' if amount < 0 else ''}{whole:,}" + (f".{fraction}" if fraction else "")


def base_units(text: str, decimals: int, what: str) -> int:
    """The decimal number `text` in base units, exactly and above 0. Raises `Problem`."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise Problem(f"{what}: a decimal number expected, as in 1000 or 12.5", WRONG)
    part = match["part"] or ""
    if len(part.rstrip("0")) > decimals:
        raise Problem(f"{what}: {text} has more than the token's {decimals} decimals", WRONG)
    amount = int(match["whole"]) * int(10**decimals) + int(part.rstrip("0").ljust(decimals, "0") or "0")
    if amount == 0:
        raise Problem(f"{what}: must be above 0", WRONG)
    return amount


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
