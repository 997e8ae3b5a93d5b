"""Shows people how far a preparation is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from relayer.devnet.preparation import Milestones, Progress, Told

_LINES = 10
"""How many parts of one thing have lines of their own."""


@contextmanager
def shown(console: Console) -> Iterator[Told]:
    """Takes the progress of one preparation as long as this lasts. What else is printed on the console meanwhile stands
    above the bar."""
    if not console.is_interactive:
        yield _lines(console)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("preparing", total=None)
        yield lambda now: bars.update(
            task, description=f"preparing {now.family}: {now.what}", completed=now.done, total=now.most or None
        )


def _lines(console: Console) -> Told:
    milestones = Milestones(_LINES)

    def told(now: Progress) -> None:
        if milestones.reached(now):
            part = f", {now.done} of {now.most}" if now.most else ""
            line = f"preparing {now.family}: {now.what}{part}"
            console.print(f"      [dim]{escape(line)}[/dim]", highlight=False)

    return told
