"""A chain as its endpoints tell it, for the tests of what writing makes of their answers.

No contract runs: a test says which transactions a block takes and what becomes of them, and what each endpoint makes of
the truth. What a node checks before it takes a transaction into its mempool is checked here too, in the same order and
with the same words (Cosmos SDK 0.53, x/auth/ante; CometBFT 0.38, mempool). Blocks come only when a test makes them.
"""

import base64
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from coincurve import PublicKey
from cosmpy.protos.cosmos.auth.v1beta1.auth_pb2 import BaseAccount
from cosmpy.protos.cosmos.auth.v1beta1.query_pb2 import (
    QueryAccountInfoRequest,
    QueryAccountInfoResponse,
)
from cosmpy.protos.cosmos.base.abci.v1beta1.abci_pb2 import GasInfo
from cosmpy.protos.cosmos.base.node.v1beta1.query_pb2 import ConfigResponse
from cosmpy.protos.cosmos.crypto.secp256k1.keys_pb2 import PubKey
from cosmpy.protos.cosmos.tx.v1beta1.service_pb2 import (
    SimulateRequest,
    SimulateResponse,
)
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import (
    AuthInfo,
    SignDoc,
    TxBody,
    TxRaw,
)

from chains.caip import ChainId
from chains.cosmos import bech32, rpc
from chains.cosmos.addresses import of_secret
from chains.encoding import route_id
from chains.errors import ProofError
from chains.jsonrpc import Call, EndpointError, Fault
from chains.values import BadValue
from tests.chains.scripted import Scripted
from tests.chains.statements import seed

NAME = "test-chain-1"
CHAIN = ChainId("cosmos", NAME)
PREFIX = "wasm"
DENOMINATION = "ustake"
GATE = bech32.encode(PREFIX, seed("cosmos gate"))
TOKEN = bech32.encode(PREFIX, seed("cosmos token"))
ROUTE = route_id("test")
MEMBER = seed("cosmos member")
ADDRESS = of_secret(MEMBER, PREFIX)
NOW = 1_800_000_000
BLOCKS = 20
"""timeout_blocks of the members."""

USED = 100_000
"""What a simulation uses. With the margin of a fifth a transaction has 120,000 gas, and at 0.025 costs 3,000."""

_INTERNAL = -32603


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction, taken apart."""

    raw: bytes
    sequence: int
    gas: int
    fees: dict[str, int]
    timeout_height: int
    signed: bool

    @property
    def hash(self) -> bytes:
        return sha256(self.raw).digest()


def taken_apart(raw: bytes, chain_id: str = NAME, number: int = 9) -> Tx:
    """Checks the signature for this chain and account number."""
    tx = TxRaw.FromString(raw)
    body, auth = TxBody.FromString(tx.body_bytes), AuthInfo.FromString(tx.auth_info_bytes)
    assert len(body.messages) == len(auth.signer_infos) == len(tx.signatures) == 1
    (signer,) = auth.signer_infos
    assert signer.mode_info.single.mode == 1
    document = SignDoc(
        body_bytes=tx.body_bytes, auth_info_bytes=tx.auth_info_bytes, chain_id=chain_id, account_number=number
    )
    key = PublicKey(PubKey.FromString(signer.public_key.value).key)
    fees = {coin.denom: int(coin.amount) for coin in auth.fee.amount}
    good = verified(key, tx.signatures[0], document.SerializeToString())
    return Tx(raw, signer.sequence, auth.fee.gas_limit, fees, body.timeout_height, good)


def verified(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """R | s, each 32 bytes."""
    r, s = (_der(int.from_bytes(part, "big")) for part in (signature[:32], signature[32:]))
    return len(signature) == 64 and key.verify(bytes([0x30, len(r + s)]) + r + s, message)


def _der(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(raw)]) + raw


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction in a block. `executed`: it has used its sequence."""

    raw: bytes
    height: int
    code: int
    codespace: str
    log: str
    executed: bool
    signer: str


