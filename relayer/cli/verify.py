"""`ballast verify`: checks an exported round offline; nothing in the file is trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.documents import human, read_document
from relayer.cli.report import WRONG, Json, Problem

if TYPE_CHECKING:
    from relayer.config.committee import Committee
    from relayer.frost import GroupKey
    from relayer.verify import Report

LARGEST_GROUP = 16 << 20


def add(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A round as `ballast rounds export` writes it.")],
    committee: Annotated[Path, typer.Option("--committee", help="The configuration that the round was made under.")],
    group_key: Annotated[
        list[str],
        typer.Option(
            "--group-key",
            metavar="KEY",
            help="The group's key: 66 hex digits (a compressed point) for the committee's epoch, or @group.json; "
            "repeatable, for earlier epochs with @FILE.",
        ),
    ],
    previous: Annotated[
        list[Path] | None,
        typer.Option("--previous", metavar="OLD", help="Earlier committee.toml that the round refers to; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a round offline: signatures, proofs, statements, books, and that they follow from the observations."""
    from relayer.config.committee import load_committee
    from relayer.roundfile import LARGEST
    from relayer.verify import verify_round

    committees = [load_committee(path) for path in (committee, *(previous or []))]
    groups = _groups(group_key, committees[0].epoch)
    found = verify_round(read_document(file, LARGEST), committees, groups)
    if as_json:
        report.data(_document(file, found, committees[0]))
    else:
        _print(file, found, committees[0])
    if not found.ok:
        raise typer.Exit(report.FAILED)


def _groups(keys: list[str], epoch: int) -> "dict[int, GroupKey]":
    """The group key of each epoch."""
    from relayer.frost import FrostError, GroupKey
    from relayer.group import decode_group

    found: dict[int, GroupKey] = {}
    for text in keys:
        if text.startswith("@"):
            with Path(text[1:]).open("rb") as stream:
                group = decode_group(stream.read(LARGEST_GROUP).decode("ascii", "replace"))
            of, key = group.epoch, group.package.group
        else:
            try:
                of, key = epoch, GroupKey(bytes.fromhex(text))
            except (ValueError, FrostError):
                raise Problem(
                    "--group-key: a compressed point as 66 hex digits, or @group.json, expected", WRONG
                ) from None
        if found.setdefault(of, key) != key:
            raise Problem(f"--group-key: two keys for epoch {of}; each epoch has one", WRONG)
    return found


def _document(file: Path, found: "Report", committee: "Committee") -> dict[str, Any]:
    c = found.certified
    return {
        "file": str(file),
        "ok": found.ok,
        "round": c.round if c else None,
        "epoch": c.header.epoch if c else None,
        "config_id": c.basis.config_id.hex() if c else None,
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in found.checks],
        "routes": dict(found.statuses),
        "statements": [_statement(leaf, committee) for leaf in found.leaves],
    }


def _statement(leaf: Any, committee: "Committee") -> dict[str, Any]:
    gates = {d.domain: str(d.gate) for of_chain in committee.deployments().values() for d in of_chain}
    routes = {route.id: route.name for route in committee.params().routes}
    return {
        "gate": gates.get(leaf.domain),
        "domain": leaf.domain.hex(),
        "route": routes.get(leaf.route),
        "mint_cap": str(leaf.mint_cap),
        "collateral": str(leaf.collateral),
        "supply": str(leaf.supply),
        "observed_at": leaf.observed_at,
        "expires_at": leaf.expires_at,
    }


def _print(file: Path, found: "Report", committee: "Committee") -> None:
    width = max(len(check.name) for check in found.checks)
    for check in found.checks:
        report.text(f"{'ok  ' if check.ok else 'FAIL'} {check.name:{width}}  {check.detail}")
    wrong = [check.name for check in found.checks if not check.ok]
    if wrong or found.certified is None:
        report.note(f"{file}: does NOT hold: {', '.join(wrong)}")
        return
    units = {d.key: d.decimals for of_chain in committee.deployments().values() for d in of_chain}
    for leaf in found.leaves:
        told = _statement(leaf, committee)
        report.text(f"{told['route']} on {told['gate']}: cap {human(leaf.mint_cap, units[leaf.domain, leaf.route])}")
    report.text(f"{file}: round {found.certified.round} of {committee.name} holds")
