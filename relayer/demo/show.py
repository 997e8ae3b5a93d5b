"""Shows the story: to people as it happens, or as JSON lines, one a step."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Emit = Callable[[Mapping[str, Any]], None]
"""Takes one JSON object."""


class Step:
    """One step: what is told of it while it happens, and what it showed."""

    def __init__(self, number: int, name: str, title: str, console: Console | None) -> None:
        self.number, self.name, self.title = number, name, title
        self.ok = False
        self.seconds = 0.0
        self.facts: dict[str, Any] = {}
        self.lines: list[str] = []
        self._console = console

    def tell(self, line: str, **facts: Any) -> None:
        """A line for people; `facts` are its figures for machines."""
        self.facts |= facts
        self.lines.append(line)
        if self._console is not None:
            self._console.print(f"      {escape(line)}", highlight=False)


class Teller:
    """Tells the steps: on stdout for people, or to `emit` and nowhere else."""

    def __init__(self, emit: Emit | None) -> None:
        self._emit = emit
        self._console = None if emit else Console(soft_wrap=True)
        self.steps: list[Step] = []
        self._began = time.monotonic()

    def progress(self, text: str) -> None:
        """What is being done before the story, in few words."""
        if self._console is not None:
            self._console.print(f"      [dim]{escape(text)}[/dim]", highlight=False)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Step]:
        """One step of the story; it has failed if this is left by an error."""
        step = Step(len(self.steps) + 1, name, title, self._console)
        self.steps.append(step)
        if self._console is not None:
            self._console.print(f"[bold]{step.number:>3}  {escape(title)}[/bold]", highlight=False)
        began = time.monotonic()
        try:
            yield step
            step.ok = True
        finally:
            step.seconds = round(time.monotonic() - began, 1)
            if self._console is not None:
                mark = "[green]ok[/green]" if step.ok else "[red]FAILED[/red]"
                self._console.print(f"      {mark} [dim]after {step.seconds:.1f} s[/dim]", highlight=False)
            if self._emit is not None:
                told = {"step": step.number, "name": name, "title": title, "ok": step.ok, "seconds": step.seconds}
                self._emit({**told, **step.facts, "told": step.lines})

    def result(self, why: str | None, figures: Mapping[str, str]) -> None:
        """The end: the summary, and why it failed where it did."""
        seconds = round(time.monotonic() - self._began, 1)
        if self._emit is not None:
            summary = [{"step": s.number, "name": s.name, "ok": s.ok, "seconds": s.seconds} for s in self.steps]
            facts = {"seconds": seconds, "summary": summary, "figures": dict(figures)}
            self._emit({"result": "ok" if why is None else "failed", **({"why": why} if why else {}), **facts})
        if self._console is None:
            return
        table = Table(title="Summary", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("#", justify="right")
        table.add_column("step")
        table.add_column("result")
        table.add_column("s", justify="right")
        for s in self.steps:
            mark = "[green]ok[/green]" if s.ok else "[red]FAILED[/red]"
            table.add_row(str(s.number), escape(s.title), mark, f"{s.seconds:.1f}")
        self._console.print()
        self._console.print(table)
        width = max(map(len, figures), default=0)
        for name, value in figures.items():
            self._console.print(f"{escape(name):<{width}}  {escape(value)}", highlight=False)
        end = "[green]ok[/green]" if why is None else f"[red]failed[/red]: {escape(why)}"
        self._console.print(f"\n{end} [dim]in {seconds:.1f} s[/dim]", highlight=False)
