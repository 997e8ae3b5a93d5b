"""`ballast demo`: the whole story on a devnet of its own."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.devnet import DEFAULT, Directory, Families, problems, usage
from relayer.cli.interrupts import interruptible
from relayer.cli.report import FAILED, Json


def add(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    directory: Directory = DEFAULT,
    families: Families = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the devnet running, and print how to use it.")] = False,
    as_json: Json = False,
) -> None:
    """Show Ballast at work on local chains: every step is shown as it happens, and checked."""
    from relayer.demo.run import run
    from relayer.devnet.plan import chosen

    with problems():
        emit = _line if as_json else None
        work = run(directory.absolute(), chosen(families), keep=keep, emit=emit)
        state = asyncio.run(interruptible(work))
    if state is None:
        raise typer.Exit(FAILED)
    if keep:
        (report.note if as_json else report.text)(usage(state))


def _line(document: Mapping[str, Any]) -> None:
    """A step or the result. Who looks for the result finds it at the beginning of the last line."""
    sys.stdout.write(json.dumps({**document, "version": report.VERSION}) + "\n")
    sys.stdout.flush()
