"""Programs in the background, each the leader of a session of its own, remembered on disk so that anybody can end them.

A process is known by its id and its birth together, since ids are used again.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""
_KILLED_SECONDS = 120.0
"""In which the system ends a killed process, however busy it is."""
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """A started program. `birth` is when its process began, in the system's own words."""

    name: str
    pid: int
    birth: str

    def alive(self) -> bool:
        return birth(self.pid) == self.birth


def start(name: str, argv: Iterable[str], log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Starts a program whose output is appended to `log`. Raises `OSError`."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    # Ended by its id, and reaped by `birth`: nobody waits for this object.
    started.returncode = 0
    return Process(name, started.pid, birth(started.pid) or "gone")


def stop(processes: Iterable[Process], patience: float = PATIENCE_SECONDS) -> list[Process]:
    """Ends the sessions of `processes` and returns those that were alive. Who does not go within `patience` seconds
    after SIGTERM is killed."""
    living = [process for process in processes if process.alive()]
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _KILLED_SECONDS)):
        for process in living:
            if process.alive():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)
        end = time.monotonic() + seconds
        while any(process.alive() for process in living) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
    for process in living:
        # What a program has started itself and left behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return living


def birth(pid: int) -> str | None:
    """When the process began; None where there is none, or only its remains. Reaps a child of ours that has ended."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return None
    proc = Path("/proc")
    if (proc / "self" / "stat").exists():
        try:
            text = (proc / str(pid) / "stat").read_text()
        except OSError:
            return None
        # The program's name in parentheses may hold anything; the fields after it are single words (proc(5)).
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not told or told.startswith("Z") else told.partition(" ")[2].strip()
