"""Shows the story: to people as it happens, or as JSON lines, one a step."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relayer.devnet.bars import shown
from relayer.devnet.preparation import Told, documents

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
    """Tells the acts and their steps: on stdout for people, or to `emit` and nowhere else."""

    def __init__(self, emit: Emit | None) -> None:
        self._emit = emit
        self._console = None if emit else Console(soft_wrap=True)
        self._act = 1
        self._acts = 1
        self.steps: list[Step] = []
        self._figures: dict[str, str] = {}
        self._shown = False
        self._began = self._act_began = time.monotonic()

    def act(self, number: int, acts: int, title: str, families: Sequence[str]) -> None:
        """Another act begins: act `number` of `acts`, with these families. Where there is only one it needs no word."""
        self._act, self._acts = number, acts
        self.steps, self._figures, self._shown = [], {}, False
        self._act_began = time.monotonic()
        if self._console is not None:
            self._console.print(f"[bold]Act {number} of {acts}: {escape(title)}[/bold]\n", highlight=False)
        if self._emit is not None:
            self._emit({"act": number, "acts": acts, "title": title, "families": list(families)})

    @contextmanager
    def preparing(self, family: str) -> Iterator[Told]:
        """Takes the progress of a preparation, which may go on beside the steps; it is done when this is left without
        an error."""
        began = time.monotonic()
        with self._progress() as told:
            yield told
        seconds = round(time.monotonic() - began, 1)
        if self._console is not None:
            self._console.print(f"      [dim]{escape(family)} is prepared after {seconds:.1f} s[/dim]", highlight=False)
        if self._emit is not None:
            self._emit({"prepared": family, "seconds": seconds})

    def _progress(self) -> AbstractContextManager[Told]:
        if self._console is not None:
            return shown(self._console)
        assert self._emit is not None
        return nullcontext(documents(self._emit))

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
                told = {"name": name, "title": title, "ok": step.ok, "seconds": step.seconds}
                self._emit({"step": step.number, "act": self._act, **told, **step.facts, "told": step.lines})

    def over(self, figures: Mapping[str, str]) -> None:
        """The act went well, and left things like this. What the last act showed is part of the result."""
        self._figures = dict(figures)
        if self._act == self._acts:
            return
        seconds = round(time.monotonic() - self._act_began, 1)
        if self._console is not None:
            self._show(f"Act {self._act} of {self._acts}", self._console)
            self._console.print(f"\n[green]ok[/green] [dim]in {seconds:.1f} s[/dim]\n", highlight=False)
        if self._emit is not None:
            self._emit({"act_result": "ok", "act": self._act, "seconds": seconds, **self._document()})

    def result(self, why: str | None) -> None:
        """The end: the summary of the last act that was told, and why it failed where it did."""
        seconds = round(time.monotonic() - self._began, 1)
        if self._emit is not None:
            found = {"result": "ok" if why is None else "failed", **({"why": why} if why else {})}
            self._emit({**found, "act": self._act, "seconds": seconds, **self._document()})
        if self._console is not None:
            if self.steps and not self._shown:
                self._show("Summary", self._console)
            end = "[green]ok[/green]" if why is None else f"[red]failed[/red]: {escape(why)}"
            self._console.print(f"\n{end} [dim]in {seconds:.1f} s[/dim]", highlight=False)

    def _document(self) -> dict[str, Any]:
        summary = [{"step": s.number, "name": s.name, "ok": s.ok, "seconds": s.seconds} for s in self.steps]
        return {"summary": summary, "figures": self._figures}

    def _show(self, title: str, console: Console) -> None:
        """The act's steps and figures, for people."""
        self._shown = True
        table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("#", justify="right")
        table.add_column("step")
        table.add_column("result")
        table.add_column("s", justify="right")
        for s in self.steps:
            mark = "[green]ok[/green]" if s.ok else "[red]FAILED[/red]"
            table.add_row(str(s.number), escape(s.title), mark, f"{s.seconds:.1f}")
        console.print()
        console.print(table)
        width = max(map(len, self._figures), default=0)
        for name, value in self._figures.items():
            console.print(f"{escape(name):<{width}}  {escape(value)}", highlight=False)


def listed(words: Sequence[str]) -> str:
    """Words as in a sentence: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
