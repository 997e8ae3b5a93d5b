"""Requests that a quorum does not wait for: none is left once it is closed, and who lies late is lying all the same."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chains.endpoint_options import EndpointsOptions
from chains.jsonrpc import Call, Endpoint, Standing
from chains.quorum import Admission, Quorum
from tests.chains.memory import Recorder
from tests.chains.polling import until
from tests.chains.scripted import named

ASKED = [Call("echo", (), lambda answer: answer)]


class Slow:
    """An endpoint that answers when it is let, and notices that nobody waits any more."""

    def __init__(self, name: str, answer: int, answering: bool = True) -> None:
        self.name, self.standing, self._answer = name, Standing(admitted=True), answer
        self.let, self.under_way = asyncio.Event(), 0
        if answering:
            self.let.set()

    async def ask(self, calls: Sequence[Call], deadline: float | None = None) -> tuple[Any, ...]:
        self.under_way += 1
        try:
            await self.let.wait()
        finally:
            self.under_way -= 1
        return tuple(self._answer for _ in calls)


def quorum(*endpoints: Slow) -> Quorum:
    options = EndpointsOptions(endpoints=named(), quorum=2, timeout=100.0, deadline=100.0)
    return Quorum([cast(Endpoint, e) for e in endpoints], Admission((), lambda answers: ""), options, Recorder())


@pytest.mark.parametrize("begun", [False, True])
async def test_a_reading_that_is_decided_leaves_nothing_behind_once_it_is_closed(begun: bool) -> None:
    late = Slow("c", 1, answering=False)
    q = quorum(Slow("a", 1), Slow("b", 1), late)
    before = asyncio.all_tasks()
    assert await q.agree(ASKED, "it") == (1,)
    if begun:
        await until(lambda: late.under_way == 1)
    await q.close()
    assert late.under_way == 0
    assert asyncio.all_tasks() == before


async def test_requests_that_are_given_up_are_gone_once_it_is_closed() -> None:
    late = Slow("c", 1, answering=False)
    late.standing.state = "failing"
    q = quorum(Slow("a", 1), Slow("b", 2), late)
    before = asyncio.all_tasks()
    assert await q.collect(ASKED) == {"a": (1,), "b": (2,)}
    reading = asyncio.create_task(q.agree(ASKED, "it"))
    await until(lambda: late.under_way == 1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await q.close()
    assert late.under_way == 0
    assert asyncio.all_tasks() == before


async def test_who_contradicts_a_reading_after_its_end_is_lying_all_the_same() -> None:
    late = Slow("c", 9, answering=False)
    q = quorum(Slow("a", 1), Slow("b", 1), late)
    assert await q.agree(ASKED, "it") == (1,)
    assert q.health()[2].lying == 0
    late.let.set()
    await until(lambda: q.health()[2].lying == 1)
    assert q.health()[2].state == "lying"
    await q.close()
