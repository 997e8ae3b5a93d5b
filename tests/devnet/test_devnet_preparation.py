"""What families need before their nodes can be started is run, shown, and ended with whoever wanted it."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from chains.devnet import Program, families
from relayer.devnet.bars import shown
from relayer.devnet.preparation import Milestones, Preparation, Progress, documents, missing, run
from relayer.devnet.state import DevnetError
from tests.devnet.kilns import Kiln, ballast, environment

pytestmark = pytest.mark.usefixtures("local_site")

BAKING = [Progress("bricks", "baking", done, 4) for done in range(5)]


def scripted(script: str) -> Preparation:
    return Preparation("bricks", Program("it", (sys.executable, "-c", script)))


def ignore(_: Progress) -> None:
    pass


def test_only_what_is_not_there_is_missing(kiln: Kiln) -> None:
    assert list(missing(["tally", "kiln", "kiln", "abacus"])) == ["kiln"]
    (kiln.directory / "bricks").touch()
    assert missing(["tally", "kiln", "abacus"]) == {}


def test_every_installed_family_says_whether_it_is_prepared() -> None:
    for namespace in families():
        for one in missing([namespace]).values():
            assert one.program.argv


async def test_a_preparation_tells_its_progress_and_then_nothing_is_missing(kiln: Kiln) -> None:
    seen: list[Progress] = []
    kiln.order()
    await run(missing(["kiln"])["kiln"], seen.append)
    assert seen == [Progress("bricks", "heating [kiln]", 0, 0), *BAKING]
    assert missing(["kiln"]) == {}
    await kiln.until(kiln.cold)


async def test_a_preparation_that_fails_says_why_and_what_to_do(kiln: Kiln) -> None:
    kiln.order("no clay: dig some")
    with pytest.raises(DevnetError) as caught:
        await run(missing(["kiln"])["kiln"], ignore)
    first, why, what = str(caught.value).splitlines()
    assert first == "bricks: what its nodes need could not be prepared:"
    assert why == "no clay: dig some"
    assert what == "start again once that is corrected, or choose other families"


async def test_one_that_fails_without_a_word_is_told_by_its_exit_code() -> None:
    with pytest.raises(DevnetError, match="ended with code 9 and said nothing"):
        await run(scripted("import sys; sys.exit(9)"), ignore)


async def test_of_very_many_words_the_last_are_told() -> None:
    with pytest.raises(DevnetError, match="the end") as caught:
        await run(scripted("import sys; sys.exit('x' * 10**6 + ' the end')"), ignore)
    assert len(str(caught.value)) < 10_000


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match=r"nothing cannot be run: No such file"):
        await run(Preparation("bricks", Program("it", (str(tmp_path / "nothing"),))), ignore)


@pytest.mark.parametrize(
    "line",
    [
        "'half of it'",
        "'[]'",
        """'{"what": "baking", "done": 1}'""",
        """'{"what": "baking", "done": "1", "most": 4}'""",
        """'{"what": "baking", "done": -1, "most": 4}'""",
        """'{"what": "baking", "done": true, "most": 4}'""",
        "'x' * 10**6",
    ],
)
async def test_what_is_no_progress_is_refused_and_the_program_ended(line: str) -> None:
    told = f"import time; print({line}, flush=True); time.sleep(600)"
    with pytest.raises(DevnetError, match="told no progress but '"):
        await run(scripted(told), ignore)


async def test_whoever_no_longer_wants_it_ends_it(kiln: Kiln) -> None:
    running = asyncio.create_task(run(missing(["kiln"])["kiln"], ignore))
    await kiln.until(lambda: kiln.burns)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await kiln.until(kiln.cold)
    assert not kiln.done


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through Linux's /proc")
async def test_whoever_no_longer_wants_it_while_it_is_being_started_leaves_nothing(
    kiln: Kiln, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncio has it: what it has just started it kills at once, however far that has come."""
    started = asyncio.Event()

    async def create(*argv: str, **options: Any) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(*argv, **options)
        # A second thread is the last thing that the guard makes by itself.
        await kiln.until(lambda: len(list(Path(f"/proc/{process.pid}/task").iterdir())) > 1)
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            process.kill()
            await process.wait()
        return process

    with_ours = SimpleNamespace(**vars(asyncio) | {"create_subprocess_exec": create})
    monkeypatch.setattr("relayer.devnet.preparation.asyncio", with_ours)
    running = asyncio.create_task(run(missing(["kiln"])["kiln"], ignore))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not [words for words in _processes() if str(kiln.directory).encode() in words]


