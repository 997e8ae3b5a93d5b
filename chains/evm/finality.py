"""The newest finalized checkpoint on the height grid, agreed by a quorum, which never goes back.

Only the tag `finalized` is asked for, never `latest`. A candidate height is an endpoint's finalized height rounded down
to a multiple of the stride; it becomes the checkpoint when q endpoints, each of which claims it as final, report the
same block there, whose header hashes to its hash. The last checkpoint is looked up again each time: if a quorum reports
another block at its height, finality was broken and the chain halts.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chains import checkpoints
from chains.errors import Unreadable
from chains.evm import headers
from chains.evm.headers import Header
from chains.evm.options import ChainOptions, MemberOptions
from chains.evm.values import quantity
from chains.halts import CHAIN
from chains.jsonrpc import Call
from chains.opened import Ground
from chains.types import Checkpoint

_REMEMBERED_HEADERS = 256


@dataclass(frozen=True, slots=True)
class Choice:
    """What a look at the endpoints led to. `liars` contradict a quorum; `broken` is the block that a quorum reports in
    place of the remembered checkpoint."""

    block: Header | None
    liars: tuple[str, ...]
    broken: Header | None


def candidates(heads: Mapping[str, int], stride: int) -> list[int]:
    """The grid heights worth asking for, newest first. `heads`: finalized height by endpoint."""
    return sorted({head - head % stride for head in heads.values()}, reverse=True)


def choose(
    heads: Mapping[str, int],
    blocks: Mapping[str, Mapping[int, Header | None]],
    heights: list[int],
    q: int,
    last: Checkpoint | None,
) -> Choice:
    """The newest of `heights` at which q endpoints, final there by their own word, report one block."""
    liars = set[str]()

    def agreed(height: int) -> Header | None:
        votes = {
            name: block
            for name, by_height in blocks.items()
            if heads[name] >= height and (block := by_height.get(height)) is not None
        }
        counts = Counter(votes.values())
        winner = next((block for block, count in counts.items() if count >= q), None)
        if winner is not None:
            liars.update(name for name, block in votes.items() if block != winner)
        return winner

    block = next((found for height in heights if (found := agreed(height)) is not None), None)
    broken = None
    if last is not None:
        again = agreed(last.height)
        broken = again if again is not None and again.hash != last.block_hash else None
    return Choice(block, tuple(sorted(liars)), broken)


class Finality:
    """Finds checkpoints and keeps the headers of the recent ones."""

    def __init__(self, ground: Ground, chain_options: ChainOptions, options: MemberOptions) -> None:
        self._chain, self._quorum, self._halts = ground.chain, ground.quorum, ground.halts
        self._journal, self._clock = ground.journal, ground.clock
        self._chain_options, self._options = chain_options, options
        self._headers: dict[bytes, Header] = {}
        self._lock = asyncio.Lock()

    async def finalized(self) -> Checkpoint:
        """See `SourceChain.finalized`."""
        async with self._lock:
            self._halts.check_chain()
            last = self.last()
            choice = await self._look(last)
            for name in choice.liars:
                self._quorum.accuse(name, "reports another finalized block than the quorum")
            if choice.broken is not None and last is not None:
                self._halts.halt(
                    CHAIN,
                    f"finalized block {last.height} was 0x{last.block_hash.hex()} and is now "
                    f"0x{choice.broken.hash.hex()} by a quorum of endpoints",
                )
                self._halts.check_chain()
            newest = self._advance(last, choice.block)
            return checkpoints.fresh(newest, self._clock(), self._chain_options.max_finality_lag, "block")

    def last(self) -> Checkpoint | None:
        """The newest checkpoint ever returned, also by an earlier process."""
        return checkpoints.remembered(self._chain, self._journal)

    async def header(self, at: Checkpoint) -> Header:
        """The header of a checkpoint, hashed by ourselves. Raises `Unreadable` for one that is not final here, and
        `Halted` while the chain is."""
        self._halts.check_chain()
        if at.chain != self._chain:
            raise Unreadable(f"{self._chain}: a checkpoint of {at.chain} was asked for")
        last = self.last() or await self.finalized()
        if at.height > last.height:
            raise Unreadable(f"{self._chain}: block {at.height} is beyond the last final one seen here, {last.height}")
        header = self._headers.get(at.block_hash) or await self._fetch(at)
        if (header.number, header.time) != (at.height, at.time):
            raise Unreadable(f"{self._chain}: block 0x{at.block_hash.hex()} is not of that height and time")
        return header

    async def _fetch(self, at: Checkpoint) -> Header:
        # A header proves itself by its hash, so that one honest endpoint is enough.
        asked = "0x" + at.block_hash.hex()
        call = Call("eth_getBlockByHash", (asked, False), headers.parse, absent=True)
        answers = await self._quorum.collect([call])
        for name, answer in answers.items():
            header: Header | None = answer[0]
            if header is not None and header.hash == at.block_hash:
                self._keep(header)
                return header
            if header is not None:
                self._quorum.accuse(name, "answered with another block than the one asked for")
        raise Unreadable(f"{self._chain}: no endpoint has the block {asked}")

    async def _look(self, last: Checkpoint | None) -> Choice:
        finalized = Call("eth_getBlockByNumber", ("finalized", False), headers.parse)
        answers = await self._quorum.collect([Call("eth_chainId", (), quantity), finalized])
        heads = {name: head.number for name, (chain_id, head) in answers.items() if self._same_chain(name, chain_id)}
        if len(heads) < self._quorum.q:
            raise Unreadable(f"{self._chain}: only {len(heads)} endpoints tell what is final, {self._quorum.q} must")
        self._report_lag(heads)
        heights = candidates(heads, self._chain_options.stride)
        asked = heights + ([last.height] if last is not None and last.height not in heights else [])
        calls = [Call("eth_getBlockByNumber", (hex(h), False), headers.parse, absent=True) for h in asked]
        found = await self._quorum.collect(calls)
        blocks = dict[str, dict[int, Header | None]]()
        for name, got in found.items():
            if any(block is not None and block.number != height for height, block in zip(asked, got, strict=True)):
                self._quorum.accuse(name, "answered with a block of another height than the one asked for")
            elif name in heads:
                blocks[name] = dict(zip(asked, got, strict=True))
        return choose(heads, blocks, heights, self._quorum.q, last)

    def _same_chain(self, name: str, chain_id: int) -> bool:
        same = f"eip155:{chain_id}" == self._chain
        if not same:
            self._quorum.accuse(name, f"now serves chain id {chain_id}")
        return same

    def _report_lag(self, heads: Mapping[str, int]) -> None:
        # Judged by the q-th highest head: a liar's head of its own invention makes nobody lag.
        reference = sorted(heads.values(), reverse=True)[self._quorum.q - 1]
        for name, head in heads.items():
            if head + self._options.max_lag < reference:
                self._quorum.lagging(name, f"its finalized block is {head}, the others' {reference}")

    def _advance(self, last: Checkpoint | None, block: Header | None) -> Checkpoint:
        if block is None:
            raise Unreadable(f"{self._chain}: no {self._quorum.q} endpoints agree on a finalized block")
        self._keep(block)
        if last is not None and block.number <= last.height:
            return last
        checkpoint = Checkpoint(self._chain, block.number, block.hash, block.time)
        checkpoints.remember(checkpoint, self._journal)
        return checkpoint

    def _keep(self, header: Header) -> None:
        self._headers[header.hash] = header
        while len(self._headers) > _REMEMBERED_HEADERS:
            del self._headers[next(iter(self._headers))]
