"""Finds TCP ports on 127.0.0.1 that are free now, for programs that are told their port."""

import os
import socket

from relayer.devnet.state import DevnetError

FIRST, LAST = 20_000, 32_000
"""Below the range from which systems take the ports of outgoing connections, so that none of those gets in between."""


class NoFreePort(DevnetError):
    """Not so many ports are free."""


def free(count: int) -> list[int]:
    """`count` different ports. Raises `NoFreePort`."""
    found: list[int] = []
    span = LAST - FIRST
    # Devnets that are started at the same time begin to look at different places.
    start = int.from_bytes(os.urandom(4), "big") % span
    for step in range(span):
        if len(found) == count:
            return found
        port = FIRST + (start + step) % span
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    raise NoFreePort(f"fewer than {count} of the ports {FIRST} to {LAST} are free on 127.0.0.1; end some programs")
