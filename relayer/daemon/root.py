"""The composition root: the one place that builds concrete things out of a member's configuration."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from nacl.signing import VerifyKey

from chains.caip import ChainId
from chains.errors import ChainError
from chains.registry import family
from chains.types import ChainSetup, Deployment, Position
from relayer.agreement.bundle import Invalid
from relayer.agreement.judging import Judge, Missing, UnknownConfiguration
from relayer.agreement.params import Params
from relayer.bus.access import NatsOptions
from relayer.bus.bus import Bus
from relayer.bus.envelope import Limits
from relayer.bus.nats import NatsTransport
from relayer.bus.server import NatsServer
from relayer.config.committee import Committee
from relayer.config.member import MemberConfig
from relayer.daemon.blobs import BlobCache
from relayer.daemon.checking import CheckedChain, check_chains
from relayer.daemon.checks import checks
from relayer.daemon.http import HttpService
from relayer.daemon.keys import Keys, MemberError, open_keys
from relayer.daemon.logs import configure
from relayer.daemon.metrics import Metrics
from relayer.daemon.pruning import prune
from relayer.daemon.reading import OpenChain, Readings
from relayer.daemon.restore import Known, lost_since, outstanding, restored
from relayer.daemon.runtime import Runtime
from relayer.daemon.service import Service
from relayer.daemon.submitting import Submitter, Target
from relayer.keystore import NoSuchKey
from relayer.rounds.machine import Machine, Restored
from relayer.rounds.messages import limits
from relayer.store.errors import StoreError
from relayer.store.safety import Binding, SafetyStore

SETTLE_SECONDS = 2.0
BLOB_BASE = 1 << 20
BLOB_ITEM = 16 << 10
BLOB_MOST = 64 << 20


def timeline(configs: Sequence[Params]) -> Callable[[int], Params | None]:
    """Which configuration is in force in a round: the newest whose `from_round` has come."""
    ordered = sorted(configs, key=lambda p: p.from_round)

    def at(round_: int) -> Params | None:
        return next((p for p in reversed(ordered) if p.from_round <= round_), ordered[0] if ordered else None)

    return at


def pays(keys: Keys, chain: str) -> bool:
    """Whether this member has an account on the chain; without one it brings no statements there."""
    try:
        keys.contents.account(chain)
    except NoSuchKey:
        return False
    return True


def to_be_read(committees: Sequence[Committee], round_: int) -> list[Committee]:
    """Those of `committees` (oldest first) that are in force in `round_` or come into force later. A new one is read
    before it takes effect, so that its windows are there by then; the old one holds until then."""
    begun = [c for c in committees if c.from_round <= round_]
    return [c for c in committees if c in begun[-1:] or c not in begun]


def declared(committees: Sequence[Committee], chain: str) -> tuple[tuple[Position, ...], tuple[Deployment, ...]]:
    """What any of `committees` (oldest first) has on a chain. Where two declare the same position or deployment, the
    later one's options count."""
    positions = {p.id: p for c in committees for p in c.positions().get(chain, ())}
    deployments = {d.key: d for c in committees for d in c.deployments().get(chain, ())}
    return tuple(positions.values()), tuple(deployments.values())


def open_chains(
    config: MemberConfig, committees: Sequence[Committee], keys: Keys, store: SafetyStore, log: Any, turn: int
) -> list[OpenChain]:
    """Every chain of the committee, opened by its family, for what any of `committees` has on it; none is contacted
    yet."""
    opened = []
    for name in sorted(config.committee.chains):
        chain_id = ChainId.parse(name)
        try:
            secret = keys.contents.account(name).reveal()
        except NoSuchKey:
            secret = None
        positions, deployments = declared(committees, name)
        log_of_chain = log.bind(chain=name)
        setup = ChainSetup(
            chain=chain_id,
            chain_options=config.committee.chain_options(name),
            member_options=config.chain_options(name),
            positions=positions,
            deployments=deployments,
            journal=store.journal(name),
            log=log_of_chain,
            account_secret=secret,
            turn=turn,
        )
        chain = CheckedChain(family(chain_id.namespace).open(setup), log_of_chain)
        opened.append(OpenChain(name, chain, positions, deployments))
    return opened


@contextlib.asynccontextmanager
async def _transport(config: MemberConfig, log: Any) -> AsyncIterator[NatsTransport]:
    async with contextlib.AsyncExitStack() as stack:
        bus = config.member.bus
        access = bus.access()
        if bus.embedded is not None:
            server = await stack.enter_async_context(NatsServer(port=bus.embedded.port))
            access["urls"] = (server.url,)
        transport = await NatsTransport.connect(NatsOptions(**access), log)
        stack.push_async_callback(transport.close)
        yield transport


