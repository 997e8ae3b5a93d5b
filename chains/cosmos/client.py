"""What a user does with one node: send transactions, wait for them, ask contracts.

No quorum here: a user trusts the node that is asked, and risks the own transaction. What it costs is the node's to say:
the fee is the lowest that it takes. Transactions are sent whatever a simulation says, so that what a gate refuses is
refused on the chain, by an executed transaction that shows the gate's error.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pydantic import SecretStr

from chains.caip import ChainId
from chains.cosmos import addresses, errors, fees, queries, rpc, sending
from chains.cosmos.sending import Account, Found, NoIndex, Simulated
from chains.cosmos.transactions import Budget, Key, Place, Signed
from chains.errors import ChainError, Refused, Unreadable
from chains.jsonrpc import Call, Limits
from chains.node import Node
from chains.quorum import Admission
from chains.types import Receipt

GAS = 600_000
"""Gas limit of a transaction that fails when it is simulated, where the caller names none."""

LIMITS = Limits(timeout=20.0, deadline=20.0, batch=1)
"""What is borne of the node where the caller says nothing. A node answers nothing about its state while it executes a
block, so that a request has all the time that there is."""

_MARGIN = Fraction(13, 10)
_TIMEOUT_BLOCKS = 100
_WAIT_SECONDS = 180.0
_BLOCK_SECONDS = 30.0
_TRIES = 4
_DIFFERENT = 1 << 12


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way. `fee` in base units of the fee's denomination."""

    signed: Signed
    sequence: int
    timeout_height: int
    fee: int


