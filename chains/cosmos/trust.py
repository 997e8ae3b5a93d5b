"""The member's light client: from a block that the member knows, by signatures, to every block that is read at.

It begins at the root of trust of member.toml and keeps the newest block that it verified, which is the next one's
beginning. A root that was changed in member.toml is taken up: it counts more than what is kept, and where the two are
not of one chain, the chain halts. Endpoints bring the blocks and are believed in nothing: who brings one that does not
hold is accused. Two blocks of one height that both hold are an attack by more than a third of the voting power, and
halt the chain too. A halt forgets what is kept, so that once it is lifted by hand, only the configured root counts.

    stored    root_height u64 | root_hash 32 | block: u32 length, LightBlock.encode()
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from chains.cosmos.bisection import MOST_BLOCKS, backward
from chains.cosmos.blocks import SECOND
from chains.cosmos.headers import Header
from chains.cosmos.light import LightBlock, LightOptions, TrustExpired, anchor
from chains.cosmos.light_blocks import LightBlocks
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.verdicts import Verdicts, common_power, examine
from chains.errors import Halted, ProofError, Unreadable
from chains.halts import CHAIN
from chains.opened import Ground
from chains.types import Journal
from chains.wire import Reader, Writer

KEY = "light"
"""Where the newest verified block is kept in the journal."""

_LARGEST_BLOCK = 1 << 24
_AT_ONCE = 20


class RootExpired(Unreadable):
    """What the member knows of the chain is older than the trusting period: it needs a new root of trust."""


@dataclass(frozen=True, slots=True)
class Root:
    """A block that the member knows, as member.toml names it."""

    height: int
    hash: bytes

    def __str__(self) -> str:
        return f"block {self.height}, {self.hash.hex().upper()}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest verified block, and the root that it was verified from."""

    root: Root
    block: LightBlock

    @classmethod
    def load(cls, journal: Journal) -> "Kept | None":
        stored = journal.get(KEY)
        if stored is None:
            return None
        r = Reader(stored)
        root = Root(r.u64("root_height"), r.b32("root_hash"))
        block = LightBlock.decode(r.blob("block", _LARGEST_BLOCK))
        r.end()
        return cls(root, block)

    def save(self, journal: Journal) -> None:
        w = Writer().u64("root_height", self.root.height).b32("root_hash", self.root.hash)
        journal.put(KEY, bytes(w.blob("block", self.block.encode())))


