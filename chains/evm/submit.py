"""Brings statements to gates, and sees to it until they are final.

A statement that the gate has already, or would refuse, stops before anything is spent: the gate's last round is read
and the transaction is simulated first. Once signed it stays in the journal until its receipt lies at or below the
finalized checkpoint; what was dropped or reorged on the way is sent again.
"""

import asyncio
import time
from collections.abc import Callable

from chains.errors import ChainError, Refused, Unreadable
from chains.evm import calls
from chains.evm.abi import error_name, interface
from chains.evm.finality import Finality
from chains.evm.options import MemberOptions
from chains.evm.outbox import Entry
from chains.evm.rpc import Reverted
from chains.evm.sender import Sender, gas_with_margin
from chains.evm.values import quantity
from chains.jsonrpc import Call, Fault
from chains.quorum import Quorum
from chains.submissions import certificate
from chains.submitting import LATER_THAN_OURS, Busy, enough, replaced, simulated, there_already
from chains.types import Deployment, Log, Receipt
from chains.values import BadValue

_MOST_GAPS = 32


def with_y(submission: bytes, deployment: Deployment | None = None) -> tuple[bytes, int]:
    """The EVM form of a submission, with its round: ecrecover returns 160 bits of R only, so R's y coordinate (32
    bytes) comes with it. Raises `ChainError` for bytes that are no mint cap with its certificate, or are not meant for
    `deployment`."""
    import coincurve

    found = certificate(submission, deployment)
    try:
        point = coincurve.PublicKey(found.r).format(compressed=False)
    except ValueError:
        raise ChainError("the certificate's R is no point of the curve") from None
    return submission + point[33:], found.header.round


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
        """See `DestinationChain.submit`."""
        async with self._busy.lock(key):
            entry = self._sender.outbox.get(key)
            if entry is None:
                statement, round_ = with_y(submission, deployment)
                gate, payload = deployment.gate.address, interface("Gate").call("submit", statement)
                if await self._there_already(gate, round_):
                    return None
                gas = await self._simulated(gate, payload)
                if gas is None:
                    return None
                entry = await self._sender.send(key, gate, payload, gas)
            elif await self._sender.mined(entry) is None:
                # Whether the process that signed it could still send it is not known.
                await self._sender.broadcast(entry)
            return await self._executed(entry)

    async def settle(self) -> None:
        """See `DestinationChain.settle`."""
        entries = self._sender.outbox.entries()
        if not entries:
            return
        final = await self._finality.finalized()
        used = await self._sender.nonce()
        used_finally = await self._sender.nonce(hex(final.height))
        taken = {entry.nonce for entry in entries}
        for nonce in sorted(set(range(used, min(max(taken), used + _MOST_GAPS))) - taken):
            await self._sender.fill(nonce)

        async def settled(key: str) -> None:
            # Read when its turn comes: `submit` may have bid more since.
            entry = self._sender.outbox.get(key)
            if entry is not None:
                await self._settle(entry, final.height, used, used_finally)

        await self._busy.each([entry.key for entry in entries], settled)

    async def _settle(self, entry: Entry, final: int, used: int, used_finally: int) -> None:
        mined = await self._sender.mined(entry)
        if mined is not None:
            if mined.height <= final:
                self._sender.outbox.delete(entry.key)
                self._log.info("transaction_final", key=entry.key, nonce=entry.nonce, height=mined.height, ok=mined.ok)
        elif used_finally > entry.nonce:
            await self._superseded(entry)
        elif used <= entry.nonce:
            await self._sender.bump(entry)

    async def _superseded(self, entry: Entry) -> None:
        # The nonce went, for good, to a transaction that is not journalled: another copy of the key, an old journal.
        self._log.error("nonce_used_elsewhere", key=entry.key, nonce=entry.nonce, account=self._sender.address)
        if not entry.data:
            self._sender.outbox.delete(entry.key)
            return
        try:
            await replaced(self._sender.outbox, entry.key, self._again(entry), self._log)
        except Refused as error:
            self._log.warning("not_resubmitted", key=entry.key, reason=str(error))

    async def _again(self, entry: Entry) -> Entry | None:
        to = "0x" + entry.to.hex()
        gas = await self._simulated(to, entry.data)
        return None if gas is None else await self._sender.send(entry.key, to, entry.data, gas)

    async def _there_already(self, gate: str, round_: int) -> bool:
        answers = await self._quorum.collect([calls.call(gate, interface("Gate").call("lastRound"), "latest")])
        enough(answers, self._quorum.q, "the gate's last round")
        return there_already([_round(answer) for (answer,) in answers.values()], round_, self._quorum.q)

    async def _simulated(self, to: str, payload: bytes) -> int | None:
        """The gas limit; None if the gate has a newer statement by now. Raises `Refused` when q endpoints agree that it
        would revert, `Unreadable` when there is no quorum either way."""
        call = {"from": self._sender.address, "to": to, "data": "0x" + payload.hex()}
        answers = await self._quorum.collect([Call("eth_estimateGas", (call,), quantity, faults=True)])
        needed = simulated([_verdict(answer) for (answer,) in answers.values()], self._quorum.q)
        if isinstance(needed, int):
            return gas_with_margin(needed, self._options)
        if needed == LATER_THAN_OURS:
            return None
        raise Refused(f"{to} would refuse the transaction: {needed}")

    async def _executed(self, entry: Entry) -> Receipt:
        end = self._clock() + self._options.submit_timeout
        while True:
            mined = await self._sender.mined(entry)
            if mined is not None:
                return await self._sender.receipt(entry, mined)
            if self._clock() >= end:
                raise Unreadable(
                    f"transaction {entry.key} (nonce {entry.nonce}) is not executed yet; it is journalled and goes on"
                )
            if self._sender.due(entry):
                entry = await self._sender.bump(entry)
            await asyncio.sleep(self._options.poll)


def _verdict(answer: int | Reverted | Fault) -> int | str | Fault:
    return error_name(answer.data) if isinstance(answer, Reverted) else answer


def _round(answer: bytes | Reverted) -> int | None:
    try:
        return None if isinstance(answer, Reverted) else int(interface("Gate").result("lastRound", answer)[0])
    except BadValue:
        return None
