"""`ballast devnet`: local chains, a bus and a committee of real member processes on this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.interrupts import interruptible
from relayer.cli.preparing import prepare_families
from relayer.cli.report import WRONG, Json, Problem

if TYPE_CHECKING:
    from relayer.devnet.configuration import Route
    from relayer.devnet.state import State

Directory = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the devnet keeps its files.")]
Families = Annotated[
    str | None,
    typer.Option(
        "--families",
        metavar="LIST",
        help="Chain families by name or CAIP-2 namespace, with commas between them; all that can be run if left out.",
    ),
]
DEFAULT = Path(".devnet")
NODE = Path(".devnet-node")


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="A committee with local chains on this machine.", no_args_is_help=True)
    group.command("up")(up)
    group.command("down")(down)
    group.command("status")(status)
    group.command("node")(node)
    group.command("prepare")(prepare)
    app.add_typer(group, name="devnet")


def up(
    directory: Directory = DEFAULT,
    families: Families = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="FAMILY", help="Of the chain with the vault, for one route only.")
    ] = None,
    destinations: Annotated[
        list[str] | None,
        typer.Option("--destination", metavar="FAMILY", help="Of a chain with the wrapped token; repeatable."),
    ] = None,
    members: Annotated[int, typer.Option("--members", min=4, max=7, help="Size of the committee.")] = 4,
    as_json: Json = False,
) -> None:
    """Start local nodes, their contracts and a committee, and leave them running."""
    from relayer.devnet.plan import chosen, named, one_route, plan_for
    from relayer.devnet.reaper import Reaper
    from relayer.devnet.up import check_vacant
    from relayer.devnet.up import prepare as prepare_directory
    from relayer.devnet.up import up as start

    if (source is None) != (not destinations):
        raise Problem("--source and --destination make one route: give both, or none of them", WRONG)
    if source is not None and families is not None:
        raise Problem("--families chooses the routes itself: leave out --source and --destination, or it", WRONG)

    directory = directory.absolute()
    with problems():
        if source is None:
            plan = plan_for(chosen(families), members)
        else:
            plan = one_route(named(source), [named(word) for word in destinations or ()], members)
        check_vacant(directory)
        prepare_families([chain.namespace for chain in plan.chains], as_json=as_json)
        prepare_directory(directory)
        reaper = Reaper(directory)
        try:
            state = asyncio.run(interruptible(start(directory, plan, report.note)))
        except BaseException:
            report.note("it did not come up; ending what was started")
            reaper.release()
            raise
    reaper.keep()
    if as_json:
        report.data(_document(state))
    else:
        report.text(usage(state))


def down(directory: Directory = DEFAULT, as_json: Json = False) -> None:
    """End every program of the devnet. Its files stay."""
    from relayer.devnet.down import end

    with problems():
        ended = end(_found(directory))
    if as_json:
        report.data({"directory": str(directory), "ended": [process.name for process in ended]})
    else:
        report.text(f"ended {len(ended)} programs" if ended else "nothing was running")


def status(directory: Directory = DEFAULT, as_json: Json = False) -> None:
    """Tell what runs. Exit code 1 if anything that was started does not."""
    with problems():
        state = _found(directory)
    if as_json:
        report.data(_document(state))
    else:
        for process in state.processes:
            report.text(f"{process.name:<24} {'runs' if process.alive() else 'ended':<6} {state.log(process.name)}")
        if state.up:
            report.text(usage(state))
    if len(state.living()) < len(state.processes) or not state.up:
        raise typer.Exit(report.FAILED)


def node(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Its name or its CAIP-2 namespace.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENT...]", help="For the node's own program.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="Where it listens; else a free port.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the node keeps its files, if it has any.")
    ] = NODE,
    number: Annotated[int, typer.Option("--number", metavar="K", min=0, help="Which of the local chains.")] = 0,
    as_json: Json = False,
) -> None:
    """Run one local chain of a family in the foreground, without a committee. It ends with the command."""
    import os
    import sys

    from chains.devnet import devnet
    from relayer.devnet.plan import named
    from relayer.devnet.ports import blocks

    with problems():
        namespace = named(family)
        brought = devnet(namespace)
        prepare_families([namespace], as_json=as_json)
        (first,) = blocks([brought.ports]) if port is None else (port,)
    chain = brought.chain_id(number)
    directory.mkdir(parents=True, exist_ok=True)
    argv = (*brought.node(chain, first, directory.absolute()).argv, *(more or ()))
    if as_json:
        report.data({"chain": str(chain), "url": f"http://127.0.0.1:{first}"})
    else:
        report.text(f"{chain} at http://127.0.0.1:{first}")
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - the node takes this process's place, so that it ends with it


def prepare(families: Families = None, as_json: Json = False) -> None:
    """Make what nodes need once a machine, such as a program that is compiled, and nothing else."""
    from relayer.devnet.plan import chosen

    with problems():
        prepared = prepare_families(chosen(families), as_json=as_json)
    if as_json:
        report.data({"prepared": prepared})
    else:
        report.text(f"prepared: {', '.join(prepared)}" if prepared else "nothing is missing")


def usage(state: "State") -> str:
    """How to use a running devnet, for people."""
    from chains.caip import ChainId
    from relayer.devnet.configuration import chain_of, read_routes

    routes = read_routes(state)
    shown, ballast, first = _from_here(state.directory), _ballast(), state.members[0]
    last = next(chain for chain in state.chains if chain.name == chain_of(routes[0].deployments[-1]))
    where = f"--committee {shown}/committee.toml --route {routes[0].name} --gate {last.name}"
    key = _from_here(state.user_key(ChainId.parse(last.name).namespace))
    who = f"--key file:{key} --rpc {last.url}"
    return "\n".join(
        [
            "",
            "The devnet is up.",
            *(f"  {chain.name:<14} node     {chain.url}" for chain in state.chains),
            *(f"  {one.name:<14} member   {one.url:<24} {shown}/logs/{one.name}.log" for one in state.members),
            *(f"  {one.name:<14} route    {_way(one)}" for one in routes),
            "",
            "Look, mint, burn, take a round with you and check it, end it:",
            f"  {ballast} status --url {first.url} --watch",
            f"  {ballast} mint {where} {who} --to ADDRESS --amount 5 --member-url {first.url}",
            f"  {ballast} redeem {where} {who} --amount 5",
            f"  {ballast} rounds export --url {first.url} --out round.json",
            f"  {ballast} verify round.json --committee {shown}/committee.toml --group-key @{shown}/group.json",
            f"  {ballast} devnet down --dir {shown}",
        ]
    )


def _way(route: "Route") -> str:
    from relayer.devnet.configuration import chain_of

    return f"from {chain_of(route.position)} to {', '.join(map(chain_of, route.deployments))}"


def _ballast() -> str:
    """What to type for this program: its name where the shell would find it, else its path (`make` puts nothing on
    PATH)."""
    import shutil

    from relayer.devnet.command import program

    own = Path(program())
    found = shutil.which("ballast")
    return "ballast" if found is not None and Path(found).samefile(own) else str(_from_here(own))


def _from_here(path: Path) -> Path:
    """`path`, relative where it is below the working directory."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


@contextmanager
def problems() -> Iterator[None]:
    """Devnet errors as the command line tells them."""
    from relayer.devnet.plan import NoSuchFamily
    from relayer.devnet.state import DevnetError

    try:
        yield
    except NoSuchFamily as error:
        raise Problem(str(error), WRONG) from error
    except DevnetError as error:
        raise Problem(str(error)) from error


def _found(directory: Path) -> "State":
    from relayer.devnet.state import load

    state = load(directory.absolute())
    if state is None:
        raise Problem(f"there is no devnet in {directory}: start one with `ballast devnet up --dir {directory}`")
    return state


def _document(state: "State") -> dict[str, Any]:
    return {
        "directory": str(state.directory),
        "up": state.up,
        "programs": [{"name": p.name, "process": p.pid, "alive": p.alive()} for p in state.processes],
        "chains": [{"chain": chain.name, "url": chain.url} for chain in state.chains],
        "members": [
            {
                "name": member.name,
                "url": member.url,
                "config": str(state.config(member.name)),
                "endpoints": {chain: list(urls) for chain, urls in member.endpoints.items()},
            }
            for member in state.members
        ],
        "committee": str(state.committee),
        "group": str(state.group),
    }
