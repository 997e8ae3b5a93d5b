"""`ballast config`: checks and names configuration files, offline."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.report import Json

if TYPE_CHECKING:
    from relayer.config.committee import Committee
    from relayer.config.errors import Finding

File = Annotated[Path, typer.Argument(metavar="FILE", help="committee.toml or member.toml.")]


class Kind(StrEnum):
    """Which of the two files."""

    COMMITTEE = "committee"
    MEMBER = "member"


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="Check and name configuration files, offline.", no_args_is_help=True)
    group.command("check")(check)
    group.command("id")(identify)
    group.command("schema")(schema)
    app.add_typer(group, name="config")


def check(
    file: File,
    previous: Annotated[
        list[Path] | None,
        typer.Option("--previous", metavar="OLD", help="Earlier committee.toml; repeatable, oldest first."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a file, and for a member.toml the committee files that it names, and report every error at once."""
    kind, committee, warnings = _loaded(file)
    _follows(file, committee, previous or [])
    facts = _facts(committee)
    if as_json:
        found = [{"path": finding.path, "message": finding.message} for finding in warnings]
        report.data({"file": str(file), "kind": kind.value, "ok": True, "warnings": found, **facts})
        return
    for finding in warnings:
        report.note(f"warning: {file}: {finding}")
    report.text(
        f"{file}: ok: {facts['members']} members (f = {facts['faulty']}, t = {facts['threshold']}), "
        f"routes {', '.join(facts['routes'])}, chains {', '.join(facts['chains'])}"
    )
    report.text(f"config_id {facts['config_id']}")


def identify(file: File, as_json: Json = False) -> None:
    """Print the digests that name a configuration: config_id (changes with any setting) and group (never changes)."""
    _, committee, _ = _loaded(file)
    names = {"config_id": committee.config_id.hex(), "group": committee.group.hex()}
    if as_json:
        report.data({"file": str(file), **names})
        return
    for name, value in names.items():
        report.text(f"{name} {value}")


def schema(
    kind: Annotated[Kind, typer.Argument(help="Which file the schema is for.")] = Kind.COMMITTEE, as_json: Json = False
) -> None:
    """Print the JSON schema of a file, with the parts of every installed chain family."""
    import json

    from relayer.config.schema import committee_schema, member_schema

    found = committee_schema() if kind is Kind.COMMITTEE else member_schema()
    if as_json:
        report.data({"kind": kind.value, "schema": found})
    else:
        report.text(json.dumps(found, indent=2))


def _loaded(file: Path) -> "tuple[Kind, Committee, tuple[Finding, ...]]":
    """The file as what it is. Raises `ConfigError`."""
    from relayer.config.committee import Committee, parse_committee
    from relayer.config.errors import ConfigError, Finding
    from relayer.config.member import Member, parse_member
    from relayer.config.read import read_toml

    raw = read_toml(file)
    fits = {kind: len(raw.keys() & model.model_fields.keys()) for kind, model in _models(Committee, Member).items()}
    if fits[Kind.COMMITTEE] == fits[Kind.MEMBER]:
        raise ConfigError(str(file), [Finding("", "is neither a committee.toml nor a member.toml by its keys")])
    if fits[Kind.COMMITTEE] > fits[Kind.MEMBER]:
        return Kind.COMMITTEE, parse_committee(raw, file), ()
    config = parse_member(raw, file)
    return Kind.MEMBER, config.committee, config.warnings


def _models(committee: Any, member: Any) -> dict[Kind, Any]:
    return {Kind.COMMITTEE: committee, Kind.MEMBER: member}


def _follows(file: Path, committee: "Committee", previous: list[Path]) -> None:
    from relayer.config.changes import history
    from relayer.config.committee import load_committee
    from relayer.config.errors import ConfigError, Finding

    line = [load_committee(old) for old in previous]
    broken = history([*line, committee]) if line else []
    if broken:
        raise ConfigError(str(file), [Finding("", sentence) for sentence in broken])


def _facts(committee: "Committee") -> dict[str, Any]:
    return {
        "name": committee.name,
        "network": committee.network,
        "epoch": committee.epoch,
        "config_id": committee.config_id.hex(),
        "group": committee.group.hex(),
        "members": len(committee.members),
        "faulty": committee.faulty,
        "threshold": committee.threshold,
        "routes": [route.name for route in committee.routes],
        "chains": sorted(committee.chains),
    }
