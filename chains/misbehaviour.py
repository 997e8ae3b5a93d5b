"""How a controllable endpoint misbehaves: every way to fail, and what a family adds to it. See `chains.proxy`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from chains.devnet import Behaviour as Mode

Failure = Literal[
    "500",
    "429",
    "timeout",
    "reset",
    "garbage",
    "oversized",
    "deep",
    "partial",
    "reordered",
    "duplicate",
    "null",
    "wrong_id",
    "error_body",
    "redirect",
]
FAILURES: tuple[str, ...] = get_args(Failure)

Ask = Callable[[Any], Awaitable[Any]]
"""Asks the node: a JSON-RPC request or batch in, its answer out."""


class Model(BaseModel):
    """What is said to a controllable endpoint: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


R = TypeVar("R", bound=Model)
"""A family's rule: what a liar alters, and how."""


class Behaviour(Model, Generic[R]):
    """How an endpoint behaves. `behind`: how far a lagging one is (blocks or slots). `times`: after so many misbehaved
    requests it is honest again; 0 is without end."""

    mode: Mode = "honest"
    rules: tuple[R, ...] = ()
    behind: int = Field(default=0, ge=0)
    how: Failure = "500"
    retry_after: float | None = None
    times: int = Field(default=0, ge=0)


HONEST: Behaviour[Any] = Behaviour()


class Dialect(Protocol[R]):
    """What a family's endpoints do in their own way when they lie or lag."""

    @property
    def behaviour(self) -> type[Behaviour[R]]:
        """The behaviours with the family's rules, as they are read from JSON."""
        ...

    def lie(self, call: dict[str, Any], result: Any, rule: R) -> Any:
        """What a liar makes of the result of a call; `result` itself where the rule does not apply."""
        ...

    async def lag(self, calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
        """The answers to `calls`, in order, as a node would give them that has not seen the last `behind` blocks."""
        ...


def lie(dialect: Dialect[R], body: Any, answer: Any, rules: Sequence[R]) -> None:
    """Alters, in place, the results of those calls to which a rule applies."""
    calls = body if isinstance(body, list) else [body]
    # Some nodes answer a batch of one call with that call's answer alone.
    answers = answer if isinstance(answer, list) else [answer]
    for call, one in zip(calls, answers, strict=True):
        for rule in rules:
            if "result" in one:
                one["result"] = dialect.lie(call, one["result"], rule)


async def lag(dialect: Dialect[R], body: Any, behind: int, ask: Ask) -> Any:
    """The answer to `body` as a lagging node would give it."""
    answers = await dialect.lag(body if isinstance(body, list) else [body], behind, ask)
    return answers if isinstance(body, list) else answers[0]


async def fail(request: web.Request, behaviour: Behaviour[Any], body: Any, ask: Ask) -> web.StreamResponse:
    """Fails in the way that `behaviour` says; `ask` asks the node, where a broken answer starts from a real one."""
    how = behaviour.how
    if how in ("500", "429"):
        headers = {} if behaviour.retry_after is None else {"Retry-After": f"{behaviour.retry_after:g}"}
        return web.Response(status=int(how), headers=headers)
    if how == "redirect":
        return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"})
    if how == "timeout":
        # Until the caller gives up, or the proxy is stopped.
        await asyncio.sleep(3600)
    if how == "reset":
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if how == "garbage":
        return web.Response(text="<html>not JSON</html>", content_type="application/json")
    if how == "oversized":
        return web.Response(text='["' + "x" * (1 << 24) + '"]', content_type="application/json")
    if how == "deep":
        return web.Response(text="[" * 20_000 + "]" * 20_000, content_type="application/json")
    if how == "error_body":
        error = {"code": -32000, "message": "internal trouble"}
        return web.json_response({"jsonrpc": "2.0", "id": None, "error": error})
    return web.json_response(_broken(how, await ask(body)))


def _broken(how: str, answers: Any) -> Any:
    if not isinstance(answers, list):
        return answers
    if how == "partial":
        return answers[:-1]
    if how == "duplicate":
        return [answers[0], *answers[:-1]] if len(answers) > 1 else answers * 2
    if how == "reordered":
        return answers[::-1] if len(answers) > 1 else []
    if how == "null":
        return [None, *answers[1:]]
    return [{**answers[0], "id": answers[0]["id"] + 1_000_000}, *answers[1:]]
