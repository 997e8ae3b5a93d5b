"""Writes plain values as TOML, as far as the samples need it."""

import json
from pathlib import Path
from typing import Any


def write_toml(file: Path, table: dict[str, Any]) -> Path:
    """`table` as a file of mode 0600; each value is one inline value."""
    file.touch(0o600)
    file.write_text("".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in table.items()), "utf-8")
    return file


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value)
