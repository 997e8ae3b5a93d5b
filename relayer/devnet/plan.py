"""What a devnet consists of: which chains, and which routes run over them. Families are known by their names only."""

from collections.abc import Sequence
from dataclasses import dataclass

from chains.caip import ChainId
from chains.devnet import devnet, families
from relayer.devnet.state import DevnetError

ROUTES = ("USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK")
"""Names of routes, which are the symbols of their assets too; the first is the one that the story is about."""


class NoSuchFamily(DevnetError):
    """A family is not installed, or cannot be run locally."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One route: its name, and the places of its chains in the plan."""

    name: str
    source: int
    destinations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The chains, what runs over them, and how many members there are."""

    chains: tuple[ChainId, ...]
    routes: tuple[Lane, ...]
    members: int = 4

    def sources(self, chain: int) -> list[Lane]:
        """The routes whose collateral lies on the chain at this place."""
        return [route for route in self.routes if route.source == chain]

    def destinations(self, chain: int) -> list[Lane]:
        """The routes whose token is wrapped on the chain at this place."""
        return [route for route in self.routes if chain in route.destinations]


def named(word: str) -> str:
    """The namespace of the family that `word` names: its everyday name or its namespace. Raises `NoSuchFamily`."""
    found = families()
    for namespace, brought in found.items():
        if word in (namespace, brought.name):
            return namespace
    there = ", ".join(f"{brought.name} ({namespace})" for namespace, brought in found.items())
    raise NoSuchFamily(f"no chain family {word!r} can be run here; there is: {there or 'none'}")


def chosen(words: str | None) -> tuple[str, ...]:
    """The namespaces of the families in a list of names with commas or spaces between them; all that there are for
    None. Always in the order of `families`, whatever the list's: it says which, not how. Raises `NoSuchFamily`."""
    able = tuple(families())
    if words is None:
        if not able:
            raise NoSuchFamily("no installed chain family can be run locally")
        return able
    wanted = {named(word) for word in words.replace(",", " ").split()}
    if not wanted:
        raise NoSuchFamily("the list of chain families is empty; leave it out to take all")
    return tuple(namespace for namespace in able if namespace in wanted)


def plan_for(namespaces: Sequence[str], members: int = 4) -> Plan:
    """The story's chains. The main route has its collateral on a chain of the first family, and its token on another
    one and on one of every other family; with no other family, on two of the first. Each other family is besides the
    source of one more route, whose token is on the first family's destination. Raises `DevnetError`."""
    first, *others = namespaces
    if len(namespaces) > len(ROUTES):
        raise DevnetError(f"a devnet takes {len(ROUTES)} families at most, not {len(namespaces)}")
    brought = devnet(first)
    chains = [brought.chain_id(0), brought.chain_id(1)]
    chains += [devnet(namespace).chain_id(0) for namespace in others] or [brought.chain_id(2)]
    routes = [Lane(ROUTES[0], 0, tuple(range(1, len(chains))))]
    routes += [Lane(ROUTES[i], i + 1, (1,)) for i in range(1, len(namespaces))]
    return Plan(tuple(chains), tuple(routes), members)


def one_route(source: str, destinations: Sequence[str], members: int = 4) -> Plan:
    """One route from a chain of one family to chains of others. The families count their own chains."""
    namespaces = (source, *destinations)
    chains = tuple(devnet(n).chain_id(namespaces[:i].count(n)) for i, n in enumerate(namespaces))
    return Plan(chains, (Lane(ROUTES[0], 0, tuple(range(1, len(chains)))),), members)
