"""A chain as its endpoints tell it, for the tests of what writing makes of their answers.

No virtual machine: a test says which transactions a block takes, and what each endpoint makes of the truth. Blocks come
only when a test makes them. Heights and slots are the same number.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, cast

from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chains.caip import AccountId, AssetId, ChainId
from chains.encoding import MintCap, route_id
from chains.jsonrpc import Call, EndpointError, Fault
from chains.solana import rpc
from chains.solana.addresses import TOKEN_PROGRAM, domain, route_address, to_bytes, to_text
from chains.solana.options import DeploymentOptions, MemberOptions
from chains.solana.outbox import Entry, Outbox
from chains.solana.sender import Sender
from chains.solana.state import Route
from chains.solana.submit import Submitter
from chains.types import Deployment, Journal, Log
from chains.values import BadValue
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.scripted import Scripted, Ticking, named, quorum
from tests.chains.statements import Committee, planted, seed

REFERENCE = "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z"
CHAIN = ChainId("solana", REFERENCE)
PROGRAM = to_text(seed("program"))
MINT = to_text(seed("mint"))
GATE = route_address(PROGRAM, MINT)
ROUTE = route_id("test")
MEMBER = seed("member")
NOW = 1_800_000_000
LIFE = 150
"""Blocks for which a blockhash is good, as the Solana documentation has it."""

FINALITY = 32
_GROUP = Committee("group")


def deployment() -> Deployment:
    options = DeploymentOptions(program=PROGRAM, program_hash="00" * 32, upgrade_authority="none")
    return Deployment(AccountId(CHAIN, GATE), AssetId(CHAIN, "token", MINT), 9, ROUTE, options)


def statement(round_: int, cap: int = 1_000, leaves: int = 1) -> bytes:
    leaf = MintCap(domain(REFERENCE, GATE), ROUTE, cap, cap, 0, NOW, NOW + 3600)
    return planted(leaf, leaves).certified(_GROUP, 1, round_)


def options(**changes: Any) -> MemberOptions:
    settings: dict[str, Any] = {"endpoints": named(), "poll": 0.001, "timeout": 5.0, "submit_timeout": 1e9}
    return MemberOptions(**(settings | changes))


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction in a block. `failure` is the JSON of its error."""

    height: int
    failure: Any


@dataclass
class Ledger:
    """The truth. What was sent stands in `pool`, by signature; nothing of it is executed before a test says so."""

    height: int = 1_000
    round: int = 0
    fees: tuple[int, ...] = (0,)
    balance: int = 10**9
    simulation: dict[str, Any] = field(default_factory=lambda: {"err": None, "unitsConsumed": 30_000, "logs": []})
    pool: dict[bytes, bytes] = field(default_factory=dict)
    landed: dict[bytes, Landed] = field(default_factory=dict)

    @property
    def final(self) -> int:
        return self.height - FINALITY

    def mine(self, blocks: int = 1) -> None:
        self.height += blocks

    def land(self, signature: bytes, failure: Any = None) -> None:
        """The next block takes a transaction that was sent."""
        made = VersionedTransaction.from_bytes(self.pool[signature])
        hashed = bytes(made.message.recent_blockhash)
        assert self.valid(hashed), "no block takes a blockhash that is too old"
        assert signature not in self.landed, "no chain takes a transaction twice"
        self.mine()
        self.landed[signature] = Landed(self.height, failure)

    def fork(self, signature: bytes) -> None:
        """A block that is not final is given up, with the transaction in it."""
        assert self.landed.pop(signature).height > self.final

    def blockhash(self, height: int) -> bytes:
        return sha256(b"block %d" % height).digest()

    def valid(self, blockhash: bytes) -> bool:
        return any(self.blockhash(h) == blockhash for h in range(max(0, self.height - LIFE), self.height + 1))

    def signatures(self) -> list[bytes]:
        return list(self.pool)


Lie = Callable[[Any, Sequence[Any]], Any]
"""Makes of a true result, and the call's parameters, the one that is told. Raises what is told as an error."""


