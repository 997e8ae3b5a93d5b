"""Finds TCP ports on 127.0.0.1 that are free now, for programs that are told their port."""

import os
import socket
from collections.abc import Sequence

from relayer.devnet.state import DevnetError

FIRST, LAST = 20_000, 32_000
"""Below the range from which systems take the ports of outgoing connections, so that none of those gets in between."""


class NoFreePort(DevnetError):
    """Not so many ports are free."""


def free(count: int) -> list[int]:
    """`count` different ports. Raises `NoFreePort`."""
    return blocks([1] * count)


def blocks(sizes: Sequence[int]) -> list[int]:
    """The first port of each of so many blocks of consecutive ports, which have nothing in common. Raises
    `NoFreePort`."""
    found: list[int] = []
    run = 0  # how many free ports in a row end at the one looked at
    span = LAST - FIRST
    # Devnets that are started at the same time begin to look at different places.
    start = int.from_bytes(os.urandom(4), "big") % span
    for step in range(span):
        if len(found) == len(sizes):
            return found
        port = FIRST + (start + step) % span
        if port == FIRST:
            run = 0
        run = run + 1 if _is_free(port) else 0
        if run == sizes[len(found)]:
            found.append(port - run + 1)
            run = 0
    if len(found) == len(sizes):
        return found
    raise NoFreePort(
        f"fewer than {sum(sizes)} of the ports {FIRST} to {LAST} are free on 127.0.0.1 as they are needed; end some "
        f"programs"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
