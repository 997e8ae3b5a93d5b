"""A local chain that has the contract's code, for tests: any messages of any senders, in blocks or simulated.

A transaction here may hold several messages, so that a whole set-up fits one block.
"""

import asyncio
import json
import re
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from chains.cosmos import blocks_json, protobuf
from chains.cosmos.devnet import PORTS
from chains.cosmos.devnet_node import Ports, prepare, ready
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, Balances
from chains.cosmos.errors import ERRORS
from chains.cosmos.messages import Message, encoded
from chains.cosmos.protobuf import data
from tests.chains.cosmos import ports
from tests.chains.cosmos.contract.calls import (
    CHAIN,
    GATE_CODE,
    TOKEN_CODE,
    Call,
    address_of,
    artifact,
    store,
    transaction,
)
from tests.chains.cosmos.nodes import posted

BLOCK_MS = 50
PEOPLE = ("deployer", "registrar", "issuer", "owner", "guardian", "minter", "holder", "stranger", "admin")
FUNDS = 10**15

_BATCH = 10
_LOOK_SECONDS = 0.02
_FIRST_HEIGHT = 2  # in the first block's own time the application answers no queries yet
_ADDED = ("_contract_address", "msg_index")
_OWN_ERROR = re.compile(r"ballast error (\d+) (\w+): ")


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a transaction: its type and its attributes, in their order."""

    type: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction did. `error` is the contract's own name of it, or the chain's words; empty where it succeeded.
    `height` is 0 for a simulation."""

    error: str
    events: tuple[Event, ...]
    gas: int
    height: int

    def done(self) -> "Outcome":
        assert not self.error, self.error
        return self

    @property
    def code_id(self) -> int:
        """The number that the chain gave to the code that was stored."""
        (stored,) = (event for event in self.events if event.type == "store_code")
        return int(dict(stored.attributes)["code_id"])

    def named(self, name: str) -> list[dict[str, str]]:
        """The attributes of the contract's own events of this name, without those that the chain adds."""
        found = [dict(event.attributes) for event in self.events if event.type == f"wasm-{name}"]
        return [{key: value for key, value in each.items() if key not in _ADDED} for each in found]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A running chain."""

    url: str

    def ask(self, *calls: tuple[str, Mapping[str, object]]) -> list[Any]:
        """What the node answers to each call; one that it refuses is None."""
        return [answer.get("result") for answer in self._asked(calls)]

    def _asked(self, calls: Sequence[tuple[str, Mapping[str, object]]]) -> list[Any]:
        """The whole answers."""
        found = list[Any]()
        for first in range(0, len(calls), _BATCH):
            batch = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(calls[first : first + _BATCH])
            ]
            told = posted(self.url, batch)
            # CometBFT answers a list of one call without a list.
            answers = {answer["id"]: answer for answer in (told if isinstance(told, list) else [told])}
            found += [answers[i] for i in range(len(batch))]
        return found

    def one(self, method: str, **params: object) -> Any:
        (answer,) = self.ask((method, params))
        assert answer is not None, f"{method} failed"
        return answer

    def now(self) -> int:
        """The newest block's time, seconds."""
        return blocks_json.time(self.one("status")["sync_info"]["latest_block_time"]) // 10**9

    def block_time(self, height: int) -> int:
        """Seconds."""
        return blocks_json.time(self.one("header", height=str(height))["header"]["time"]) // 10**9

    def run(self, *calls: Call) -> list[Outcome]:
        """Sends one transaction each, and waits until all are in blocks."""
        transactions = self._signed(calls)
        for answer in self._asked([("broadcast_tx_sync", {"tx": _base64(tx)}) for tx in transactions]):
            # What was sent again because the first answer did not arrive is there already.
            if "tx already exists in cache" not in str(answer.get("error")):
                assert answer["result"]["code"] == 0, answer
        asked = [("tx", {"hash": _base64(sha256(tx).digest())}) for tx in transactions]
        found = list[Any]()

        def executed() -> bool:
            found[:] = self.ask(*asked)
            return None not in found

        until(executed)
        return [_executed(answer) for answer in found]

    def do(self, *calls: Call) -> list[Outcome]:
        """The same, where none may fail."""
        return [outcome.done() for outcome in self.run(*calls)]

    def simulate(self, *calls: Call) -> list[Outcome]:
        """What each would do by itself after the newest block."""
        path = "/cosmos.tx.v1beta1.Service/Simulate"
        asked = (data(2, self._signed([call])[0]).hex() for call in calls)
        answers = self.ask(*(("abci_query", {"path": path, "data": each}) for each in asked))
        return [_simulated(answer["response"]) for answer in answers]

    def query(self, contract: str, told: Message, height: int = 0) -> Any:
        """The contract's answer, in JSON, after the block of this height or the newest."""
        asked = data(1, contract.encode()) + data(2, encoded(told))
        answered = self._grpc("/cosmwasm.wasm.v1.Query/SmartContractState", asked, height)
        return json.loads(protobuf.decode(answered, "answer", {1: "bytes"}).data(1))

    def _grpc(self, path: str, asked: bytes, height: int = 0) -> bytes:
        response = self.one("abci_query", path=path, data=asked.hex(), height=str(height))["response"]
        assert response.get("code", 0) == 0, response["log"]
        return b64decode(response["value"])

    def _signed(self, calls: Sequence[Call]) -> list[bytes]:
        accounts = {sender: self._account(sender) for sender in dict.fromkeys(call.sender for call in calls)}
        signed = list[bytes]()
        for call in calls:
            number, sequence = accounts[call.sender]
            signed.append(transaction(call, number, sequence))
            accounts[call.sender] = number, sequence + 1
        return signed

    def _account(self, sender: str) -> tuple[int, int]:
        """Number and sequence."""
        answered = self._grpc("/cosmos.auth.v1beta1.Query/AccountInfo", data(1, address_of(sender).encode()))
        info = protobuf.decode(answered, "account", {1: "message"}).required(1)
        account = protobuf.decode(info, "account", {1: "bytes", 2: "message", 3: "varint", 4: "varint"})
        return account.uint(3), account.uint(4)


