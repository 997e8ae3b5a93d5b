"""Requests that a quorum does not wait for: none is left once it is closed, and who lies late is lying all the same."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions, EndpointsOptions
from chains.jsonrpc import Call, Endpoint, Fault, Limits, Standing, Transport
from chains.quorum import Admission, Quorum
from chains.secrets import target
from tests.chains.memory import Recorder
from tests.chains.polling import until
from tests.chains.scripted import named
from tests.chains.serving import answering

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


async def test_who_is_set_aside_stays_a_liar_whatever_comes_late() -> None:
    """Other requests to it may be under way when a lie is found."""
    limits, transport = Limits(timeout=100.0, deadline=100.0), Transport()
    async with answering(lambda body: [{"jsonrpc": "2.0", "id": body[0]["id"], "result": 1}]) as url:
        one = Endpoint(target(EndpointOptions(name="a", url=SecretStr(url))), transport, limits, _no_fault)
        try:
            options = EndpointsOptions(endpoints=named(), quorum=2)
            q = Quorum([one], Admission((), lambda answers: ""), options, Recorder())
            assert await one.ask(ASKED) == (1,)
            assert q.health()[0].state == "ok"
            q.accuse("a", "for a test")
            assert await one.ask(ASKED) == (1,)
            assert (q.health()[0].state, q.health()[0].lying) == ("lying", 1)
        finally:
            await transport.close()


def _no_fault(call: Call | None, fault: Fault) -> Any:
    raise AssertionError(fault)
