"""`ballast store`: makes a member's safety store, or a new one in place of one that was lost, and looks into it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.report import Json, Problem

if TYPE_CHECKING:
    from relayer.config.member import MemberConfig
    from relayer.store.lifecycle import Binding
    from relayer.store.safety import SafetyStore

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The member's member.toml.")]


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="Make, check or replace a member's safety store.", no_args_is_help=True)
    group.command("init")(create)
    group.command("check")(check)
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
    force: Annotated[
        bool, typer.Option("--force", help="Also where the store looks sound, as one restored from a backup may.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new store in place of one that is lost, damaged or restored from a backup.

    The old files are set aside, not deleted. From now on the member signs only what cannot contradict anything that it
    may have signed before: rounds that begin later, whose horizons lie beyond every lease of that time.
    """
    import time

    from relayer.config.member import load_member
    from relayer.daemon.restore import lost_since
    from relayer.store.safety import SafetyStore

    loaded = load_member(config)
    binding = _binding(loaded)
    if _sound(loaded.store_url(), binding) and not force:
        raise Problem("the store is sound, and was left alone; if it comes from a backup all the same, add --force")
    lost_at = int(time.time())
    params = loaded.committee.params()
    lost = lost_since(lost_at, params, [params, *(old.params() for old in loaded.previous)])
    with SafetyStore.recover(loaded.store_url(), binding, lost_at, reason) as store:
        store.raise_promise(max(0, lost.first_round))
    facts = {"first_round": lost.first_round, "begins": params.begins(lost.first_round), "leases_end": lost.leases_end}
    if as_json:
        report.data({"member": loaded.member.member, "lost_at": lost_at, **facts})
        return
    report.text(f"made a new store for {loaded.member.member}; what was left of the old one stands beside it")
    report.text(
        f"it signs nothing before round {lost.first_round}, and no round whose horizons are not beyond "
        f"{_utc(lost.leases_end)}: by then every lease has ended that it may have signed and forgotten"
    )


def check(config: Config, as_json: Json = False) -> None:
    """Open the store as `ballast run` would, and show what binds the member. The member must not be running."""
    from relayer.config.member import load_member
    from relayer.store.safety import SafetyStore

    loaded = load_member(config)
    with SafetyStore.open(loaded.store_url(), _binding(loaded)) as store:
        facts = _facts(store)
    if as_json:
        report.data({"member": loaded.member.member, **facts})
        return
    report.text(f"the store of {loaded.member.member} is sound")
    report.text(f"promise      nothing is signed below round {facts['promise']}")
    newest = facts["certificate"]
    report.text(f"certificate  {'none yet' if newest is None else f'round {newest} is the highest known'}")
    if lost := facts["amnesia"]:
        report.text(f"amnesia      since {_utc(lost['lost_at'])}: {lost['reason']}")
    report.text(f"disputes     {len(facts['disputes']) or 'none'}")
    for dispute in facts["disputes"]:
        report.text(f"  round {dispute['round']}: {dispute['kind']} by member {dispute['culprit']}")


def _facts(store: "SafetyStore") -> dict[str, Any]:
    newest, amnesia = store.highest_certificate(), store.amnesia()
    return {
        "promise": store.promise(),
        "certificate": None if newest is None else newest[0],
        "amnesia": None if amnesia is None else {"lost_at": amnesia.lost_at, "reason": amnesia.reason},
        "disputes": [{"round": d.round, "kind": d.kind, "culprit": d.culprit} for d in store.disputes()],
    }


def _sound(url: str, binding: "Binding") -> bool:
    """Whether the store lacks nothing that can be seen: recovering it would only silence its member. Raises the
    `StoreRefused` of a store that recovery is not for: in use, another member's, another version's, readable by others.
    """
    from relayer.store.errors import StoreCorrupt, StoreFailed, StoreMissing, StoreStale
    from relayer.store.safety import SafetyStore

    try:
        SafetyStore.open(url, binding).close()
    except (StoreMissing, StoreCorrupt, StoreStale, StoreFailed):
        return False
    return True


def _utc(seconds: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _binding(config: "MemberConfig") -> "Binding":
    """Whose store it is: read from the opened keystore, so that no store is made for somebody else's configuration."""
    from relayer.daemon.keys import open_keys
    from relayer.store.lifecycle import Binding

    return Binding(config.committee.group, config.index, open_keys(config).contents.verify_key)
