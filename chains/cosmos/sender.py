"""Signs transactions of one account, journals them, sends them and looks for what became of them.

No single answer counts: an account's sequence is the q-th highest that endpoints tell, a transaction is in a block when
q of them have it there with the same result, and its sequence is used when q of them say so.

Several transactions of the account may be on their way, for several gates and routes, with consecutive sequences. Each
takes the lowest sequence that is free, so that a new one fills the gap of one that was lost. Where nothing new comes,
what stands behind a gap is taken by no block, is too late after `timeout_blocks`, and is signed anew from the gap on.
So nothing waits for ever, and nothing is paid only to fill a gap.

A transaction can never be executed any more once q endpoints have used its sequence for another, or have the block of
its timeout height and have not used it. The account's sequence is part of the state, unlike the index in which a node
looks transactions up: that follows the blocks, and may be off.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from chains.cosmos import errors, fees, queries, sending
from chains.cosmos.messages import submit
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.outbox import MOST_ATTEMPTS, Attempt, Entry, Outbox
from chains.cosmos.rpc import QueryError
from chains.cosmos.sending import Account, Broadcast, Found, NoIndex, Simulated
from chains.cosmos.transactions import Budget, Key, Place, execution
from chains.errors import Unreadable
from chains.quorum import Quorum
from chains.submitting import enough
from chains.types import Log, Receipt

_MOST_TIMES = 0xFFFF
_MOST_SEQUENCES = 5
_SILENT = ("sequence", "timeout", "full")

State = Literal["pending", "expired", "used"]


@dataclass(frozen=True, slots=True)
class Executed:
    """An entry's transaction in a block."""

    attempt: Attempt
    found: Found


