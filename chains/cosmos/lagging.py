"""What a Cosmos node answers that has not seen the newest blocks: for endpoints that lag. See `chains.misbehaviour`.

Errors are those of CometBFT 0.38 and of the Cosmos SDK 0.53, as a node gives them for heights that it has not reached.
"""

import base64
import copy
from collections.abc import Sequence
from typing import Any

from chains.misbehaviour import Ask

_PARAMETERS = {
    "abci_query": ("path", "data", "height", "prove"),
    "block": ("height",),
    "block_results": ("height",),
    "blockchain": ("minHeight", "maxHeight"),
    "commit": ("height",),
    "consensus_params": ("height",),
    "header": ("height",),
    "tx": ("hash", "prove"),
    "validators": ("height", "page", "per_page"),
}
"""Of methods, in the order that they have where a call gives a list of them. Source: CometBFT, rpc/core/routes.go."""

_AT_HEIGHT = ("block", "block_results", "commit", "consensus_params", "header", "validators")
_INTERNAL_ERROR = -32603
_STORE = "/store/"


def parameters(call: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a call by their names, however it gives them."""
    given = call.get("params") or {}
    if isinstance(given, dict):
        return given
    return dict(zip(_PARAMETERS.get(call["method"], ()), given, strict=False))


def height_of(asked: dict[str, Any]) -> int:
    """The height that parameters ask for; 0 where they ask for the newest."""
    return int(asked.get("height") or 0)


async def answers(calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
    """The answers to `calls`, in order, of a node that is `behind` blocks behind the one that `ask` asks; it always has
    the first block."""
    told = await ask({"jsonrpc": "2.0", "id": 0, "method": "status", "params": {}})
    newest = max(1, int(told["result"]["sync_info"]["latest_block_height"]) - behind)
    return [await _older(call, newest, ask) for call in calls]


async def _older(call: dict[str, Any], newest: int, ask: Ask) -> Any:
    method, asked = call["method"], parameters(call)
    height = height_of(asked)
    if method in _AT_HEIGHT:
        if height > newest:
            return _error(call, f"height {height} must be less than or equal to the current blockchain height {newest}")
        return await ask(_with(call, asked, height=str(height or newest)))
    if method == "abci_query":
        if height > newest:
            return {"jsonrpc": "2.0", "id": call["id"], "result": {"response": _future(asked, height)}}
        return await ask(_with(call, asked, height=str(height or newest)))
    if method == "blockchain":
        lowest = int(asked.get("minHeight") or 0)
        if lowest > newest:
            return _error(call, f"min height {lowest} can't be greater than max height {newest}")
        return await ask(_with(call, asked, maxHeight=str(min(int(asked.get("maxHeight") or newest), newest))))
    answer = await ask(call)
    if "result" not in answer:
        return answer
    if method == "status":
        return await _status(answer, newest, ask)
    if method == "tx" and int(answer["result"]["height"]) > newest:
        return _error(call, f"tx ({base64.b64decode(asked['hash']).hex().upper()}) not found")
    return answer


async def _status(answer: Any, newest: int, ask: Ask) -> Any:
    at = {"jsonrpc": "2.0", "id": 0, "method": "commit", "params": {"height": str(newest)}}
    following = {**at, "params": {"height": str(newest + 1)}}
    signed = (await ask(at))["result"]["signed_header"]
    child = await ask(following)
    answer = copy.deepcopy(answer)
    info = answer["result"]["sync_info"]
    if "result" in child:  # else nothing newer is there, and the node's own answer fits
        info |= {
            "latest_block_hash": signed["commit"]["block_id"]["hash"],
            "latest_app_hash": child["result"]["signed_header"]["header"]["app_hash"],
            "latest_block_height": str(newest),
            "latest_block_time": signed["header"]["time"],
        }
    return answer


def _with(call: dict[str, Any], asked: dict[str, Any], **changes: str) -> dict[str, Any]:
    return {**call, "params": {**asked, **changes}}


def _error(call: dict[str, Any], data: str) -> dict[str, Any]:
    error = {"code": _INTERNAL_ERROR, "message": "Internal error", "data": data}
    return {"jsonrpc": "2.0", "id": call["id"], "error": error}


def _future(asked: dict[str, Any], height: int) -> dict[str, Any]:
    """The response to a query at a height to come. A store that is asked without a proof says that nothing is there."""
    empty = {"info": "", "index": "0", "key": None, "value": None, "proofOps": None, "height": "0"}
    path = str(asked.get("path", ""))
    if not path.startswith(_STORE):
        log = "cannot query with height in the future; please provide a valid height: invalid height"
        return {**empty, "code": 26, "log": log, "codespace": "sdk"}
    if asked.get("prove"):
        log = "proof is unexpectedly empty; ensure height has not been pruned: invalid request"
        return {**empty, "code": 7, "log": log, "codespace": "store"}
    key = base64.b64encode(bytes.fromhex(str(asked.get("data", "")))).decode("ascii")
    log = "version does not exist"
    return {**empty, "code": 0, "log": log, "key": key, "height": str(height), "codespace": ""}
