"""Prepares the machine for families' nodes, before a command that starts some."""

import asyncio
from collections.abc import Iterable
from contextlib import nullcontext

from relayer.cli import report
from relayer.cli.interrupts import interruptible


def prepare_families(namespaces: Iterable[str], *, as_json: bool) -> list[str]:
    """Runs what is missing for the nodes of these families, one after the other: with bars on stderr, or as JSON lines
    on stdout. Returns the everyday names of those that it was run for. Raises `DevnetError` for the first that
    fails."""
    from relayer.devnet.preparation import missing

    needed = missing(namespaces)
    if not needed:
        return []
    from rich.console import Console

    from relayer.devnet.bars import shown
    from relayer.devnet.preparation import documents, run

    async def all_of_them() -> None:
        for one in needed.values():
            with nullcontext(documents(report.data)) if as_json else shown(Console(stderr=True)) as told:
                await run(one, told)

    asyncio.run(interruptible(all_of_them()))
    return [one.family for one in needed.values()]
