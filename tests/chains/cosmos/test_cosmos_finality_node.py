"""Checkpoints of a real node, through endpoints that forge, and of one that prunes."""

import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chains.caip import ChainId
from chains.cosmos import blocks_json, build_node, devnet_node, rpc, stores
from chains.cosmos.admission import admission
from chains.cosmos.finality import Finality
from chains.cosmos.headers import Header
from chains.cosmos.multistore import prove
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.rpc import judge
from chains.cosmos.trust import Kept, RootExpired
from chains.errors import Unreadable
from chains.opened import Ground
from chains.types import ChainSetup, Checkpoint
from tests.chains.cosmos.blocks import SECOND
from tests.chains.cosmos.cluster import PATIENT
from tests.chains.cosmos.nodes import NodeError, RunningNode, needs_wasmd
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.serving import served

DAY = 86_400
PAIRS = [{"a", "b"}, {"a", "c"}, {"b", "c"}]


@asynccontextmanager
async def fronted(url: str, lie: Callable[[Any], Any] = lambda result: result) -> AsyncIterator[str]:
    """The URL of an endpoint that tells of every result what `lie` makes of it."""

    async def answer(request: web.Request) -> web.Response:
        async with session.post(url, json=await request.json()) as response:
            told = await response.json()
        for one in told if isinstance(told, list) else [told]:
            if "result" in one:
                one["result"] = lie(one["result"])
        return web.json_response(told)

    async with aiohttp.ClientSession() as session, served(answer) as front:
        yield front


