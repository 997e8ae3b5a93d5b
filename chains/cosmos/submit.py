"""Brings statements to gates, and sees to it until they are final.

A statement that the gate has already, or would refuse, stops before anything is spent: the gate's last round is read
and the transaction is simulated first. Once signed it stays in the journal until it stands in a block at or below the
finalized checkpoint. The same bytes are sent again and again until then; only when they can never be executed any more,
since their sequence is used or their timeout height has passed, is another transaction signed. The gate takes a round
once, whatever is sent.
"""

import asyncio
import time
from collections.abc import Callable

from chains.cosmos import errors, fees, sending
from chains.cosmos.options import DeploymentOptions, MemberOptions
from chains.cosmos.outbox import Entry
from chains.cosmos.sender import Before, Look, Sender
from chains.cosmos.sending import Simulated
from chains.errors import Refused, Unreadable
from chains.jsonrpc import Fault
from chains.opened import Finality
from chains.quorum import Quorum
from chains.submissions import certificate
from chains.submitting import LATER_THAN_OURS, Busy, enough, replaced, simulated, there_already
from chains.types import Checkpoint, Deployment, Log, Receipt

_CANNOT_PAY = ("insufficient funds", "does not exist: unknown address")


class Submitter:
    """Submits through one account. `clock` is monotonic seconds."""

    def __init__(
        self,
        sender: Sender,
        quorum: Quorum,
        finality: Finality,
        options: MemberOptions,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender, self._quorum, self._finality = sender, quorum, finality
        self._options, self._log, self._clock = options, log, clock
        self._busy = Busy()

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        """See `DestinationChain.submit`. Also None where a statement got there in a transaction that the endpoints do
        not know, since they keep no index of transactions."""
        async with self._busy.lock(key):
            entry = self._sender.outbox.get(key)
            if entry is not None:
                # Whether the process that signed it could still send it is not known.
                entry = await self._pursued(entry, await self._sender.look(entry))
            else:
                if not isinstance(deployment.options, DeploymentOptions):
                    raise Refused(f"{deployment.gate}: options of another family")
                certificate(submission, deployment)
                entry = await self._sent(key, deployment.gate.address, deployment.route, submission)
            return None if entry is None else await self._executed(entry)

    async def settle(self) -> None:
        """See `DestinationChain.settle`. What goes wrong with one transaction does not keep the others from being
        looked at; it is raised afterwards."""
        final: Checkpoint | None = None

        async def settled(key: str) -> None:
            nonlocal final
            # Read when its turn comes: `submit` may have signed another since.
            entry = self._sender.outbox.get(key)
            if entry is None:
                return
            look = await self._sender.look(entry)
            if look.executed is None or self._wants_gas(look):
                try:
                    await self._pursued(entry, look)
                except Refused as error:
                    self._log.warning("not_resubmitted", key=key, reason=str(error))
                return
            final = final or await self._finality.finalized()
            if look.executed.found.height <= final.height:
                self._sender.outbox.delete(key)
                found = look.executed.found
                self._log.info("transaction_final", key=key, height=found.height, ok=not found.error)

        await self._busy.each([entry.key for entry in self._sender.outbox.entries()], settled)

    async def _executed(self, entry: Entry) -> Receipt | None:
        end = self._clock() + self._options.submit_timeout
        while True:
            look = await self._sender.look(entry)
            if look.executed is not None and not self._wants_gas(look):
                return self._sender.receipt(entry, look.executed)
            if self._clock() >= end:
                refusal = self._sender.refusal(entry.key)
                why = f" (the endpoints: {refusal})" if refusal else ""
                raise Unreadable(f"transaction {entry.key} is not executed yet; it is journalled and goes on{why}")
            await asyncio.sleep(self._options.poll)
            if (pursued := await self._pursued(entry, look)) is None:
                return None
            entry = pursued

    async def _pursued(self, entry: Entry, look: Look) -> Entry | None:
        """Sends what is in no block again, in a new transaction if the old one can never be executed any more, or had
        too little gas. None: the gate has the statement or a newer one. Raises `Refused` if the gate would refuse it by
        now; in both cases it is forgotten."""
        gas, before = 0, Before(entry, entry.newest.price, entry.spent)
        if look.executed is not None:
            if not self._wants_gas(look):
                return entry
            done = look.executed.attempt
            gas, before = self._sender.more_gas(done), Before(entry, done.price, entry.spent + done.fee)
        elif look.state == "pending":
            return await self._sender.broadcast(entry)
        elif look.state == "used":
            if look.traceable:  # perhaps by itself: the index of transactions follows the blocks
                return entry
            self._log.error("sequence_used", key=entry.key, sequence=entry.sequence, account=entry.sender)
            gas = min(entry.newest.gas * 3 // 2, self._options.max_gas)
        else:
            before = Before(entry, fees.again(entry.newest.price, self._options), entry.spent)
        following = self._sent(entry.key, entry.gate, entry.route, entry.statement, gas, before)
        return await replaced(self._sender.outbox, entry.key, following, self._log)

    async def _sent(
        self, key: str, gate: str, route: bytes, statement: bytes, gas: int = 0, before: Before | None = None
    ) -> Entry | None:
        """`gas`: at least this."""
        if await self._there_already(gate, route, certificate(statement).header.round):
            return None
        needed = await self._gas(gate, route, statement)
        if needed is None:
            return None
        return await self._sender.send(key, gate, route, statement, max(gas, needed), before)

    async def _there_already(self, gate: str, route: bytes, round_: int) -> bool:
        answers = await self._quorum.collect([sending.statement(gate, route)])
        enough(answers, self._quorum.q, "the gate's last round")
        rounds = [told.statement and told.statement.round for (told,) in answers.values()]
        return there_already(rounds, round_, self._quorum.q)

    async def _gas(self, gate: str, route: bytes, statement: bytes) -> int | None:
        """The gas limit; None if the gate has a newer statement by now. Raises `Refused` when q endpoints say that it
        would fail, `Unreadable` when there is no quorum either way, or where the account cannot pay."""
        told = await self._sender.simulated(gate, route, statement)
        needed = simulated([_verdict(each) for each in told], self._quorum.q)
        if isinstance(needed, int):
            return with_margin(needed, self._options)
        if needed == LATER_THAN_OURS:
            return None
        if any(words in needed for words in _CANNOT_PAY):
            raise await self._sender.poor(needed)
        raise Refused(f"{gate} would refuse the transaction: {needed}")

    def _wants_gas(self, look: Look) -> bool:
        """Whether it was executed and failed for want of gas that it may still be given."""
        done = look.executed
        return done is not None and done.found.error == errors.OUT_OF_GAS and done.attempt.gas < self._options.max_gas


def with_margin(used: int, options: MemberOptions) -> int:
    """The gas limit for what the simulation used: with the configured margin, since the state may change until the
    execution. Raises `Unreadable` above the configured most."""
    gas = used + -(-used * options.gas_margin // 100)
    if gas > options.max_gas:
        raise Unreadable(
            f"the transaction would need {gas} gas with gas_margin, max_gas is {options.max_gas}: raise it"
        )
    return gas


def _verdict(told: Simulated) -> int | str | Fault:
    # Another sequence than the node wants says nothing about the statement.
    if told.expected is not None:
        return Fault(0, errors.told(told.log))
    return told.error or told.gas
