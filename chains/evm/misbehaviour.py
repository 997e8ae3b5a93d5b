"""How a controllable endpoint misbehaves: what a liar alters, and every way to fail. See `chains.evm.proxy`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_args

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

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


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Model):
    """What a liar alters. `method` is compared exactly, `to` and `data` only where they are given."""

    method: str
    to: str | None = None
    data: str | None = None
    path: str | None = None
    result: Any = None
    add: int | None = None


class Behaviour(_Model):
    """How the proxy behaves. `times`: after so many misbehaved requests it is honest again; 0 is without end."""

    mode: Literal["honest", "lying", "lagging", "failing"] = "honest"
    rules: tuple[Rule, ...] = ()
    blocks: int = Field(default=0, ge=0)
    how: Failure = "500"
    retry_after: float | None = None
    times: int = Field(default=0, ge=0)


HONEST = Behaviour()


def lie(body: Any, answer: Any, rules: tuple[Rule, ...]) -> None:
    """Alters, in place, the results of those calls to which a rule applies."""
    calls, answers = (body, answer) if isinstance(body, list) else ([body], [answer])
    for call, one in zip(calls, answers, strict=True):
        for rule in rules:
            if "result" in one and _applies(rule, call):
                one["result"] = _altered(one["result"], rule)


def _applies(rule: Rule, call: dict[str, Any]) -> bool:
    first = call["params"][0] if call["params"] else None
    to = first.get("to") if isinstance(first, dict) else first
    data = (first.get("data") or first.get("input") or "") if isinstance(first, dict) else ""
    return (
        rule.method == call["method"]
        and (rule.to is None or str(to).lower() == rule.to.lower())
        and (rule.data is None or data.lower().startswith(rule.data.lower()))
    )


def _altered(result: Any, rule: Rule) -> Any:
    if rule.path is not None:
        if isinstance(result, dict) and rule.path in result:
            inner = Rule(method=rule.method, result=rule.result, add=rule.add)
            return {**result, rule.path: _altered(result[rule.path], inner)}
        return result
    if rule.add is None:
        return rule.result
    digits = str(result)[2:]
    value = (int(digits or "0", 16) + rule.add) % (1 << 4 * max(64, len(digits)))
    return f"0x{value:0{len(digits)}x}" if len(digits) >= 64 else hex(value)


async def fail(
    request: web.Request, behaviour: Behaviour, body: Any, forward: Callable[[Any], Awaitable[Any]]
) -> web.StreamResponse:
    """Fails in the way that `behaviour` says; `forward` asks the node, where a broken answer starts from a real one."""
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
    return web.json_response(_broken(how, await forward(body)))


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
