"""What bringing statements to gates has in common, whatever the chain."""

import asyncio
from dataclasses import dataclass

import pytest

from chains.errors import Refused, Unreadable
from chains.jsonrpc import Fault
from chains.outbox import Outbox
from chains.submitting import Busy, enough, replaced, simulated, there_already
from tests.chains.memory import MemoryJournal, Recorder


async def test_each_key_is_settled_though_another_goes_wrong_and_the_first_error_is_raised() -> None:
    settled = list[str]()

    async def settle(key: str) -> None:
        settled.append(key)
        if key != "b":
            raise Unreadable(key)

    with pytest.raises(Unreadable, match=r"^a$"):
        await Busy().each(["a", "b", "c"], settle)
    assert settled == ["a", "b", "c"]


async def test_a_key_that_another_task_looks_after_is_left_to_it() -> None:
    busy, settled = Busy(), list[str]()

    async def settle(key: str) -> None:
        settled.append(key)

    async with busy.lock("a"):
        await busy.each(["a", "b"], settle)
    assert settled == ["b"]
    await busy.each(["a"], settle)
    assert settled == ["b", "a"]


async def test_a_key_that_is_settled_is_looked_after_by_nobody_else() -> None:
    busy, going, order = Busy(), asyncio.Event(), list[str]()

    async def settle(key: str) -> None:
        order.append("begun")
        await going.wait()
        order.append("settled")

    async def submit() -> None:
        async with busy.lock("a"):
            order.append("submitted")

    first = asyncio.create_task(busy.each(["a"], settle))
    second = asyncio.create_task(submit())
    while not order:  # noqa: ASYNC110 - the first task has no event for that
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    going.set()
    await asyncio.gather(first, second)
    assert order == ["begun", "settled", "submitted"]


def test_fewer_than_the_quorum_are_not_enough() -> None:
    enough({"a": 1, "b": 2}, 2, "it")
    with pytest.raises(Unreadable, match="it: only 1 endpoints answer, 2 must"):
        enough({"a": 1}, 2, "it")


def test_a_round_is_there_when_a_quorum_says_so() -> None:
    assert there_already([5, 6, None], 5, 2)
    assert not there_already([5, 4, None], 5, 2)
    assert not there_already([], 0, 1)


def test_a_simulation_is_what_a_quorum_says() -> None:
    assert simulated([3, 1, 2], 2) == 2
    assert simulated([3, 10**9], 2) == 10**9
    assert simulated(["A", 1, "A"], 2) == "A"
    assert simulated(["B", "A", "A"], 2) == "A"
    undecided: list[list[int | str | Fault]] = [[1, "A", Fault(1, "boom")], [], [1], ["A"]]
    for told in undecided:
        with pytest.raises(Unreadable, match="no quorum"):
            simulated(told, 2)


@dataclass(frozen=True)
class Signed:
    key: str

    def encode(self) -> bytes:
        return b""


async def following(found: Signed | Exception | None) -> Signed | None:
    if isinstance(found, Exception):
        raise found
    return found


@pytest.mark.parametrize(
    ("found", "kept", "told"),
    [
        (Signed("a"), True, 0),
        (None, False, 1),
        (Refused("the gate would refuse it"), False, 0),
        (Unreadable("no quorum"), True, 0),
    ],
)
async def test_what_can_do_nothing_any_more_is_forgotten_and_nothing_else(
    found: Signed | Exception | None, kept: bool, told: int
) -> None:
    log, outbox = Recorder(), Outbox(MemoryJournal(), lambda key, _: Signed(key))
    outbox.put(Signed("a"))
    if isinstance(found, Exception):
        with pytest.raises(type(found)):
            await replaced(outbox, "a", following(found), log)
    else:
        assert await replaced(outbox, "a", following(found), log) == found
    assert (outbox.get("a") is not None) == kept
    assert len(log.named("transaction_superseded")) == told
