"""The calls of CometBFT's JSON-RPC that the family makes, their strict parsing, and what a node's errors mean.

    status, commit, validators      blocks, as the light client needs them
    abci_query                      the application's state, proven or not, and its gRPC queries

The calls go out through `chains.jsonrpc.Endpoint`, which bounds and checks a response before anything here sees it.
Integers of 64 bits travel as decimal strings, bytes of a query as hexadecimal. Sources: CometBFT 0.38, `rpc/core` and
`rpc/jsonrpc`; Cosmos SDK 0.53, `baseapp/abci.go`, `types/errors` and `store/rootmulti`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chains.cosmos import blocks_json, multistore
from chains.cosmos.blocks_json import ValidatorsPage, integer
from chains.cosmos.commits import Commit
from chains.cosmos.headers import HIGHEST, Header
from chains.cosmos.multistore import ProofOp
from chains.cosmos.validators import MOST_VALIDATORS
from chains.errors import ProofError
from chains.jsonrpc import Call, EndpointError, Fault
from chains.values import BadValue, mapping, member, shown

VALIDATORS_PAGE = 100
"""Most validators in one answer, as CometBFT limits it."""

EXPECTED = (
    "its URL has to be CometBFT's RPC (JSON-RPC over HTTP, port 26657 unless configured otherwise), not the REST "
    "gateway (1317) and not gRPC (9090)"
)
"""What to configure where something else answers."""

_METHOD_NOT_FOUND, _INVALID_PARAMS, _INVALID_REQUEST, _INTERNAL = -32601, -32602, -32600, -32603
_LIMIT_CODES = (429, -32429, -32005)
_LIMIT_WORDS = ("rate limit", "too many requests", "request limit", "quota exceeded")
_NOT_YET = re.compile(r"height \d+ must be less than or equal to the current blockchain height (\d+)")
_PRUNED = re.compile(r"height \d+ is not available, lowest height is (\d+)|could not find .* for height #?\d+")
_NO_PAGE = re.compile(r"page should be within \[1, \d+\] range")
_BATCH = re.compile(r"batch request exceeds maximum \((\d+)\)")

_SDK, _STORE = "sdk", "store"
_INVALID_HEIGHT = 26
_NO_STATE_WORDS = (
    "height in the future",
    "is not ready",
    "version does not exist",
    "ensure height has not been pruned",
)
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Status:
    """What a node says of itself: the chain's id, the heights of its newest and oldest block, and whether it is still
    catching up with the others."""

    chain_id: str
    height: int
    earliest: int
    catching_up: bool


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What an abci_query answered with: `ops` are the proof, empty where none was asked for. An empty `value` without
    a proof says nothing about what is stored."""

    height: int
    key: bytes
    value: bytes
    ops: tuple[ProofOp, ...]


@dataclass(frozen=True, slots=True)
class QueryError:
    """The application's own error, as an answer: its number within a codespace. The words do not count when two
    answers are compared."""

    codespace: str
    code: int
    log: str = field(compare=False)

    def __str__(self) -> str:
        return f"{_printable(self.log)} ({self.codespace} {self.code})"


def judge(call: Call | None, fault: Fault) -> Any:
    """See `chains.jsonrpc.Judge`. CometBFT says in `data` what went wrong.

    A call with `absent` gets None for a height that the node has not got, be it pruned or not there yet, and for a page
    that its answer has not got. A call with
    `faults` gets every other error that is about it, its `message` made whole; that the node limits us is about the
    endpoint, and always raised.
    """
    text = _text(fault)
    low = text.lower()
    if fault.code in _LIMIT_CODES or any(word in low for word in _LIMIT_WORDS):
        raise EndpointError("limiting", text)
    if (found := _BATCH.search(text)) is not None:
        raise EndpointError("failing", f"it allows {found[1]} calls in a request: set batch to that", again=False)
    not_yet, pruned = _NOT_YET.search(text), _PRUNED.search(text)
    if call is not None and call.absent and (not_yet or pruned or _NO_PAGE.search(text)):
        return None
    if call is not None and call.faults:
        return Fault(fault.code, text, fault.data)
    if not_yet is not None:
        raise EndpointError("lagging", f"{text}: the node is behind", again=False)
    if pruned is not None:
        raise EndpointError("failing", f"{text}: the node has pruned it, and must keep more blocks", again=False)
    again = fault.code not in (_METHOD_NOT_FOUND, _INVALID_PARAMS, _INVALID_REQUEST)
    raise EndpointError("failing", f"{text} (error {fault.code})", again=again)


def status() -> Call:
    """`Status` of the node."""

    def parse(value: object) -> Status:
        fields = mapping(value)
        node, sync = mapping(member(fields, "node_info")), mapping(member(fields, "sync_info"))
        network, behind = member(node, "network"), member(sync, "catching_up")
        if not isinstance(network, str) or not isinstance(behind, bool):
            raise BadValue(f"not a status: {shown(network)}, {shown(behind)}")
        heights = [_height(member(sync, f"{which}_block_height")) for which in ("latest", "earliest")]
        return Status(network, heights[0], heights[1], behind)

    return Call("status", (), parse)