async def run_member(config: MemberConfig, ready: Callable[[int], None]) -> None:
    """Runs until SIGTERM or SIGINT. `ready(port)` is called when the HTTP service listens.

    Raises `MemberError` and the errors of its parts, before anything is signed where they concern the start."""
    log = configure(config.member.log.level, config.member.log.format).bind(member=config.member.member)
    for warning in config.warnings:
        log.warning("configuration", path=warning.path, why=warning.message)
    keys = open_keys(config)
    committees = (*config.previous, config.committee)
    configs = {committee.config_id: committee.params() for committee in committees}
    params = config.committee.params()
    async with contextlib.AsyncExitStack() as stack:
        binding = Binding(params.group, config.index, keys.contents.verify_key)
        store = SafetyStore.open(config.store_url(), binding)
        stack.callback(store.close)
        blobs = BlobCache(store.blob)
        judge = Judge(configs, checks({keys.group.epoch: keys.group.package.group}, _positions(committees)))
        memory, known = _remembered(store, judge, blobs, params, list(configs.values()))
        params_at = timeline(list(configs.values()))
        machine = _machine(config, keys, params_at, memory)
        read = to_be_read(committees, max(0, params.slot_at(time.time())))
        chains = open_chains(config, read, keys, store, log, config.index)
        metrics = Metrics()
        deadline = max(1.0, (params.slot - 2 * params.skew) / 2)
        readings = Readings(chains, store, blobs, log, deadline, [c.params() for c in read])
        stack.push_async_callback(readings.close)
        await check_chains(chains)
        items = sum(len(r.positions) + len(r.deployments) for r in params.routes) + len(chains)
        transport = await stack.enter_async_context(_transport(config, log))
        bus = await stack.enter_async_context(_bus(transport, config, keys, params, items))
        submitter = _submitter(config, keys, params, chains, readings, metrics, log)
        stack.push_async_callback(submitter.close)
        limit = min(BLOB_MOST, BLOB_BASE + BLOB_ITEM * items)
        runtime = Runtime(
            machine,
            params_at,
            judge,
            bus,
            store,
            blobs,
            readings,
            submitter,
            time.time,
            log,
            metrics,
            limit,
            lambda: prune(store),
        )
        service = Service(
            config.member.member, params_at, machine, readings, chains, submitter, runtime, bus, store, blobs, metrics
        )
        stop = _on_signal()  # before anybody is told that this member is there, and may end it
        host, _, port = config.member.http.listen.rpartition(":")
        http = await stack.enter_async_context(HttpService(service, host.strip("[]"), int(port)))
        log.info("member.up", config_id=params.config_id.hex(), round=params.slot_at(time.time()), http=http.port)
        ready(http.port)
        await _until(stop, runtime, known, chains, log)
        log.info("member.down")


def _positions(committees: Sequence[Committee]) -> dict[bytes, Position]:
    return {p.id: p for committee in committees for of_chain in committee.positions().values() for p in of_chain}


def _remembered(
    store: SafetyStore, judge: Judge, blobs: BlobCache, params: Params, configs: Sequence[Params]
) -> tuple[Restored, Known]:
    """What the store holds of before. Raises `MemberError` where a signature's ground is missing."""
    amnesia = store.amnesia()
    lost = None if amnesia is None else lost_since(amnesia.lost_at, params, configs)
    try:
        known = outstanding(store, judge, blobs)
        return restored(store, judge, blobs, lost, known), known
    except (Missing, UnknownConfiguration, Invalid) as error:
        raise MemberError(f"the store holds signatures whose ground is not there: {error}") from error


def _machine(config: MemberConfig, keys: Keys, params_at: Callable[[int], Params | None], memory: Restored) -> Machine:
    signing = keys.contents.signing_key
    share = keys.contents.share(config.committee.epoch)
    return Machine(config.index, params_at, share, lambda data: signing.sign(data).signature, os.urandom, memory)


def _bus(transport: NatsTransport, config: MemberConfig, keys: Keys, params: Params, items: int) -> Bus:
    return Bus(
        transport,
        keys.contents.signing_key,
        [VerifyKey(key) for key in params.members],
        config.index,
        params.group,
        Limits(limits(params.n, items)),
        lambda: time.time_ns() // 1000,
        int.from_bytes(os.urandom(8), "big"),
    )


def _submitter(
    config: MemberConfig,
    keys: Keys,
    params: Params,
    chains: Sequence[OpenChain],
    readings: Readings,
    metrics: Metrics,
    log: Any,
) -> Submitter:
    return Submitter(
        {d.key: Target(d, c.chain) for c in chains if pays(keys, c.name) for d in c.deployments},
        readings.gates,
        lambda round_: (config.index - round_) % params.n,
        # A turn gives the one before it time to be executed: two transactions in one block cost twice.
        float(max(2, params.skew, params.slot // 4)),
        log,
        metrics.submission,
    )


def _on_signal() -> asyncio.Event:
    """Set when SIGTERM or SIGINT comes."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _until(stop: asyncio.Event, runtime: Runtime, known: Known, chains: Sequence[OpenChain], log: Any) -> None:
    """Runs the rounds and settles transactions until `stop` is set. Raises what must stop a member, unwrapped."""
    rounds = asyncio.create_task(runtime.run(known))
    settling = [asyncio.create_task(_settle(c, log)) for c in chains if c.deployments]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([rounds, stopping], return_when=asyncio.FIRST_COMPLETED)
        if rounds.done():
            raise _first(rounds.exception())
    finally:
        for task in (rounds, stopping, *settling):
            task.cancel()
        await asyncio.gather(rounds, stopping, *settling, return_exceptions=True)


async def _settle(c: OpenChain, log: Any) -> None:
    while True:
        try:
            await c.chain.settle()
        except ChainError as error:
            log.warning("settle.failed", chain=c.name, why=str(error))
        except StoreError:
            raise  # it takes nothing any more, and the rounds stop with it
        except Exception as error:  # what waits in the journal must not be forgotten because of one strange answer
            log.error("settle.broken", chain=c.name, why=f"{type(error).__name__}: {error}")
        await asyncio.sleep(SETTLE_SECONDS)


def _first(error: BaseException | None) -> BaseException:
    """The error inside nested groups that says why the member stops."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error or MemberError("the rounds ended by themselves, which they never do")
