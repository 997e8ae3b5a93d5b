"""A chain of several validators, and endpoints in this process that tell of it: for the tests of finality and trust.

What an endpoint tells is JSON as CometBFT writes it, parsed and judged as any answer is; only HTTP is left out. Blocks
are made by `tests.chains.cosmos.blocks`. Nothing here knows the time: a test sets the member's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from chains.cosmos.admission import admission
from chains.cosmos.finality import Finality
from chains.cosmos.headers import Header
from chains.cosmos.light import LightBlock
from chains.cosmos.light_blocks import LightBlocks
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.rpc import judge
from chains.cosmos.trust import Trust
from chains.errors import ProofError
from chains.halts import Halts
from chains.jsonrpc import Call, EndpointError, Fault, Standing, Transport
from chains.opened import Ground
from chains.quorum import Quorum
from chains.types import Checkpoint, EndpointHealth
from chains.values import BadValue
from tests.chains.cosmos import blocks
from tests.chains.cosmos.blocks import SECOND, validator_set
from tests.chains.cosmos.ledger import commit_json, header_json, validator_json
from tests.chains.memory import MemoryJournal, Recorder

CHAIN = f"cosmos:{blocks.CHAIN}"
FOUR = {"anna": 10, "bert": 10, "cleo": 10, "dora": 10}
Blocks = Mapping[int, LightBlock]


class Teller:
    """An endpoint that tells of `blocks` from `lowest` to `head`."""

    def __init__(self, name: str, told: Blocks) -> None:
        self.name = name
        self.standing = Standing()
        self.blocks = dict(told)
        self.head, self.lowest = max(told), 1
        self.chain_id, self.catching_up, self.down = blocks.CHAIN, False, False
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def ask(self, calls: Sequence[Call], deadline: float | None = None) -> tuple[Any, ...]:
        try:
            if self.down:
                raise EndpointError("failing", "connection: ClientConnectorError")
            answers = tuple(self._answer(call) for call in calls)
        except EndpointError as error:
            self.standing.counts[error.kind] += 1
            self.standing.state = error.kind
            raise
        self.standing.state = "ok"
        return answers

    def _answer(self, call: Call) -> Any:
        self.asked.append((call.method, call.params))
        result = getattr(self, f"_{call.method}")(*call.params)
        if isinstance(result, Fault):
            return judge(call, result)
        try:
            return call.parse(result)
        except BadValue as error:
            raise EndpointError("failing", str(error)) from None
        except ProofError as error:
            raise EndpointError("lying", str(error), again=False) from None

    def _status(self) -> Any:
        sync = {"latest_block_height": str(self.head), "earliest_block_height": str(self.lowest)}
        node = {"network": self.chain_id}
        return {"node_info": node, "sync_info": {**sync, "catching_up": self.catching_up}}

    def _commit(self, height: str) -> Any:
        block = self._block(int(height))
        if isinstance(block, Fault):
            return block
        told = {"header": header_json(block.header), "commit": commit_json(block.commit)}
        return {"signed_header": told, "canonical": int(height) < self.head}

    def _validators(self, height: str, page: str, per_page: str) -> Any:
        block = self._block(int(height))
        if isinstance(block, Fault):
            return block
        found, first = block.validators.validators, (int(page) - 1) * int(per_page)
        if first >= len(found):
            pages = -(-len(found) // int(per_page))
            return Fault(-32603, "Internal error", f"page should be within [1, {pages}] range, given {page}")
        told = [validator_json(validator) for validator in found[first : first + int(per_page)]]
        return {"block_height": height, "validators": told, "count": str(len(told)), "total": str(len(found))}

    def _block(self, height: int) -> LightBlock | Fault:
        if height > self.head:
            text = f"height {height} must be less than or equal to the current blockchain height {self.head}"
            return Fault(-32603, "Internal error", text)
        if height < self.lowest:
            text = f"height {height} is not available, lowest height is {self.lowest}"
            return Fault(-32603, "Internal error", text)
        return self.blocks[height]


class Stage:
    """A member before `tellers`, who starts from the root of trust (height, hash). `now` is the member's clock in Unix
    seconds, at first right after the newest block."""

    def __init__(self, told: Sequence[Blocks], root: tuple[int, bytes], quorum: int = 2, **chain_options: Any) -> None:
        self.tellers = [Teller(name, each) for name, each in zip("abcdefg", told, strict=False)]
        self.root, self._quorum = root, quorum
        self.chain_options = ChainOptions.model_validate(
            {"chain_id": blocks.CHAIN, "prefix": "cosmos", "trust_period": 14 * 86_400, **chain_options}
        )
        self.member: dict[str, Any] = {}
        newest = max(block.header.time for each in told for block in each.values())
        self.now = newest / SECOND + 1
        self.journal, self.log = MemoryJournal(), Recorder()
        self.start()

    def start(self) -> None:
        """A new process of the member, with what the journal holds, as member.toml is now."""
        endpoints = [{"name": t.name, "url": f"http://{t.name}.example"} for t in self.tellers]
        root = {"trust_height": self.root[0], "trust_hash": self.root[1].hex()}
        settings = {"endpoints": endpoints, "quorum": self._quorum, "set_aside": 0.0, **root, **self.member}
        options = MemberOptions.model_validate(settings)
        for teller in self.tellers:
            teller.standing = Standing()
        admitted = admission(self.chain_options, options)
        self.quorum = Quorum(self.tellers, admitted, options, self.log)  # type: ignore[arg-type]
        halts = Halts(CHAIN, self.journal, self.log)
        self.ground = Ground(CHAIN, Transport(), self.quorum, halts, self.journal, self.log, lambda: self.now)
        self.finality = Finality(self.ground, self.chain_options, options)
        self.trust = Trust(self.ground, self.chain_options, options, LightBlocks(self.quorum))

    def teller(self, name: str) -> Teller:
        return next(t for t in self.tellers if t.name == name)

    def health(self, name: str) -> EndpointHealth:
        return next(health for health in self.quorum.health() if health.name == name)

    def liars(self) -> set[str]:
        return {health.name for health in self.quorum.health() if health.lying}


def checkpoint(header: Header) -> Checkpoint:
    return Checkpoint(CHAIN, header.height, header.hash, header.time // SECOND)


def grown(told: Blocks, sets: Sequence[Mapping[str, int]], *, fork: str = "", gap: int = 1) -> dict[int, LightBlock]:
    """`told` with one more block for each of `sets`, its validators, of which the first is known from the last block.
    Those of another `fork` are other blocks. The first of them is `gap` seconds after the one before."""
    made = dict(told)
    for i, powers in enumerate(sets):
        height, last = max(made) + 1, made[max(made)]
        following = sets[i + 1] if i + 1 < len(sets) else powers
        header = blocks.header(
            height,
            validator_set(powers),
            validator_set(following),
            last_block_id=last.commit.block_id,
            time=last.header.time + (gap if i == 0 else 1) * SECOND,
            data_hash=sha256(fork.encode()).digest(),
        )
        made[height] = blocks.signed(header, powers)
    return made


def other(block: LightBlock, powers: Mapping[str, int], signers: Sequence[str] | None = None) -> LightBlock:
    """`block` with another state in it, which `powers` sign, or only the `signers` of them."""
    return blocks.signed(replace(block.header, app_hash=sha256(b"another state").digest()), powers, signers)
