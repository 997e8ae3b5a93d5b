"""The newest finalized state on which a quorum agrees, with its slot and time; neither ever goes back.

Solana answers about the present only, so finding a checkpoint and reading are one: `finalized` reads every configured
account at the commitment `finalized`, and keeps the last snapshots for those who ask later. How votes are counted is in
`chains.solana.votes`, and why it is done so in docs/adr/0023-solana-checkpoints.md.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_before_delay, wait_random_exponential

from chains import checkpoints
from chains.errors import Unreadable
from chains.halts import CHAIN
from chains.hashing import keccak256
from chains.opened import Ground
from chains.solana import rpc
from chains.solana.addresses import to_bytes
from chains.solana.options import ChainOptions, MemberOptions
from chains.solana.plan import Accounts, Moved, Plan, Reading
from chains.solana.votes import Vote, behind, choose, timely
from chains.types import Checkpoint
from chains.values import BadValue
from chains.wire import Writer

_TAG = b"ballast/solana/checkpoint/v1"
_KEPT = 32
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All configured accounts at a checkpoint."""

    at: Checkpoint
    accounts: Accounts


class _Again(Exception):
    """The endpoints do not agree yet; the text says on what."""


def checkpoint(chain: str, genesis_hash: str, slot: int, time_: int) -> Checkpoint:
    """The checkpoint of a slot. Its `block_hash` is a name, not a commitment to a state: Keccak-256 of the tag
    "ballast/solana/checkpoint/v1", the genesis hash (32 bytes), slot and time (u64 each, big-endian)."""
    w = Writer().b32("genesis", to_bytes(genesis_hash)).u64("slot", slot).u64("time", time_)
    return Checkpoint(chain, slot, keccak256(_TAG + bytes(w)), time_)


