"""Sets a devnet up: nodes, endpoints, bus, keys, contracts, configuration, members."""

import asyncio
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from chains.caip import ChainId
from chains.devnet import Committee, LocalChain, Program, Table, devnet
from relayer.bus.server import CONFIG, nats_server_binary
from relayer.devnet import command, configuration, ports, processes, state
from relayer.devnet.configuration import Identity, Route
from relayer.devnet.plan import Plan
from relayer.devnet.state import Chain, DevnetError, Member, State, write_private

ENDPOINTS = 3
NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf")
SUPPLY = 10**6 * 10**configuration.DECIMALS
"""What the user of the source chain has of the asset, in base units."""

_START_SECONDS = 300.0
_LOOK_SECONDS = 0.1

Say = Callable[[str], None]


async def up(directory: Path, plan: Plan, say: Say) -> State:
    """Starts everything and returns once every member serves. See `start`."""
    return await all_serving(await start(directory, plan, say))


async def start(directory: Path, plan: Plan, say: Say) -> State:
    """Starts everything and returns when the last program has been started: the chains are ready, the members need
    some seconds more. What is started is in the record in `directory` before anything else happens, so that whoever
    ends the devnet finds it, however this ends. `directory` is absolute and was prepared. Raises `DevnetError`, and the
    errors of families and commands."""
    now = laid_out(directory, plan).save()
    names = [member.name for member in now.members]
    for name in names:
        now.config(name).parent.mkdir(parents=True, mode=0o700)
    say(f"starting {len(now.chains)} nodes, {len(names) * len(now.chains) * ENDPOINTS} endpoints, the bus")
    now = _infrastructure(now)
    async with AsyncExitStack() as stack:
        locals_ = open_chains(now, stack)
        dealt = asyncio.create_task(_deal(now, names, {chain.namespace for chain in plan.chains}))
        await asyncio.gather(
            *(_until(one.ready, f"the node of {one.chain}", now) for one in locals_),
            *(_until(partial(_listens, port), f"port {port}", now) for port in _served(now)),
            dealt,
        )
        group, identities = await dealt
        say("deploying the contracts")
        routes = await _deploy(plan, locals_, group, identities)
        await _configure(now, locals_, identities, routes)
        say("making the members' stores")
        await asyncio.gather(
            *(command.run("store", "init", "--config", str(now.config(name))) for name in names),
            *(_until(one.final, f"finality on {one.chain}", now) for one in locals_),
        )
    say(f"starting {len(names)} members")
    for name in names:
        now = start_member(now, name)
    return now


async def all_serving(now: State) -> State:
    """Waits until every member serves, and records that the devnet is up. Raises `DevnetError` if one ends instead."""
    await asyncio.gather(*(serving(now, member) for member in now.members))
    return replace(now, up=True).save()


def laid_out(directory: Path, plan: Plan) -> State:
    """Who will listen where, before anything runs. Raises `NoFreePort`."""
    names = NAMES[: plan.members]
    nodes = [devnet(chain.namespace).ports for chain in plan.chains]
    others = 1 + len(names) * (1 + len(nodes) * ENDPOINTS)
    found = ports.blocks([*nodes, *(1 for _ in range(others))])
    chains = tuple(Chain(str(chain), found.pop(0)) for chain in plan.chains)
    members = tuple(
        Member(
            name,
            found.pop(),
            {chain.name: tuple(f"http://127.0.0.1:{found.pop()}" for _ in range(ENDPOINTS)) for chain in chains},
        )
        for name in names
    )
    return State(directory, chains, members, found.pop())


def check_vacant(directory: Path) -> None:
    """Raises `DevnetError` if a devnet runs in the directory, or if it holds something else than one that did."""
    earlier = state.load(directory)
    if earlier is not None and earlier.living():
        raise DevnetError(f"a devnet runs in {directory} already: end it with `ballast devnet down --dir {directory}`")
    if earlier is None and directory.exists() and any(directory.iterdir()):
        raise DevnetError(f"{directory} is neither empty nor a devnet's: choose another directory")


def prepare(directory: Path) -> None:
    """A directory for a devnet, with nothing but an empty record in it. Raises `DevnetError` as `check_vacant`."""
    check_vacant(directory)
    if directory.exists():
        shutil.rmtree(directory)
    (directory / "logs").mkdir(parents=True, mode=0o700)
    State(directory).save()


def open_chains(
    now: State, stack: AsyncExitStack, tables: Mapping[str, Sequence[Any]] | None = None
) -> list[LocalChain]:
    """The local chains, the source first; they are closed with `stack`. `tables`: what was deployed, by chain."""
    opened = []
    for chain in now.chains:
        chain_id = ChainId.parse(chain.name)
        one = devnet(chain_id.namespace).local(chain_id, chain.port, (tables or {}).get(chain.name, ()))
        stack.push_async_callback(one.close)
        opened.append(one)
    return opened


def start_member(now: State, name: str) -> State:
    """Starts a member as a process of its own, and records it."""
    argv = [command.program(), "run", "--config", str(now.config(name))]
    return now.with_process(processes.start(name, argv, now.log(name))).save()


async def serving(now: State, member: Member) -> None:
    """Waits until a member answers. Raises `DevnetError` with its last words if it ends instead."""

    async def answers() -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(f"{member.url}/healthz") as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    await _until(answers, f"member {member.name}", now)


