"""Runs a program that does not outlive its owner: `python -m relayer.devnet.guard PROGRAM [ARGUMENT...]`.

The owner holds the other end of standard input, and says so with a first byte: before that nothing is started, since
asyncio kills a process whose creation is broken off. When that end closes, which it does even if the owner is killed,
the program is ended with all that it has started. Otherwise the guard ends with the program and with its exit code.
Standard output and standard error are the program's.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from queue import SimpleQueue

PATIENCE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""
BEGIN = b"\n"
"""The owner's first word."""
_BEGUN = -1
NO_PROGRAM = 127
"""Exit code where the program cannot be run, as shells have it."""


def main(argv: Sequence[str]) -> int:
    """Entry point of `python -m relayer.devnet.guard`."""
    ends: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _: ends.put(128 + got))

    def owned() -> None:
        # Not through sys.stdin: its lock would be held when the interpreter ends.
        if os.read(0, len(BEGIN)):
            ends.put(_BEGUN)
            while os.read(0, 4096):
                pass
        ends.put(128 + signal.SIGTERM)

    threading.Thread(target=owned, daemon=True).start()
    code = ends.get()
    if code != _BEGUN:
        return code
    try:
        program = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot be run: {error.strerror}\n")
        return NO_PROGRAM

    def followed() -> None:
        code = program.wait()
        ends.put(128 - code if code < 0 else code)

    follower = threading.Thread(target=followed, daemon=True)
    follower.start()
    code = ends.get()
    if follower.is_alive():
        _signal(program.pid, signal.SIGTERM)
        follower.join(PATIENCE_SECONDS)
    # The program, or what it has started itself and left behind.
    _signal(program.pid, signal.SIGKILL)
    follower.join(PATIENCE_SECONDS)
    return code


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
