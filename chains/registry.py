"""Finds chain families by entry point: the name of the entry point is the CAIP-2 namespace."""

from functools import cache
from importlib.metadata import entry_points

from chains.types import Family

GROUP = "ballast.chains"


class UnknownFamily(LookupError):
    """No installed package brings the namespace."""


def installed() -> tuple[str, ...]:
    """The namespaces that can be loaded, sorted. Imports none of them."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


@cache
def family(namespace: str) -> Family:
    """The family of `namespace`. Raises `UnknownFamily` naming what is installed."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == namespace]
    if not found:
        raise UnknownFamily(f"no chain family for {namespace!r} is installed (there is: {', '.join(installed())})")
    if len({entry.value for entry in found}) > 1:
        raise UnknownFamily(f"two packages claim the namespace {namespace!r}: {', '.join(e.value for e in found)}")
    loaded: Family = found[0].load()
    return loaded
