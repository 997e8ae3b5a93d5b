"""A member that submits at endpoints which a test holds in its hand (see `tests.chains.cosmos.mempool`)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from chains.caip import AccountId, AssetId
from chains.cosmos.options import ChainOptions, DeploymentOptions, MemberOptions
from chains.cosmos.outbox import Entry, Outbox
from chains.cosmos.sender import Sender
from chains.cosmos.submit import Submitter
from chains.cosmos.transactions import Signed
from chains.encoding import MintCap, domain_id
from chains.errors import Unreadable
from chains.opened import Finality
from chains.types import Checkpoint, Deployment, Journal, Log, Receipt
from tests.chains.cosmos.mempool import (
    BLOCKS,
    CHAIN,
    DENOMINATION,
    GATE,
    MEMBER,
    NAME,
    NOW,
    PREFIX,
    ROUTE,
    TOKEN,
    Ledger,
    Lie,
    Node,
    Tx,
    taken_apart,
)
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.polling import until
from tests.chains.scripted import Ticking, named, quorum
from tests.chains.statements import Committee, planted

_GROUP = Committee("group")


def deployment() -> Deployment:
    options = DeploymentOptions(checksum="00" * 32, admin="none", token_checksum="11" * 32, token_admin="none")
    return Deployment(AccountId(CHAIN, GATE), AssetId(CHAIN, "cw20", TOKEN), 6, ROUTE, options)


def statement(round_: int, cap: int = 1_000) -> bytes:
    leaf = MintCap(domain_id(f"{CHAIN}:{GATE}"), ROUTE, cap, cap, 0, NOW, NOW + 3600)
    return planted(leaf, 1).certified(_GROUP, 1, round_)


def options(**changes: Any) -> MemberOptions:
    settings: dict[str, Any] = {"endpoints": named(), "poll": 0.001, "timeout": 5.0, "submit_timeout": 1e9}
    settings |= {"trust_height": 1, "trust_hash": "00" * 32, "timeout_blocks": BLOCKS}
    settings |= {"gas_price": f"0.025{DENOMINATION}", "gas_margin": 20, "max_gas": 400_000}
    return MemberOptions(**(settings | changes))


def chain_options(**changes: Any) -> ChainOptions:
    return ChainOptions(**({"chain_id": NAME, "prefix": PREFIX, "trust_period": 86_400} | changes))


@dataclass
class World:
    """Three endpoints before one ledger, and what a member holds on disk."""

    ledger: Ledger = field(default_factory=Ledger)
    journal: Journal = field(default_factory=MemoryJournal)
    log: Recorder = field(default_factory=Recorder)
    clock: Ticking = field(default_factory=Ticking)

    def __post_init__(self) -> None:
        self.nodes = [Node(name, self.ledger) for name in "abc"]
        self.deployment = deployment()

    def opened(self, secret: bytes = MEMBER, journal: Journal | None = None, **changes: Any) -> Submitter:
        """A member that starts."""
        chosen, log = options(**changes), cast(Log, self.log)
        asked = quorum(self.nodes, chosen, log)
        sender = Sender(chain_options(), secret, asked, Outbox(journal or self.journal), chosen, log)
        return Submitter(sender, asked, cast(Finality, self), chosen, log, self.clock)

    async def finalized(self) -> Checkpoint:
        """The finality of the member: what it has verified."""
        if not self.ledger.final:
            raise Unreadable("no checkpoint yet")
        return Checkpoint(str(CHAIN), self.ledger.final, bytes(32), NOW)

    def sender(self, **changes: Any) -> Sender:
        return self.opened(**changes)._sender

    def lie(self, what: str, lie: Lie, count: int = 1) -> None:
        """Makes the first `count` endpoints lie about something."""
        for node in self.nodes[:count]:
            node.lies[what] = lie

    def entry(self, key: str = "r5") -> Entry:
        found = Outbox(self.journal).get(key)
        assert found is not None
        return found

    def entries(self) -> list[Entry]:
        return Outbox(self.journal).entries()

    def tx(self, key: str = "r5") -> Tx:
        """What was signed last."""
        return taken_apart(self.entry(key).newest.signed.raw)


async def landed(w: World, submitter: Submitter, round_: int = 5, key: str = "r5") -> Receipt | None:
    """Submits; the first transaction that is sent is executed at once."""
    known = len(w.ledger.sent)
    task = asyncio.ensure_future(submitter.submit(w.deployment, statement(round_), key))
    await until(lambda: len(w.ledger.sent) > known or task.done())
    if not task.done():
        w.ledger.land(w.ledger.sent[-1])
        w.ledger.round = round_
    return await task


async def stuck(w: World, round_: int = 5, key: str = "r5", **changes: Any) -> Signed:
    """Submits without a block, and ends as a process does: what was sent."""
    with pytest.raises(Unreadable, match="not executed yet"):
        await w.opened(submit_timeout=1e-9, **changes).submit(w.deployment, statement(round_), key)
    return w.entry(key).newest.signed
