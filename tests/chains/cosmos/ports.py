"""Ports that stay one's own from when they are found until they are given back.

A node takes seconds from being told its ports to listening on them, and listens again after it was killed. A socket
that is bound, but never listens, keeps others meanwhile from finding these ports (`relayer.devnet.ports`) free; it does
not keep away the server that is meant to be there, which sets SO_REUSEADDR as servers do. So on Linux; elsewhere the
ports are only found.
"""

import contextlib
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from relayer.devnet import ports


@contextmanager
def kept(count: int) -> Iterator[int]:
    """The first of so many consecutive ports of 127.0.0.1, kept until this is left."""
    with ExitStack() as stack:
        while True:
            (first,) = ports.blocks([count])
            if _all_bound(range(first, first + count), stack):
                break
        yield first


def _all_bound(wanted: range, stack: ExitStack) -> bool:
    """False where somebody else was faster; then none of them is kept."""
    if sys.platform != "linux":
        return True
    with ExitStack() as ours:
        for port in wanted:
            one = ours.enter_context(contextlib.closing(socket.socket()))
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
            # Only now: nobody else who sets it may have been there before.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stack.push(ours.pop_all())
    return True
