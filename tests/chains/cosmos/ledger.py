"""A chain that only holds state, and endpoints before it that misbehave: for the tests of readings.

Blocks are signed by real keys and stores are real trees, so that whatever a node tells is proven, or is a lie. A test
makes blocks, alters entries, and says what an endpoint makes of the truth. Over HTTP, as the family reads it.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from chains.cosmos import protobuf
from chains.cosmos.blocks import Anchored
from chains.cosmos.commits import FLAGS, Commit
from chains.cosmos.headers import BlockId, Header
from chains.cosmos.light import LightBlock
from chains.cosmos.multistore import ProofOp
from chains.cosmos.plan import Entry
from chains.cosmos.validators import Validator
from chains.types import Checkpoint
from tests.chains.cosmos import blocks
from tests.chains.cosmos.trees import Tree, chained

CHAIN = f"cosmos:{blocks.CHAIN}"
State = Mapping[Entry, bytes]
Answer = bytes | tuple[str, int, str]
"""What a gRPC query is answered with: a message, or codespace, code and log."""

_FLAGS = {name: number for number, name in FLAGS.items()}
_OTHER_STORES = ("acc", "staking")


class Ledger:
    """The truth, height by height. `queries` answers gRPC paths from a state."""

    def __init__(self, state: State, powers: Mapping[str, int], height: int = 3) -> None:
        self.powers = dict(powers)
        self.states: dict[int, dict[Entry, bytes]] = {0: dict(state)}
        self.blocks: dict[int, LightBlock] = {}
        self.queries: Callable[[str, bytes, State], Answer] = lambda path, data, state: ("sdk", 6, "unknown query path")
        self.seconds = 1
        self.catching_up = False
        for _ in range(height):
            self.advance()

    @property
    def height(self) -> int:
        return max(self.blocks, default=0)

    def advance(self, changes: Mapping[Entry, bytes | None] | None = None, seconds: int | None = None) -> int:
        """Makes a block that changes entries, `seconds` after the one before it; its height."""
        height, last = self.height + 1, self.blocks.get(self.height)
        before = self.states[height - 1]
        voters = blocks.validator_set(self.powers)
        since = last.header.time if last else blocks.START
        made = blocks.header(
            height,
            voters,
            voters,
            app_hash=self._trees_root(before),
            last_block_id=last.commit.block_id if last else BlockId(),
            time=since + (self.seconds if seconds is None else seconds) * blocks.SECOND,
        )
        self.blocks[height] = blocks.signed(made, self.powers)
        after: dict[Entry, bytes | None] = {**before, **(changes or {})}
        self.states[height] = {entry: value for entry, value in after.items() if value is not None}
        return height

    def change(self, changes: Mapping[Entry, bytes | None]) -> Checkpoint:
        """Makes a block that changes entries, and the next one, which proves it; the checkpoint of the first."""
        height = self.advance(changes)
        self.advance()
        return self.at(height)

    def anchored(self, height: int) -> Anchored:
        return Anchored(self.blocks[height].header, self.blocks[height + 1])

    def at(self, height: int) -> Checkpoint:
        header = self.blocks[height].header
        return Checkpoint(CHAIN, height, header.hash, header.time // blocks.SECOND)

    def ops(self, store: str, key: bytes, height: int) -> list[ProofOp]:
        return chained(_trees(self.states[height]), store, key)[0]

    def _trees_root(self, state: State) -> bytes:
        return Tree("simple", {name.encode(): tree.root for name, tree in _trees(state).items()}).root


def _trees(state: State) -> dict[str, Tree]:
    held = dict[str, dict[bytes, bytes]]({name: {b"something": b"else"} for name in (*_OTHER_STORES, "bank", "wasm")})
    for entry, value in state.items():
        held[entry.store][entry.key] = value
    return {name: Tree("iavl", items) for name, items in held.items()}


Lie = Callable[[dict[str, Any], Any], Any]
"""Makes of a call and its true result the one that is told. Raises `RpcError` for an error."""


class RpcError(Exception):
    """What a node answers with in place of a result."""

    def __init__(self, code: int, message: str, data: str = "") -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


class Front:
    """One endpoint: stands `behind` blocks behind the chain, and tells what `lie` makes of the truth. `respond` may
    answer a whole request in its own way."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.behind = 0
        self.lie: Lie = lambda call, result: result
        self.respond: Callable[[Any], web.Response | None] = lambda body: None
        self.asked: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.url = ""

    def keys(self, store: str) -> list[bytes]:
        """The keys of a store that were asked for, in their order."""
        asked = (call["params"] for call in self.asked if call["method"] == "abci_query")
        return [bytes.fromhex(data) for path, data, *_ in asked if path == f"/store/{store}/key"]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        own = self.respond(body)
        if own is not None:
            return own
        self.batches.append(len(body) if isinstance(body, list) else 1)
        return web.json_response([self._one(c) for c in body] if isinstance(body, list) else self._one(body))

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(call)
        try:
            method = getattr(self, f"_{call['method']}")
            return {"jsonrpc": "2.0", "id": call["id"], "result": self.lie(call, method(*call["params"]))}
        except RpcError as error:
            return {"jsonrpc": "2.0", "id": call["id"], "error": error.error}

    @property
    def _height(self) -> int:
        return self._ledger.height - self.behind

    def _status(self) -> Any:
        sync = {"latest_block_height": str(self._height), "earliest_block_height": "1"}
        return {
            "node_info": {"network": blocks.CHAIN},
            "sync_info": {**sync, "catching_up": self._ledger.catching_up},
        }

    def _block(self, height: str) -> LightBlock:
        if int(height) > self._height:
            text = f"height {height} must be less than or equal to the current blockchain height {self._height}"
            raise RpcError(-32603, "Internal error", text)
        return self._ledger.blocks[int(height)]

    def _commit(self, height: str) -> Any:
        block = self._block(height)
        told = {"header": header_json(block.header), "commit": commit_json(block.commit)}
        return {"signed_header": told, "canonical": int(height) < self._height}

    def _validators(self, height: str, page: str, per_page: str) -> Any:
        found = self._block(height).validators.validators
        start = (int(page) - 1) * int(per_page)
        shown = found[start : start + int(per_page)]
        listed = [validator_json(validator) for validator in shown]
        return {"block_height": height, "validators": listed, "count": str(len(shown)), "total": str(len(found))}

    def _abci_query(self, path: str, data: str, height: str, prove: bool) -> Any:
        at, raw = int(height) or self._height, bytes.fromhex(data)
        if at > self._height:
            return _refused("sdk", 26, f"cannot query with height in the future; {at}; please provide a valid height")
        state, ledger = self._ledger.states[at], self._ledger
        if not path.startswith("/store/"):
            answer = ledger.queries(path, raw, state)
            return _refused(*answer) if isinstance(answer, tuple) else _answered(b"", answer, at, ())
        store = path.split("/")[2]
        value = state.get(Entry(store, raw), b"")
        return _answered(raw, value, at, ledger.ops(store, raw, at) if prove else ())


