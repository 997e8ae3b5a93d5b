"""JSON-RPC 2.0: the text of a request, or of a batch of them, to the text of its answer.

As strict as the validators' server: ids are null, strings or numbers of 64 bits; objects have no unknown or repeated
members; a batch with anything but objects in it is no JSON-RPC at all.
"""

import json
import logging
from collections.abc import Callable

from chains.solana.node.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from chains.solana.node.landed import Json
from chains.solana.node.params import U64

Call = Callable[[str, Json], Json]
"""A method by its name and its parameters (null if there are none). Raises `RpcError` or `UnknownMethod`."""

_MEMBERS = {"jsonrpc", "id", "method", "params"}
_log = logging.getLogger(__name__)


class UnknownMethod(Exception):
    """There is no method of that name."""


class _NoRequest(ValueError):
    """The text is no JSON, or JSON that cannot be a request."""


def handle(text: str, call: Call) -> str:
    """The answer, empty if none is due (a notification)."""
    try:
        document = _parsed(text)
        requests = document if isinstance(document, list) else [document]
        for request in requests:
            _check_shape(request)
    except _NoRequest:
        return _written(_failed(None, RpcError(PARSE_ERROR, "Parse error")))
    answers = [answer for request in requests if (answer := _answer(request, call)) is not None]
    if isinstance(document, list):
        return _written(answers) if answers else ""
    return _written(answers[0]) if answers else ""


def _parsed(text: str) -> Json:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _NoRequest from error


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NoRequest
    return members


def _no_constant(_: str) -> Json:
    raise _NoRequest


def _check_shape(request: Json) -> None:
    if not isinstance(request, dict):
        raise _NoRequest
    known = request.get("id")
    if isinstance(known, bool) or not (known is None or isinstance(known, str | int)):
        raise _NoRequest
    if isinstance(known, int) and not 0 <= known <= U64:
        raise _NoRequest


def _answer(request: dict[str, Json], call: Call) -> Json:
    known, method, params = request.get("id"), request.get("method"), request.get("params")
    version = request.get("jsonrpc")
    well_formed = request.keys() <= _MEMBERS and version in (None, "2.0") and isinstance(method, str)
    if not well_formed or not (params is None or isinstance(params, list | dict)):
        return _failed(known, RpcError(INVALID_REQUEST, "Invalid request"))
    if version is None:
        return {"error": RpcError(INVALID_REQUEST, "Unsupported JSON-RPC protocol version").json(), "id": known}
    answer = _called(str(method), params, known, call)
    return answer if "id" in request else None


def _called(method: str, params: Json, known: Json, call: Call) -> Json:
    try:
        return {"jsonrpc": "2.0", "result": call(method, params), "id": known}
    except RpcError as error:
        return _failed(known, error)
    except UnknownMethod:
        return _failed(known, RpcError(METHOD_NOT_FOUND, "Method not found"))
    except RecursionError:
        return _failed(known, RpcError(INVALID_PARAMS, "Invalid params: nested too deeply"))
    except BaseException as error:
        # A panic inside the VM arrives as pyo3's PanicException, which is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        _log.error("internal error in %s: %s: %s", method, type(error).__name__, error)
        return _failed(known, RpcError(INTERNAL_ERROR, "Internal error"))


def _failed(known: Json, error: RpcError) -> Json:
    return {"jsonrpc": "2.0", "error": error.json(), "id": known}


def _written(answer: Json) -> str:
    return json.dumps(answer, separators=(",", ":"))
