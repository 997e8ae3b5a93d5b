"""`ballast halts`: what a member has halted by itself, such as a chain whose finalized block changed, and taking it up
again by hand once somebody has looked into it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relayer.cli import report
from relayer.cli.report import Json, Problem

if TYPE_CHECKING:
    from relayer.config.member import MemberConfig
    from relayer.store.safety import SafetyStore

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The member's member.toml.")]


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="See what is halted on the chains, and lift a halt.", no_args_is_help=True)
    group.command("list")(show)
    group.command("resume")(resume)
    app.add_typer(group, name="halts")


def show(config: Config, as_json: Json = False) -> None:
    """Everything that is halted, with the evidence. The member must be stopped: its store has one user at a time."""
    from chains import halts

    loaded, store = _open(config)
    with store:
        found = [
            {"chain": name, "subject": subject, "evidence": evidence}
            for name in sorted(loaded.committee.chains)
            for subject, evidence in halts.halted(store.journal(name)).items()
        ]
    if as_json:
        report.data({"member": loaded.member.member, "halts": found})
        return
    if not found:
        report.text("nothing is halted")
    for halt in found:
        report.text(f"{halt['chain']}  {halt['subject']}\n    {halt['evidence']}")


def resume(
    chain: Annotated[str, typer.Argument(help="CAIP-2 id of the chain.")],
    subject: Annotated[str, typer.Argument(help="What is halted, as `ballast halts list` names it.")],
    config: Config,
    as_json: Json = False,
) -> None:
    """Lift one halt, after looking into what happened: from then on the member takes the chain as it is now."""
    from chains import halts

    loaded, store = _open(config)
    if chain not in loaded.committee.chains:
        store.close()
        raise Problem(f"{chain}: the committee has no such chain ({', '.join(sorted(loaded.committee.chains))})")
    with store:
        lifted = halts.resume(store.journal(chain), subject)
    if not lifted:
        raise Problem(f"{chain}: {subject!r} is not halted; `ballast halts list` shows what is")
    if as_json:
        report.data({"chain": chain, "subject": subject, "resumed": True})
    else:
        report.text(f"{chain}: {subject} is taken up again; start the member with ballast run")


def _open(config: Path) -> "tuple[MemberConfig, SafetyStore]":
    from relayer.config.member import load_member
    from relayer.store.safety import Binding, SafetyStore

    loaded = load_member(config)
    identity = bytes.fromhex(loaded.committee.members[loaded.index].identity)
    return loaded, SafetyStore.open(loaded.store_url(), Binding(loaded.committee.group, loaded.index, identity))
