"""Fault M1, M2: killed at every persistence point, a member never lets two digests of one round out."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from relayer.store.errors import StoreCorrupt
from relayer.store.safety import SafetyStore
from tests.store import member_life

Released = dict[tuple[str, int], set[str]]


class Lives:
    """Lives in processes of their own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._wishes, self._answers = process.stdin, process.stdout

    def live(self, path: Path, life: int, die_at: int) -> tuple[int, list[list[str]]]:
        """One life: its wait status, and the lines that left it."""
        self._wishes.write(json.dumps([str(path), life, die_at]) + "\n")
        self._wishes.flush()
        status, said = json.loads(self._answers.readline())
        return status, [line.split() for line in said.splitlines()]

    def points(self, path: Path, life: int) -> int:
        status, said = self.live(path, life, 0)
        assert status == 0
        return int(next(words[1] for words in said if words[0] == "points"))


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, member_life.__file__], stdin=pipe, stdout=pipe, text=True) as process:
        yield Lives(process)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """For many stores; in memory where that can be, since a killed process loses nothing that the system has, and
    hundreds of lives would wait for a disk thousands of times."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


def add(released: Released, said: list[list[str]]) -> None:
    for what, *rest in said:
        if what in ("observation", "proposal", "signature"):
            released.setdefault((what, int(rest[0])), set()).add(rest[1])


def check(lives: Lives, path: Path, *die_at: int) -> tuple[int, bool]:
    """Lives that want different messages, one after the other over one store, each killed at its point; then one that
    is not. How many were killed, and whether the store was refused in the end."""
    released: Released = {}
    commitments: list[str] = []
    killed, refused = 0, False
    for life, at in enumerate((*die_at, 0)):
        status, said = lives.live(path, life, at)
        refused = refused or any(words[0] == "refused" for words in said)
        killed += os.WIFSIGNALED(status)
        add(released, said)
        commitments += [words[2] for words in said if words[0] == "commitment"]
    assert all(len(values) == 1 for values in released.values()), released
    assert len(commitments) == len(set(commitments))
    if refused:  # only a store cut off while it was made is refused: nothing had left the process by then
        assert not released
        with pytest.raises(StoreCorrupt):
            SafetyStore.open(f"sqlite:///{path}", member_life.BINDING)
        return killed, True
    with SafetyStore.open(f"sqlite:///{path}", member_life.BINDING) as store:
        assert store.promise() == max(member_life.ROUNDS)
        for (what, round_), values in released.items():
            kept = {"observation": store.observation, "proposal": store.proposal, "signature": store.signed}[what]
            assert {kept(round_)} == {bytes.fromhex(value) for value in values}
    return killed, False


def test_killed_at_every_point_of_a_new_life(lives: Lives, disk: Path) -> None:
    total = lives.points(disk / "count.db", 0)
    assert total > 60
    whole = 0
    for at in range(1, total + 1):
        killed, refused = check(lives, disk / f"{at}.db", at)
        assert killed == 1
        whole += not refused
    assert whole > total / 2


def test_killed_twice(lives: Lives, disk: Path) -> None:
    total = lives.points(disk / "count.db", 0)
    for at in range(total // 2, total, 12):
        for again in (3, 10, 17):
            check(lives, disk / f"{at}-{again}.db", at, again)


def test_the_child_alone(tmp_path: Path) -> None:
    """As a process of its own, so that nothing of the parent's can have helped."""
    run = [sys.executable, member_life.__file__, str(tmp_path / "s.db")]
    first = subprocess.run([*run, "1", "70"], capture_output=True, text=True, check=False)
    assert first.returncode == -9
    second = subprocess.run([*run, "2", "0"], capture_output=True, text=True, check=True)
    released: Released = {}
    add(released, [line.split() for out in (first.stdout, second.stdout) for line in out.splitlines()])
    assert released
    assert all(len(values) == 1 for values in released.values())