def _executed(answer: Any) -> Outcome:
    result = answer["tx_result"]
    events = tuple(
        Event(event["type"], tuple((each["key"], each["value"]) for each in event["attributes"]))
        for event in result["events"] or ()
    )
    return Outcome(_error(result["code"], result["log"]), events, int(result["gas_used"]), int(answer["height"]))


def _simulated(response: Any) -> Outcome:
    if response.get("code", 0):
        return Outcome(_error(response["code"], response["log"]), (), 0, 0)
    answer = protobuf.decode(b64decode(response["value"]), "simulation", {1: "message", 2: "message"})
    gas = protobuf.decode(answer.required(1), "gas", {1: "varint", 2: "varint"}).uint(2)
    result = protobuf.decode(answer.required(2), "result", {1: "bytes", 2: "bytes", 3: "repeated", 4: "repeated"})
    return Outcome("", tuple(_event(each) for each in result.all(3)), gas, 0)


def _event(encoded_event: bytes) -> Event:
    event = protobuf.decode(encoded_event, "event", {1: "bytes", 2: "repeated"})
    schema: dict[int, protobuf.Kind] = {1: "bytes", 2: "bytes", 3: "varint"}
    attributes = (protobuf.decode(each, "attribute", schema) for each in event.all(2))
    return Event(event.text(1), tuple((each.text(1), each.text(2)) for each in attributes))


def _error(code: int, log: str) -> str:
    if not code:
        return ""
    own = _OWN_ERROR.search(log)
    if own is None:
        return log
    assert ERRORS[int(own[1])] == own[2], log
    return own[2]


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


@contextmanager
def started(program: Path, directory: Path, balances: Balances, block_ms: int) -> Iterator[str]:
    """A new chain's URL, once it has made a block; it is ended afterwards."""
    with ports.kept(PORTS) as first:
        at = Ports(*range(first, first + PORTS))
        argv = prepare(program, directory, CHAIN, at, balances, block_ms)
        with (directory / "log").open("ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{at.rpc}"

            def runs() -> bool:
                assert process.poll() is None, (directory / "log").read_text()[-2000:]
                return asyncio.run(ready(CHAIN, at)) and height(url) >= _FIRST_HEIGHT

            until(runs)
            yield url
        finally:
            process.terminate()
            process.wait()


@contextmanager
def running(program: Path, directory: Path) -> Iterator[Ledger]:
    """A new chain on which everybody in `PEOPLE` has coins, with the two codes stored."""
    balances = {address_of(name): {FEE_DENOMINATION: FUNDS} for name in PEOPLE}
    with started(program, directory, balances, BLOCK_MS) as url:
        ledger = Ledger(url)
        for code in (GATE_CODE, TOKEN_CODE):  # one by one: a request has a megabyte at most
            ledger.do(store("deployer", artifact(code)))
        yield ledger


def height(url: str) -> int:
    """The newest block's."""
    return int(Ledger(url).one("status")["sync_info"]["latest_block_height"])


def until(condition: Callable[[], bool]) -> None:
    """Returns once it holds; pytest's time limit ends a wait that is in vain."""
    while not condition():
        time.sleep(_LOOK_SECONDS)
