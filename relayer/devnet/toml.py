"""Writes the part of TOML 1.0 that configuration files use: tables of integers, fractions, truth values, texts, and
lists of these or of tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def dumps(table: Mapping[str, Any], heading: str = "") -> str:
    """The text of a document. `heading` becomes comments in front. Raises `TypeError` for what has no form here."""
    comments = "".join(f"# {line}\n" for line in heading.splitlines())
    return comments + "\n".join(_table(table, ())).strip() + "\n"


def _table(table: Mapping[str, Any], name: tuple[str, ...]) -> list[str]:
    # Plain settings come first: what follows a [heading] belongs to it.
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_nested(value)]
    for key, value in table.items():
        inner = (*name, key)
        heading = ".".join(_key(step) for step in inner)
        if isinstance(value, Mapping):
            lines += ["", f"[{heading}]", *_table(value, inner)]
        elif _is_nested(value):
            for row in value:
                lines += ["", f"[[{heading}]]", *_table(row, inner)]
    return lines


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(row, Mapping) for row in value)
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(item) for item in value)}]"
    raise TypeError(f"{type(value).__name__} has no form in a configuration file")


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's too, except that TOML also wants DEL escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
