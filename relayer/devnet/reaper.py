"""Ends a devnet when its owner is gone, however that ended: `python -m relayer.devnet.reaper DIR`.

The owner holds the other end of standard input. If it closes without the word "keep" (which it does even when the owner
is killed), everything that the devnet's record names is ended.
"""

import subprocess
import sys
from pathlib import Path
from typing import IO, cast

from relayer.devnet.down import end
from relayer.devnet.state import load

KEEP = b"keep"


class Reaper:
    """The owner's side."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relayer.devnet.reaper", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def keep(self) -> None:
        """The devnet outlives its owner."""
        self._close(KEEP)

    def release(self) -> None:
        """Whatever still runs is ended now."""
        self._close(b"")

    def _close(self, word: bytes) -> None:
        pipe = cast(IO[bytes], self._process.stdin)
        if not pipe.closed:
            pipe.write(word)
            pipe.close()
            self._process.wait()


def main(directory: Path) -> None:
    """Entry point of `python -m relayer.devnet.reaper`."""
    if sys.stdin.buffer.read() == KEEP:
        return
    state = load(directory)
    if state is not None:
        end(state)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
