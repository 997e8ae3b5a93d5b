"""The bus over both transports: what is sent arrives once and checked, and nothing hostile does harm."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio
from nacl.signing import SigningKey

from chains.hashing import keccak256
from relayer.bus import blobs
from relayer.bus.bus import Bus, Incoming
from relayer.bus.envelope import INLINE_LIMIT, LARGEST
from relayer.bus.errors import FetchFailed, NoAnswer, SecondCopy
from tests.bus import bus_rig
from tests.bus.bus_rig import (
    GROUP,
    KEYS,
    LARGE,
    LIMITS,
    MEMBERS,
    PATIENCE,
    SMALL,
    SUBJECT,
    Rig,
    blob_subject,
    take,
    until,
)

BIG = bytes(range(256)) * 1000  # 256,000 bytes: four chunks


@pytest_asyncio.fixture(params=["memory", "nats"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with bus_rig.rig(request.param) as made:
        yield made


async def test_to_all_and_to_one(rig: Rig) -> None:
    buses = [await rig.bus(i) for i in range(4)]
    await buses[0].send(SMALL, 3, 7, b"to all")
    await buses[0].send(SMALL, 3, 7, b"to two", to=2)
    await buses[0].send(SMALL, 3, 8, b"last")
    everyone = [Incoming(0, SMALL, 3, 7, b"to all"), Incoming(0, SMALL, 3, 8, b"last")]
    assert await take(buses[1], 2) == everyone
    assert await take(buses[3], 2) == everyone
    assert await take(buses[2], 3) == [everyone[0], Incoming(0, SMALL, 3, 7, b"to two"), everyone[1]]
    assert buses[2].counters == {(0, "accepted"): 3}
    assert buses[0].counters == {}  # no own echo


async def test_a_large_body_is_fetched_in_chunks(rig: Rig) -> None:
    a, b = await rig.bus(0), await rig.bus(1)
    await a.send(LARGE, 0, 1, BIG)
    assert await take(b, 1) == [Incoming(0, LARGE, 0, 1, BIG)]


async def test_sizes_around_the_inline_limit(rig: Rig) -> None:
    a, b = await rig.bus(0), await rig.bus(1)
    sizes = [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 2 * INLINE_LIMIT, 1 << 20]
    for size in sizes:
        await a.send(LARGE, 0, 1, bytes(size))
        assert [len(i.body) for i in await take(b, 1)] == [size]


async def test_what_may_not_be_sent_is_refused_here(rig: Rig) -> None:
    a = await rig.bus(0)
    for kind, body, to in [(9, b"", None), (SMALL, bytes(INLINE_LIMIT + 1), None), (SMALL, b"", 0), (SMALL, b"", 4)]:
        with pytest.raises(ValueError, match=r"allowed|receiver"):
            await a.send(kind, 0, 1, body, to=to)
    with pytest.raises(ValueError, match="identity key"):
        Bus(await rig.transport("x"), KEYS[1], MEMBERS, 0, GROUP, LIMITS, rig.clock, 1)


async def test_duplicates_replays_and_reordering(rig: Rig) -> None:
    b, wire = await rig.bus(1), await rig.transport("wire")
    first, second, third = (rig.sealed(0, body) for body in (b"1", b"2", b"3"))
    for raw in (second, first, second, first, third, third):
        await wire.publish(SUBJECT, raw)
    assert [i.body for i in await take(b, 3)] == [b"2", b"1", b"3"]
    await until(lambda: b.counters.get((None, "duplicate")) == 3)
    assert b.counters[0, "accepted"] == 3


async def test_an_altered_body_does_not_shadow_the_honest_one(rig: Rig) -> None:
    b, wire = await rig.bus(1), await rig.transport("wire")
    raw = rig.sealed(0, b"honest")
    await wire.publish(SUBJECT, raw[:-1] + b"!")
    await wire.publish(SUBJECT, raw)
    assert [i.body for i in await take(b, 1)] == [b"honest"]
    assert b.counters[0, "body"] == 1


async def test_garbage_strangers_and_other_groups_are_dropped_and_counted(rig: Rig) -> None:
    b, wire = await rig.bus(1), await rig.transport("wire")
    stranger = SigningKey(b"\xee" * 32)
    await wire.publish(SUBJECT, b"")
    await wire.publish(SUBJECT, b"\xff" * 500)
    await wire.publish(SUBJECT, bytes(LARGEST + 1))
    await wire.publish(SUBJECT, rig.sealed(0, key=stranger))
    await wire.publish(SUBJECT, rig.sealed(9, key=stranger))
    await wire.publish(SUBJECT, rig.sealed(0, kind=77))
    await wire.publish(SUBJECT, rig.sealed(0, sequence=5))
    await wire.publish(SUBJECT, rig.sealed(0, sequence=2**63))
    await wire.publish(SUBJECT, rig.sealed(0, b"fine"))
    assert [i.body for i in await take(b, 1)] == [b"fine"]
    assert b.counters == {
        (None, "size"): 2,
        (None, "tag"): 1,
        (None, "signature"): 1,
        (None, "sender"): 1,
        (None, "kind"): 1,
        (0, "old"): 1,
        (0, "ahead"): 1,
        (0, "accepted"): 1,
    }


async def test_one_flooding_member_starves_nobody(rig: Rig) -> None:
    b, wire = await rig.bus(1, queue_messages=8), await rig.transport("wire")
    for i in range(200):
        await wire.publish(SUBJECT, rig.sealed(0, i.to_bytes(2, "big")))
    for i in range(3):
        await wire.publish(SUBJECT, rig.sealed(2, b"two %d" % i))
        await wire.publish(SUBJECT, rig.sealed(3, b"three %d" % i))
    await until(lambda: b.counters.get((3, "accepted")) == 3)
    got = await take(b, 8 + 3 + 3)
    assert b.counters[0, "queue"] == 192
    assert [i.sender for i in got[:9]] == [0, 2, 3] * 3  # in turns
    assert [i.body for i in got if i.sender == 2] == [b"two 0", b"two 1", b"two 2"]


async def test_a_flood_of_large_bodies_that_never_come_holds_up_only_its_sender(rig: Rig) -> None:
    b = await rig.bus(1, fetches=2, fetch_backlog=4)
    wire, honest = await rig.transport("wire"), await rig.bus(2)
    gate = asyncio.Event()

    async def stall(_: bytes) -> bytes:
        await gate.wait()
        return b""

    await wire.serve(blob_subject(0), stall)
    for i in range(10):
        await wire.publish(SUBJECT, rig.sealed(0, bytes([i]) * (INLINE_LIMIT + 1), kind=LARGE))
    await honest.send(LARGE, 0, 1, BIG)
    assert [(i.sender, i.body) for i in await take(b, 1)] == [(2, BIG)]
    await until(lambda: b.counters.get((0, "backlog")) == 6)
    gate.set()


async def test_chunk_lies_are_not_believed_and_the_next_member_is_asked(rig: Rig) -> None:
    b, wire, helper = await rig.bus(1), await rig.transport("wire"), await rig.bus(2)
    digest = keccak256(BIG)
    helper.serve_blobs({digest: BIG}.get)
    right = {offset: BIG[offset : offset + blobs.CHUNK] for offset in range(0, len(BIG), blobs.CHUNK)}
    total = len(BIG).to_bytes(4, "big")
    lies = iter(
        [
            b"",
            b"\0",
            b"\1",
            b"\2" + total + right[0],
            b"\0\0",
            b"\1" + total,  # nothing in it
            b"\1" + total + right[0][:-1],
            b"\1" + total + right[0] + b"x",
            b"\1" + b"\xff\xff\xff\xff" + right[0],
            b"\1" + (len(BIG) + 1).to_bytes(4, "big") + right[0],
            b"\1" + bytes(4),
        ]
    )
    told = 0

    async def lie(_: bytes) -> bytes:
        nonlocal told
        told += 1
        return next(lies, b"\1" + total + bytes(blobs.CHUNK))

    await wire.serve(blob_subject(0), lie)
    # Every second attempt asks another member, so each of these bodies comes from the helper after one lie.
    for expected in [*range(1, 10), 11, 15, 19]:  # a wrong total shows at the second chunk, wrong bytes at the end
        assert await b.fetch(0, digest, 1 << 20) == BIG
        assert told == expected
    await wire.publish(SUBJECT, rig.sealed(0, BIG, kind=LARGE))
    assert [i.body for i in await take(b, 1)] == [BIG]
    assert b.counters[0, "accepted"] == 1


async def given_up(b: Bus, asked: list[blobs.Request], attempts: int, limit: int) -> str:
    """Fetches `BIG` from member 0 until so many requests show that attempts have failed, and then gives it up by
    closing the bus: why it failed."""
    fetching = asyncio.create_task(b.fetch(0, keccak256(BIG), limit))
    await until(lambda: len(asked) >= attempts or fetching.done())
    await b.close()
    with pytest.raises(FetchFailed) as caught:
        await fetching
    return str(caught.value)


async def test_wrong_bytes_in_every_chunk_are_found_by_the_digest(rig: Rig) -> None:
    b, wire = await rig.bus(1), await rig.transport("wire")
    asked: list[blobs.Request] = []

    async def lie(raw: bytes) -> bytes:
        asked.append(blobs.read_request(raw))
        return blobs.answer(raw, lambda _: bytes(len(BIG)))

    for member in (0, 2, 3):
        await wire.serve(blob_subject(member), lie)
    assert "hash" in await given_up(b, asked, 9, 1 << 20)  # two whole bodies, and the beginning of a third
    assert all(request.size <= blobs.CHUNK for request in asked)


async def test_an_announced_body_that_nobody_has_is_given_up(rig: Rig) -> None:
    b, wire = await rig.bus(1, fetch_seconds=0.2), await rig.transport("wire")
    await wire.publish(SUBJECT, rig.sealed(0, BIG, kind=LARGE))
    await until(lambda: b.counters.get((0, "fetch")) == 1)
    await wire.publish(SUBJECT, rig.sealed(0, b"next"))
    assert [i.body for i in await take(b, 1)] == [b"next"]


async def test_a_body_over_the_limit_is_not_fetched(rig: Rig) -> None:
    b, wire = await rig.bus(1), await rig.transport("wire")
    asked: list[blobs.Request] = []

    async def serve(raw: bytes) -> bytes:
        asked.append(blobs.read_request(raw))
        return blobs.answer(raw, {keccak256(BIG): BIG}.get)

    await wire.serve(blob_subject(0), serve)
    assert await b.fetch(0, keccak256(BIG), len(BIG)) == BIG
    asked.clear()
    assert "allowed" in await given_up(b, asked, 3, len(BIG) - 1)
    assert {request.offset for request in asked} == {0}


async def test_malformed_blob_requests_get_an_empty_answer(rig: Rig) -> None:
    a, wire = await rig.bus(0), await rig.transport("wire")
    a.serve_blobs({keccak256(b"x"): b"x"}.get)
    good = blobs.Request(keccak256(b"x"), 0, 1)
    assert await wire.request(blob_subject(0), bytes(good), PATIENCE) == b"\1\0\0\0\1x"
    assert await wire.request(blob_subject(0), bytes(blobs.Request(bytes(32), 0, 1)), PATIENCE) == b"\0"
    beyond = blobs.Request(keccak256(b"x"), 2**32 - 1, 1)
    assert await wire.request(blob_subject(0), bytes(beyond), PATIENCE) == b"\1\0\0\0\1"
    for bad in (
        b"",
        bytes(good)[:-1],
        bytes(good) + b"x",
        b"X" + bytes(good)[1:],
        bytes(200_000),
        bytes(blobs.Request(bytes(32), 0, 0)),
        bytes(blobs.Request(bytes(32), 0, blobs.CHUNK + 1)),
    ):
        assert await wire.request(blob_subject(0), bad, PATIENCE) == b""
    with pytest.raises(NoAnswer, match="nobody"):
        await wire.request(blob_subject(3), bytes(good), PATIENCE)


async def test_a_second_copy_of_a_member_stops_both(rig: Rig) -> None:
    wire = await rig.transport("wire")
    first, second = await rig.bus(1, instance=1), await rig.bus(1, instance=2)
    await first.send(SMALL, 0, 1, b"I am")
    with contextlib.suppress(SecondCopy):
        await second.send(SMALL, 0, 1, b"no, I am")
    await until(lambda: not second.connected)
    await wire.publish(SUBJECT, rig.sealed(1, instance=2))
    for bus in (first, second):
        with pytest.raises(SecondCopy):
            await take(bus, 1)
        with pytest.raises(SecondCopy):
            await bus.send(SMALL, 0, 1, b"?")
        assert not bus.connected


async def test_replays_of_the_own_earlier_run_stop_nobody(rig: Rig) -> None:
    wire = await rig.transport("wire")
    old = rig.sealed(1, b"before the restart", instance=55)
    b = await rig.bus(1)
    await wire.publish(SUBJECT, old)
    await wire.publish(SUBJECT, rig.sealed(0, b"next"))
    assert [i.sender for i in await take(b, 1)] == [0]


async def test_sequences_rise_though_the_clock_stands_still(rig: Rig) -> None:
    wire = await rig.transport("wire")
    raws = await wire.subscribe(SUBJECT)
    a = await rig.bus(0)
    rig.clock.step = 0
    for _ in range(5):
        await a.send(SMALL, 0, 1, b"")
    sequences = [int.from_bytes((await anext(raws))[80:88], "big") for _ in range(5)]
    assert all(x < y for x, y in pairwise(sequences))


async def test_closing_ends_the_messages(rig: Rig) -> None:
    b = await rig.bus(1)
    reader = asyncio.create_task(_all(b))
    await b.close()
    assert await reader == []


async def _all(bus: Bus) -> list[Incoming]:
    return [incoming async for incoming in bus.messages()]
