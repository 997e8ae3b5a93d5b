"""The HTTP service against clients that ask for what cannot be."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from relayer.daemon.http import application
from tests.cli.served import Shown


@pytest.mark.parametrize("path", ["/v1/rounds/{}", "/v1/certificates?before={}", "/v1/certificates?limit={}"])
@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 9_999_999_999_999_999_999, -1])
async def test_a_number_that_no_round_has_is_refused(path: str, number: int) -> None:
    async with TestClient(TestServer(application(Shown()))) as client:
        response = await client.get(path.format(number))
        assert response.status == 400
        assert "whole number" in (await response.json())["error"]