@dataclass(frozen=True, slots=True)
class Look:
    """What the endpoints tell of an entry. `executed`: they have it in a block. `state`: whether it could still be
    executed. `traceable`: whether enough of them may still come to know what it was that used its sequence."""

    executed: Executed | None
    state: State
    traceable: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The account at each endpoint that answers, and what they agree on: its number, the height and the sequence that q
    of them have reached."""

    accounts: tuple[Account, ...]
    number: int
    height: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Before:
    """An entry that another follows, since none of its transactions can be executed any more. `price` is to be bid now,
    `spent` has been paid."""

    entry: Entry
    price: Fraction
    spent: int


class Sender:
    """One account on one chain."""

    def __init__(
        self, chain: ChainOptions, secret: bytes, quorum: Quorum, outbox: Outbox, options: MemberOptions, log: Log
    ) -> None:
        """Raises `Refused` for bytes that are no secret, and where no gas price is configured."""
        self._key = Key(secret, chain.prefix)
        self.address = self._key.address
        self._price = fees.configured(options)
        self._chain, self._quorum, self.outbox, self._options, self._log = chain, quorum, outbox, options, log
        self._sequences, self._reached = asyncio.Lock(), 0
        self._refusals = dict[str, str]()

    async def simulated(self, gate: str, route: bytes, statement: bytes) -> list[Simulated]:
        """What each endpoint that answers makes of a transaction of this statement. Raises `Unreadable` without a
        quorum, and for an account that there is not."""
        standing = await self._standing()
        # A node simulates on top of what waits in its mempool, so each may want another sequence.
        asked, told = {standing.sequence}, dict[str, Simulated]()
        for _ in range(_MOST_SEQUENCES):
            calls = [self._simulation(gate, route, statement, standing, sequence) for sequence in sorted(asked)]
            answers = await self._quorum.collect(calls)
            enough(answers, self._quorum.q, "what precedes a transaction")
            told |= {name: _first(each) for name, each in answers.items() if not _settled(told.get(name))}
            asked = {each.expected for each in told.values() if each.expected is not None}
            if not asked:
                break
        return list(told.values())

    async def send(
        self, key: str, gate: str, route: bytes, statement: bytes, gas: int, before: Before | None = None
    ) -> Entry:
        """Signs for the lowest sequence that is free, journals and sends. Raises `Unreadable` without a quorum, and as
        `broadcast` does."""
        async with self._sequences:
            standing = await self._standing()
            taken = {
                each.sequence
                for each in self.outbox.entries()
                if each.key != key and each.sender == self.address and not self._expired(each, standing.accounts)
            }
            sequence = next(n for n in range(standing.sequence, standing.sequence + len(taken) + 1) if n not in taken)
            price = self._price.amount if before is None else before.price
            times = 1 if before is None else min(before.entry.times + 1, _MOST_TIMES)
            spent = 0 if before is None else before.spent
            place = Place(standing.number, sequence)
            attempt = self._signed(gate, route, statement, place, gas, fees.fee(price, gas), standing.height)
            entry = Entry(key, gate, route, statement, self.address, sequence, times, spent, (attempt,))
            self.outbox.put(entry)
        if before is not None:
            self._log.info("signed_again", key=key, times=times, sequence=sequence, fee=attempt.fee, gas=gas)
        return await self.broadcast(entry)

    async def broadcast(self, entry: Entry) -> Entry:
        """Sends the newest attempt to every endpoint. Where q of them want a higher fee or more gas, another attempt
        with the same sequence follows. Raises `Unreadable` where that is not allowed, and where the account cannot pay;
        the entry stays in the journal."""
        while True:
            answers = await self._quorum.collect([sending.transmission(entry.newest.signed)])
            told = [sending.sent(answer) for (answer,) in answers.values()]
            if any(each.kind == "taken" for each in told):
                self._refusals.pop(entry.key, None)
                return entry
            refused = Counter(each.kind for each in told)
            if refused["poor"] >= self._quorum.q:
                raise await self.poor(next(each.log for each in told if each.kind == "poor"))
            if refused["fee"] >= self._quorum.q:
                entry = await self._followed(entry, entry.newest.gas, self._fee_asked_for(entry, told))
            elif refused["gas"] >= self._quorum.q:
                gas = self.more_gas(entry.newest)
                entry = await self._followed(entry, gas, fees.fee(entry.newest.price, gas))
            else:
                self._refused(entry, told)
                return entry

    def refusal(self, key: str) -> str:
        """Why endpoints did not take what was sent last; "" where one did."""
        return self._refusals.get(key, "")

    async def look(self, entry: Entry) -> Look:
        """What became of an entry. Raises `Unreadable` without a quorum."""
        lookups = [sending.lookup(each.signed, entry.sender, entry.sequence) for each in entry.attempts]
        answers = await self._quorum.collect(
            [sending.account(entry.sender), *lookups], enough=lambda told: self._result(entry, told) is not None
        )
        enough(answers, self._quorum.q, "what became of a transaction")
        accounts = tuple(each[0] for each in answers.values() if isinstance(each[0], Account))
        blind = sum(isinstance(sending.located(each[1]), NoIndex) for each in answers.values())
        late = sum(each.height >= entry.timeout_height for each in accounts)
        traceable = len(answers) - blind >= self._quorum.q and late < self._quorum.q
        done = self._result(entry, answers)
        state: State = "pending"
        if done is not None or sum(each.sequence > entry.sequence for each in accounts) >= self._quorum.q:
            state = "used"
            if entry.sender == self.address:
                self._reached = max(self._reached, entry.sequence + 1)
        elif self._expired(entry, accounts):
            state = "expired"
        return Look(done, state, traceable)

    def receipt(self, entry: Entry, executed: Executed) -> Receipt:
        """`cost`: base units of the fee's denomination, with what attempts have cost that ran out of gas."""
        found, paid = executed.found, entry.spent + executed.attempt.fee
        return Receipt(executed.attempt.signed.name, found.height, not found.error, found.error, paid)

    def more_gas(self, attempt: Attempt) -> int:
        """Half more than an attempt has. Raises `Unreadable` where it has the most already."""
        if attempt.gas >= self._options.max_gas:
            raise Unreadable(f"a transaction runs out of gas at max_gas, {self._options.max_gas}: raise that")
        return min(attempt.gas + -(-attempt.gas // 2), self._options.max_gas)

    async def poor(self, why: str) -> Unreadable:
        """What to raise when the account cannot pay, for an operator: has it no coins, or are they the wrong ones?"""
        answers = await self._quorum.collect([queries.least_prices()])
        named = [{price.denomination for price in prices} for (prices,) in answers.values()]
        ours = self._price.denomination
        if sum(bool(each) and ours not in each for each in named) >= self._quorum.q:
            return self._other_denomination(set().union(*named))
        return Unreadable(
            f"the account {self.address} cannot pay for a transaction: {errors.told(why)}; send {ours} to it"
        )

    def _other_denomination(self, wanted: Set[str]) -> Unreadable:
        wants = " or ".join(sorted(wanted)) or "another denomination"
        return Unreadable(f"the endpoints take no fees in {self._price.denomination}, but in {wants}: set gas_price")

    def _refused(self, entry: Entry, told: Sequence[Broadcast]) -> None:
        # A node that has just been started takes no signature before its next block: it knows no account numbers.
        reasons = sorted({errors.told(each.log) for each in told}) or ["no endpoint answers"]
        self._refusals[entry.key] = "; ".join(reasons)
        if not told or any(each.kind not in _SILENT for each in told):
            self._log.warning("broadcast_refused", key=entry.key, reasons=reasons)

    def _simulation(self, gate: str, route: bytes, statement: bytes, standing: Standing, sequence: int) -> Any:
        # A fee of 1, so that taking it is simulated too.
        budget = Budget(self._options.max_gas, 1, self._price.denomination, self._timeout(standing.height))
        message = execution(self.address, gate, submit(route, statement))
        return sending.simulation(self._key.unsigned([message], Place(standing.number, sequence), budget))

    def _signed(
        self, gate: str, route: bytes, statement: bytes, place: Place, gas: int, fee: int, height: int
    ) -> Attempt:
        timeout = self._timeout(height)
        message = execution(self.address, gate, submit(route, statement))
        budget = Budget(gas, fee, self._price.denomination, timeout)
        return Attempt(gas, fee, timeout, self._key.signed([message], self._chain.chain_id, place, budget))

    async def _followed(self, entry: Entry, gas: int, fee: int) -> Entry:
        """Another attempt, with the same sequence: at most one of them is executed."""
        if entry.sender != self.address or len(entry.attempts) >= MOST_ATTEMPTS:
            raise Unreadable(f"transaction {entry.key} is refused as it is; it is signed anew once it is too late")
        standing = await self._standing()
        place = Place(standing.number, entry.sequence)
        attempt = self._signed(entry.gate, entry.route, entry.statement, place, gas, fee, standing.height)
        entry = replace(entry, attempts=(*entry.attempts, attempt))
        self.outbox.put(entry)
        self._log.info("bid_raised", key=entry.key, sequence=entry.sequence, fee=fee, gas=gas)
        return entry

    async def _standing(self) -> Standing:
        answers = await self._quorum.collect([sending.account(self.address)])
        enough(answers, self._quorum.q, "the account's sequence")
        told = [answer for (answer,) in answers.values()]
        if sum(each is None for each in told) >= self._quorum.q:
            wanted = self._price.denomination
            raise Unreadable(f"the account {self.address} has no coins yet: send some {wanted} to {self.address}")
        accounts = tuple(each for each in told if isinstance(each, Account))
        numbers = [n for n, count in Counter(a.number for a in accounts).items() if count >= self._quorum.q]
        if not numbers:
            reasons = sorted({errors.told(e.log) for e in told if isinstance(e, QueryError)})
            why = "; ".join(reasons) or "they tell different account numbers"
            raise Unreadable(f"the account {self.address}: no {self._quorum.q} endpoints agree: {why}")
        at = self._quorum.q - 1
        height = sorted((a.height for a in accounts), reverse=True)[at]
        # What q endpoints have reached is never undone, though others may still be behind.
        self._reached = max(self._reached, sorted((a.sequence for a in accounts), reverse=True)[at])
        return Standing(accounts, numbers[0], height, self._reached)

    def _expired(self, entry: Entry, accounts: Sequence[Account]) -> bool:
        unused = [a.height >= entry.timeout_height and a.sequence <= entry.sequence for a in accounts]
        return sum(unused) >= self._quorum.q

    def _timeout(self, height: int) -> int:
        return height + self._options.timeout_blocks

    def _result(self, entry: Entry, answers: dict[str, tuple[Any, ...]]) -> Executed | None:
        for i, attempt in enumerate(entry.attempts):
            told = (sending.located(answer[i + 1]) for answer in answers.values())
            for found, count in Counter(each for each in told if isinstance(each, Found) and each.executed).items():
                if count >= self._quorum.q:
                    return Executed(attempt, found)
        return None

    def _fee_asked_for(self, entry: Entry, told: Sequence[Broadcast]) -> int:
        wanted = [fees.required(each.log) for each in told if each.kind == "fee"]
        found = fees.asked_for(wanted, self._price.denomination, self._quorum.q)
        if found is None:
            raise self._other_denomination({name for each in wanted for name in each})
        most, fee = fees.fee(fees.most(self._options), entry.newest.gas), fees.fee(found, 1)
        if not entry.newest.fee < fee <= most:
            raise Unreadable(
                f"the endpoints ask for {fee}{self._price.denomination} for {entry.newest.gas} gas, max_gas_price "
                f"allows {most}: raise it, or wait"
            )
        return fee


def _settled(told: Simulated | None) -> bool:
    return told is not None and told.expected is None


def _first(told: Sequence[Simulated]) -> Simulated:
    """Of one endpoint's answers for several sequences, the one for the sequence that it wants."""
    return next((each for each in told if each.expected is None), told[0])
