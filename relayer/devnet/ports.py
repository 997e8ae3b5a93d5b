"""Finds TCP ports on 127.0.0.1 that are free now, for programs that are told their port.

Until such a program listens seconds pass, in which a second search would find the same port free. Hence all searches of
one user begin where the last one ended, which a file tells: what was handed out comes again only after all the others.
"""

import fcntl
import os
import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from relayer.devnet.state import DevnetError

FIRST, LAST = 20_000, 32_000
"""Below the range from which systems take the ports of outgoing connections, so that none of those gets in between."""

LAST_SEARCH = Path(tempfile.gettempdir()) / f"ballast-ports-{os.getuid()}"
"""Holds the port at which the next search begins."""


class NoFreePort(DevnetError):
    """Not so many ports are free."""


def free(count: int) -> list[int]:
    """`count` different ports. Raises `NoFreePort`."""
    return blocks([1] * count)


def blocks(sizes: Sequence[int]) -> list[int]:
    """The first port of each of so many blocks of consecutive ports, which have nothing in common. Raises
    `NoFreePort`, and `DevnetError` where the file of the last search cannot be used."""
    with _searching() as search:
        found, search.next = _found(sizes, search.next)
    if len(found) == len(sizes):
        return found
    raise NoFreePort(
        f"fewer than {sum(sizes)} of the ports {FIRST} to {LAST} are free on 127.0.0.1 as they are needed; end some "
        f"programs"
    )


def _found(sizes: Sequence[int], start: int) -> tuple[list[int], int]:
    """The blocks, fewer where there are no more, and the port after the last one that was looked at."""
    found: list[int] = []
    run = 0  # how many free ports in a row end at the one looked at
    span, port = LAST - FIRST, start
    for _ in range(span):
        if len(found) == len(sizes):
            break
        if port == FIRST:
            run = 0
        run = run + 1 if _is_free(port) else 0
        if run == sizes[len(found)]:
            found.append(port - run + 1)
            run = 0
        port = FIRST + (port + 1 - FIRST) % span
    return found, port


class _Search:
    """One search; nobody else of this user searches meanwhile."""

    def __init__(self, start: int) -> None:
        self.next = start


@contextmanager
def _searching() -> Iterator[_Search]:
    try:
        fd = os.open(LAST_SEARCH, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DevnetError(f"{LAST_SEARCH} cannot be used ({error.strerror}); remove it, or set TMPDIR") from error
    owned = os.fstat(fd)
    if not stat.S_ISREG(owned.st_mode) or owned.st_uid != os.getuid():
        # Whose it is could keep it locked for ever.
        os.close(fd)
        raise DevnetError(f"{LAST_SEARCH} cannot be used (no file of this user); remove it, or set TMPDIR")
    with os.fdopen(fd, "r+", encoding="ascii", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        said = file.read(16)
        port = int(said) if said.isascii() and said.isdigit() else int.from_bytes(os.urandom(4), "big")
        search = _Search(port if FIRST <= port < LAST else FIRST + port % (LAST - FIRST))
        yield search
        file.seek(0)
        file.truncate()
        file.write(str(search.next))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
