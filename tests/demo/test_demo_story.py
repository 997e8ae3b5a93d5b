"""The demo as a user runs it, and what is left behind when it, or a devnet, is broken off."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relayer.demo.scenes import LOCKED
from relayer.demo.show import Teller
from relayer.demo.stage import UNIT, Failed, coins
from relayer.demo.story import story
from relayer.devnet import command, processes, state
from relayer.devnet.plan import chosen, plan_for
from tests.devnet.kilns import ballast

FAMILIES = chosen(None)
PLAN = plan_for(FAMILIES)


@dataclass(frozen=True)
class Told:
    """One whole run."""

    code: int
    lines: list[dict[str, Any]]
    errors: str
    directory: Path

    @property
    def result(self) -> dict[str, Any]:
        return self.lines[-1]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Of the last act; there is one before it where a family was not prepared."""
        return [line for line in self.lines if "step" in line and line["act"] == self.result["act"]]

    def step(self, name: str) -> dict[str, Any]:
        return next(step for step in self.steps if step["name"] == name)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    directory = tmp_path_factory.mktemp("demo") / "devnet"
    done = subprocess.run(
        [command.program(), "demo", "--json", "--dir", str(directory)], capture_output=True, text=True, check=False
    )
    return Told(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr, directory)


def test_every_step_of_the_story_goes_well(told: Told) -> None:
    names = ["set-up", *(scene.name for scene in story(PLAN))]
    assert [step["name"] for step in told.steps] == names, told.errors or told.result
    assert all(step["ok"] for step in told.steps)
    assert told.result["result"] == "ok"
    assert told.code == 0


def test_caps_never_exceed_what_is_locked(told: Told) -> None:
    for step in told.steps:
        assert sum(map(int, step.get("caps", []))) <= LOCKED


def test_refused_mints_stand_in_blocks_and_say_why(told: Told) -> None:
    refused = [one for step in told.steps for one in step.get("refused", [])]
    # By a command in each family, in the race and after the drain on every destination, and one unit above each cap.
    destinations = len(PLAN.routes[0].destinations)
    assert len(refused) == len(FAMILIES) + 2 * destinations + len(PLAN.routes) - 1
    assert {one["error"] for one in refused} == {"ExceedsCap"}
    assert len({one["transaction"] for one in refused}) == len(refused)
    assert all(one["height"] > 0 for one in refused)


def test_every_destination_refuses_what_is_not_backed(told: Told) -> None:
    destinations = {str(PLAN.chains[place]) for place in PLAN.routes[0].destinations}
    assert len(destinations) == max(2, len(FAMILIES))
    for name in ("race", "drained"):
        assert {one["chain"] for one in told.step(name)["refused"]} == destinations
    assert {one["chain"].partition(":")[0] for one in told.step("refused")["refused"]} == set(FAMILIES)


def test_the_figures_name_every_route_and_every_cap(told: Told) -> None:
    figures = told.result["figures"]
    for route in PLAN.routes:
        assert f"{route.name} collateral" in figures
        assert f"{route.name} wrapped" in figures
        for place in route.destinations:
            assert f"{route.name} cap on {PLAN.chains[place]}" in figures


def test_nothing_is_left_running(told: Told) -> None:
    record = state.load(told.directory)
    assert record is not None
    assert len(record.processes) == 1 + len(PLAN.chains) + len(FAMILIES) + PLAN.members
    assert record.living() == ()


def test_secrets_are_in_private_files_and_in_no_log(told: Told) -> None:
    secrets = [file.read_text().strip() for file in told.directory.glob("members/*/passphrase")]
    assert len(secrets) == 4
    private = [f for name in ("passphrase", "keystore", "member.toml", "store.db") for f in _members(told, name)]
    assert len(private) == 16
    assert all(file.stat().st_mode & 0o077 == 0 for file in private)
    for log in told.directory.glob("logs/*.log"):
        text = log.read_text(errors="replace")
        assert not any(secret in text for secret in secrets)


