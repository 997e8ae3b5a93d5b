"""A child process that lives a member's life over a store, and dies where it is told to. Not a test itself.

    python member_life.py STORE LIFE DIE_AT
    python member_life.py                      (many lives: see `serve`)

Before each statement that writes, before each commit, and around each write of the witness lies a point, counted from
1; at point DIE_AT the process kills itself. What has left the process is what it printed: a line is printed only after
the store returned. LIFE changes the messages, so that another life would contradict an earlier one.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from chains.hashing import keccak256
from relayer.store.errors import Conflict, StoreError
from relayer.store.files import Witness
from relayer.store.safety import Binding, SafetyStore

BINDING = Binding(keccak256(b"group"), 2, keccak256(b"identity"))
ROUNDS = range(1, 3)


class Points:
    def __init__(self, die_at: int) -> None:
        self.count = 0
        self._die_at = die_at

    def __call__(self, *_: Any, **__: Any) -> None:
        self.count += 1
        if self.count == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        event.listen(Engine, "commit", self)

        @event.listens_for(Engine, "before_cursor_execute")
        def before(_: object, __: object, statement: str, *___: object) -> None:
            if not statement.startswith(("SELECT", "PRAGMA")):
                self()

        follow = Witness.follow

        def watched(witness: Witness, generation: int) -> None:
            self()  # committed, not witnessed
            follow(witness, generation)
            self()  # witnessed, not returned

        Witness.follow = watched  # type: ignore[assignment, method-assign]


def live(store: SafetyStore, life: int) -> None:
    def tell(*words: object) -> None:
        print(*words, flush=True)

    for round_ in ROUNDS:
        value = keccak256(b"%d %d" % (life, round_))
        for name, record in (("observation", store.record_observation), ("proposal", store.record_proposal)):
            try:
                record(round_, value)
            except Conflict:
                continue
            tell(name, round_, value.hex())
        for session in range(2):
            commitment = b"%d %d %d" % (life, round_, session)
            try:
                store.record_signature(round_, value, value, commitment, {keccak256(value): value})
            except Conflict:
                continue
            tell("signature", round_, value.hex())
            tell("commitment", round_, commitment.hex())


def run(path: Path, life: int, die_at: int) -> int:
    """One life, to its end; the exit code."""
    points = Points(die_at)
    points.watch()
    url = f"sqlite:///{path}"
    try:
        store = SafetyStore.open(url, BINDING) if path.exists() else SafetyStore.create(url, BINDING)
        live(store, life)
        store.close()
    except StoreError as error:
        print("refused", type(error).__name__, flush=True)
        return 3
    print("points", points.count, flush=True)
    return 0


def serve() -> None:
    """Lives one life in a child of its own for each line [store, life, die at] (JSON), and answers on one line with its
    wait status and what it printed. Forked for the sake of the imports, and here, where there is one thread only."""
    for line in sys.stdin:
        path, life, die_at = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(writer, 1)
            try:
                os._exit(run(Path(path), life, die_at))
            except BaseException:
                os._exit(9)
        os.close(writer)
        with os.fdopen(reader) as lines:
            said = lines.read()
        print(json.dumps([os.waitpid(child, 0)[1], said]), flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
    serve()
