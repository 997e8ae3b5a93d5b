"""The canonical form of a committee's configuration, and the two digests that name it.

Canonical form: the whole configuration with every default written out, names in their family's one spelling, routes
ordered by name, positions by account and asset, deployments by gate and token (members keep their order: it says who
leads); as JSON with keys in ascending order, no white space, ASCII only (anything else \\u-escaped), and numbers that
are integers of any size in decimal. Fractions do not occur.

    config_id = keccak256("ballast/config/v1" | canonical JSON)
    group     = keccak256("ballast/group/v1" | name | genesis u64)

`config_id` changes with any setting. `group` stays the same over changes and epochs: it binds messages to a committee.
"""

import json
from typing import Any

from chains.hashing import keccak256
from chains.wire import Writer

CONFIG_DOMAIN = b"ballast/config/v1"
GROUP_DOMAIN = b"ballast/group/v1"


def canonical_json(value: Any) -> bytes:
    """`value` (tables, lists, texts, integers, booleans, None) in canonical form. Raises `TypeError` on anything else,
    fractions above all: two machines could write them differently."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def config_id(document: Any) -> bytes:
    """32 bytes that name the configuration whose canonical document this is."""
    return keccak256(CONFIG_DOMAIN + canonical_json(document))


def group_id(name: str, genesis: int) -> bytes:
    """32 bytes that name the committee through all its configurations."""
    return keccak256(GROUP_DOMAIN + name.encode("ascii") + bytes(Writer().u64("genesis", genesis)))


def _check(value: Any) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, list | tuple):
        for item in value:
            _check(item)
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key of type {type(key).__name__} has no canonical form")
            _check(item)
        return
    raise TypeError(f"a value of type {type(value).__name__} has no canonical form")
