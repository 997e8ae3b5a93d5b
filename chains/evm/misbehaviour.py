"""How EVM endpoints lie and lag. See `chains.misbehaviour`.

A rule of a liar alters the result of calls with its `method` and, where given, `to` (the address called or asked
about) and the beginning of `data`: `result` replaces it, `add` adds to it as a 256-bit number, and with `path` (a
field's name) both do so to that field of an object. For example:

    {"method": "eth_call", "to": "0x..", "data": "0x18160ddd", "add": 1000}
"""

import copy
from collections.abc import Sequence
from typing import Any

from chains.misbehaviour import Ask, Behaviour, Model

_TAGS = ("latest", "pending", "safe", "finalized")
_UNKNOWN_BLOCK = {"code": -32001, "message": "Resource not found"}
_BLOCK_PARAMETER = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getProof": 2,
    "eth_getStorageAt": 2,
    "eth_getBlockByNumber": 0,
}


class Rule(Model):
    """What a liar alters. `method` is compared exactly, `to` and `data` only where they are given."""

    method: str
    to: str | None = None
    data: str | None = None
    path: str | None = None
    result: Any = None
    add: int | None = None


class EvmDialect:
    """See `chains.misbehaviour.Dialect`."""

    behaviour = Behaviour[Rule]

    def lie(self, call: dict[str, Any], result: Any, rule: Rule) -> Any:
        return _altered(result, rule) if _applies(rule, call) else result

    async def lag(self, calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
        node = _Node(ask)
        newest = max(0, int(await node.one("eth_blockNumber"), 16) - behind)
        final = await node.one("eth_getBlockByNumber", "finalized", False)
        finalized = max(0, int(final["number"], 16) - behind)
        return [await _older(node, call, newest, finalized) for call in calls]


class _Node:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    async def one(self, method: str, *params: Any) -> Any:
        answer = await self.ask({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
        return answer.get("result")

    async def height(self, block: Any) -> int:
        if isinstance(block, dict):
            found = await self.one("eth_getBlockByHash", block["blockHash"], False)
            return int(found["number"], 16) if found else 0
        return int(block, 16) if block not in ("earliest",) else 0


async def _older(node: _Node, call: dict[str, Any], newest: int, finalized: int) -> Any:
    # As a node would answer that has not seen the newer blocks yet.
    call = copy.deepcopy(call)
    method, params = call["method"], call["params"]
    at = _BLOCK_PARAMETER.get(method)
    envelope = {"jsonrpc": "2.0", "id": call["id"]}
    if method == "eth_blockNumber":
        return {**envelope, "result": hex(newest)}
    if method == "eth_getBlockByHash" and await node.height({"blockHash": params[0]}) > newest:
        return {**envelope, "result": None}
    if method == "eth_getTransactionReceipt":
        receipt = await node.one(method, *params)
        seen = receipt is not None and int(receipt["blockNumber"], 16) <= newest
        return {**envelope, "result": receipt if seen else None}
    if at is not None and len(params) > at:
        if params[at] in _TAGS:
            params[at] = hex(finalized if params[at] in ("finalized", "safe") else newest)
        elif await node.height(params[at]) > newest:
            missing = {"result": None} if method == "eth_getBlockByNumber" else {"error": _UNKNOWN_BLOCK}
            return {**envelope, **missing}
    return await node.ask(call)


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
