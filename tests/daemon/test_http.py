"""The HTTP service against clients that ask for what cannot be."""

import asyncio
import threading
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from relayer.daemon.http import application
from tests.cli.served import Shown
from tests.daemon.rig import PATIENCE, until


@pytest.mark.parametrize("path", ["/v1/rounds/{}", "/v1/certificates?before={}", "/v1/certificates?limit={}"])
@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 9_999_999_999_999_999_999, -1])
async def test_a_number_that_no_round_has_is_refused(path: str, number: int) -> None:
    async with TestClient(TestServer(application(Shown()))) as client:
        response = await client.get(path.format(number))
        assert response.status == 400
        assert "whole number" in (await response.json())["error"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("11" * 32 + "/" + "22" * 32, 200, None),
        ("0x" + "11" * 32 + "/0x" + "22" * 32, 200, None),
        ("11" * 32 + "/" + "33" * 32, 404, "no statement for this gate and route"),
        ("11" * 31 + "/" + "22" * 32, 400, "domain: 32 bytes"),
        ("11" * 32 + "/" + "2" * 63, 400, "route: 32 bytes"),
    ],
)
async def test_a_statement_is_asked_for_by_gate_and_route(path: str, status: int, says: str | None) -> None:
    source = Shown(statements={(b"\x11" * 32, b"\x22" * 32): {"round": 5}})
    async with TestClient(TestServer(application(source))) as client:
        response = await client.get(f"/v1/statements/{path}")
        assert response.status == status
        told = await response.json()
        assert told == {"round": 5} if says is None else says in told["error"]


class Slow(Shown):
    """Exports only once it is let; knows in which threads it was asked, and by how many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.threads: list[threading.Thread] = []
        self.at_once = self.most = 0

    def round(self, round_: int | None) -> dict[str, Any] | None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.threads.append(threading.current_thread())
        self.let.wait(PATIENCE)
        self.at_once -= 1
        return {"round": round_}


async def test_an_export_keeps_nobody_from_anything_else() -> None:
    source = Slow()
    async with TestClient(TestServer(application(source))) as client:
        asked = [asyncio.create_task(client.get(f"/v1/rounds/{i}")) for i in range(5)]
        await until(lambda: bool(source.threads))
        assert (await client.get("/healthz")).status == 200
        source.let.set()
        assert [await (await one).json() for one in asked] == [{"round": i} for i in range(5)]
    assert source.most == 1
    assert threading.main_thread() not in source.threads
