"""Programs in the background: started, known again, ended with all that they started, and nothing else is."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relayer.devnet import down, ports, processes, state
from relayer.devnet.processes import Process
from relayer.devnet.state import DevnetError, State

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    running: list[Process] = []

    def start(*argv: str) -> Process:
        log = tmp_path / f"{len(running)}.log"
        running.append(processes.start("it", argv or SLEEPER, log))
        until(lambda: log.read_text().startswith("up"))
        return running[-1]

    yield start
    processes.stop(running)


def until(holds: Callable[[], bool]) -> None:
    """Polls; the test's own time limit ends what never holds."""
    while not holds():
        time.sleep(0.02)


def test_a_started_program_lives_until_it_is_stopped(started: Callable[..., Process]) -> None:
    process = started()
    assert process.alive()
    assert processes.stop([process]) == [process]
    assert not process.alive()
    assert processes.stop([process]) == []


def test_what_a_program_started_ends_with_it(started: Callable[..., Process], tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    script = f"sleep 600 & echo $! > {inner}; echo up; wait"
    process = started("sh", "-c", script)
    child = int(inner.read_text())
    born = processes.birth(child)
    assert born is not None
    processes.stop([process])
    until(lambda: processes.birth(child) != born)


def test_a_program_that_ignores_sigterm_is_killed(started: Callable[..., Process]) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)"
    process = started(sys.executable, "-c", f"{stubborn}; time.sleep(600)")
    assert processes.stop([process], patience=0.2) == [process]
    assert not process.alive()


def test_another_process_of_the_same_id_is_left_alone(started: Callable[..., Process]) -> None:
    process = started()
    stranger = replace(process, birth="another time")
    assert not stranger.alive()
    assert processes.stop([stranger]) == []
    assert process.alive()


def test_a_program_that_has_ended_is_not_alive(tmp_path: Path) -> None:
    process = processes.start("it", ("true",), tmp_path / "log")
    until(lambda: not process.alive())


def test_the_reaper_ends_a_devnet_whose_owner_was_killed(started: Callable[..., Process], tmp_path: Path) -> None:
    program = started()
    State(tmp_path, processes=(program,)).save()
    owner = _owner(tmp_path)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    until(lambda: not program.alive())


def test_the_reaper_leaves_a_kept_devnet_running(started: Callable[..., Process], tmp_path: Path) -> None:
    from relayer.devnet.reaper import Reaper

    program = started()
    State(tmp_path, processes=(program,)).save()
    Reaper(tmp_path).keep()  # returns once the reaper has gone
    assert program.alive()
    Reaper(tmp_path).release()
    assert not program.alive()


def _owner(directory: Path) -> subprocess.Popen[str]:
    code = (
        "import sys, time; from pathlib import Path; from relayer.devnet.reaper import Reaper; "
        "r = Reaper(Path(sys.argv[1])); print('up', flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, str(directory)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout as out:
        assert out.readline() == "up\n"
    return owner


def test_ending_a_devnet_tells_what_ran_and_records_it(started: Callable[..., Process], tmp_path: Path) -> None:
    program = started()
    now = State(tmp_path, processes=(program,), up=True).save()
    assert down.end(now) == [program]
    loaded = state.load(tmp_path)
    assert loaded is not None
    assert not loaded.up
    assert down.end(loaded) == []


def test_the_record_reads_back_as_it_was(tmp_path: Path) -> None:
    chain = state.Chain("test:1", 1)
    member = state.Member("alpha", 2, {"test:1": ("http://127.0.0.1:3",)})
    written = State(tmp_path, (chain,), (member,), 4, (Process("p", 5, "then"),), up=True).save()
    assert state.load(tmp_path) == written


def test_a_record_that_cannot_be_read_is_one_clear_message(tmp_path: Path) -> None:
    assert state.load(tmp_path) is None
    (tmp_path / "devnet.json").write_text("{")
    with pytest.raises(DevnetError, match=r"devnet\.json cannot be read"):
        state.load(tmp_path)
    (tmp_path / "devnet.json").write_text('{"version": 0}')
    with pytest.raises(DevnetError, match="another version"):
        state.load(tmp_path)


def test_ports_are_free_different_and_below_the_ephemeral_range() -> None:
    found = ports.free(20)
    assert len(set(found)) == 20
    assert all(ports.FIRST <= port < ports.LAST for port in found)


def test_a_port_that_was_handed_out_comes_again_only_after_all_others(few_ports: int) -> None:
    def here() -> list[int]:
        return ports.free(1)

    def elsewhere() -> list[int]:
        code = (
            "import sys; from pathlib import Path; from relayer.devnet import ports as p; "
            "p.LAST_SEARCH = Path(sys.argv[1]); p.FIRST, p.LAST = map(int, sys.argv[2:]); print(*p.free(1))"
        )
        given = (str(ports.LAST_SEARCH), str(ports.FIRST), str(ports.LAST))
        done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, check=True)
        return [int(done.stdout)]

    found = here() + elsewhere() + ports.blocks([2]) + here()
    assert sorted(found) == [few_ports, few_ports + 1, few_ports + 2, few_ports + 4]
    assert here() == found[:1]


@pytest.fixture
def few_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    """Searches go over five ports only, all free, from the first on; the first. Nobody else finds them meanwhile."""
    first = ports.blocks([5])[0]
    monkeypatch.setattr(ports, "FIRST", first)
    monkeypatch.setattr(ports, "LAST", first + 5)
    monkeypatch.setattr(ports, "LAST_SEARCH", tmp_path / "last")
    (tmp_path / "last").write_text(str(first))
    return first


@pytest.mark.parametrize("said", [b"", b"no port", b"-1", b"70000", b"9" * 30, b"2\xff\xfe"])
def test_whatever_the_last_search_left_a_port_is_found(few_ports: int, said: bytes) -> None:
    ports.LAST_SEARCH.write_bytes(said)
    assert few_ports <= ports.free(1)[0] < few_ports + 5


def test_a_last_search_that_is_somebody_elses_is_not_followed(few_ports: int, tmp_path: Path) -> None:
    ports.LAST_SEARCH.unlink()
    ports.LAST_SEARCH.symlink_to(tmp_path / "precious")
    with pytest.raises(DevnetError, match="cannot be used"):
        ports.free(1)
    assert not (tmp_path / "precious").exists()


def test_a_last_search_that_somebody_else_may_keep_locked_is_refused(
    few_ports: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: ports.LAST_SEARCH.stat().st_uid + 1)
        with pytest.raises(DevnetError, match="no file of this user"):
            ports.free(1)
    ports.LAST_SEARCH.unlink()
    os.mkfifo(ports.LAST_SEARCH)
    with pytest.raises(DevnetError, match="no file of this user"):
        ports.free(1)


def test_a_port_in_use_is_not_handed_out(few_ports: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", few_ports + 2))
        assert ports.free(4) == [few_ports + i for i in (0, 1, 3, 4)]
        with pytest.raises(ports.NoFreePort, match="fewer than 5"):
            ports.free(5)
        with pytest.raises(ports.NoFreePort, match="fewer than 3"):
            ports.blocks([3])


def test_private_files_are_private_from_the_start(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    old = os.umask(0)
    try:
        state.write_private(file, "text")
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        state.write_private(file, "other")
