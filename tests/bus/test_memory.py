"""The in-memory hub: a test decides what happens to each delivery, and nothing happens otherwise."""

import asyncio

import pytest

from relayer.bus.errors import BusDown, NoAnswer
from relayer.bus.memory import Delivery, Fate, MemoryHub
from tests.bus.bus_rig import until


async def drain(hub: MemoryHub, payloads: list[bytes], rule: dict[bytes, Fate]) -> list[bytes]:
    a, b = hub.connect("a"), hub.connect("b")
    inbox = await b.subscribe("s")
    hub.rule = lambda delivery: rule.get(delivery.payload, Fate.DELIVER)
    for payload in payloads:
        await a.publish("s", payload)
    hub.release(reversed(hub.held))
    await b.close()
    return [payload async for payload in inbox]


async def test_fates() -> None:
    rule = {b"lost": Fate.DROP, b"twice": Fate.DUPLICATE, b"late 1": Fate.HOLD, b"late 2": Fate.HOLD}
    sent = [b"late 1", b"late 2", b"lost", b"twice", b"plain"]
    assert await drain(MemoryHub(), sent, rule) == [b"twice", b"twice", b"plain", b"late 2", b"late 1"]


async def test_deliveries_say_who_and_what_in_one_order() -> None:
    hub = MemoryHub()
    seen: list[tuple[int, str, str, str, bool]] = []

    def rule(d: Delivery) -> Fate:
        seen.append((d.number, d.source, d.target, d.subject, d.request))
        return Fate.DELIVER

    hub.rule = rule
    a, b = hub.connect("a"), hub.connect("b")
    await a.subscribe("s")
    await b.subscribe("s")

    async def echo(payload: bytes) -> bytes:
        return payload

    await b.serve("ask", echo)
    await a.publish("s", b"x")
    assert await a.request("ask", b"y", 5) == b"y"
    assert seen == [(1, "a", "a", "s", False), (2, "a", "b", "s", False), (3, "a", "b", "ask", True)]


async def test_requests_can_be_lost_or_held() -> None:
    hub = MemoryHub()
    a, b = hub.connect("a"), hub.connect("b")

    async def echo(payload: bytes) -> bytes:
        return payload

    await b.serve("ask", echo)
    hub.rule = lambda _: Fate.DROP
    with pytest.raises(NoAnswer, match="lost"):
        await a.request("ask", b"x", 5)
    hub.rule = lambda _: Fate.HOLD
    asking = asyncio.create_task(a.request("ask", b"x", 60))
    await until(lambda: bool(hub.held))
    hub.release()
    assert await asking == b"x"


async def test_a_cut_member_neither_sends_nor_receives() -> None:
    hub = MemoryHub()
    a, b = hub.connect("a"), hub.connect("b")
    inbox = await b.subscribe("s")
    b.cut()
    assert not b.connected
    await a.publish("s", b"missed")
    with pytest.raises(BusDown):
        await b.publish("s", b"x")
    b.mend()
    await a.publish("s", b"heard")
    assert await anext(inbox) == b"heard"


async def test_a_full_inbox_drops_and_counts() -> None:
    hub = MemoryHub(messages=2, size=10)
    a, b = hub.connect("a"), hub.connect("b")
    inbox = await b.subscribe("s")
    for payload in (b"1", bytes(10), b"2", b"3"):
        await a.publish("s", payload)
    assert b.dropped == 2
    assert [await anext(inbox) for _ in range(2)] == [b"1", b"2"]