def _answered(key: bytes, value: bytes, height: int, ops: Any) -> Any:
    told = [{"type": op.type, "key": _base64(op.key), "data": _base64(op.data)} for op in ops]
    proof = {"ops": told} if told else None
    response = {"key": _base64(key), "value": _base64(value), "height": str(height), "proofOps": proof}
    return {"response": {"code": 0, "log": "", "info": "", "index": "0", "codespace": "", **response}}


def _refused(codespace: str, code: int, log: str) -> Any:
    response = {"code": code, "log": log, "codespace": codespace, "key": None, "value": None, "proofOps": None}
    return {"response": {**response, "height": "0", "info": "", "index": "0"}}


def header_json(header: Header) -> dict[str, Any]:
    hashes = ("last_commit", "data", "validators", "next_validators", "consensus", "app", "last_results", "evidence")
    return {
        "version": {"block": str(header.block_version), "app": str(header.app_version)},
        "chain_id": header.chain_id,
        "height": str(header.height),
        "time": _time(header.time),
        "last_block_id": _block_id(header.last_block_id),
        **{f"{name}_hash": _hex(getattr(header, f"{name}_hash")) for name in hashes},
        "proposer_address": _hex(header.proposer),
    }


def commit_json(commit: Commit) -> dict[str, Any]:
    votes = [
        {
            "block_id_flag": _FLAGS[vote.flag],
            "validator_address": _hex(vote.address),
            "timestamp": _time(vote.time),
            "signature": _base64(vote.signature),
        }
        for vote in commit.signatures
    ]
    told = {"height": str(commit.height), "round": commit.round, "block_id": _block_id(commit.block_id)}
    return {**told, "signatures": votes}


def validator_json(validator: Validator) -> dict[str, Any]:
    key = {"type": "tendermint/PubKeyEd25519", "value": _base64(validator.key)}
    told = {"address": _hex(validator.address), "pub_key": key}
    return {**told, "voting_power": str(validator.power), "proposer_priority": "0"}


def smart(path: str, data: bytes) -> tuple[str, Any] | None:
    """The contract and the JSON of a smart query, if it is one."""
    if path != "/cosmwasm.wasm.v1.Query/SmartContractState":
        return None
    fields = protobuf.decode(data, "smart query", {1: "bytes", 2: "bytes"})
    return fields.text(1), json.loads(fields.data(2))


def said(answer: Any) -> bytes:
    """QuerySmartContractStateResponse."""
    return protobuf.data(1, json.dumps(answer, separators=(",", ":")).encode())


def tells(entry: Entry, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Lie:
    """A lie about one entry: what a function makes of the true response."""

    def lie(call: dict[str, Any], result: Any) -> Any:
        if call["method"] != "abci_query":
            return result
        path, data, *_ = call["params"]
        if (path, data) != (f"/store/{entry.store}/key", entry.key.hex()):
            return result
        return {"response": answer(dict(result["response"]))}

    return lie


def _block_id(block_id: BlockId) -> dict[str, Any]:
    parts = {"total": block_id.parts_total, "hash": _hex(block_id.parts_hash)}
    return {"hash": _hex(block_id.hash), "parts": parts}


def _time(time: int) -> str:
    if time < 0:
        return "0001-01-01T00:00:00Z"
    seconds, nanos = divmod(time, blocks.SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"


def _hex(raw: bytes) -> str:
    return raw.hex().upper()


def _base64(raw: bytes) -> str | None:
    return b64encode(raw).decode() if raw else None
