"""Signs transactions of one account, journals them, broadcasts them and looks for what became of them.

Every answer about the newest block is taken from a quorum of endpoints: the q-th highest nonce, a receipt that q of
them return alike. So no single endpoint can make a transaction look executed, or a nonce look used.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chains.errors import Unreadable
from chains.evm import fees, headers
from chains.evm.abi import error_name
from chains.evm.addresses import checksummed
from chains.evm.fees import Bid
from chains.evm.options import MemberOptions
from chains.evm.outbox import Attempt, Entry, Outbox
from chains.evm.rpc import Reverted
from chains.evm.values import data, quantity
from chains.jsonrpc import Call, Fault
from chains.quorum import Quorum
from chains.submitting import enough
from chains.types import Log, Receipt
from chains.values import BadValue, mapping, member

_TRANSFER_GAS = 21_000
_MOST_ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class Mined:
    """What a receipt says; `price` in wei per gas."""

    hash: bytes
    height: int
    block_hash: bytes
    ok: bool
    gas_used: int
    price: int


class Sender:
    """One account on one chain. `clock` gives Unix seconds."""

    def __init__(
        self,
        chain_id: int,
        secret: bytes,
        quorum: Quorum,
        outbox: Outbox,
        options: MemberOptions,
        log: Log,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from eth_account import Account

        self._account = Account.from_key(secret)
        self.address = str(self._account.address).lower()
        self._chain_id, self._quorum, self.outbox = chain_id, quorum, outbox
        self._options, self._log, self._clock = options, log, clock
        self._nonces = asyncio.Lock()

    async def send(self, key: str, to: str, payload: bytes, gas: int) -> Entry:
        """Signs under the next free nonce, journals, broadcasts. Raises `Unreadable` without a quorum, or while fees
        are above the cap: then nothing is journalled."""
        async with self._nonces:
            bid = fees.first(await self.base_fee(), self._options)
            if bid is None:
                raise Unreadable(f"fees are above the cap of {self._options.max_fee_per_gas} wei per gas")
            nonce = await self.nonce()
            nonce = max([nonce, *(entry.nonce + 1 for entry in self.outbox.entries())])
            entry = self._signed(Entry(key, nonce, gas, bytes.fromhex(to[2:]), payload, ()), bid)
            self.outbox.put(entry)
        await self.broadcast(entry)
        return entry

    async def fill(self, nonce: int) -> None:
        """Closes a gap before journalled nonces with a transfer of nothing to ourselves."""
        bid = fees.first(await self.base_fee(), self._options)
        if bid is None:
            raise Unreadable(f"fees are above the cap of {self._options.max_fee_per_gas} wei per gas")
        entry = Entry(f"gap {nonce}", nonce, _TRANSFER_GAS, bytes.fromhex(self.address[2:]), b"", ())
        entry = self._signed(entry, bid)
        self.outbox.put(entry)
        self._log.warning("nonce_gap_filled", account=self.address, nonce=nonce)
        await self.broadcast(entry)

    async def broadcast(self, entry: Entry) -> None:
        """Sends the newest attempt to every endpoint. A refusal by all is logged: the entry stays in the journal."""
        newest = entry.attempts[-1]
        call = Call("eth_sendRawTransaction", ("0x" + newest.raw.hex(),), data, faults=True)
        answers = await self._quorum.collect([call])
        told = [answer for (answer,) in answers.values()]
        if newest.hash in told:
            return
        reasons = sorted({answer.message for answer in told if isinstance(answer, Fault)})
        known = any("already" in reason or "nonce too low" in reason for reason in reasons)
        if not known:
            self._log.warning("broadcast_refused", key=entry.key, nonce=entry.nonce, reasons=reasons)

    async def bump(self, entry: Entry) -> Entry:
        """Sends the entry again: with a higher bid where the last one is old enough and the cap lets it, else as it
        is."""
        last = entry.attempts[-1]
        due = self._clock() - last.sent_at >= self._options.bump_after
        bid = fees.bumped(last.bid, await self.base_fee(), self._options) if due else None
        if due and (bid is None or len(entry.attempts) >= _MOST_ATTEMPTS):
            self._log.warning("fee_cap_reached", key=entry.key, nonce=entry.nonce, max_fee=last.bid.max_fee)
        elif bid is not None:
            entry = self._signed(entry, bid)
            self.outbox.put(entry)
            self._log.info("fee_bumped", key=entry.key, nonce=entry.nonce, max_fee=bid.max_fee, tip=bid.tip)
        await self.broadcast(entry)
        return entry

    def due(self, entry: Entry) -> bool:
        """Whether the newest attempt has waited long enough for a higher bid."""
        return self._clock() - entry.attempts[-1].sent_at >= self._options.bump_after

    async def mined(self, entry: Entry) -> Mined | None:
        """The receipt of the attempt that was executed, as q endpoints tell it alike; None while there is none."""
        asked = [
            Call("eth_getTransactionReceipt", ("0x" + a.hash.hex(),), parse_receipt, absent=True)
            for a in entry.attempts
        ]

        def counted(answers: dict[str, tuple[Any, ...]]) -> Mined | None:
            votes = Counter(found for answer in answers.values() for found in answer if found is not None)
            return next((found for found, count in votes.items() if count >= self._quorum.q), None)

        answers = await self._quorum.collect(asked, enough=lambda a: counted(a) is not None)
        enough(answers, self._quorum.q, "receipts")
        found = counted(answers)
        return found if found is not None and found.hash in {a.hash for a in entry.attempts} else None

    async def receipt(self, entry: Entry, mined: Mined) -> Receipt:
        """The receipt for the caller, with the error's name where the transaction failed."""
        error = "" if mined.ok else await self._reason(entry, mined)
        return Receipt("0x" + mined.hash.hex(), mined.height, mined.ok, error, mined.gas_used * mined.price)

    async def nonce(self, block: str = "latest") -> int:
        """How many transactions of the account are executed: the q-th highest answer."""
        return await self._highest(Call("eth_getTransactionCount", (self.address, block), quantity), "the nonce")

    async def base_fee(self) -> int:
        """Of the newest block, wei per gas: the q-th highest answer."""
        return await self._highest(
            Call("eth_getBlockByNumber", ("latest", False), lambda answer: headers.parse(answer).base_fee),
            "the base fee",
        )

    async def _highest(self, call: Call, what: str) -> int:
        answers = await self._quorum.collect([call])
        enough(answers, self._quorum.q, what)
        value: int = sorted((answer for (answer,) in answers.values()), reverse=True)[self._quorum.q - 1]
        return value

    async def _reason(self, entry: Entry, mined: Mined) -> str:
        # Receipts carry no reason. The block's own end state comes first: what made the transaction fail was there
        # before it, in the same block, and rarely in the parent's state.
        call = {
            "from": self.address,
            "to": "0x" + entry.to.hex(),
            "data": "0x" + entry.data.hex(),
            "gas": hex(entry.gas),
        }
        for block in ({"blockHash": "0x" + mined.block_hash.hex()}, hex(mined.height - 1)):
            answers = await self._quorum.collect([Call("eth_call", (call, block), data, faults=True)])
            votes = Counter(error_name(answer.data) for (answer,) in answers.values() if isinstance(answer, Reverted))
            for name, count in votes.items():
                if count >= self._quorum.q:
                    return name
        return "out of gas" if mined.gas_used >= entry.gas else "reverted"

    def _signed(self, entry: Entry, bid: Bid) -> Entry:
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": entry.nonce,
                "to": checksummed("0x" + entry.to.hex()),
                "value": 0,
                "data": "0x" + entry.data.hex(),
                "gas": entry.gas,
                "maxFeePerGas": bid.max_fee,
                "maxPriorityFeePerGas": bid.tip,
                "accessList": [],
            }
        )
        attempt = Attempt(bytes(signed.hash), bytes(signed.raw_transaction), bid, int(self._clock()))
        return replace(entry, attempts=(*entry.attempts, attempt))


def parse_receipt(answer: Any) -> Mined:
    fields = mapping(answer)
    status = quantity(member(fields, "status"))
    if status not in (0, 1):
        raise BadValue(f"a receipt's status of {status}")
    return Mined(
        data(member(fields, "transactionHash"), 32),
        quantity(member(fields, "blockNumber")),
        data(member(fields, "blockHash"), 32),
        status == 1,
        quantity(member(fields, "gasUsed")),
        quantity(member(fields, "effectiveGasPrice")),
    )


def gas_with_margin(estimate: int, options: MemberOptions) -> int:
    """A fifth more than was estimated, since the state may change until the execution. Raises `Unreadable` above the
    configured limit."""
    gas = estimate + estimate // 5
    if gas > options.max_gas:
        raise Unreadable(f"the transaction would need {gas} gas, max_gas is {options.max_gas}")
    return gas