class Finality:
    """Reads, agrees and remembers."""

    def __init__(self, ground: Ground, plan: Plan, chain_options: ChainOptions, options: MemberOptions) -> None:
        self._chain, self._quorum, self._halts = ground.chain, ground.quorum, ground.halts
        self._journal, self._log, self._clock = ground.journal, ground.log, ground.clock
        self._plan, self._chain_options, self._options = plan, chain_options, options
        self._snapshots: dict[bytes, Snapshot] = {}
        self._lock = asyncio.Lock()

    async def finalized(self) -> Checkpoint:
        """See `SourceChain.finalized`."""
        async with self._lock:
            self._halts.check_chain()
            snapshot = await self._agreed(checkpoints.remembered(self._chain, self._journal))
            at = checkpoints.fresh(snapshot.at, self._clock(), self._chain_options.max_finality_lag, "slot")
            checkpoints.remember(at, self._journal)
            self._keep(snapshot)
            return at

    def snapshot(self, at: Checkpoint) -> Snapshot:
        """What was read at a checkpoint. Raises `Unreadable` for one that this process has not read or does not hold
        any more, and `Halted` while the chain is."""
        self._halts.check_chain()
        found = self._snapshots.get(at.block_hash)
        if found is None or found.at != at:
            raise Unreadable(f"{self._chain}: slot {at.height} was not read here, and Solana keeps no history")
        return found

    async def _agreed(self, last: Checkpoint | None) -> Snapshot:
        votes, contents = list[Vote](), dict[bytes, Accounts]()
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_Again),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            stop=stop_before_delay(self._options.deadline),
            reraise=True,
        )
        try:
            return await retrying(self._round, votes, contents, last)
        except _Again as error:
            states = ", ".join(f"{h.name} {h.state}" for h in self._quorum.health())
            raise Unreadable(f"{self._chain}: {error} ({states})") from None

    async def _round(self, votes: list[Vote], contents: dict[bytes, Accounts], last: Checkpoint | None) -> Snapshot:
        """Asks all endpoints once, and adds their votes to those of the earlier rounds of this reading."""
        found = await self._ask(last)
        for name, reading in found.items():
            contents[reading.content] = reading.accounts
            vote = Vote(name, reading.slot, reading.time, reading.content)
            if vote not in votes:
                votes.append(vote)
        for name, (slot, reference) in behind(votes, self._quorum.q, self._chain_options.window).items():
            if name in found:
                self._quorum.lagging(name, f"its finalized slot is {slot}, the others' {reference}")
        while (chosen := self._chosen(votes)) is not None:
            at = checkpoint(self._chain, self._chain_options.genesis_hash, chosen.slot, chosen.time)
            if last is not None and (at.height <= last.height or at.time < last.time):
                return self._remembered(last, at, contents[chosen.content])
            window = self._chain_options.window
            if await self._confirmed(chosen, votes) and timely(chosen, votes, self._quorum.q, window):
                return Snapshot(at, contents[chosen.content])
            votes[:] = [v for v in votes if (v.slot, v.time) != (chosen.slot, chosen.time)]
        raise _Again(f"no {self._quorum.q} endpoints agree on a finalized state and its time")

    def _chosen(self, votes: list[Vote]) -> Vote | None:
        choice = choose(votes, self._quorum.q, self._chain_options.window)
        for name in choice.liars:
            self._strike(votes, name, "contradicts the quorum, or itself, about one slot")
        return choice.vote

    def _remembered(self, last: Checkpoint, at: Checkpoint, accounts: Accounts) -> Snapshot:
        known = self._snapshots.get(last.block_hash)
        if known is not None:
            return known
        if at == last:
            return Snapshot(at, accounts)
        raise _Again(
            f"the endpoints are at slot {at.height} of the time {at.time}, and slot {last.height} of the time "
            f"{last.time} was read before"
        )

    async def _ask(self, last: Checkpoint | None) -> dict[str, Reading]:
        past = (rpc.block_time(last.height),) if last is not None else ()
        answers = await self._quorum.collect([rpc.genesis_hash(), *past, *self._plan.calls])
        if len(answers) < self._quorum.q:
            raise _Again(f"only {len(answers)} endpoints answer, {self._quorum.q} must")
        liars = self._same_chain({name: got[0] for name, got in answers.items()})
        if last is not None:
            liars |= self._same_past(last, {name: got[1] for name, got in answers.items()})
        readings = dict[str, Reading]()
        for name, got in answers.items():
            if name in liars:
                continue
            try:
                readings[name] = self._plan.reading(got[1 + len(past) :])
            except Moved:
                self._log.debug("slots_moved", endpoint=name)
            except BadValue as error:
                self._quorum.accuse(name, f"contradicts itself: {error}")
        return readings

    def _same_chain(self, genesis: Mapping[str, str]) -> set[str]:
        """Each endpoint showed this chain's genesis when it was admitted: another one now is a lie, or worse."""
        configured = self._chain_options.genesis_hash
        return self._unchanged(genesis, configured, lambda other: f"the genesis hash was {configured}, now {other}")

    def _same_past(self, last: Checkpoint, answers: Mapping[str, Any]) -> set[str]:
        # Nodes forget old slots, and say so in several ways; only another time contradicts.
        return self._unchanged(
            {name: answer for name, answer in answers.items() if isinstance(answer, int)},
            last.time,
            lambda other: f"the time of finalized slot {last.height} was {last.time}, now it is {other}",
        )

    def _unchanged(self, told: Mapping[str, Any], expected: Any, evidence: Callable[[Any], str]) -> set[str]:
        """Halts the chain where a quorum tells something else than `expected`; who alone does so lies: their names."""
        others = {name: answer for name, answer in told.items() if answer != expected}
        for other, count in Counter(others.values()).items():
            if count >= self._quorum.q:
                self._halts.halt(CHAIN, f"{evidence(other)} by a quorum of endpoints")
                self._halts.check_chain()
        for name, answer in others.items():
            self._quorum.accuse(name, evidence(answer))
        return set(others)

    async def _confirmed(self, chosen: Vote, votes: list[Vote]) -> bool:
        """Whether q endpoints tell the chosen vote's time for its slot: by the Clock that came with what they read, or
        as the slot's block time, which is the Clock's."""
        told = {v.endpoint: v.time for v in votes if v.slot == chosen.slot}
        if list(told.values()).count(chosen.time) >= self._quorum.q:
            return True
        answers = await self._quorum.collect([rpc.block_time(chosen.slot)])
        times = {name: answer for name, (answer,) in answers.items() if isinstance(answer, int)}
        for name in sorted(told.keys() & times.keys()):
            if told[name] != times[name]:
                self._strike(votes, name, f"at slot {chosen.slot} its Clock says {told[name]}, the block {times[name]}")
                told.pop(name), times.pop(name)
        counts = Counter((times | told).values())
        agreed = next((time_ for time_, count in counts.items() if count >= self._quorum.q), None)
        for name, time_ in (times | told).items():
            if agreed is not None and time_ != agreed:
                self._strike(votes, name, f"the time of slot {chosen.slot} is {agreed}, it says {time_}")
        return agreed == chosen.time

    def _strike(self, votes: list[Vote], name: str, reason: str) -> None:
        self._quorum.accuse(name, reason)
        votes[:] = [v for v in votes if v.endpoint != name]

    def _keep(self, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.at.block_hash] = snapshot
        while len(self._snapshots) > _KEPT:
            del self._snapshots[next(iter(self._snapshots))]
