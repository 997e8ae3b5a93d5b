"""`ballast rounds`: the rounds that a member keeps, over its HTTP service."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.api import Config, Member, Url, service
from relayer.cli.report import WRONG, Json, Problem


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="List and export certified rounds.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("export")(export)
    app.add_typer(group, name="rounds")


def list_(
    url: Url = None,
    config: Config = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, the newest first.")] = 20,
    before: Annotated[int | None, typer.Option("--before", min=0, help="Only rounds below this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the newest certified rounds."""
    path = f"/v1/certificates?limit={limit}" + (f"&before={before}" if before is not None else "")
    found = _get(service(url, config), path)
    rows = found.get("certificates") if found else None
    if not isinstance(rows, list) or not all(_sound(row) for row in rows):
        raise Problem("the answer is no list of certificates; is the URL a member's?")
    if as_json:
        report.data({"certificates": rows})
        return
    for row in rows:
        report.text(f"round {row['round']}  epoch {row['epoch']}  id {row['id']}  config_id {row['config_id']}")
    if not rows:
        report.note("this member knows no certificate yet")


def export(
    round_: Annotated[
        str, typer.Option("--round", metavar="N|latest", help="Which round; the newest if left out.")
    ] = "latest",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it; stdout if left out.")
    ] = None,
    url: Url = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Fetch a round with all that it stands on, as one file for `ballast verify`."""
    import json

    from relayer.roundfile import LARGEST, RoundFileError, load

    if round_ != "latest" and not (round_.isascii() and round_.isdigit() and len(round_) <= 19):
        raise Problem("--round: a whole number or latest expected", WRONG)
    if out is None and as_json:
        raise Problem("--json tells what was written, so it needs --out", WRONG)
    member = service(url, config)
    document = _get(member, f"/v1/rounds/{round_}", LARGEST)
    if document is None:
        raise Problem(f"the member at {member} does not keep round {round_}; `ballast rounds list` shows what it knows")
    try:
        certified, parts = load(document)
    except RoundFileError as error:
        raise Problem(f"the member at {member} answers with no exported round: {error}") from None
    if round_ not in ("latest", str(certified.round)):
        raise Problem(f"the member at {member} answers with round {certified.round}, not {round_}")
    text = json.dumps(document, indent=1) + "\n"
    if out is None:
        report.text(text.rstrip("\n"))
        return
    _write(out, text)
    if as_json:
        facts = {"round": certified.round, "id": certified.id.hex(), "config_id": certified.basis.config_id.hex()}
        report.data({"file": str(out), **facts, "parts": len(parts)})
    else:
        report.text(
            f"{out}: round {certified.round} in {len(parts)} parts; not verified yet (ballast verify {out} ...)"
        )


def _get(url: str, path: str, largest: int | None = None) -> dict[str, Any] | None:
    async def get() -> dict[str, Any] | None:
        async with Member(url) as member:
            return await (member.get(path) if largest is None else member.get(path, largest))

    return asyncio.run(get())


def _sound(row: Any) -> bool:
    if not isinstance(row, dict) or not all(type(row.get(key)) is int for key in ("round", "epoch")):
        return False
    return all(isinstance(row.get(key), str) and row[key].isalnum() for key in ("id", "config_id", "certificate"))


def _write(file: Path, text: str) -> None:
    """All or nothing: an export that is cut off must not look like one."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, "ascii")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
