"""`ballast store`: makes a member's safety store, or a new one in place of one that was lost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relayer.cli import report
from relayer.cli.report import Json

if TYPE_CHECKING:
    from relayer.config.member import MemberConfig
    from relayer.store.lifecycle import Binding

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The member's member.toml.")]


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="Make or replace a member's safety store.", no_args_is_help=True)
    group.command("create")(create)
    group.command("recover")(recover)
    app.add_typer(group, name="store")


def create(config: Config, as_json: Json = False) -> None:
    """Make the store of a member that has never signed anything. One that exists is never touched."""
    from relayer.config.member import load_member
    from relayer.store.safety import SafetyStore

    loaded = load_member(config)
    SafetyStore.create(loaded.store_url(), _binding(loaded)).close()
    if as_json:
        report.data({"member": loaded.member.member, "created": True})
    else:
        report.text(f"made the store of {loaded.member.member}")


def recover(
    config: Config,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What happened; it is kept in the store.")],
    as_json: Json = False,
) -> None:
    """Make a new store in place of one that is lost, damaged or restored from a backup.

    The old files are set aside, not deleted. From now on the member signs only what cannot contradict anything that it
    may have signed before: rounds that begin later, whose horizons lie beyond every lease of that time.
    """
    import time

    from relayer.config.member import load_member
    from relayer.store.safety import SafetyStore

    loaded = load_member(config)
    lost_at = int(time.time())
    SafetyStore.recover(loaded.store_url(), _binding(loaded), lost_at, reason).close()
    if as_json:
        report.data({"member": loaded.member.member, "lost_at": lost_at})
    else:
        report.text(f"made a new store for {loaded.member.member}, which knows that all before {lost_at} is lost")


def _binding(config: "MemberConfig") -> "Binding":
    """Whose store it is: read from the opened keystore, so that no store is made for somebody else's configuration."""
    from relayer.daemon.root import open_keys
    from relayer.store.lifecycle import Binding

    return Binding(config.committee.group, config.index, open_keys(config).contents.verify_key)