class Trust:
    """Judges blocks, and remembers the newest that it believes. Not for use by two tasks at once."""

    def __init__(
        self, ground: Ground, chain_options: ChainOptions, options: MemberOptions, blocks: LightBlocks
    ) -> None:
        self._chain, self._quorum, self._halts, self._log = ground.chain, ground.quorum, ground.halts, ground.log
        self._journal, self._clock, self._blocks = ground.journal, ground.clock, blocks
        self._root = Root(options.trust_height, bytes.fromhex(options.trust_hash))
        period, drift = chain_options.trust_period * SECOND, chain_options.max_drift * SECOND
        self.options = LightOptions(chain_options.chain_id, period, drift)
        self._base: LightBlock | None = None

    async def base(self) -> LightBlock:
        """The newest block that is believed; at first the root's, which any endpoint may bring. Raises `Unreadable`
        where none does, and `Halted` where what is kept contradicts the configured root."""
        if self._base is None:
            kept = Kept.load(self._journal)
            if kept is not None and kept.root == self._root:
                self._base = kept.block
            else:
                self.keep(await self._taken_up(kept))
        assert self._base is not None
        return self._base

    def keep(self, block: LightBlock) -> None:
        """Remembers a block that is believed; durable when it returns."""
        if self._base is None or block.header.height > self._base.header.height:
            Kept(self._root, block).save(self._journal)
            self._base = block

    async def judge(self, blocks: Mapping[str, LightBlock]) -> Verdicts:
        """What to make of the blocks that endpoints tell of one height, which is that of the base or above it; who lies
        is not accused yet. Raises `Halted` for two that hold, and `RootExpired`."""
        base, now = await self.base(), self._now()
        try:
            verdicts = await examine(base, blocks, self._blocks, now, self.options)
        except TrustExpired:
            raise self._expired(base) from None
        if base.header.height in {block.header.height for block in verdicts.held.values()}:
            verdicts = Verdicts({**verdicts.held, base.header.hash: base}, verdicts.lies, verdicts.open)
        if len(verdicts.held) > 1:
            self._forked(verdicts, blocks)
        return verdicts

    async def confirm(self, name: str, block: LightBlock, known: Iterable[LightBlock]) -> None:
        """Returns if the `block` that the endpoint `name` tells is the chain's, be it older than what is believed: the
        base, and `known` besides. Raises `ProofError` if it is another one, `Unreadable` where the blocks between are
        not told or are more than 256, and as `judge` does."""
        height, base = block.header.height, await self.base()
        if height >= base.header.height:
            verdicts = await self.judge({name: block})
            if name in verdicts.lies:
                raise ProofError(verdicts.lies[name])
            if name in verdicts.open:
                raise Unreadable(f"{self._chain}: nothing shows that block {height} is the chain's")
            return
        above = min((one.header for one in (base, *known) if one.header.height >= height), key=lambda one: one.height)
        if above.height - height > MOST_BLOCKS:
            raise Unreadable(
                f"{self._chain}: block {height} is more than {MOST_BLOCKS} blocks below block {above.height}, the next "
                "one that is believed"
            )
        if above.height == height:
            if above.hash != block.header.hash:
                raise ProofError(f"height {height}: another block than the one that was verified")
            return
        await self._back(above, block.header)

    async def _back(self, above: Header, header: Header) -> None:
        steps, told = backward(above, header.height, self.options), dict[int, dict[bytes, Header]]()
        wanted = next(steps)
        while wanted > header.height:
            if wanted not in told:
                told = await self._headers(range(wanted, max(header.height, wanted - _AT_ONCE), -1))
            above_hash = above.last_block_id.hash
            if above_hash not in told[wanted]:
                raise Unreadable(f"{self._chain}: no endpoint tells block {wanted} as the next one names it")
            above = told[wanted][above_hash]
            wanted = steps.send(above)
        try:
            steps.send(header)
        except StopIteration:
            return

    async def _headers(self, heights: range) -> dict[int, dict[bytes, Header]]:
        """By height and hash, whoever tells it: a hash is proof enough."""
        found = dict[int, dict[bytes, Header]]((height, {}) for height in heights)
        for signed in (await self._blocks.signed(heights)).values():
            for height, one in signed.items():
                if one is not None:
                    found[height][one[0].hash] = one[0]
        return found

    def halt(self, evidence: str) -> NoReturn:
        """Halts the chain. Raises `Halted`."""
        self._halts.halt(CHAIN, evidence)
        self._journal.delete(KEY)
        self._base = None
        self._halts.check_chain()
        raise Halted(f"{self._chain}: {evidence}", evidence)

    def _forked(self, verdicts: Verdicts, blocks: Mapping[str, LightBlock]) -> NoReturn:
        one, other, *_ = (verdicts.held[block_hash] for block_hash in sorted(verdicts.held))
        both = common_power(one, other, self.options)
        told = [
            f"{Root(block.header.height, block.header.hash)} (told by "
            f"{', '.join(name for name in sorted(blocks) if blocks[name].header == block.header) or 'nobody now'})"
            for block in (one, other)
        ]
        self.halt(
            f"two blocks are signed as the chain's: {' and '.join(told)}; of the voting power {one.validators.total} "
            f"of the first, {both} signed the second"
        )

    async def _taken_up(self, kept: Kept | None) -> LightBlock:
        if kept is not None and kept.block.header.height == self._root.height:
            return kept.block if kept.block.header.hash == self._root.hash else self._contradicted(kept)
        root = await self._fetched_root()
        if kept is None:
            return root
        newer = root.header.height > kept.block.header.height
        lower, upper = (kept.block, root) if newer else (root, kept.block)
        if newer and lower.header.time + self.options.period <= self._now():
            return root
        if await self._leads(lower, upper, kept):
            return upper
        if newer:
            self._log.warning("trust_root_taken_up_unchecked", chain=self._chain, root=str(self._root))
            return root
        raise Unreadable(
            f"{self._chain}: no endpoint tells how the verified block {upper.header.height} follows from the changed "
            f"root of trust, {self._root}; set a newer trust_height and trust_hash in member.toml"
        )

    async def _leads(self, lower: LightBlock, upper: LightBlock, kept: Kept) -> bool:
        """Whether one endpoint's blocks lead from `lower` to `upper`; halts if those of a quorum lead elsewhere."""
        told = {health.name: upper for health in self._quorum.health()}
        try:
            verdicts = await examine(lower, told, self._blocks, self._now(), self.options)
        except TrustExpired:
            raise self._expired(lower) from None
        if not verdicts.held and len(verdicts.lies) >= self._quorum.q:
            self._contradicted(kept)
        self._accuse(verdicts.lies)
        return bool(verdicts.held)

    async def _fetched_root(self) -> LightBlock:
        found = await self._blocks.at(self._root.height)
        lies = dict[str, str]()
        for name, block in found.items():
            try:
                anchor(block, self._root.height, self._root.hash, self.options)
            except ProofError as error:
                lies[name] = str(error)
            else:
                self._accuse(lies)
                return block
        self._accuse(lies)
        raise Unreadable(
            f"{self._chain}: no endpoint has the root of trust, {self._root} (pruned, or not there yet): set "
            "trust_height and trust_hash in member.toml to a newer block, from a source other than the endpoints"
        )

    def _contradicted(self, kept: Kept) -> NoReturn:
        header = kept.block.header
        self.halt(
            f"the configured root of trust, {self._root}, and what was verified from the former one, "
            f"{Root(header.height, header.hash)}, are not of one chain"
        )

    def _expired(self, base: LightBlock) -> RootExpired:
        header = base.header
        date = datetime.fromtimestamp(header.time // SECOND, UTC).isoformat()
        return RootExpired(
            f"{self._chain}: the newest block that this member believes, {Root(header.height, header.hash)} of {date}, "
            f"is older than trust_period ({self.options.period // SECOND} s), so that nothing follows from it: set "
            f'trust_height and trust_hash in member.toml, [chains."{self._chain}"], to a recent block, from a source '
            "other than the endpoints"
        )

    def _accuse(self, lies: Mapping[str, str]) -> None:
        for name, text in lies.items():
            self._quorum.accuse(name, text)

    def _now(self) -> int:
        return int(self._clock() * SECOND)