def commit(height: int, *, absent: bool = False) -> Call:
    """The header of `height` and a commit for it: the one that the next block fixes, or what the node has gathered
    itself where there is no next block yet. They belong together; who signed is not looked at.

    `absent`: None is an answer, from a node that has not got the block, be it pruned or not there yet.
    """

    def parse(value: object) -> tuple[Header, Commit]:
        header, votes = blocks_json.signed_header(member(mapping(value), "signed_header"))
        if header.height != height:
            raise BadValue(f"the block of height {header.height}, {height} was asked for")
        if (votes.height, votes.block_id.hash) != (height, header.hash):
            raise ProofError(f"the commit at height {height} is for another block than the header beside it")
        return header, votes

    return Call("commit", (str(height),), parse, absent=absent)


def validators(height: int, page: int = 1, *, absent: bool = False) -> Call:
    """`ValidatorsPage`: the validators of `height`, 100 on a page, pages counted from 1.

    `absent`: None is an answer, from a node that has not got the height, or fewer pages.
    """
    before = (page - 1) * VALIDATORS_PAGE

    def parse(value: object) -> ValidatorsPage:
        found = blocks_json.validators(value)
        if found.height != height:
            raise BadValue(f"the validators of height {found.height}, {height} was asked for")
        if found.total > MOST_VALIDATORS:
            raise BadValue(f"{found.total} validators, at most {MOST_VALIDATORS} are supported")
        if len(found.validators) != min(VALIDATORS_PAGE, found.total - before):
            raise BadValue(f"{len(found.validators)} of {found.total} validators on page {page}")
        return found

    return Call("validators", (str(height), str(page), str(VALIDATORS_PAGE)), parse, absent=absent)


def abci_query(
    path: str,
    data: bytes,
    height: int | None,
    parse: Callable[[QueryResult], Any],
    *,
    prove: bool = False,
    errors: bool = False,
) -> Call:
    """The application's answer to `path` about the state after block `height`, as `parse` reads it; it may raise
    `BadValue` and `ProofError`, see `Call`. Without a height it is about the newest state of the node.

    An answer about another height or another key than asked for is refused. `errors`: what the application refuses is
    an answer, a `QueryError`, except that the node has no state of that height, which is always the node's failure.
    """

    def parsed(value: object) -> Any:
        fields = mapping(member(mapping(value), "response"))
        error = _query_error(fields)
        if error is not None:
            _raise_without_state(error, height)
            if errors:
                return error
            raise EndpointError("failing", f"{path}: {error}", again=False)
        return parse(_query_result(fields, path, data, height, prove))

    wanted = "0" if height is None else str(height)
    return Call("abci_query", (path, data.hex(), wanted, prove), parsed)


def store_query(store: str, key: bytes, height: int, parse: Callable[[QueryResult], Any]) -> Call:
    """What the store named `store` holds under `key` after block `height`, with its proof. Height 1 has none."""
    return abci_query(f"/store/{store}/key", key, height, parse, prove=True)


def _query_result(fields: Mapping[str, object], path: str, data: bytes, height: int | None, prove: bool) -> QueryResult:
    found = QueryResult(
        _height(member(fields, "height")),
        multistore.base64(fields.get("key")),
        multistore.base64(fields.get("value")),
        multistore.parse(member(fields, "proofOps")) if prove else (),
    )
    if height is not None and found.height != height:
        raise BadValue(f"{path}: the state of height {found.height}, {height} was asked for")
    if path.startswith("/store/"):
        if found.key != data:
            raise BadValue(f"{path}: an answer about another key than the one asked for")
        # With code 0, no value and these words a store says that it has forgotten the height.
        if not prove and any(word in str(fields.get("log", "")) for word in _NO_STATE_WORDS):
            raise EndpointError("failing", f"{path}: no state of height {height}", again=False)
    return found


def _query_error(fields: Mapping[str, object]) -> QueryError | None:
    code, codespace, log = fields.get("code", 0), fields.get("codespace", ""), fields.get("log", "")
    if type(code) is not int or not 0 <= code < 1 << 32 or not isinstance(codespace, str) or not isinstance(log, str):
        raise BadValue("the application's code, codespace or log is none")
    return QueryError(codespace[:_LONGEST_TEXT], code, log[:_LONGEST_TEXT]) if code else None


def _raise_without_state(error: QueryError, height: int | None) -> None:
    # A store cannot tell a height that is not there yet from one that is not there any more, a query can.
    if error.codespace == _SDK and error.code == _INVALID_HEIGHT:
        raise EndpointError("lagging", f"no state of height {height} yet: {error}", again=False)
    if any(word in error.log for word in _NO_STATE_WORDS) and error.codespace in (_SDK, _STORE):
        text = f"no state of height {height}, pruned or not there yet: {error}"
        raise EndpointError("lagging", text, again=False)


def _height(value: object) -> int:
    height = integer(value)
    if not 0 <= height <= HIGHEST:
        raise BadValue(f"not a height: {height}")
    return height


def _text(fault: Fault) -> str:
    if not isinstance(fault.data, str) or not fault.data:
        return fault.message
    return f"{fault.message}: {_printable(fault.data)}"


def _printable(text: str) -> str:
    shortened = text[:_LONGEST_TEXT]
    return shortened if shortened.isprintable() else repr(shortened)
