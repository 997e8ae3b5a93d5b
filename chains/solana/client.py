"""What a user does with one node: send transactions, wait for them, read accounts.

No quorum here: a user trusts the node that is asked, and risks only the own transaction. Everything is read, and waited
for, at `confirmed`. Transactions are sent without being simulated, so that what a gate refuses is refused on the chain,
by an executed transaction that shows the gate's error.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import SecretStr
from solders.instruction import Instruction
from solders.message import Message

from chains.caip import ChainId
from chains.errors import ChainError, Refused, Unreadable
from chains.jsonrpc import Call, Fault, Limits
from chains.node import Node
from chains.quorum import Admission
from chains.solana import rpc, sending
from chains.solana.addresses import REFERENCE_SIZE
from chains.solana.errors import ERRORS
from chains.solana.program_logs import failure as failed_program
from chains.solana.transactions import Failure, Key, Signed, fee
from chains.types import Receipt

UNITS = 200_000
"""Compute limit of a transaction where the caller names none."""

LIMITS = Limits(batch=1)
"""What is borne of the node where the caller says nothing."""

_DIFFERENT = 1 << 12
_MOST_PRICE = 1_000_000
_WAIT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way. Its program's errors are those of Ballast's program at `program`, if that is given. It
    cannot be executed any more once the chain is higher than `last_valid`."""

    signed: Signed
    last_valid: int
    fee: int
    program: str


class Client:
    """One node and, for transactions, one account. An async context manager. `poll` in seconds."""

    def __init__(
        self,
        chain: ChainId,
        url: SecretStr | str,
        secret: bytes | None = None,
        headers: Mapping[str, SecretStr] | None = None,
        poll: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits = LIMITS,
    ) -> None:
        self._node = Node(url, headers, limits, rpc.judge, _admission(chain))
        self._poll, self._clock = poll, clock
        self._key = None if secret is None else Key(secret)
        self._sends = secrets.randbelow(_DIFFERENT)

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

    async def accounts(self, *addresses: str) -> tuple[rpc.Account | None, ...]:
        """The accounts at these addresses (at most 100), all of one slot; None where there is none."""
        (found,) = await self.ask(rpc.accounts(addresses, "confirmed"))
        read: tuple[rpc.Account | None, ...] = found.value
        return read

    async def lamports(self, address: str) -> int:
        (found,) = await self.ask(sending.balance(address))
        return int(found)

    def message(
        self, instructions: Sequence[Instruction], units: int = UNITS, price: int = 0, blockhash: bytes = bytes(32)
    ) -> Message:
        """A message that the account pays for: `units` is its compute limit, `price` in micro-lamports per unit."""
        return self.key.message(instructions, units, price, blockhash)

    async def refusal(self, instructions: Sequence[Instruction], program: str = "", units: int = UNITS) -> str:
        """The error with which a transaction would fail now; "" where it would not. Nothing is sent. Raises
        `ChainError` where the node cannot say."""
        (told,) = await self.ask(sending.simulation(self.message(instructions, units)))
        if isinstance(told, Fault):
            raise ChainError(f"the node cannot simulate the transaction: {told.message}")
        return "" if told.failure is None else name(told.failure, told.logs, program)

    async def send(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[Key] = (),
        program: str = "",
        units: int = UNITS,
    ) -> Sent:
        """Signs and sends, not simulating first; `units` is the least compute limit. The price is what recent
        transactions over the same accounts paid, at most 1 lamport per compute unit. Raises `ChainError` if the node
        refuses it."""
        # Two transactions of the same bytes are one. What asks for the same twice with one blockhash differs in this.
        self._sends += 1
        units += self._sends % _DIFFERENT
        writable = sorted({str(a.pubkey) for i in instructions for a in i.accounts if a.is_writable})
        newest, bid = await self.ask(sending.latest_blockhash(), sending.recent_bid([*writable, self.address][:128]))
        price = min(bid, _MOST_PRICE)
        message = self.message(instructions, units, price, newest.hash)
        signed = self.key.signed(message, signers)
        sent = Sent(signed, newest.last_valid, fee(units, price, message.header.num_required_signatures), program)
        (told,) = await self.ask(sending.transmission(signed))
        if isinstance(told, Fault):
            raise ChainError(f"the node refuses the transaction: {told.message}")
        return sent

    async def transact(
        self, instructions: Sequence[Instruction], signers: Sequence[Key] = (), program: str = "", units: int = UNITS
    ) -> Receipt:
        """`send`, and waits."""
        return await self.executed(await self.send(instructions, signers, program, units))

    async def executed(self, sent: Sent, seconds: float = _WAIT_SECONDS) -> Receipt:
        """Waits until the transaction is confirmed, sending it again meanwhile. Raises `Unreadable` if it can never be
        executed any more, or if waiting takes longer than `seconds`."""
        text = sending.signature_text(sent.signed.signature)
        end = self._clock() + seconds
        while True:
            height, status = await self.ask(sending.final_height(), sending.status(sent.signed.signature))
            if status is not None and status.level >= sending.LEVEL_CONFIRMED:
                error = "" if status.failure is None else await self._reason(sent, status.failure, end)
                return Receipt(text, status.slot, status.failure is None, error, sent.fee)
            if status is None and height > sent.last_valid:
                raise Unreadable(f"transaction {text} expired before it was executed; nothing has happened")
            if self._clock() >= end:
                raise Unreadable(f"transaction {text} is not executed after {seconds:.0f} s; it may still be")
            await asyncio.sleep(self._poll)
            # What the node thinks of that does not count: the status does.
            await self.ask(sending.transmission(sent.signed))

    async def ask(self, *asked: Call) -> tuple[Any, ...]:
        """One parsed value per call. Raises `Refused` if the node serves another cluster, `Unreadable` if it does not
        answer."""
        return await self._node.ask(*asked)

    async def _reason(self, sent: Sent, failure: Failure, end: float) -> str:
        # Only the log tells whose error number it is: the gate calls the token program. It may come a little later.
        while True:
            (told,) = await self.ask(sending.details(sent.signed.signature))
            if told is not None or self._clock() >= end:
                return name(failure, () if told is None else told.logs, sent.program)
            await asyncio.sleep(self._poll)


def _admission(chain: ChainId) -> Admission:
    def refusal(answers: tuple[Any, ...]) -> str:
        reference = answers[0][:REFERENCE_SIZE]
        return "" if reference == chain.reference else f"serves solana:{reference}, not {chain}"

    return Admission((rpc.genesis_hash(),), refusal)


def name(failure: Failure, logs: Sequence[str], program: str) -> str:
    """The name of the program's own error, if it was the one that failed; else what failed, and how."""
    found = failed_program(logs)
    if found is None:
        return str(failure)
    if found.program == program and found.code in ERRORS:
        return ERRORS[found.code]
    return f"{found.program}: {found.reason}"