def _members(told: Told, name: str) -> list[Path]:
    return list(told.directory.glob(f"members/*/{name}"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_devnet_that_is_broken_off_leaves_nothing_running(number: signal.Signals, tmp_path: Path) -> None:
    directory = tmp_path / "devnet"
    # Of a family whose chains are never ready: the command still waits for them when it is broken off.
    up = ballast("devnet", "up", "--families", "ice", "--dir", str(directory))
    _until(lambda: (record := state.load(directory)) is not None and len(record.living()) == 5, up)
    os.kill(up.pid, number)
    up.communicate()
    assert up.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    _until(lambda: (record := state.load(directory)) is not None and not record.living())


def _until(holds: Callable[[], bool], process: "subprocess.Popen[str] | None" = None) -> None:
    """Polls; the test's own time limit ends what never holds."""
    while not holds():
        if process is not None and process.poll() is not None and not holds():
            raise AssertionError(process.communicate()[1])
        time.sleep(0.05)


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    code, error = _ballast("devnet", "up", "--dir", str(tmp_path))
    assert code == 1
    assert "neither empty nor a devnet's" in error
    assert (tmp_path / "letter").read_text() == "dear"


def test_there_is_no_status_and_no_end_of_a_devnet_that_is_not_there(tmp_path: Path) -> None:
    for action in ("status", "down"):
        code, error = _ballast("devnet", action, "--dir", str(tmp_path))
        assert code == 1
        assert "there is no devnet in" in error


def test_a_second_devnet_in_the_same_place_is_refused_and_the_first_one_left_alone(tmp_path: Path) -> None:
    sleeper = processes.start("it", (sys.executable, "-c", "import time; time.sleep(600)"), tmp_path / "log")
    try:
        (tmp_path / "devnet").mkdir()
        state.State(tmp_path / "devnet", processes=(sleeper,), up=True).save()
        for arguments in (("devnet", "up"), ("demo",)):
            code, error = _ballast(*arguments, "--dir", str(tmp_path / "devnet"))
            assert code == 1
            assert "already" in error
            assert sleeper.alive()
    finally:
        processes.stop([sleeper])


def _ballast(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([command.program(), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_step_that_fails_is_told_and_ends_the_story() -> None:
    lines: list[dict[str, Any]] = []
    teller = Teller(lambda line: lines.append(dict(line)))
    with teller.step("good", "Good") as step:
        step.tell("a line", figure="1")
    with pytest.raises(Failed), teller.step("bad", "Bad"):
        raise Failed("why")
    teller.result("why")
    assert [(line.get("name"), line.get("ok")) for line in lines] == [("good", True), ("bad", False), (None, None)]
    assert lines[0]["figure"] == "1"
    assert lines[-1]["result"] == "failed"
    assert lines[-1]["why"] == "why"


def test_the_story_for_people_is_told_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(None)
    with teller.step("good", "Good [title]") as step:
        step.tell("a [line]")
    teller.over({"figure": "1"})
    teller.result(None)
    out = capsys.readouterr().out
    assert "Good [title]" in out
    assert "a [line]" in out
    assert "Summary" in out


def test_amounts_are_shown_exactly() -> None:
    assert coins(1000 * UNIT) == "1,000 USD"
    assert coins(UNIT // 2) == "0.5 USD"
    assert coins(1) == "0.000001 USD"
    assert coins(2 * UNIT, "EUR") == "2 EUR"


def test_the_status_of_a_devnet_tells_what_runs_and_fails_once_something_does_not(tmp_path: Path) -> None:
    sleeper = processes.start("it", (sys.executable, "-c", "import time; time.sleep(600)"), tmp_path / "log")
    chain, member = state.Chain("test:1", 1), state.Member("alpha", 2, {"test:1": ("http://127.0.0.1:3",)})
    try:
        state.State(tmp_path, (chain,), (member,), 4, (sleeper,), up=True).save()
        arguments = [command.program(), "devnet", "status", "--json", "--dir", str(tmp_path)]
        up = subprocess.run(arguments, capture_output=True, text=True, check=True)
        told = json.loads(up.stdout)
        assert told["up"]
        assert told["programs"] == [{"name": "it", "process": sleeper.pid, "alive": True}]
        assert told["members"][0]["url"] == "http://127.0.0.1:2"
    finally:
        processes.stop([sleeper])
    broken = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert broken.returncode == 1
    assert not json.loads(broken.stdout)["programs"][0]["alive"]