class Member:
    """A member before real endpoints, as a process has it open."""

    def __init__(
        self,
        urls: Sequence[str],
        root: Header,
        journal: MemoryJournal | None = None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        chain = ChainId("cosmos", root.chain_id)
        self.options = ChainOptions.model_validate(
            {"chain_id": root.chain_id, "prefix": "wasm", "trust_period": 86_400, "max_block_seconds": 3600, **options}
        )
        endpoints = [{"name": name, "url": url} for name, url in zip("abc", urls, strict=False)]
        trusted = {"trust_height": root.height, "trust_hash": root.hash.hex()}
        member = MemberOptions.model_validate({"endpoints": endpoints, "set_aside": 0.0, **PATIENT, **trusted})
        self.journal, self.log = journal or MemoryJournal(), Recorder()
        setup = ChainSetup(chain, self.options, member, (), (), self.journal, self.log)
        self.ground = Ground.of(setup, member, judge, admission(self.options, member), clock)
        self.finality = Finality(self.ground, self.options, member)

    async def __aenter__(self) -> "Member":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ground.quorum.close()
        await self.ground.transport.close()

    def liars(self) -> set[str]:
        return {health.name for health in self.ground.quorum.health() if health.lying}


def urls_of(url: str) -> list[str]:
    return [url, url + "?b", url + "?c"]


def header_of(node: RunningNode, height: int) -> Header:
    return rpc.commit(height).parse(node.ask("commit", height=str(height)))[0]  # type: ignore[no-any-return]


def checkpoint(header: Header, chain: str) -> Checkpoint:
    return Checkpoint(chain, header.height, header.hash, header.time // SECOND)


@needs_wasmd
async def test_checkpoints_of_a_real_node_go_on_and_prove_its_state(node: RunningNode) -> None:
    await node.reaches(5)
    root, urls = header_of(node, 2), urls_of(node.url)
    async with Member(urls, root) as member:
        first = await member.finality.finalized()
        assert first.height >= 4
        assert first.block_hash == header_of(node, first.height).hash
        await node.reaches(first.height + 3)
        second = await member.finality.finalized()
        assert second.height > first.height
        anchored = await member.finality.anchored(first)
        key = stores.supply_key("stake")

        def proven(found: rpc.QueryResult) -> bytes | None:
            return prove(found.ops, anchored.app_hash, stores.BANK, key)

        (value,) = await member.ground.quorum.agree([rpc.store_query(stores.BANK, key, first.height, proven)], "supply")
        assert value == node.value(stores.BANK, key, first.height)
        assert member.liars() == set()
    async with Member(urls, root, member.journal) as again:
        third = await again.finality.finalized()
        assert third.height >= second.height
        # One that this process has not found itself.
        older = checkpoint(header_of(node, third.height - 2), second.chain)
        assert (await again.finality.anchored(older)).checkpoint(second.chain) == older
        kept = Kept.load(again.journal)
        assert kept is not None
        assert kept.block.header.height == third.height + 1


@needs_wasmd
async def test_headers_that_an_endpoint_forges_before_a_real_node_are_refused(node: RunningNode) -> None:
    await node.reaches(5)
    root = header_of(node, 2)
    lies = set[str]()

    def forged(result: Any) -> Any:
        told = result.get("signed_header")
        if told is not None and told["header"]["height"] != "2":
            told["header"]["app_hash"] = "00" * 32
            lies.add(told["header"]["height"])
        return result

    def consistent(result: Any) -> Any:
        told = forged(result).get("signed_header")
        if told is not None and told["header"]["height"] != "2":
            told["commit"]["block_id"]["hash"] = blocks_json.header(told["header"]).hash.hex().upper()
        return result

    def unsigned(result: Any) -> Any:
        told = result.get("signed_header")
        if told is not None and told["header"]["height"] != "2":
            absent = {"block_id_flag": 1, "validator_address": "", "signature": None}
            told["commit"]["signatures"] = [{**absent, "timestamp": "0001-01-01T00:00:00Z"}]
        return result

    for lie in (forged, consistent):
        async with fronted(node.url, lie) as front, Member([node.url, node.url + "?b", front], root) as member:
            at = await member.finality.finalized()
            assert at.block_hash == header_of(node, at.height).hash
            assert member.liars() == {"c"}
    assert lies
    # Where all lie, one who does not know the newest block yet when it is asked is not asked for it.
    for lie, others, named in ((consistent, node.url, [{"a", "b"}]), (unsigned, "", [{"a", "b", "c"}, *PAIRS])):
        async with (
            fronted(node.url, lie) as front,
            Member([front, front + "?b", others or front + "?c"], root) as member,
        ):
            with pytest.raises(Unreadable):
                await member.finality.finalized()
            assert member.liars() in named
            kept = Kept.load(member.journal)
            assert kept is not None
            assert kept.block.header == root


@needs_wasmd
async def test_a_root_that_expired_on_a_real_node(node: RunningNode) -> None:
    root = header_of(node, node.height())
    await node.reaches(root.height + 2)
    late = root.time // SECOND + DAY + 1

    def clock() -> float:
        return late

    async with Member(urls_of(node.url), root, clock=clock, trust_period=DAY) as member:
        with pytest.raises(RootExpired, match=rf"block {root.height}, .* is older than trust_period \({DAY} s\)"):
            await member.finality.finalized()
        assert member.liars() == set()


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node that keeps the last few blocks and states only."""
    with RunningNode(1, tmp_path_factory.mktemp("pruned")) as node:
        program = build_node.node()
        assert program is not None
        ports = devnet_node.Ports(*range(node.port, node.port + 4))
        argv = devnet_node.prepare(program, node.directory, node.chain.reference, ports, {}, 100)
        config = node.directory / "wasmd" / "config"
        genesis = json.loads((config / "genesis.json").read_text())
        genesis["consensus"]["params"]["evidence"]["max_age_num_blocks"] = "3"
        (config / "genesis.json").write_text(json.dumps(genesis))
        settings_ = (config / "app.toml").read_text().replace('pruning = "nothing"', 'pruning = "custom"')
        kept = 'pruning-keep-recent = "20"\npruning-interval = "10"\n'
        (config / "app.toml").write_text(kept + settings_.replace("min-retain-blocks = 0", "min-retain-blocks = 20"))
        with node.log.open("ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield node
        finally:
            process.terminate()
            process.wait()


async def newest(member: Member) -> Checkpoint:
    """The newest checkpoint; on a slow machine its blocks may be gone before they are asked for."""
    while True:
        with suppress(Unreadable):
            return await member.finality.finalized()


async def begun(pruned: RunningNode) -> tuple[Header, MemoryJournal, Checkpoint]:
    """A root of trust, what a member keeps that began there, and a checkpoint above it. On a slow machine a root may be
    gone before it is asked for; then it is a newer one."""
    while True:
        with suppress(Unreadable, NodeError):
            root = header_of(pruned, pruned.height())
            await pruned.reaches(root.height + 2)
            async with Member(urls_of(pruned.url), root) as member:
                at = await member.finality.finalized()
                if at.height > root.height:
                    return root, member.journal, at


async def gone(pruned: RunningNode, height: int) -> None:
    """Waits until the node has neither the block nor its state."""
    while True:
        await pruned.reaches(pruned.height() + 1)
        if int(pruned.ask("status")["sync_info"]["earliest_block_height"]) <= height:
            continue
        try:
            pruned.value(stores.BANK, stores.supply_key("stake"), height)
        except NodeError:
            return


@needs_wasmd
async def test_a_real_node_that_prunes_is_read_at_its_head_and_clear_about_the_rest(pruned: RunningNode) -> None:
    await pruned.reaches(4)
    await gone(pruned, 3)
    root, journal, at = await begun(pruned)
    async with Member(urls_of(pruned.url), replace(root, height=3)) as member:
        with pytest.raises(Unreadable, match=r"no endpoint has the root of trust, block 3, .*pruned"):
            await member.finality.finalized()
        assert member.liars() == set()
    # Long after the root is pruned, what is kept leads on, also in another process.
    await gone(pruned, at.height)
    async with Member(urls_of(pruned.url), root, journal) as again:
        assert (await newest(again)).height > at.height
        with pytest.raises(Unreadable, match=f"0 endpoints have block .* at height {at.height}, .* pruned it"):
            await again.finality.anchored(at)
        key = stores.supply_key("stake")
        for call, text in (
            (rpc.commit(3), "height 3 is not available, lowest height is"),
            (rpc.validators(3), "height 3 is not available, lowest height is"),
            (
                rpc.store_query(stores.BANK, key, 3, lambda found: found),
                "no state of height 3, pruned or not there yet",
            ),
            (
                rpc.abci_query(f"/store/{stores.BANK}/key", key, 3, lambda found: found),
                "no state of height 3",
            ),
            (
                rpc.abci_query("/cosmos.bank.v1beta1.Query/Params", b"", 3, lambda found: found, errors=True),
                "no state of height 3, pruned or not there yet",
            ),
        ):
            (found,) = await again.ground.quorum.agree([call], "the past")
            assert isinstance(found, Unreadable)
            assert text in again.log.events[-1][2]["reason"]
