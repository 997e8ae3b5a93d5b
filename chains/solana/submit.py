"""Brings statements to gates, and sees to it until they are final.

A statement that the gate has already, or would refuse, stops before anything is spent: the gate's last round is read
and the transaction is simulated first. Once signed it stays in the journal until it is executed in a finalized block.
The same bytes are sent again and again until then; only when they can never be executed any more, since their
blockhash is too old, is another transaction signed. The gate takes a round once, whatever is sent.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from chains.errors import Refused, Unreadable
from chains.jsonrpc import Fault
from chains.quorum import Quorum
from chains.solana import addresses, rpc
from chains.solana.errors import ERRORS
from chains.solana.options import DeploymentOptions, MemberOptions
from chains.solana.outbox import Entry
from chains.solana.sender import Outlook, Sender
from chains.solana.sending import Simulated
from chains.solana.state import Route, StateError
from chains.solana.transactions import Failure
from chains.submissions import certificate
from chains.submitting import LATER_THAN_OURS, Busy, enough, replaced, simulated, there_already
from chains.types import Deployment, Log, Receipt

PLACE = 2
"""Of the program's instruction in a submitting transaction; before it stand the compute limit and price."""

_CANNOT_PAY = ("AccountNotFound", "InsufficientFundsForFee", "InsufficientFundsForRent")


def named(failure: Failure | None) -> str:
    """The gate's own name for why a submitting transaction failed, or the runtime's; "" where it did not. The number
    needs no log: `submit` calls no other program."""
    if failure is None:
        return ""
    number = failure.of(PLACE)
    return str(failure) if number is None else ERRORS.get(number, str(failure))


class Submitter:
    """Submits through one account. `clock` is monotonic seconds."""

    def __init__(
        self,
        sender: Sender,
        quorum: Quorum,
        options: MemberOptions,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender, self._quorum = sender, quorum
        self._options, self._log, self._clock = options, log, clock
        self._busy = Busy()

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        """See `DestinationChain.submit`."""
        async with self._busy.lock(key):
            entry = self._sender.outbox.get(key)
            if entry is None:
                if not isinstance(deployment.options, DeploymentOptions):
                    raise Refused(f"{deployment.gate}: options of another family")
                certificate(submission, deployment)
                program, gate = deployment.options.program, deployment.gate.address
                entry = await self._sent(key, program, gate, submission)
            elif await self._sender.executed(entry) is None:
                # Whether the process that signed it could still send it is not known.
                entry = await self._pursued(entry)
            return None if entry is None else await self._executed(entry)

    async def settle(self) -> None:
        """See `DestinationChain.settle`."""
        await self._busy.each([entry.key for entry in self._sender.outbox.entries()], self._settle)

    async def _settle(self, key: str) -> None:
        # Read when its turn comes: `submit` may have signed another since.
        entry = self._sender.outbox.get(key)
        if entry is None:
            return
        executed = await self._sender.executed(entry)
        if executed is None:
            try:
                await self._pursued(entry)
            except Refused as error:
                self._log.warning("not_resubmitted", key=entry.key, reason=str(error))
        elif executed.final:
            self._sender.outbox.delete(entry.key)
            self._log.info("transaction_final", key=entry.key, slot=executed.slot, ok=executed.failure is None)

    async def _executed(self, entry: Entry) -> Receipt | None:
        end = self._clock() + self._options.submit_timeout
        while True:
            executed = await self._sender.executed(entry)
            if executed is not None:
                return self._sender.receipt(entry, executed, named(executed.failure))
            if self._clock() >= end:
                raise Unreadable(f"transaction {entry.key} is not executed yet; it is journalled and goes on")
            await asyncio.sleep(self._options.poll)
            if (pursued := await self._pursued(entry)) is None:
                return None
            entry = pursued

    async def _pursued(self, entry: Entry) -> Entry | None:
        """Sends what was not executed again, in a new transaction if the old one has expired. None: the gate has the
        statement or a newer one. Raises `Refused` if the gate would refuse it by now; in both cases it is forgotten."""
        if not await self._sender.expired(entry):
            await self._sender.broadcast(entry)
            return entry
        program, gate = addresses.to_text(entry.program), addresses.to_text(entry.gate)
        following = self._sent(entry.key, program, gate, entry.statement, entry)
        return await replaced(self._sender.outbox, entry.key, following, self._log)

    async def _sent(
        self, key: str, program: str, gate: str, statement: bytes, before: Entry | None = None
    ) -> Entry | None:
        if await self._there_already(program, gate, certificate(statement).header.round):
            return None
        outlook = await self._sender.outlook(program, gate, statement)
        units = self._units(gate, outlook)
        if units is None:
            return None
        return await self._sender.send(key, program, gate, statement, units, outlook, before)

    async def _there_already(self, program: str, gate: str, round_: int) -> bool:
        answers = await self._quorum.collect([rpc.accounts([gate], "confirmed")])
        enough(answers, self._quorum.q, "the gate's last round")
        rounds = [_last_round(answer.value[0], program) for (answer,) in answers.values()]
        return there_already(rounds, round_, self._quorum.q)

    def _units(self, gate: str, outlook: Outlook) -> int | None:
        """The compute limit; None if the gate has a newer statement by now. Raises `Refused` when q endpoints say that
        it would fail, `Unreadable` when there is no quorum either way."""
        needed = simulated([_verdict(told) for told in outlook.simulations], self._quorum.q)
        if isinstance(needed, int):
            return with_margin(needed, self._options)
        if needed == LATER_THAN_OURS:
            return None
        if needed in _CANNOT_PAY:
            raise Unreadable(self._sender.poor(needed))
        raise Refused(f"{gate} would refuse the transaction: {needed}")


def with_margin(used: int, options: MemberOptions) -> int:
    """The compute limit for what the simulation used: with the configured margin, since the state may change until
    the execution, and never above the configured most."""
    return min(used + -(-used * options.compute_margin // 100), options.max_compute_units)


def _verdict(told: Simulated | Fault) -> int | str | Fault:
    return told if isinstance(told, Fault) else named(told.failure) or told.units


def _last_round(account: Any, program: str) -> int | None:
    if not isinstance(account, rpc.Account) or account.owner != program:
        return None
    try:
        return Route.decode(account.data).round
    except StateError:
        return None