def _processes() -> list[list[bytes]]:
    """The command lines of all that runs."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            found.append(file.read_bytes().split(b"\0"))
    return found


async def test_whoever_insists_waits_until_it_has_ended(kiln: Kiln) -> None:
    running = asyncio.create_task(run(missing(["kiln"])["kiln"], ignore))
    await kiln.until(lambda: kiln.burns)
    while not running.done():
        running.cancel()
        await asyncio.sleep(0)
    assert running.cancelled()
    assert kiln.cold()


async def test_an_error_of_whoever_is_told_ends_it_too(kiln: Kiln) -> None:
    def told(_: Progress) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await run(missing(["kiln"])["kiln"], told)
    await kiln.until(lambda: not kiln.burns or kiln.cold())


@given(st.integers(1, 200), st.integers(0, 5000), st.lists(st.integers(0, 5000)))
def test_at_most_so_many_lines_as_there_are_parts_of_one_thing(parts: int, most: int, more: list[int]) -> None:
    milestones = Milestones(parts)
    told = [
        done for done in sorted(min(done, most) for done in more) if milestones.reached(Progress("", "", done, most))
    ]
    assert len(told) <= (parts + 1 if most else 1)
    assert bool(told) == bool(more)


def test_machines_are_told_everything_new_and_every_per_cent() -> None:
    found: list[Any] = []
    told = documents(found.append)
    for progress in [Progress("b", "one", 0, 0)] * 3 + [Progress("b", "two", n, 400) for n in range(401)]:
        told(progress)
    assert found[0] == {"preparing": "b", "what": "one", "done": 0, "most": 0}
    assert [one["done"] for one in found[1:]] == list(range(0, 401, 4))


def test_people_are_told_a_line_now_and_then_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with shown(Console(file=out)) as told:
        for progress in [
            Progress("bricks", "heating [kiln]", 0, 0),
            *(Progress("bricks", "baking", n, 40) for n in range(41)),
        ]:
            told(progress)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines[:3] == [
        "preparing bricks: heating [kiln]",
        "preparing bricks: baking, 0 of 40",
        "preparing bricks: baking, 4 of 40",
    ]
    assert lines[-1] == "preparing bricks: baking, 40 of 40"
    assert len(lines) == 12


def test_people_see_a_bar_on_a_terminal_and_other_lines_above_it() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, force_interactive=True, width=100)
    with shown(console) as told:
        told(Progress("bricks", "baking [x]", 2, 4))
        console.print("a step")
    assert "preparing bricks: baking [x]" in out.getvalue()
    assert "2/4" in out.getvalue()
    assert "a step" in out.getvalue()


UP = ("devnet", "up", "--families", "bricks")


def test_up_prepares_first_and_says_so_to_people_on_stderr(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order("no clay")
    process = ballast(*UP, "--dir", str(tmp_path / "devnet"))
    out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    told = err.strip().splitlines()
    assert told[0].strip() == "preparing bricks: heating [kiln]"
    assert told[1:] == [
        "bricks: what its nodes need could not be prepared:",
        "no clay",
        "start again once that is corrected, or choose other families",
    ]
    assert not (tmp_path / "devnet").exists()


def test_up_tells_machines_on_stdout(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order("no clay")
    process = ballast(*UP, "--json", "--dir", str(tmp_path / "devnet"))
    out, err = process.communicate()
    progress, last = [json.loads(line) for line in out.splitlines()]
    assert progress == {"version": 1, "preparing": "bricks", "what": "heating [kiln]", "done": 0, "most": 0}
    assert "no clay" in last["error"]["message"]
    assert (process.returncode, err) == (1, "")


def test_up_starts_nodes_when_all_is_prepared_and_not_before(kiln: Kiln, tmp_path: Path) -> None:
    directory = tmp_path / "devnet"
    process = ballast(*UP, "--json", "--dir", str(directory))
    kiln.wait(lambda: kiln.burns, process)
    assert not directory.exists()
    kiln.order()
    out, _ = process.communicate()
    # There is nothing behind the endpoints of such a family.
    assert "has ended" in json.loads(out.splitlines()[-1])["error"]["message"]
    assert kiln.done
    assert (directory / "devnet.json").exists()


def test_where_a_devnet_cannot_be_nothing_is_prepared(kiln: Kiln, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    process = ballast(*UP, "--dir", str(tmp_path))
    _, err = process.communicate()
    assert process.returncode == 1
    assert "neither empty nor a devnet's" in err
    assert not kiln.burns


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("command", [UP, ("devnet", "node", "bricks"), ("demo", "--families", "bricks")])
def test_a_command_that_is_broken_off_ends_the_preparation(
    kiln: Kiln, tmp_path: Path, command: tuple[str, ...], number: signal.Signals
) -> None:
    process = ballast(*command, "--dir", str(tmp_path / "it"))
    kiln.wait(lambda: kiln.burns, process)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert "Traceback" not in err
    kiln.wait(kiln.cold)
    assert not (tmp_path / "it").exists()


def test_a_node_takes_the_commands_place_once_it_is_prepared(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order()
    process = ballast("devnet", "node", "bricks", "--json", "--port", "4567", "--dir", str(tmp_path))
    out, err = process.communicate()
    assert process.returncode == 0, err
    *progress, told, given = [json.loads(line) for line in out.splitlines()]
    assert [one["preparing"] for one in progress] == ["bricks"] * 6
    assert told == {"version": 1, "chain": "kiln:7", "url": "http://127.0.0.1:4567"}
    assert given == ["kiln:7", "4567", str(tmp_path)]


def test_preparing_can_be_done_by_itself_and_once_is_enough(kiln: Kiln) -> None:
    kiln.order()
    command = ("devnet", "prepare", "--families", "bricks", "--json")
    told = [json.loads(line) for line in ballast(*command).communicate()[0].splitlines()]
    assert [one["preparing"] for one in told[:-1]] == ["bricks"] * 6
    assert told[-1] == {"version": 1, "prepared": ["bricks"]}
    assert kiln.done
    out, err = ballast(*command).communicate()
    assert (json.loads(out), err) == ({"version": 1, "prepared": []}, "")
    assert ballast(*command[:-1]).communicate() == ("nothing is missing\n", "")


def test_a_bar_is_shown_on_a_terminal(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order("no clay")
    ours, theirs = os.openpty()
    arguments = [sys.executable, "-m", "tests.cli.program", *UP, "--dir", str(tmp_path / "devnet")]
    terminal = {**environment(), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, env=terminal)
    os.close(theirs)
    shown_ = _read(ours)
    process.communicate()
    assert "preparing bricks: heating [kiln]" in shown_
    assert "no clay" in shown_


def _read(terminal: int) -> str:
    found = b""
    try:
        while part := os.read(terminal, 4096):
            found += part
    except OSError:  # how a terminal ends
        pass
    finally:
        os.close(terminal)
    return found.decode()
