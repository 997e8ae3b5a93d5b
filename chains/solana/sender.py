"""Signs transactions of one account, journals them, sends them and looks for what became of them.

What endpoints say about the newest state may honestly differ, so no single answer counts: a blockhash is used when q
endpoints take it, a transaction is executed when q have it in the same slot with the same result, and it has expired
when q have finalized a block that is too high for it and know nothing of it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from chains.errors import Unreadable
from chains.jsonrpc import Fault
from chains.quorum import Quorum
from chains.solana import addresses, fees, sending
from chains.solana.instructions import submit
from chains.solana.options import MemberOptions
from chains.solana.outbox import Entry, Outbox
from chains.solana.sending import Blockhash, Simulated, Status
from chains.solana.transactions import Failure, Key, check_size, fee
from chains.submitting import enough
from chains.types import Log, Receipt

_MOST_TIMES = 0xFFFF


@dataclass(frozen=True, slots=True)
class Executed:
    """A transaction in a confirmed block; `final`: no fork can take it away any more."""

    slot: int
    failure: Failure | None
    final: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the endpoints say before a transaction is signed, one item for each that answers. `bids` in micro-lamports
    per compute unit, `balances` in lamports."""

    simulations: tuple[Simulated | Fault, ...]
    blockhashes: tuple[Blockhash, ...]
    bids: tuple[int, ...]
    balances: tuple[int, ...]


class Sender:
    """One account on one chain."""

    def __init__(self, secret: bytes, quorum: Quorum, outbox: Outbox, options: MemberOptions, log: Log) -> None:
        self._key = Key(secret)
        self.address = self._key.address
        self._quorum, self.outbox, self._options, self._log = quorum, outbox, options, log

    async def outlook(self, program: str, gate: str, statement: bytes) -> Outlook:
        """Raises `ChainError` for a statement that does not fit a transaction, before anything is asked; `Unreadable`
        without a quorum."""
        instruction = submit(program, gate, statement)
        message = self._key.message([instruction], self._options.max_compute_units, 0, bytes(32))
        check_size(message)
        answers = await self._quorum.collect(
            [
                sending.simulation(message),
                sending.latest_blockhash(),
                sending.recent_bid([self.address, gate]),
                sending.balance(self.address),
            ]
        )
        enough(answers, self._quorum.q, "what precedes a transaction")
        return Outlook(*(tuple(answer[i] for answer in answers.values()) for i in range(4)))

    async def send(
        self, key: str, program: str, gate: str, statement: bytes, units: int, outlook: Outlook, before: Entry | None
    ) -> Entry:
        """Signs, journals and sends. `units` is the compute limit; `before` the transaction that this one follows,
        which must have expired. Raises `Unreadable` if the account cannot pay, or no blockhash has a quorum."""
        recent = fees.of_endpoints(outlook.bids, self._quorum.q)
        price = fees.first(recent, self._options) if before is None else fees.again(before.price, recent, self._options)
        if recent > self._options.max_priority_fee:
            self._log.warning("fee_cap_reached", key=key, recent=recent, max_priority_fee=price)
        self._check_funds(outlook, fee(units, price))
        chosen = await self._chosen(outlook)
        message = self._key.message([submit(program, gate, statement)], units, price, chosen.hash)
        entry = Entry(
            key,
            addresses.to_bytes(program),
            addresses.to_bytes(gate),
            statement,
            1 if before is None else min(before.times + 1, _MOST_TIMES),
            units,
            price,
            chosen.hash,
            chosen.last_valid,
            self._key.signed(message),
        )
        self.outbox.put(entry)
        if before is not None:
            self._log.info("signed_again", key=key, times=entry.times, price=price)
        await self.broadcast(entry)
        return entry

    async def broadcast(self, entry: Entry) -> None:
        """Sends the journalled bytes to every endpoint. A refusal by all is logged: the entry stays in the journal."""
        answers = await self._quorum.collect([sending.transmission(entry.signed)])
        told = [answer for (answer,) in answers.values()]
        if entry.signed.signature not in told:
            reasons = sorted({answer.message for answer in told if isinstance(answer, Fault)})
            self._log.warning("broadcast_refused", key=entry.key, reasons=reasons or ["no endpoint answers"])

    async def executed(self, entry: Entry) -> Executed | None:
        """What q endpoints say alike of a confirmed transaction; None while there is none."""
        answers = await self._quorum.collect(
            [sending.status(entry.signed.signature)], enough=lambda told: self._result(told) is not None
        )
        enough(answers, self._quorum.q, "the transaction's status")
        return self._result(answers)

    async def expired(self, entry: Entry) -> bool:
        """Whether the transaction can never be executed any more. The finalized height is asked for first: what is
        unknown to an endpoint after that stands in none of its blocks that could have taken it."""
        heights = await self._quorum.collect([sending.final_height()])
        late = {name for name, (height,) in heights.items() if height > entry.last_valid}
        if len(late) < self._quorum.q:
            return False
        calls = [sending.blockhash_valid(entry.blockhash), sending.status(entry.signed.signature)]
        answers = await self._quorum.collect(calls)
        votes = [name in late and not valid and status is None for name, (valid, status) in answers.items()]
        return sum(votes) >= self._quorum.q

    def receipt(self, entry: Entry, executed: Executed, error: str) -> Receipt:
        return Receipt(
            sending.signature_text(entry.signed.signature), executed.slot, executed.failure is None, error, entry.fee
        )

    def _result(self, answers: dict[str, tuple[Any, ...]]) -> Executed | None:
        known = [s for (s,) in answers.values() if isinstance(s, Status) and s.level >= sending.LEVEL_CONFIRMED]
        for (slot, failure), count in Counter((s.slot, s.failure) for s in known).items():
            if count >= self._quorum.q:
                final = sum(
                    s.level == sending.LEVEL_FINALIZED and (s.slot, s.failure) == (slot, failure) for s in known
                )
                return Executed(slot, failure, final >= self._quorum.q)
        return None

    async def _chosen(self, outlook: Outlook) -> Blockhash:
        # Fewer than q liars can neither be the q-th newest with a height that is never reached, nor get a blockhash
        # that no block has through the check.
        newest = sorted(set(outlook.blockhashes), key=lambda found: found.last_valid, reverse=True)
        wanted = sorted(outlook.blockhashes, key=lambda found: found.last_valid, reverse=True)[self._quorum.q - 1]
        candidates = [wanted, *(b for b in newest if b != wanted and b.last_valid <= wanted.last_valid)]
        answers = await self._quorum.collect([sending.blockhash_valid(b.hash) for b in candidates])
        for i, candidate in enumerate(candidates):
            if sum(bool(answer[i]) for answer in answers.values()) >= self._quorum.q:
                return candidate
        raise Unreadable("no recent blockhash is taken by a quorum of the endpoints")

    def _check_funds(self, outlook: Outlook, needed: int) -> None:
        if sum(balance < needed for balance in outlook.balances) >= self._quorum.q:
            raise Unreadable(self.poor(f"{needed} lamports are needed for the next transaction"))

    def poor(self, why: str) -> str:
        """The sentence for an operator when the account cannot pay."""
        return f"the account {self.address} cannot pay for a transaction: {why}; send lamports to it"
