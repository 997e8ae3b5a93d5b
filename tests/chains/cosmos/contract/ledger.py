"""A local chain that has the contract's code, for tests: any messages of any senders, in blocks or simulated.

A transaction here may hold several messages, so that a whole set-up fits one block. The bytes are those of the messages
of the Cosmos SDK (cosmos/tx/v1beta1, cosmos/auth/v1beta1) and of wasmd (cosmwasm/wasm/v1).
"""

import asyncio
import hashlib
import json
import re
import subprocess
import time
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from coincurve import PrivateKey, PublicKey

from chains.cosmos import bech32, blocks_json, build_node, protobuf
from chains.cosmos.devnet import PORTS
from chains.cosmos.devnet_node import Ports, chain_id, prepare, ready
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, PREFIX, Balances, account_address, account_bytes
from chains.cosmos.errors import ERRORS
from chains.cosmos.messages import Message, encoded
from chains.cosmos.protobuf import data, message, uint
from chains.devnet import account_secret
from relayer.devnet import ports

ARTIFACTS = Path(build_node.__file__).parent / "artifacts"
CHAIN = chain_id(0)
BLOCK_MS = 50
GATE_CODE, TOKEN_CODE = 1, 2
PEOPLE = ("deployer", "registrar", "issuer", "owner", "guardian", "minter", "holder", "stranger", "admin")
FUNDS = 10**15

_GAS = 3_000_000
_STORE_GAS = 30_000_000
_BATCH = 10
_LOOK_SECONDS = 0.02
_SECP256K1 = "/cosmos.crypto.secp256k1.PubKey"
_SIGN_MODE_DIRECT = 1
_ADDED = ("_contract_address", "msg_index")
_OWN_ERROR = re.compile(r"ballast error (\d+) (\w+): ")


def secret_of(name: str) -> bytes:
    return account_secret(f"cosmos contract {name}")


def address_of(name: str) -> str:
    return account_address(secret_of(name))


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
class Call:
    """One transaction: who signs it, and its messages, encoded as Any."""

    sender: str
    messages: tuple[bytes, ...]
    gas: int

    def __add__(self, other: "Call") -> "Call":
        assert other.sender == self.sender
        return Call(self.sender, self.messages + other.messages, self.gas + other.gas)


def execute(sender: str, contract: str, told: Message | bytes, coins: Mapping[str, int] | None = None) -> Call:
    raw = told if isinstance(told, bytes) else encoded(told)
    return _call(sender, "MsgExecuteContract", data(2, contract.encode()) + data(3, raw) + _coins(5, coins or {}))


def instantiate(sender: str, code: int, told: Message, salt: bytes, admin: str = "") -> Call:
    body = data(2, admin.encode()) + uint(3, code) + data(4, b"for a test") + data(5, encoded(told)) + data(7, salt)
    return _call(sender, "MsgInstantiateContract2", body)


def migrate(sender: str, contract: str, code: int, told: bytes = b"{}") -> Call:
    return _call(sender, "MsgMigrateContract", data(2, contract.encode()) + uint(3, code) + data(4, told))


def store(sender: str, wasm: bytes) -> Call:
    return _call(sender, "MsgStoreCode", data(2, wasm), _STORE_GAS)


def _call(sender: str, name: str, body: bytes, gas: int = _GAS) -> Call:
    value = data(1, address_of(sender).encode()) + body
    return Call(sender, (data(1, f"/cosmwasm.wasm.v1.{name}".encode()) + data(2, value),), gas)


def _coins(number: int, coins: Mapping[str, int]) -> bytes:
    return b"".join(
        message(number, data(1, denomination.encode()) + data(2, str(amount).encode()))
        for denomination, amount in sorted(coins.items())
    )


@lru_cache
def contract_address(sender: str, salt: bytes, wasm: bytes) -> str:
    """Where `instantiate` puts a contract (wasmd, x/wasm/keeper/addresses.go, BuildContractAddressPredictable)."""
    parts = (hashlib.sha256(wasm).digest(), account_bytes(secret_of(sender)), salt, b"")
    named = b"wasm\0" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return bech32.encode(PREFIX, hashlib.sha256(hashlib.sha256(b"module").digest() + named).digest())


@dataclass(frozen=True, slots=True)
class Ledger:
    """A running chain."""

    url: str

    def ask(self, *calls: tuple[str, Mapping[str, object]]) -> list[Any]:
        """What the node answers to each call; one that it refuses is None."""
        found = list[Any]()
        for first in range(0, len(calls), _BATCH):
            batch = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(calls[first : first + _BATCH])
            ]
            request = urllib.request.Request(self.url, json.dumps(batch).encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as response:
                told = json.load(response)
            # CometBFT answers a list of one call without a list.
            answers = {answer["id"]: answer.get("result") for answer in (told if isinstance(told, list) else [told])}
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
        """Sends one transaction each, all before the first is in a block, and waits until all are."""
        sent = self.ask(*(("broadcast_tx_sync", {"tx": _base64(tx)}) for tx in self._signed(calls)))
        for answer in sent:
            assert answer is not None
            assert answer["code"] == 0, answer["log"]
        asked = [("tx", {"hash": _base64(bytes.fromhex(answer["hash"]))}) for answer in sent]
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
            signed.append(_transaction(call, number, sequence))
            accounts[call.sender] = number, sequence + 1
        return signed

    def _account(self, sender: str) -> tuple[int, int]:
        """Number and sequence."""
        answered = self._grpc("/cosmos.auth.v1beta1.Query/AccountInfo", data(1, address_of(sender).encode()))
        info = protobuf.decode(answered, "account", {1: "message"}).required(1)
        account = protobuf.decode(info, "account", {1: "bytes", 2: "message", 3: "varint", 4: "varint"})
        return account.uint(3), account.uint(4)


def _transaction(call: Call, number: int, sequence: int) -> bytes:
    secret = secret_of(call.sender)
    public = PublicKey.from_secret(secret).format(compressed=True)
    key = message(1, data(1, _SECP256K1.encode()) + data(2, data(1, public)))
    signer = key + message(2, message(1, uint(1, _SIGN_MODE_DIRECT))) + uint(3, sequence)
    fee = _coins(1, {FEE_DENOMINATION: call.gas // 40}) + uint(2, call.gas)
    body, auth = b"".join(message(1, each) for each in call.messages), message(1, signer) + message(2, fee)
    signed = data(1, body) + data(2, auth) + data(3, CHAIN.encode()) + uint(4, number)
    signature = PrivateKey(secret).sign_recoverable(signed, hasher=lambda text: hashlib.sha256(text).digest())[:64]
    return data(1, body) + data(2, auth) + data(3, signature)


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
    (first,) = ports.blocks([PORTS])
    at = Ports(*range(first, first + PORTS))
    argv = prepare(program, directory, CHAIN, at, balances, block_ms)
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:

        def runs() -> bool:
            assert process.poll() is None, (directory / "log").read_text()[-2000:]
            return asyncio.run(ready(CHAIN, at))

        until(runs)
        yield f"http://127.0.0.1:{at.rpc}"
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


def until(condition: Callable[[], bool]) -> None:
    """Returns once it holds; pytest's time limit ends a wait that is in vain."""
    while not condition():
        time.sleep(_LOOK_SECONDS)


@lru_cache
def artifact(code: int) -> bytes:
    """The committed artifact that has this number on the chain."""
    return (ARTIFACTS / {GATE_CODE: "ballast.wasm", TOKEN_CODE: "cw20_base.wasm"}[code]).read_bytes()