def _infrastructure(now: State) -> State:
    """Nodes, their endpoints, the bus; each is recorded as soon as it runs."""
    upstreams: dict[str, dict[int, int]] = {}
    for chain in now.chains:
        of_family = upstreams.setdefault(ChainId.parse(chain.name).namespace, {})
        for member in now.members:
            of_family |= {int(url.rpartition(":")[2]): chain.port for url in member.endpoints[chain.name]}
    config = now.directory / "nats.conf"
    config.write_text(CONFIG, encoding="utf-8")
    bus = (str(nats_server_binary()), "-a", "127.0.0.1", "-p", str(now.bus_port), "-c", str(config))
    programs = [Program("bus", bus)]
    programs += [_node(now, chain) for chain in now.chains]
    programs += [devnet(n).endpoints(pairs, _folder(now, f"endpoints-{n}")) for n, pairs in upstreams.items()]
    for program in programs:
        now = now.with_process(processes.start(program.name, program.argv, now.log(program.name))).save()
    return now


def _node(now: State, chain: Chain) -> Program:
    chain_id = ChainId.parse(chain.name)
    folder = _folder(now, f"node-{chain_id.namespace}-{chain_id.reference}")
    return devnet(chain_id.namespace).node(chain_id, chain.port, folder)


def _folder(now: State, name: str) -> Path:
    folder = now.directory / "nodes" / name
    folder.mkdir(parents=True)
    return folder


async def _deal(now: State, names: Sequence[str], namespaces: Iterable[str]) -> tuple[Committee, list[Identity]]:
    """Every member's keys, through the public command."""
    configuration.roster(now, names)
    for name in names:
        write_private(now.config(name).parent / "passphrase", secrets.token_urlsafe(24) + "\n")
    dealt = now.directory / "dealt"
    accounts = [word for namespace in sorted(namespaces) for word in ("--account", namespace)]
    phrase = f"file:{now.directory}/members/{{member}}/passphrase"
    where = ("--committee", str(now.committee), "--out", str(dealt), "--passphrase", phrase)
    (told,) = await command.run("keys", "deal", *where, *accounts)
    for name in names:
        (dealt / f"{name}.keystore").replace(now.config(name).parent / "keystore")
    (dealt / "group.json").replace(now.group)
    dealt.rmdir()
    identities = [Identity(m["member"], m["identity"], m["accounts"]) for m in told["members"]]
    return Committee(told["epoch"], bytes.fromhex(told["group_key"])), identities


async def _deploy(
    plan: Plan, chains: Sequence[LocalChain], group: Committee, identities: Sequence[Identity]
) -> list[Route]:
    """The contracts: on all chains at once, on one chain in order."""

    async def on(place: int, chain: LocalChain) -> dict[tuple[str, int], Table]:
        """The rows of one chain by route and place: -1 for the position, else the chain's place in the plan."""
        rows: dict[tuple[str, int], Table] = {}

        async def sources() -> None:
            for lane in plan.sources(place):
                rows[lane.name, -1] = await chain.deploy_source(lane.name, configuration.DECIMALS, SUPPLY)

        payers = [one.accounts[chain.chain.namespace] for one in identities] if plan.destinations(place) else []
        await asyncio.gather(sources(), *([chain.fund(payers)] if payers else []))
        for lane in plan.destinations(place):
            rows[lane.name, place] = await chain.deploy_destination(
                lane.name, configuration.DECIMALS, group, configuration.LONGEST_LEASE
            )
        return rows

    rows: dict[tuple[str, int], Table] = {}
    for of_chain in await asyncio.gather(*(on(place, chain) for place, chain in enumerate(chains))):
        rows |= of_chain
    return [
        Route(lane.name, rows[lane.name, -1], tuple(rows[lane.name, place] for place in lane.destinations))
        for lane in plan.routes
    ]


async def _configure(
    now: State, chains: Sequence[LocalChain], identities: Sequence[Identity], routes: Sequence[Route]
) -> None:
    """Everybody's configuration, and the users' keys."""
    tables = {str(chain.chain): await chain.committee_table() for chain in chains}
    configuration.committee(now, identities, tables, routes)
    for member in now.members:
        of_chains = {}
        for chain in chains:
            urls = member.endpoints[str(chain.chain)]
            of_chains[str(chain.chain)] = chain.member_table({f"{member.name}-{i}": u for i, u in enumerate(urls, 1)})
        configuration.member(now, member, of_chains)
    for namespace, secret in {chain.chain.namespace: chain.user_secret() for chain in chains}.items():
        write_private(now.user_key(namespace), secret.hex() + "\n")


def _served(now: State) -> list[int]:
    """The ports of the bus and of all endpoints."""
    urls = [url for member in now.members for of_chain in member.endpoints.values() for url in of_chain]
    return [now.bus_port, *(int(url.rpartition(":")[2]) for url in urls)]


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _until(condition: Callable[[], Awaitable[bool]], what: str, now: State) -> None:
    """Polls until the condition holds. Raises `DevnetError` if it does not in time, or if a program has ended."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await condition():
                for process in now.processes:
                    if not process.alive():
                        raise DevnetError(f"{process.name} has ended:\n{last_lines(now.log(process.name))}")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise DevnetError(f"{what}: not there after {_START_SECONDS:.0f} s; see {now.directory / 'logs'}") from None


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a program's log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return "(it left no log)"
