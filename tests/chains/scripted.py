"""Endpoints that a test holds in its hand, without HTTP, and what a member has of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, NoReturn, TypeVar, cast

from chains.endpoint_options import EndpointOptions, EndpointsOptions
from chains.jsonrpc import Call, Endpoint, EndpointError, Standing
from chains.quorum import Admission, Quorum
from chains.types import Log
from tests.chains.readers import endpoints

Ledger = TypeVar("Ledger")
Lie = TypeVar("Lie")


class Scripted(ABC, Generic[Ledger, Lie]):
    """One endpoint before a ledger. How it answers one call, and what a lie makes of that, is the family's."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name, self.standing, self._ledger = name, Standing(state="ok"), ledger
        self.lies: dict[str, Lie] = {}
        self.asked: list[str] = []

    async def ask(self, calls: Sequence[Call], deadline: float | None = None) -> tuple[Any, ...]:
        return tuple([self._one(call) for call in calls])

    @abstractmethod
    def _one(self, call: Call) -> Any: ...


class Ticking:
    """Seconds, of which one goes by at each look."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1
        return self._now


def named() -> tuple[EndpointOptions, ...]:
    """What a member's options say of three endpoints."""
    return endpoints(f"http://{name}.example" for name in "abc")


def quorum(nodes: Sequence[Scripted[Any, Any]], options: EndpointsOptions, log: Log) -> Quorum:
    return Quorum([cast(Endpoint, node) for node in nodes], Admission((), lambda answers: ""), options, log)


def fails(kind: Any = "failing") -> Callable[[Any, Sequence[Any]], NoReturn]:
    """A lie: an endpoint that does not answer, as `chains.jsonrpc` tells it once its retries are over."""

    def lie(truth: Any, params: Sequence[Any]) -> NoReturn:
        raise EndpointError(kind, f"the endpoint is {kind}")

    return lie