@dataclass
class Ledger:
    """The truth. What nodes took waits in `pool`, by hash; nothing of it is executed before a test says so."""

    height: int = 1_000
    final: int = 0
    number: int = 9
    sequence: int = 4
    coins: int | None = 10**9
    """Of the member; None: nobody ever paid it anything."""
    round: int | None = 0
    price: tuple[int, str] = (25, DENOMINATION)
    """Of a thousand units of gas."""
    refusal: str = ""
    """What a simulation fails with."""
    used: int = USED
    pool: dict[bytes, bytes] = field(default_factory=dict)
    cache: set[bytes] = field(default_factory=set)
    landed: dict[bytes, Landed] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    """Every transaction that a node took, once for each time it was new to the mempool."""

    @property
    def next(self) -> int:
        """The sequence after those that wait."""
        return self.sequence + len(self.pool)

    def mine(self, blocks: int = 1) -> None:
        """Blocks that take nothing. What is too late leaves the mempool, and what it leaves behind a gap does too."""
        self.height += blocks
        waiting, self.pool, at = list(self.pool.values()), {}, self.sequence
        for tx in sorted((taken_apart(raw) for raw in waiting), key=lambda tx: tx.sequence):
            if tx.sequence == at and tx.timeout_height > self.height:
                self.pool[tx.hash] = tx.raw
                at += 1
            else:
                self.cache.discard(tx.hash)

    def land(self, hash_: bytes, code: int = 0, log: str = "", codespace: str = "wasm", executed: bool = True) -> None:
        """The next block takes a transaction that was sent."""
        raw = self.pool.pop(hash_)
        tx = taken_apart(raw)
        assert tx.timeout_height > self.height, "no block takes a transaction that is too late"
        assert tx.sequence == self.sequence or not executed, "no chain uses a sequence twice, or passes one over"
        self.height += 1
        self.sequence += executed
        self.landed[hash_] = Landed(
            raw, self.height, code, codespace if code else "", log, executed, f"{ADDRESS}/{tx.sequence}"
        )

    def spend(self, count: int = 1) -> None:
        """Somebody else who has the key uses sequences."""
        self.sequence += count
        self.height += 1
        self.pool.clear()

    def check(self, raw: bytes) -> dict[str, Any]:
        """As a node does before it takes a transaction into its mempool."""
        tx = taken_apart(raw, number=self.number)
        price, denomination = self.price
        least = -(-tx.gas * price // 1000)
        if tx.hash in self.cache:
            raise RpcError("tx already exists in cache")
        if self.height > tx.timeout_height:
            return _refusal(30, f"block height: {self.height}, timeout height: {tx.timeout_height}: tx timeout height")
        if tx.fees.get(denomination, 0) < least:
            got = ",".join(f"{amount}{name}" for name, amount in tx.fees.items())
            return _refusal(13, f"insufficient fees; got: {got} required: {least}{denomination}: insufficient fee")
        if (self.coins or 0) < tx.fees[denomination]:
            text = f"spendable balance {self.coins}{denomination} is smaller than {tx.fees[denomination]}{denomination}"
            return _refusal(5, f"{text}: insufficient funds: insufficient funds")
        if tx.sequence != self.next:
            return _refusal(32, self.mismatch(tx.sequence))
        if not tx.signed:
            text = f"signature verification failed; please verify account number ({self.number}) and chain-id ({NAME})"
            return _refusal(4, f"{text}: (unable to verify single signer signature): unauthorized")
        self.cache.add(tx.hash)
        self.pool[tx.hash] = raw
        self.sent.append(tx.hash)
        return {"code": 0, "data": "", "log": "", "codespace": "", "hash": tx.hash.hex().upper()}

    def mismatch(self, got: int) -> str:
        return f"account sequence mismatch, expected {self.next}, got {got}: incorrect account sequence"


Lie = Callable[[Callable[[], Any], Sequence[Any]], Any]
"""Gives what is told, of the call's parameters and of what makes the true result. Raises what is told as an error."""


class RpcError(Exception):
    """An error that a node answers with."""

    def __init__(self, data: str, code: int = _INTERNAL) -> None:
        super().__init__(data)
        self.fault = Fault(code, "'Internal error'", data)


class Node(Scripted[Ledger, Lie]):
    """One endpoint. `lies` by what is asked: a method, or the last part of a query's path."""

    def _one(self, call: Call) -> Any:
        name = str(call.params[0]).rpartition("/")[2] if call.method == "abci_query" else call.method
        self.asked.append(name)
        try:
            truth = functools.partial(getattr(self, f"_{name.lower()}"), *call.params)
            result = self.lies[name](truth, call.params) if name in self.lies else truth()
        except RpcError as error:
            return rpc.judge(call, error.fault)
        try:
            return call.parse(result)
        except BadValue as error:
            raise EndpointError("failing", str(error)) from None
        except ProofError as error:
            raise EndpointError("lying", str(error)) from None

    def _status(self) -> Any:
        sync = {"latest_block_height": str(self._ledger.height), "earliest_block_height": "1", "catching_up": False}
        return {"node_info": {"network": NAME}, "sync_info": sync}

    def _accountinfo(self, path: str, data: str, height: str, prove: bool) -> Any:
        address = QueryAccountInfoRequest.FromString(bytes.fromhex(data)).address
        if self._ledger.coins is None or address != ADDRESS:
            log = f"rpc error: code = NotFound desc = account {address} not found: key not found"
            return self._answer(code=22, codespace="sdk", log=log)
        info = BaseAccount(address=address, account_number=self._ledger.number, sequence=self._ledger.sequence)
        return self._answer(QueryAccountInfoResponse(info=info).SerializeToString())

    def _simulate(self, path: str, data: str, height: str, prove: bool) -> Any:
        tx = taken_apart(SimulateRequest.FromString(bytes.fromhex(data)).tx_bytes)
        log = self._ledger.refusal if tx.sequence == self._ledger.next else self._ledger.mismatch(tx.sequence)
        if log:
            where = "[CosmWasm/wasmd@v0.61.14/x/wasm/keeper/keeper.go:452]"
            log = f"rpc error: code = Unknown desc = {log} {where} with gas used: '90000': unknown request"
            return self._answer(code=6, codespace="sdk", log=log)
        return self._answer(SimulateResponse(gas_info=GasInfo(gas_used=self._ledger.used)).SerializeToString())

    def _config(self, path: str, data: str, height: str, prove: bool) -> Any:
        price, denomination = self._ledger.price
        told = f"0.{price:03}{denomination}"
        return self._answer(ConfigResponse(minimum_gas_price=told).SerializeToString())

    def _key(self, path: str, data: str, height: str, prove: bool) -> Any:
        assert path == "/store/wasm/key"
        assert data == (b"\x03" + bech32.decode(GATE)[1] + b"s" + ROUTE).hex()
        value = b"" if self._ledger.round is None else record(self._ledger.round)
        return self._answer(value, key=base64.b64encode(bytes.fromhex(data)).decode())

    def _broadcast_tx_sync(self, raw: str) -> Any:
        return self._ledger.check(base64.b64decode(raw))

    def _tx(self, hash_: str, prove: bool) -> Any:
        wanted = base64.b64decode(hash_)
        found = self._ledger.landed.get(wanted)
        if found is None:
            raise RpcError(f"tx ({wanted.hex().upper()}) not found")
        return told(found)

    def _answer(self, value: bytes = b"", **changes: Any) -> Any:
        response = {"code": 0, "codespace": "", "log": "", "key": None, "height": str(self._ledger.height)}
        return {"response": response | {"value": base64.b64encode(value).decode()} | changes}


def told(found: Landed) -> dict[str, Any]:
    """A transaction as the method tx shows it."""
    events = [
        {"type": "tx", "attributes": [{"key": "fee", "value": f"3000{DENOMINATION}", "index": True}]},
        {"type": "tx", "attributes": [{"key": "acc_seq", "value": found.signer, "index": True}]},
    ]
    result = {"code": found.code, "codespace": found.codespace, "log": found.log, "gas_used": "99000"}
    result["events"] = events if found.executed else None
    shown = {"hash": sha256(found.raw).hexdigest().upper(), "height": str(found.height), "index": 0}
    return shown | {"tx_result": result, "tx": base64.b64encode(found.raw).decode()}


def record(round_: int) -> bytes:
    """The statement's record in the contract's storage."""
    numbers = (1_000, 1_000, 0) if round_ else (0, 0, 0)
    times = (NOW, NOW + 3600) if round_ else (0, 0)
    wide = b"".join(n.to_bytes(16, "big") for n in numbers)
    return b"\x01" + round_.to_bytes(8, "big") + wide + b"".join(t.to_bytes(8, "big") for t in times)


def refuses(data: str) -> Lie:
    """An endpoint that answers with an error of CometBFT's own."""

    def lie(truth: Any, params: Sequence[Any]) -> Any:
        raise RpcError(data)

    return lie


def answers(result: Any) -> Lie:
    """An endpoint that always gives this answer."""
    return lambda truth, params: result


def checked(code: int, log: str, codespace: str = "sdk") -> Lie:
    """A node that does not take a transaction into its mempool."""
    return answers(_refusal(code, log) | {"codespace": codespace})


def _refusal(code: int, log: str) -> dict[str, Any]:
    return {"code": code, "data": "", "log": log, "codespace": "sdk", "hash": "00" * 32}
