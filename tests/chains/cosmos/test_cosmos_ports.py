"""The ports of the nodes that tests start: free for their servers, and for nobody else."""

import asyncio
import socket
import sys

import pytest

from tests.chains.cosmos import ports


async def ignored(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ports are found, and not kept")
async def test_kept_ports_are_those_of_their_servers_alone() -> None:
    with ports.kept(2) as first:
        for port in (first, first + 1):
            for _ in range(2):  # and again once it was ended
                with socket.socket() as another, pytest.raises(OSError, match="in use"):
                    another.bind(("127.0.0.1", port))
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", port)
                async with await asyncio.start_server(ignored, "127.0.0.1", port):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    await writer.wait_closed()
        with ports.kept(2) as other:
            assert not {other, other + 1} & {first, first + 1}