class Client:
    """One node and, for transactions, one account, whose address begins with `prefix`. An async context manager. `poll`
    in seconds."""

    def __init__(
        self,
        chain: ChainId,
        url: SecretStr | str,
        secret: bytes | None = None,
        prefix: str = "",
        headers: Mapping[str, SecretStr] | None = None,
        poll: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits = LIMITS,
    ) -> None:
        self._admission = _admission(chain)
        self._node = Node(url, headers, limits, rpc.judge, self._admission)
        self._poll, self._clock = poll, clock
        self._key = None if secret is None else Key(secret, prefix)
        self._sequences, self._sends = asyncio.Lock(), secrets.randbelow(_DIFFERENT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._node.close()

    @property
    def key(self) -> Key:
        """The account's key. Raises `Refused` without an account."""
        if self._key is None:
            raise Refused("no account is configured, so that nothing can be sent")
        return self._key

    @property
    def address(self) -> str:
        """The account's address. Raises `Refused` without an account."""
        return self.key.address

    async def simulated(self, messages: Sequence[Any]) -> Simulated:
        """What would become of a transaction of these messages now. Nothing is sent."""
        account = await self._account()
        sequence = account.sequence
        for _ in range(_TRIES):
            # Taking a fee costs gas too, so one is simulated where the node asks for any.
            fee, denomination = await self._fee(1)
            budget = Budget(GAS, min(fee, 1), denomination, account.height + _TIMEOUT_BLOCKS)
            raw = self.key.unsigned(messages, Place(account.number, sequence), budget)
            (told,) = await self.ask(sending.simulation(raw))
            if told.expected is None:
                found: Simulated = told
                return found
            sequence = told.expected  # what waits in the node's mempool comes first
        raise Unreadable(f"the node cannot simulate a transaction of {self.address}: {errors.told(told.log)}")

    async def refusal(self, messages: Sequence[Any]) -> str:
        """The error with which a transaction would fail now; "" where it would not. Nothing is sent."""
        return (await self.simulated(messages)).error

    async def send(self, messages: Sequence[Any], gas: int | None = None) -> Sent:
        """Signs and sends, whatever a simulation says. `gas` is the least limit; without it, three tenths more than
        a simulation uses. Raises `ChainError` if the node refuses it."""
        if gas is None:
            told = await self.simulated(messages)
            gas = GAS if told.error else -(-told.gas * _MARGIN.numerator // _MARGIN.denominator)
        # Two transactions of the same bytes are one. What asks for the same twice in one block differs in this.
        self._sends += 1
        gas += self._sends % _DIFFERENT
        async with self._sequences:
            account = await self._account()
            sequence, (fee, denomination) = account.sequence, await self._fee(gas)
            for _ in range(_TRIES):
                budget = Budget(gas, fee, denomination, account.height + _TIMEOUT_BLOCKS)
                signed = self.key.signed(messages, await self._chain_id(), Place(account.number, sequence), budget)
                (answer,) = await self.ask(sending.transmission(signed))
                said = sending.sent(answer)
                if said.kind == "taken":
                    return Sent(signed, sequence, budget.timeout_height, fee)
                if said.kind == "sequence" and said.expected is not None:
                    sequence = said.expected
                elif said.kind == "timeout":
                    # It took too long to get there: nothing has happened, and it is signed for later blocks.
                    account = await self._account()
                elif said.kind == "fee" and (wanted := fees.required(said.log)):
                    denomination, amount = min(wanted.items(), key=lambda coin: coin[0] != budget.denomination)
                    fee = fees.fee(amount, 1)
                elif said.kind == "unauthorized":
                    # A node that has just been started takes no signature before its next block.
                    await self._next_block(account.height)
                else:
                    break
        raise ChainError(f"the node refuses the transaction: {errors.told(said.log)}")

    async def transact(self, messages: Sequence[Any], gas: int | None = None) -> Receipt:
        """`send`, and waits."""
        return await self.executed(await self.send(messages, gas))

    async def executed(self, sent: Sent, seconds: float = _WAIT_SECONDS) -> Receipt:
        """Waits until the transaction is in a block, sending it again meanwhile. Raises `Unreadable` if it can never be
        executed any more, if the node does not look transactions up, or if waiting takes longer than `seconds`."""
        name, end = sent.signed.name, self._clock() + seconds
        while True:
            found, account = await self._looked_up(sent)
            if isinstance(found, Found) and found.executed:
                error = found.error and (errors.gate_error(found.log) or errors.told(found.log) or found.error)
                return Receipt(name, found.height, not found.error, error, sent.fee)
            if isinstance(found, NoIndex):
                raise Unreadable(
                    f"transaction {name} was sent, but the node keeps no index of transactions (tx_index), so that it "
                    "cannot tell what became of it: ask another node"
                )
            if account.height >= sent.timeout_height and account.sequence <= sent.sequence:
                raise Unreadable(f"transaction {name} was in no block in time; nothing has happened")
            if self._clock() >= end:
                raise Unreadable(f"transaction {name} is not executed after {seconds:.0f} s; it may still be")
            await asyncio.sleep(self._poll)
            # What the node thinks of that does not count: the block does.
            await self.ask(sending.transmission(sent.signed))

    async def found(self, hash_: bytes) -> Found | None:
        """An executed transaction by its hash (32 bytes); None for one that the node does not know."""
        (told,) = await self.ask(sending.lookup_hash(hash_))
        found = sending.located(told)
        if found is None or isinstance(found, Found):
            return found
        raise Unreadable("the node does not look transactions up: its indexer is off")

    async def query(self, contract: str, message: Mapping[str, Any], height: int | None = None) -> Any:
        """A contract's answer to a query, JSON taken apart. Raises `ChainError` with the contract's own words where it
        refuses."""
        (told,) = await self.ask(queries.smart_query(contract, message, height))
        if isinstance(told, rpc.QueryError):
            raise ChainError(f"the contract {contract} refuses a query: {errors.told(told.log)}")
        return queries.document(told)

    async def ask(self, *asked: Call) -> tuple[Any, ...]:
        """One parsed value per call. Raises `Refused` if the node serves another chain, `Unreadable` if it does not
        answer."""
        return await self._node.ask(*asked)

    async def _looked_up(self, sent: Sent) -> tuple[Found | NoIndex | None, Account]:
        # The account first: what it says of the time before the look-up is then true of the look-up as well.
        account = await self._account()
        (told,) = await self.ask(sending.lookup(sent.signed, self.address, sent.sequence))
        found = sending.located(told)
        if found is None or isinstance(found, Found | NoIndex):
            return found, account
        raise Unreadable(f"the node: {found.message}")

    async def _account(self) -> Account:
        (told,) = await self.ask(sending.account(self.address))
        if told is None:
            raise Unreadable(f"the account {self.address} has no coins yet: send some to {self.address}")
        if not isinstance(told, Account):
            raise Refused(f"the node does not know {self.address}: {errors.told(told.log)}")
        return told

    async def _next_block(self, height: int) -> None:
        end = self._clock() + _BLOCK_SECONDS
        while True:
            if (await self._account()).height > height or self._clock() >= end:
                return
            await asyncio.sleep(self._poll)

    async def _fee(self, gas: int) -> tuple[int, str]:
        """The lowest fee for a limit of `gas` that the node takes, in the first denomination that it names."""
        (prices,) = await self.ask(queries.least_prices())
        return (prices[0].fee(gas), prices[0].denomination) if prices else (0, "")

    async def _chain_id(self) -> str:
        # Admitted, it may tell another by now, and a signature is good on the chain that it names.
        answers = await self.ask(rpc.status())
        if refusal := self._admission.refusal(answers):
            raise Refused(f"the node {refusal}")
        return str(answers[0].chain_id)


def _admission(chain: ChainId) -> Admission:
    def refusal(answers: tuple[Any, ...]) -> str:
        (status,) = answers
        found = addresses.reference(status.chain_id)
        return "" if found == chain.reference else f"serves the chain {status.chain_id!r} (cosmos:{found}), not {chain}"

    return Admission((rpc.status(),), refusal, rpc.EXPECTED)
