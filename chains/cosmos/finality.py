"""The newest checkpoint on the height grid: agreed by a quorum, signed as the chain's, and it never goes back.

A block is final once it is committed, but what it led to is only in the header of the next one. So a checkpoint at
height h takes two blocks, h and h + 1. Candidates are the heights right below an endpoint's newest block, rounded down
to a multiple of the stride. One becomes the checkpoint when q endpoints report the same two blocks there, and the
member's light client believes the second (`chains.cosmos.trust`), which names the first.

What is stored may be as new as block h + 1. Where that is dated more than `max_block_seconds` later, as after the chain
has stood still, h is no checkpoint. The last checkpoint is looked up again each time: if a quorum reports another block
at its height, finality was broken and the chain halts.
"""

import asyncio
from collections.abc import Mapping

from chains import checkpoints
from chains.cosmos import rpc
from chains.cosmos.blocks import Anchored
from chains.cosmos.choice import Choice, Pair, View, candidates, choose
from chains.cosmos.light_blocks import LightBlocks
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.trust import Trust
from chains.cosmos.verdicts import Verdicts
from chains.errors import Halted, ProofError, Unreadable
from chains.opened import Ground
from chains.types import Checkpoint
from chains.values import shown

_KEPT = 64


class Finality:
    """Finds checkpoints, and keeps the recent ones with their successors."""

    def __init__(self, ground: Ground, chain_options: ChainOptions, options: MemberOptions) -> None:
        self._chain, self._quorum, self._halts = ground.chain, ground.quorum, ground.halts
        self._journal, self._clock = ground.journal, ground.clock
        self._chain_options, self._options = chain_options, options
        self._blocks = LightBlocks(ground.quorum)
        self._trust = Trust(ground, chain_options, options, self._blocks)
        self._anchored: dict[bytes, Anchored] = {}
        self._lock = asyncio.Lock()

    async def finalized(self) -> Checkpoint:
        """See `SourceChain.finalized`."""
        async with self._lock:
            try:
                self._halts.check_chain()
                newest = await self._newest(self.last())
            except Halted:
                # Once that is lifted, only what the configured root leads to is believed.
                self._anchored.clear()
                raise
            return checkpoints.fresh(newest, self._clock(), self._chain_options.max_finality_lag, "block")

    def last(self) -> Checkpoint | None:
        """The newest checkpoint ever returned, also by an earlier process."""
        return checkpoints.remembered(self._chain, self._journal)

    async def anchored(self, at: Checkpoint) -> Anchored:
        """The block of a checkpoint and its successor, whose app hash is the state's. Raises `Unreadable` for one that
        is not final here, and `Halted` while the chain is.

        Those found by this process are known. For an older one than the last, q endpoints must report its block, and
        the blocks that the light client believes must lead back to it.
        """
        self._halts.check_chain()
        if at.chain != self._chain:
            raise Unreadable(f"{self._chain}: a checkpoint of {at.chain} was asked for")
        last = self.last() or await self.finalized()
        if at.height > last.height:
            raise Unreadable(f"{self._chain}: block {at.height} is beyond the last final one seen here, {last.height}")
        if at.height == last.height and at != last:
            raise Unreadable(f"{self._chain}: block {at.height} is another one here, {last.block_hash.hex().upper()}")
        found = self._anchored.get(at.block_hash) or await self._fetch(at, 1 if at == last else self._quorum.q)
        if found.checkpoint(self._chain) != at:
            raise Unreadable(f"{self._chain}: block {at.block_hash.hex().upper()} is not of that height and time")
        if found.spread > self._chain_options.max_block_seconds:
            raise Unreadable(self._late(found))
        return found

    async def _fetch(self, at: Checkpoint, needed: int) -> Anchored:
        told = await self._blocks.signed([at.height, at.height + 1])
        headers = {name: signed[0] for name, found in told.items() if (signed := found[at.height]) is not None}
        same = {name: header for name, header in headers.items() if header.hash == at.block_hash}
        if len(same) < needed:
            raise Unreadable(
                f"{self._chain}: {len(same)} endpoints have block {at.block_hash.hex().upper()} at height {at.height}, "
                f"{needed} must; others have pruned it, or tell another"
            )
        children = {name: signed for name in same if (signed := told[name][at.height + 1]) is not None}
        for name, child in (await self._blocks.complete(at.height + 1, children)).items():
            try:
                anchored = Anchored(same[name], child)
                await self._trust.confirm(name, child, [known.child for known in self._anchored.values()])
                return self._keep(anchored)
            except ProofError as error:
                self._quorum.accuse(name, str(error))
        raise Unreadable(f"{self._chain}: no endpoint tells the successor of block {at.height}")

    async def _newest(self, last: Checkpoint | None) -> Checkpoint:
        view = await self._look(last)
        choice = choose(view.heads, view.headers, view.heights, self._quorum.q, last)
        if choice.broken is not None and last is not None:
            self._trust.halt(
                f"finalized block {last.height} was {last.block_hash.hex().upper()} and is now "
                f"{choice.broken.hash.hex().upper()} by a quorum of endpoints"
            )
        accused = dict[str, str]()
        try:
            return await self._decided(last, choice, view, accused)
        finally:
            for name in sorted(accused):
                self._quorum.accuse(name, accused[name])

    async def _decided(
        self, last: Checkpoint | None, choice: Choice, view: View, accused: dict[str, str]
    ) -> Checkpoint:
        pair, heights = choice.pair, set(choice.disputed)
        if pair is not None and last is not None and pair[0].height <= last.height:
            pair = None
        if pair is not None:
            heights.add(pair[1].height)
        lowest = (await self._trust.base()).header.height
        judged = dict[int, Verdicts]()
        for height in sorted(height for height in heights if height >= lowest):
            judged[height] = await self._trust.judge(await self._blocks.complete(height, view.at(height)))
            accused |= judged[height].lies
        # Whose block holds is no liar, whatever others say.
        cleared = {(name, height - 1) for height in judged for name in view.held(height, judged[height])}
        told = "reports another finalized block than the quorum"
        accused |= {name: accused.get(name, told) for name, _ in choice.dissent - cleared}
        if pair is not None:
            return self._advance(last, pair, view, judged.get(pair[1].height), accused)
        if choice.pair is None or last is None:
            raise Unreadable(self._text(f"no {self._quorum.q} endpoints agree on a block and its successor"))
        return last

    def _advance(
        self, last: Checkpoint | None, pair: Pair, view: View, verdicts: Verdicts | None, accused: dict[str, str]
    ) -> Checkpoint:
        header, child = pair
        if verdicts is None:
            raise Unreadable(self._text(f"the endpoints are at height {child.height}, below the root of trust"))
        held = verdicts.held.get(child.hash)
        if held is None:
            why = "; ".join(f"{name}: {text}" for name, text in sorted({**verdicts.open, **verdicts.lies}.items()))
            raise Unreadable(self._text(f"nothing shows that block {child.height} is the chain's ({why})"))
        try:
            anchored = Anchored(header, held)
        except ProofError as error:
            accused |= {name: str(error) for name, (told, _) in view.at(header.height).items() if told == header}
            raise Unreadable(self._text(f"block {header.height} is not the one before {child.height}")) from None
        self._trust.keep(held)
        if anchored.spread > self._chain_options.max_block_seconds:
            if last is not None:
                return last
            raise Unreadable(self._late(anchored))
        at = anchored.checkpoint(self._chain)
        checkpoints.remember(at, self._journal)
        self._keep(anchored)
        return at

    async def _look(self, last: Checkpoint | None) -> View:
        answers = await self._quorum.collect([rpc.status()])
        heads = {name: status.height for name, (status,) in answers.items() if self._counts(name, status)}
        if len(heads) < self._quorum.q:
            raise Unreadable(self._text(f"only {len(heads)} endpoints are where the chain is, {self._quorum.q} must"))
        self._report_lag(heads)
        heights = candidates(heads, self._chain_options.stride)
        asked = {h + i for h in heights for i in (0, 1)} | ({last.height} if last is not None else set())
        if not asked:
            raise Unreadable(self._text(f"no block yet that can be a checkpoint, the newest is {max(heads.values())}"))
        found = await self._blocks.signed(sorted(asked))
        return View(heads, heights, {name: blocks for name, blocks in found.items() if name in heads})

    def _counts(self, name: str, status: rpc.Status) -> bool:
        if status.chain_id != self._chain_options.chain_id:
            self._quorum.accuse(name, f"now serves the chain {shown(status.chain_id)}")
            return False
        if status.catching_up:
            self._quorum.lagging(name, f"it is catching up with the chain, at height {status.height}")
        return not status.catching_up

    def _report_lag(self, heads: Mapping[str, int]) -> None:
        # Judged by the q-th highest head: a liar's head of its own invention makes nobody lag.
        reference = sorted(heads.values(), reverse=True)[self._quorum.q - 1]
        for name, head in heads.items():
            if head + self._options.max_lag < reference:
                self._quorum.lagging(name, f"its newest block is {head}, the others' {reference}")

    def _keep(self, anchored: Anchored) -> Anchored:
        self._anchored[anchored.header.hash] = anchored
        while len(self._anchored) > _KEPT:
            del self._anchored[next(iter(self._anchored))]
        return anchored

    def _late(self, anchored: Anchored) -> str:
        return self._text(
            f"block {anchored.child.header.height} is dated {anchored.spread} s after block {anchored.header.height}, "
            f"at most max_block_seconds ({self._chain_options.max_block_seconds} s) are allowed"
        )

    def _text(self, what: str) -> str:
        states = ", ".join(f"{health.name} {health.state}" for health in self._quorum.health())
        return f"{self._chain}: {what} ({states})"
