"""A demo whose families are not all prepared: a story with those that are, meanwhile, and then one with all."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from relayer.demo.acts import Act, acts_of, perform
from relayer.demo.show import Teller, listed
from relayer.demo.stage import Failed
from relayer.devnet.preparation import missing
from relayer.devnet.state import DevnetError
from tests.devnet.kilns import Kiln, ballast, environment

pytestmark = pytest.mark.usefixtures("local_site")

ALL = ("tally", "abacus", "kiln")
READY = ("tally", "abacus")

Play = Callable[[Act], Awaitable[None]]


class Demo:
    """A demo whose acts a test plays: what was told, and which acts were begun."""

    def __init__(self, kiln: Kiln) -> None:
        self.lines: list[dict[str, Any]] = []
        self.teller = Teller(lambda line: self.lines.append(dict(line)))
        self.begun: list[tuple[str, ...]] = []
        self._kiln = kiln

    async def run(self, play: Play, families: tuple[str, ...] = ALL) -> None:
        async def begin(act: Act) -> None:
            self.begun.append(act.families)
            with self.teller.step("scene", "A scene"):
                await play(act)
            self.teller.over({"families": str(len(act.families))})

        needed = missing(families)
        await perform(acts_of(families, needed), needed, self.teller, begin)

    def named(self, key: str) -> list[dict[str, Any]]:
        """The lines that have a field of this name."""
        return [line for line in self.lines if key in line]


@pytest.fixture
def demo(kiln: Kiln) -> Demo:
    return Demo(kiln)


def test_where_all_is_prepared_there_is_one_act_with_every_family() -> None:
    assert acts_of(ALL, missing(ALL)) == (Act(1, 1, ALL, "stick, beads and bricks"),)


def test_where_some_are_not_there_are_two_the_first_with_those_that_are(kiln: Kiln) -> None:
    first, last = acts_of(ALL, missing(ALL))
    assert first == Act(1, 2, READY, "stick and beads, while what bricks needs is prepared")
    assert last == Act(2, 2, ALL, "stick, beads and bricks")
    assert not first.last
    assert last.last


def test_where_none_is_there_is_nothing_to_tell_meanwhile(kiln: Kiln) -> None:
    (only,) = acts_of(("kiln",), missing(["kiln"]))
    assert only == Act(1, 1, ("kiln",), "bricks")
    assert only.last


def test_words_are_listed_as_in_a_sentence() -> None:
    assert [listed(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]


async def test_the_first_act_is_played_while_the_rest_is_prepared_and_the_second_after(demo: Demo, kiln: Kiln) -> None:
    async def play(act: Act) -> None:
        if act.last:
            assert kiln.done
        else:
            await kiln.until(lambda: kiln.burns)  # which this act does not wait for by itself
            assert not kiln.done
            kiln.order()

    await demo.run(play)
    demo.teller.result(None)
    assert demo.begun == [READY, ALL]
    first, second = demo.named("families")
    assert (first["act"], first["acts"], first["families"]) == (1, 2, ["stick", "beads"])
    assert (second["act"], second["acts"], second["families"]) == (2, 2, ["stick", "beads", "bricks"])
    assert [(step["act"], step["step"]) for step in demo.named("step")] == [(1, 1), (2, 1)]
    (over,) = demo.named("act_result")
    assert (over["act_result"], over["act"], over["figures"]) == ("ok", 1, {"families": "2"})
    assert [step["name"] for step in over["summary"]] == ["scene"]
    result = demo.lines[-1]
    assert (result["result"], result["act"], result["figures"]) == ("ok", 2, {"families": "3"})
    assert len(result["summary"]) == 1


async def test_progress_is_told_beside_the_steps(demo: Demo, kiln: Kiln) -> None:
    async def play(act: Act) -> None:
        if not act.last:
            await kiln.until(lambda: bool(demo.named("preparing")))
            kiln.order()
            await kiln.until(lambda: bool(demo.named("prepared")))

    await demo.run(play)
    keys = [next(iter(line)) for line in demo.lines]
    assert keys == ["act", *["preparing"] * 6, "prepared", "step", "act_result", "act", "step"]
    assert [line["done"] for line in demo.named("preparing")] == [0, 0, 1, 2, 3, 4]
    assert demo.named("prepared")[0]["prepared"] == "bricks"


async def test_without_a_family_that_is_ready_the_story_waits(demo: Demo, kiln: Kiln) -> None:
    kiln.order()

    async def play(act: Act) -> None:
        assert kiln.done

    await demo.run(play, ("kiln",))
    demo.teller.result(None)
    assert demo.begun == [("kiln",)]
    keys = [next(iter(line)) for line in demo.lines]
    assert keys == [*["preparing"] * 6, "prepared", "step", "result"]
    assert demo.named("step")[0]["act"] == 1


async def test_a_preparation_that_fails_is_told_after_the_first_act_whose_result_is_shown(
    demo: Demo, kiln: Kiln
) -> None:
    kiln.order("no clay: dig some")

    async def play(act: Act) -> None:
        await kiln.until(lambda: kiln.burns)
        await kiln.until(kiln.cold)

    with pytest.raises(DevnetError, match="no clay: dig some\nstart again") as caught:
        await demo.run(play)
    demo.teller.result(str(caught.value))
    assert demo.begun == [READY]
    assert demo.named("act_result")[0]["figures"] == {"families": "2"}
    result = demo.lines[-1]
    assert (result["result"], result["act"], result["figures"]) == ("failed", 1, {"families": "2"})
    assert "no clay" in result["why"]
    assert demo.named("prepared") == []


async def test_a_first_act_that_fails_ends_the_preparation_and_the_demo(demo: Demo, kiln: Kiln) -> None:
    async def play(act: Act) -> None:
        await kiln.until(lambda: kiln.burns)
        raise Failed("it went wrong")

    with pytest.raises(Failed, match="it went wrong"):
        await demo.run(play)
    await kiln.until(kiln.cold)
    assert not kiln.done
    assert demo.begun == [READY]
    assert [step["ok"] for step in demo.named("step")] == [False]
    assert demo.named("act_result") == []


async def test_where_the_first_act_and_the_preparation_fail_the_act_is_told(demo: Demo, kiln: Kiln) -> None:
    kiln.order("no clay")

    async def play(act: Act) -> None:
        await kiln.until(lambda: kiln.burns)
        await kiln.until(kiln.cold)
        raise Failed("it went wrong")

    with pytest.raises(Failed, match="it went wrong"):
        await demo.run(play)


@pytest.mark.parametrize("during", ["the first act", "the wait"])
async def test_a_demo_that_is_broken_off_ends_the_preparation(demo: Demo, kiln: Kiln, during: str) -> None:
    async def play(act: Act) -> None:
        await kiln.until(lambda: kiln.burns)
        if during == "the first act":
            await kiln.until(lambda: False)

    running = asyncio.create_task(demo.run(play))
    await kiln.until(lambda: kiln.burns and (during == "the first act" or bool(demo.named("act_result"))))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await kiln.until(kiln.cold)
    assert not kiln.done
    assert demo.begun == [READY]


async def test_people_see_acts_steps_and_what_is_prepared(kiln: Kiln, capsys: pytest.CaptureFixture[str]) -> None:
    kiln.order()
    teller = Teller(None)

    async def play(act: Act) -> None:
        if not act.last:
            await kiln.until(lambda: kiln.done)
        with teller.step("scene", f"Scene [{act.number}]") as step:
            step.tell("a [line]")
        teller.over({"figure": str(act.number)})

    needed = missing(ALL)
    await perform(acts_of(ALL, needed), needed, teller, play)
    teller.result(None)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "Act 1 of 2: stick and beads, while what bricks needs is prepared"
    assert "Act 2 of 2: stick, beads and bricks" in lines
    for told in ("preparing bricks: heating [kiln]", "a [line]", "figure  1", "figure  2"):
        assert told in lines
    assert any(line.startswith("bricks is prepared after ") for line in lines)
    assert lines.count("Summary") == 1
    assert lines[-1].startswith("ok in ")


def test_a_failure_after_an_act_shows_its_summary_no_second_time(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(None)
    teller.act(1, 2, "stick", ["stick"])
    with teller.step("scene", "Scene"):
        pass
    teller.over({"figure": "1"})
    teller.result("no [clay]")
    out = capsys.readouterr().out
    assert out.count("figure  1") == 1
    assert "failed: no [clay]" in out


def test_one_act_needs_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[Mapping[str, Any]] = []
    for teller in (Teller(None), Teller(lines.append)):
        with teller.step("scene", "Scene"):
            pass
        teller.over({"figure": "1"})
        teller.result(None)
    assert "Act" not in capsys.readouterr().out
    assert [next(iter(line)) for line in lines] == ["step", "result"]
    assert lines[-1]["figures"] == {"figure": "1"}


def test_the_program_tells_a_failed_preparation_and_exits_with_one(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order("no clay: dig some")
    process = ballast("demo", "--families", "bricks", "--json", "--dir", str(tmp_path / "devnet"))
    out, err = process.communicate()
    progress, result = [json.loads(line) for line in out.splitlines()]
    assert (process.returncode, err) == (1, "")
    assert progress["preparing"] == "bricks"
    assert (result["result"], result["summary"], result["figures"]) == ("failed", [], {})
    assert "no clay: dig some" in result["why"]
    assert not (tmp_path / "devnet").exists()


def test_the_program_ends_the_preparation_when_its_first_act_fails(kiln: Kiln, tmp_path: Path) -> None:
    # The nodes of such a family end at once.
    process = ballast("demo", "--families", "stick,bricks", "--json", "--dir", str(tmp_path / "devnet"))
    out, err = process.communicate()
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 1, err
    assert lines[0]["families"] == ["stick"]
    assert [(line["act"], line["name"], line["ok"]) for line in lines if "step" in line] == [(1, "set-up", False)]
    assert lines[-1]["result"] == "failed"
    assert not kiln.done
    kiln.wait(lambda: not kiln.burns or kiln.cold())


def test_the_program_shows_a_bar_among_the_steps_on_a_terminal(kiln: Kiln, tmp_path: Path) -> None:
    kiln.order("no clay")
    ours, theirs = os.openpty()
    arguments = [
        sys.executable,
        "-m",
        "tests.cli.program",
        "demo",
        "--families",
        "bricks",
        "--dir",
        str(tmp_path / "it"),
    ]
    terminal = {**environment(), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(arguments, stdout=theirs, stderr=subprocess.PIPE, env=terminal)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how a terminal ends
        pass
    os.close(ours)
    _, err = process.communicate()
    assert (process.returncode, err) == (1, b"")
    assert "preparing bricks: heating [kiln]" in shown.decode()
    assert "no clay" in shown.decode()
