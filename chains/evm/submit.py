"""Brings statements to gates, and sees to it until they are final.

A statement that the gate has already, or would refuse, stops before anything is spent: the gate's last round is read
and the transaction is simulated first. Once signed it stays in the journal until its receipt lies at or below the
finalized checkpoint; what was dropped or reorged on the way is sent again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from weakref import WeakValueDictionary

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
from chains.types import Deployment, Log, Receipt
from chains.values import BadValue

_LATER_THAN_OURS = "StaleRound"
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
        self._busy = WeakValueDictionary[str, asyncio.Lock]()

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        """See `DestinationChain.submit`."""
        lock = self._busy.setdefault(key, asyncio.Lock())
        async with lock:
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
        for entry in entries:
            lock = self._busy.setdefault(entry.key, asyncio.Lock())
            if lock.locked():  # a call of `submit` looks after it
                continue
            async with lock:
                await self._settle(entry, final.height, used, used_finally)

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
        self._sender.outbox.delete(entry.key)
        to = "0x" + entry.to.hex()
        if not entry.data:
            return
        try:
            gas = await self._simulated(to, entry.data)
        except Refused as error:
            self._log.warning("not_resubmitted", key=entry.key, reason=str(error))
            return
        if gas is not None:
            await self._sender.send(entry.key, to, entry.data, gas)

    async def _there_already(self, gate: str, round_: int) -> bool:
        answers = await self._quorum.collect([calls.call(gate, interface("Gate").call("lastRound"), "latest")])
        if len(answers) < self._quorum.q:
            raise Unreadable(f"the gate's last round: only {len(answers)} endpoints answer, {self._quorum.q} must")
        rounds = [_round(answer) for (answer,) in answers.values()]
        return sum(r is not None and r >= round_ for r in rounds) >= self._quorum.q

    async def _simulated(self, to: str, payload: bytes) -> int | None:
        """The gas limit; None if the gate has a newer statement by now. Raises `Refused` when q endpoints agree that it
        would revert, `Unreadable` when there is no quorum either way."""
        call = {"from": self._sender.address, "to": to, "data": "0x" + payload.hex()}
        answers = await self._quorum.collect([Call("eth_estimateGas", (call,), quantity, faults=True)])
        results = [answer for (answer,) in answers.values()]
        reverts = Counter(error_name(r.data) for r in results if isinstance(r, Reverted))
        estimates = sorted(r for r in results if isinstance(r, int))
        if sum(reverts.values()) >= self._quorum.q:
            reason = reverts.most_common(1)[0][0]
            if reason == _LATER_THAN_OURS:
                return None
            raise Refused(f"{to} would refuse the transaction: {reason}")
        if len(estimates) < self._quorum.q:
            reasons = sorted({r.message for r in results if isinstance(r, Fault)} | set(reverts))
            raise Unreadable(f"the simulation has no quorum: {'; '.join(reasons) or 'too few endpoints answer'}")
        return gas_with_margin(estimates[self._quorum.q - 1], self._options)

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


def _round(answer: bytes | Reverted) -> int | None:
    try:
        return None if isinstance(answer, Reverted) else int(interface("Gate").result("lastRound", answer)[0])
    except BadValue:
        return None
