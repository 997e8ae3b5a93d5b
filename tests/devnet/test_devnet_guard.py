"""A guarded program ends with its owner, and with all that it has started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relayer.devnet import guard, processes
from tests.devnet.kilns import Kiln

pytestmark = pytest.mark.usefixtures("local_site")


@pytest.fixture
def guarded(kiln: Kiln) -> Iterator["subprocess.Popen[bytes]"]:
    """A guard of a kiln that burns."""
    process = start(sys.executable, str(Path(__file__).parent / "local_site" / "kiln.py"), str(kiln.directory))
    kiln.wait(lambda: kiln.burns, process)
    with process:
        yield process


def start(*argv: str, code: str = "pass", begin: bool = True) -> "subprocess.Popen[bytes]":
    """A guard of `argv`; `code` changes the guard's module `g` before."""
    module = f"import sys; from relayer.devnet import guard as g; {code}; sys.exit(g.main(sys.argv[1:]))"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", module, *argv], stdin=pipe, stdout=pipe, stderr=pipe)
    if begin:
        assert process.stdin is not None
        process.stdin.write(guard.BEGIN)
        process.stdin.flush()
    return process


def test_when_the_owners_end_closes_all_is_ended(guarded: "subprocess.Popen[bytes]", kiln: Kiln) -> None:
    assert not kiln.cold()
    assert guarded.stdin is not None
    guarded.stdin.close()
    assert guarded.wait() == 128 + signal.SIGTERM
    kiln.wait(kiln.cold)
    assert not kiln.done


def test_before_the_owner_says_so_nothing_is_started(tmp_path: Path) -> None:
    process = start("touch", str(tmp_path / "begun"), begin=False)
    process.communicate()  # which closes the owner's end
    assert process.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_guard_that_is_ended_ends_its_program(
    guarded: "subprocess.Popen[bytes]", kiln: Kiln, number: signal.Signals
) -> None:
    guarded.send_signal(number)
    assert guarded.wait() == 128 + number
    kiln.wait(kiln.cold)


def test_a_program_that_ends_leaves_nothing_behind(guarded: "subprocess.Popen[bytes]", kiln: Kiln) -> None:
    kiln.order()  # the helper is not ended by the program
    assert guarded.wait() == 0
    assert kiln.done
    kiln.wait(kiln.cold)


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("exit 0", 0), ("kill -KILL $$", 128 + signal.SIGKILL)])
def test_the_programs_exit_code_is_the_guards(script: str, code: int) -> None:
    with start("sh", "-c", f"echo out; echo err >&2; {script}") as process:
        assert process.wait() == code
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == (b"out\n", b"err\n")


def test_a_program_that_does_not_go_is_killed(kiln: Kiln) -> None:
    stubborn = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True)"
    process = start(sys.executable, "-c", f"{stubborn}; time.sleep(600)", code="g.PATIENCE_SECONDS = 0.2")
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    born = processes.birth(pid)
    assert born is not None
    process.communicate()  # which closes the owner's end
    kiln.wait(lambda: processes.birth(pid) != born)


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    with start(str(tmp_path / "nothing")) as process:
        assert process.wait() == guard.NO_PROGRAM
        assert process.stderr is not None
        assert process.stderr.read().decode() == f"{tmp_path / 'nothing'} cannot be run: {os.strerror(2)}\n"
