"""Strict access to the values in JSON answers, whatever the chain.

What is not exactly of its form raises `BadValue`: an endpoint's answer is hostile until it is parsed.
"""

from collections.abc import Mapping


class BadValue(ValueError):
    """An answer that has not the form which the call promises."""


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadValue(f"not an object: {shown(value)}")
    return value


def items(value: object, most: int) -> list[object]:
    """A JSON array of at most `most` items."""
    if not isinstance(value, list) or len(value) > most:
        raise BadValue(f"not an array of at most {most} items")
    return value


def member(value: Mapping[str, object], name: str) -> object:
    """A field that must be there."""
    if name not in value:
        raise BadValue(f"the field {name} is missing")
    return value[name]


def shown(value: object) -> str:
    """A hostile value, short enough to be logged."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