class Node(Scripted[Ledger, Lie]):
    """One endpoint. `lies` by method."""

    def _one(self, call: Call) -> Any:
        self.asked.append(call.method)
        try:
            result = getattr(self, "_" + re.sub("([A-Z])", lambda c: "_" + c[1].lower(), call.method))(*call.params)
            if call.method in self.lies:
                result = self.lies[call.method](result, call.params)
        except RpcError as error:
            return rpc.judge(call, error.fault)
        try:
            return None if result is None and call.absent else call.parse(result)
        except BadValue as error:
            raise EndpointError("failing", str(error)) from None

    def _context(self, value: Any) -> dict[str, Any]:
        return {"context": {"slot": self._ledger.height}, "value": value}

    def _get_latest_blockhash(self, how: Any) -> Any:
        height = self._ledger.height
        return self._context(
            {"blockhash": to_text(self._ledger.blockhash(height)), "lastValidBlockHeight": height + LIFE}
        )

    def _is_blockhash_valid(self, text: str, how: Any) -> Any:
        return self._context(self._ledger.valid(to_bytes(text)))

    def _get_block_height(self, how: Any) -> int:
        assert how["commitment"] == "finalized"
        return self._ledger.final

    def _get_balance(self, address: str, how: Any) -> Any:
        return self._context(self._ledger.balance)

    def _get_recent_prioritization_fees(self, addresses: list[str]) -> Any:
        assert GATE in addresses
        return [{"slot": i, "prioritizationFee": fee} for i, fee in enumerate(self._ledger.fees)]

    def _simulate_transaction(self, raw: str, how: Any) -> Any:
        assert (how["sigVerify"], how["replaceRecentBlockhash"]) == (False, True)
        VersionedTransaction.from_bytes(base64.b64decode(raw))
        return self._context(self._ledger.simulation)

    def _send_transaction(self, raw: str, how: Any) -> str:
        assert how["skipPreflight"] is True
        made = VersionedTransaction.from_bytes(base64.b64decode(raw))
        assert all(made.verify_with_results())
        self._ledger.pool[bytes(made.signatures[0])] = bytes(made)
        return str(made.signatures[0])

    def _get_signature_statuses(self, signatures: list[str], how: Any) -> Any:
        assert how == {"searchTransactionHistory": True}
        return self._context([self._told(bytes(Signature.from_string(s))) for s in signatures])

    def _told(self, signature: bytes) -> dict[str, Any] | None:
        found = self._ledger.landed.get(signature)
        if found is None:
            return None
        level = "finalized" if found.height <= self._ledger.final else "confirmed"
        return {"slot": found.height, "confirmations": None, "err": found.failure, "confirmationStatus": level}

    def _get_multiple_accounts(self, addresses: list[str], how: Any) -> Any:
        assert addresses == [GATE]
        assert how["commitment"] == "confirmed"
        return self._context([account(self._ledger.round)])


class RpcError(Exception):
    """An error that a node answers with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(code, message)


def account(round_: int, **changes: Any) -> dict[str, Any]:
    """The gate's account as getMultipleAccounts shows it."""
    somebody = to_text(seed("somebody"))
    taken = (round_, 1_000, NOW, NOW + 3600, 1_000, 0) if round_ else (0,) * 6
    route = Route(
        255, False, 86_400, 86_400, domain(REFERENCE, GATE), ROUTE, MINT, TOKEN_PROGRAM, somebody, None, somebody,
        *taken, 10**6, 10, 10**6, NOW, (somebody,), (),
    )  # fmt: skip
    raw = base64.b64encode(route.encode()).decode()
    return {"lamports": 1, "owner": PROGRAM, "data": [raw, "base64"], "executable": False} | changes


@dataclass
class World:
    """Three endpoints before one ledger, and what a member holds on disk."""

    ledger: Ledger = field(default_factory=Ledger)
    journal: Journal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)
    clock: Ticking = field(default_factory=Ticking)

    def __post_init__(self) -> None:
        self.nodes = [Node(name, self.ledger) for name in "abc"]
        self.deployment = deployment()

    def opened(self, secret: bytes = MEMBER, journal: Journal | None = None, **changes: Any) -> Submitter:
        """A member that starts."""
        chosen, log = options(**changes), cast(Log, self.log)
        asked = quorum(self.nodes, chosen, log)
        sender = Sender(secret, asked, Outbox(journal or self.journal), chosen, log)
        return Submitter(sender, asked, chosen, log, self.clock)

    def sender(self, **changes: Any) -> Sender:
        return self.opened(**changes)._sender

    def lie(self, method: str, lie: Lie, count: int = 1) -> None:
        """Makes the first `count` endpoints lie about a method."""
        for node in self.nodes[:count]:
            node.lies[method] = lie

    def entry(self, key: str = "r5") -> Entry:
        found = Outbox(self.journal).get(key)
        assert found is not None
        return found


def context(value: Any) -> Lie:
    """A lie that keeps the context and tells another value."""
    return lambda true, params: true | {"value": value}


def refuses(code: int, message: str) -> Lie:
    """An endpoint that answers with an error."""

    def lie(true: Any, params: Sequence[Any]) -> Any:
        raise RpcError(code, message)

    return lie


def gate_error(number: int) -> dict[str, Any]:
    """A failure of the program's own instruction."""
    return {"InstructionError": [2, {"Custom": number}]}
