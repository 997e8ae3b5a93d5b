"""`ballast devnet`: local chains, a bus and a committee of real member processes on this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.report import WRONG, Json, Problem

if TYPE_CHECKING:
    from relayer.devnet.state import State
    from relayer.devnet.up import Plan

Directory = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the devnet keeps its files.")]
DEFAULT = Path(".devnet")


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="A committee with local chains on this machine.", no_args_is_help=True)
    group.command("up")(up)
    group.command("down")(down)
    group.command("status")(status)
    app.add_typer(group, name="devnet")


def up(
    directory: Directory = DEFAULT,
    source: Annotated[
        str | None, typer.Option("--source", metavar="FAMILY", help="CAIP-2 namespace of the chain with the vault.")
    ] = None,
    destinations: Annotated[
        list[str] | None,
        typer.Option("--destination", metavar="FAMILY", help="Of a chain with the wrapped token; repeatable."),
    ] = None,
    members: Annotated[int, typer.Option("--members", min=4, max=7, help="Size of the committee.")] = 4,
    as_json: Json = False,
) -> None:
    """Start local nodes, their contracts and a committee, and leave them running."""
    from relayer.devnet.reaper import Reaper
    from relayer.devnet.up import default_plan, prepare
    from relayer.devnet.up import up as start

    directory = directory.absolute()
    with problems():
        plan = _chosen(default_plan(members), source, destinations)
        prepare(directory)
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


def usage(state: "State") -> str:
    """How to use a running devnet, for people."""
    from relayer.devnet.configuration import ROUTE

    first, last = state.members[0], state.chains[-1]
    shown, ballast = _from_here(state.directory), _ballast()
    where = f"--committee {shown}/committee.toml --route {ROUTE} --gate {last.name}"
    who = f"--key file:{shown}/user.key --rpc http://127.0.0.1:{last.port}"
    return "\n".join(
        [
            "",
            "The devnet is up.",
            *(f"  {chain.name:<14} node     http://127.0.0.1:{chain.port}" for chain in state.chains),
            *(f"  {one.name:<14} member   {one.url:<24} {shown}/logs/{one.name}.log" for one in state.members),
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
    from relayer.devnet.state import DevnetError

    try:
        yield
    except DevnetError as error:
        raise Problem(str(error)) from error


async def interruptible(work: Any) -> Any:
    """Runs a coroutine so that SIGINT, SIGTERM and SIGHUP cancel it; then raises `KeyboardInterrupt`."""
    import signal

    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _chosen(plan: "Plan", source: str | None, destinations: list[str] | None) -> "Plan":
    from dataclasses import replace

    from chains.devnet import devnet
    from chains.registry import UnknownFamily

    chosen = replace(plan, source=source or plan.source, destinations=tuple(destinations or plan.destinations))
    for namespace in (chosen.source, *chosen.destinations):
        try:
            devnet(namespace)
        except UnknownFamily as error:
            raise Problem(str(error), WRONG) from None
    return chosen


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
        "chains": [{"chain": chain.name, "url": f"http://127.0.0.1:{chain.port}"} for chain in state.chains],
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
