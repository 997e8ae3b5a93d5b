"""`ballast status`: what a member sees, over its HTTP service."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.api import Config, Member, Url, service
from relayer.cli.documents import human
from relayer.cli.report import Json, Problem

VERSION = 1
PATIENCE_SECONDS = 2.0
"""For one look of many."""
FINDINGS = 8
"""The newest ones that are shown to people; --json has all."""


def add(app: typer.Typer) -> None:
    app.command("status")(status)


def status(
    url: Url = None,
    config: Config = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it, until interrupted.")] = False,
    interval: Annotated[float, typer.Option("--interval", min=0.1, help="Seconds between two looks.")] = 2.0,
    times: Annotated[int | None, typer.Option("--times", min=1, help="With --watch: end after so many looks.")] = None,
    as_json: Json = False,
) -> None:
    """Show each route's collateral, supply, caps, headroom and exposure, and how chains and endpoints fare."""
    where = service(url, config)
    if watch:
        asyncio.run(_watch(where, interval, times, as_json))
        return
    document = asyncio.run(_once(where))
    if as_json:
        report.data(document)
    else:
        report.text("\n".join(shown(document)))


async def _once(where: str) -> dict[str, Any]:
    async with Member(where) as member:
        return await _fetch(member)


async def _fetch(member: Member) -> dict[str, Any]:
    document = await member.get("/v1/status")
    if document is None or document.get("version") != VERSION:
        raise Problem(f"{member.url}/v1/status: no status of version {VERSION}; is this a member of another version?")
    return document


async def _watch(where: str, interval: float, times: int | None, as_json: bool) -> None:
    """Repaints on a terminal; elsewhere prints one picture after the other. A member that is down is part of the
    picture, since it may come back."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    live = console.is_terminal and not as_json
    async with Member(where, seconds=max(PATIENCE_SECONDS, interval)) as member:
        with Live(console=console, auto_refresh=False, screen=False) if live else _Still() as picture:
            for look in count(1):
                if as_json:
                    report.data(await _fetch_or_error(member))
                else:
                    lines = await _lines_or_error(member)
                    if isinstance(picture, Live):
                        picture.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)
                    else:
                        report.text("\n".join([*lines, ""]))
                if times is not None and look >= times:
                    return
                await asyncio.sleep(interval)


class _Still:
    """Stands where a live picture would, when there is no terminal to paint on."""

    def __enter__(self) -> "_Still":
        return self

    def __exit__(self, *_: object) -> None:
        pass


async def _fetch_or_error(member: Member) -> dict[str, Any]:
    try:
        return await _fetch(member)
    except Problem as problem:
        return {"error": {"kind": "Problem", "message": str(problem)}}


async def _lines_or_error(member: Member) -> list[str]:
    try:
        return shown(await _fetch(member))
    except Problem as problem:
        return [f"error: {problem}"]


def shown(document: Mapping[str, Any]) -> list[str]:
    """The status document as lines for people. Raises `Problem` for what is none."""
    try:
        lines = [*_member(document)]
        for route in document["routes"]:
            lines += ["", *_route(route)]
        lines += ["", *_chains(document["chains"])]
        lines += _findings(document["findings"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem(f"the status is not as this version knows it ({type(error).__name__}: {error})") from None
    return [_printable(line) for line in lines]


def _member(s: Mapping[str, Any]) -> list[str]:
    certified = s["certified"]
    age = f", begun {_span(s['time'] - certified['begins'])} ago" if certified else ""
    newest = f"last certified round {certified['round']}{age}" if certified else "no certificate yet"
    lines = [
        f"member {s['member']}: {'ready' if s['ready'] else 'NOT READY'}; {newest}",
        f"slot {s['slot']['round']} of {s['slot']['seconds']} s, promise {s['promise']}, epoch {s['epoch']}, "
        f"config_id {s['config_id']}",
    ]
    return lines + [f"  not ready: {reason}" for reason in s["not_ready"]]


def _route(r: Mapping[str, Any]) -> list[str]:
    units = int(r["decimals"])
    ratio = "unknown" if r["ratio_bps"] is None else f"{int(r['ratio_bps']) / 100:,.2f} %"
    if r["ratio_bps"] is None and r["supply"] == "0":
        ratio = "no supply"
    lines = [
        f"route {r['name']}: {r['status']}",
        f"  collateral {_amount(r['collateral'], units)}   supply {_amount(r['supply'], units)}   ratio {ratio}",
        f"  exposure {_amount(r['exposure'], units)} (could be unbacked if the collateral left now)   "
        f"last round {r['carried'] or 'none'}",
    ]
    rows: list[tuple[str, ...]] = [("destination", "supply", "cap", "headroom", "lease left", "round", "gate")]
    rows += [_deployment(d) for d in r["deployments"]]
    return lines + [f"  {line}" for line in _table(rows)]


def _deployment(d: Mapping[str, Any]) -> tuple[str, ...]:
    units = int(d["decimals"])
    amounts = [_amount(d[key], units) for key in ("supply", "cap", "headroom")]
    if d["lease_left"] is None:
        left = "unknown"
    elif d["round"] == 0:
        left = "none yet"
    else:
        left = _span(d["lease_left"]) if d["lease_left"] else "expired"
    chain = f"{d['chain']} (retired)" if d["retired"] else str(d["chain"])
    return (chain, *amounts, left, "unknown" if d["round"] is None else str(d["round"]), str(d["gate"]))


def _chains(chains: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [("chain", "height", "endpoints")]
    rows += [(str(c["chain"]), "unread" if c["height"] is None else str(c["height"]), _endpoints(c)) for c in chains]
    return _table(rows) + [f"  {c['chain']} cannot be read: {c['trouble']}" for c in chains if c["trouble"]]


def _endpoints(chain: Mapping[str, Any]) -> str:
    found = []
    for e in chain["endpoints"]:
        faults = [f"{kind} {e[kind]}" for kind in ("lagging", "lying", "failing", "limiting") if e[kind]]
        found.append(f"{e['name']} {e['state']}" + (f" ({', '.join(faults)})" if faults else ""))
    return ", ".join(found)


def _findings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = ["", f"findings, the newest last ({len(rows)} in all)"]
    for row in rows[-FINDINGS:]:
        fields = ", ".join(f"{key} {value}" for key, value in row.items() if key != "event")
        lines.append(f"  {row['event']}: {fields}")
    return lines


def _amount(value: str | None, decimals: int) -> str:
    return "unknown" if value is None else human(int(value), decimals)


def _span(seconds: int) -> str:
    """A span as people say it: 75 s, 12 min, 3 h 5 min."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns two spaces apart; the last one is not padded."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return ["  ".join([*(f"{cell:{w}}" for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]


def _printable(line: str) -> str:
    """Nothing from a member's answer may steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in line)
