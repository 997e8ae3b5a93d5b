"""How wasmd is built, with a Go that is a script: once, whole or not at all, and with errors that say what to do."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chains.cosmos import build_node
from chains.cosmos.build_node import BuildError, build, node
from tests.chains.cosmos.fake_go import FakeGo


def test_only_one_process_builds_and_it_says_how_far_it_is(fake_go: FakeGo, tmp_path: Path) -> None:
    fake_go()
    assert node() is None
    said: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: build(lambda *step: said.append(step)), range(4)))
    assert (tmp_path / "builds").read_text() == "built\n"
    assert set(built) == {node()}
    assert (built[0].parent / "libwasmvm.x86_64.so").read_bytes() == b"the library"
    steps = [step for step in said if step[0] != "another process builds it"]
    compiled = [("compiling packages", done, 3) for done in (1, 2, 3)]
    assert steps == [("fetching modules", 0, 0), *compiled, ("trying it", 3, 3)]
    fake_go(version="go1.99.2")
    assert node() is None


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"version": "go1.20.3"}, r"Go 1\.26 or newer, which was not found \(\S+ is go1\.20\.3\): put it on PATH"),
        ({"compiler": "no-such-compiler -O2"}, "no-such-compiler -O2 is not on PATH: install gcc"),
        ({"status": 4}, "go build of wasmd failed with status 4:\na\nb\nc"),
        ({"wasmd": "exit 5"}, "wasmd query wasm ...` failed with status 5"),
        ({"version": "go1.99.1\nwhat"}, "does not answer as Go does"),
    ],
)
def test_a_build_that_cannot_be_leaves_nothing(
    fake_go: FakeGo, tmp_path: Path, answers: dict[str, Any], error: str
) -> None:
    fake_go(**answers)
    with pytest.raises(BuildError, match=error):
        build(lambda *step: None)
    assert node() is None
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix != ".lock" and path.is_file()] == []


def test_a_package_without_the_module_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_node, "MODULE", tmp_path)
    assert node() is None
    with pytest.raises(BuildError, match=r"go\.mod cannot be read \(No such file.*\): install ballast again"):
        build(lambda *step: None)


def test_a_go_that_cannot_be_run_is_named(fake_go: FakeGo, tmp_path: Path) -> None:
    fake_go()
    (tmp_path / "bin" / "go").write_text("#!/no/such/shell\n")
    with pytest.raises(BuildError, match=r"bin/go cannot be run"):
        build(lambda *step: None)


def test_what_a_killed_builder_left_is_removed(fake_go: FakeGo, tmp_path: Path) -> None:
    fake_go()
    target = build(lambda *step: None).parent
    left = target.with_name(f"{target.name}.left")
    target.rename(left)
    assert build(lambda *step: None) == node()
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name, f"{target.name}.lock"]


def test_an_ended_builder_stops_the_compiler_and_leaves_nothing(fake_go: FakeGo, tmp_path: Path) -> None:
    # A builder that did not stop it would wait for it.
    fake_go(first="kill -TERM $PPID; exec sleep 1000")
    done = subprocess.run([sys.executable, "-m", "chains.cosmos.build_node"], check=False, capture_output=True)
    assert done.returncode == 128 + signal.SIGTERM
    assert [path.suffix for path in (tmp_path / "cache" / "ballast").iterdir()] == [".lock"]
