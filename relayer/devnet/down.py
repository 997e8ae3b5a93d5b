"""Ends a devnet: every program of its record, and none that only has the same id."""

from dataclasses import replace

from relayer.devnet import processes
from relayer.devnet.processes import Process
from relayer.devnet.state import DevnetError, State


def end(state: State) -> list[Process]:
    """Ends what still runs, members before what they depend on, and returns it. Raises `DevnetError` if something does
    not go."""
    members = {member.name for member in state.members}
    ended: list[Process] = []
    for group in (True, False):
        ended += processes.stop([p for p in state.processes if (p.name in members) is group])
    left = state.living()
    if left:
        names = ", ".join(f"{process.name} (process {process.pid})" for process in left)
        raise DevnetError(f"{names} cannot be ended; end by hand")
    if state.directory.exists():
        replace(state, up=False).save()
    return ended
