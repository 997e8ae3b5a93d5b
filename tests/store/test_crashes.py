"""Fault M1, M2: killed at every persistence point, a member never lets two digests of one round out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relayer.store.errors import StoreCorrupt
from relayer.store.safety import SafetyStore
from tests.store import member_life

Released = dict[tuple[str, int], set[str]]


def live(path: Path, life: int, die_at: int) -> tuple[int, list[list[str]]]:
    """One life in a forked child: its wait status, and the lines that left it. Forked, for the sake of the imports."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.dup2(writer, 1)
            sys.stdout = os.fdopen(1, "w")
            sys.argv = ["member_life", str(path), str(life), str(die_at)]
            member_life.main()
        except SystemExit as stop:
            os._exit(int(str(stop.code)))
        except BaseException:
            os._exit(9)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        said = [line.split() for line in lines]
    return os.waitpid(child, 0)[1], said


def add(released: Released, said: list[list[str]]) -> None:
    for what, *rest in said:
        if what in ("observation", "proposal", "signature"):
            released.setdefault((what, int(rest[0])), set()).add(rest[1])


def points(path: Path, life: int) -> int:
    status, said = live(path, life, 0)
    assert status == 0
    return int(next(words[1] for words in said if words[0] == "points"))


def check(path: Path, *die_at: int) -> tuple[int, bool]:
    """Lives that want different messages, one after the other over one store, each killed at its point; then one that
    is not. How many were killed, and whether the store was refused in the end."""
    released: Released = {}
    commitments: list[str] = []
    killed, refused = 0, False
    for life, at in enumerate((*die_at, 0)):
        status, said = live(path, life, at)
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


def test_killed_at_every_point_of_a_new_life(tmp_path: Path) -> None:
    total = points(tmp_path / "count.db", 0)
    assert total > 60
    whole = 0
    for at in range(1, total + 1):
        killed, refused = check(tmp_path / f"{at}.db", at)
        assert killed == 1
        whole += not refused
    assert whole > total / 2


def test_killed_twice(tmp_path: Path) -> None:
    total = points(tmp_path / "count.db", 0)
    for at in range(total // 2, total, 12):
        for again in (3, 10, 17):
            check(tmp_path / f"{at}-{again}.db", at, again)


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
