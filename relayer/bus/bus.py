"""The bus as a member sees it: sends and receives bodies; everything hostile stays below.

Received: the cheap checks, then the replay guard's memory, then signature and body, then the replay guard, then the
sender's own bounded lane. A body too large for its envelope is fetched first, from its sender or any other member.
"""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nacl.signing import SigningKey, VerifyKey
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, wait_random_exponential
from tenacity.wait import wait_base

from chains.hashing import keccak256
from relayer.bus import blobs
from relayer.bus.envelope import INLINE_LIMIT, Envelope, Limits, prove, read_claim, seal
from relayer.bus.errors import (
    BadBlob,
    BadEnvelope,
    BusDown,
    BusError,
    Drop,
    FetchFailed,
    NoAnswer,
    Replayed,
    SecondCopy,
)
from relayer.bus.lanes import Lanes
from relayer.bus.replay import SECOND, ReplayGuard
from relayer.bus.transport import Transport

ACCEPTED = "accepted"
UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that passed every check. `round` and `kind` are the sender's word: what they allow is the reader's
    to judge."""

    sender: int
    kind: int
    epoch: int
    round: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one sender may make this member hold, and how hard it tries to fetch a body. Sizes in bytes."""

    queue_messages: int = 256
    queue_bytes: int = 8 << 20
    fetches: int = 2
    fetch_backlog: int = 16
    kept_bytes: int = 64 << 20
    request_seconds: float = 2.0
    fetch_seconds: float = 20.0
    fetch_wait: wait_base = field(default_factory=lambda: wait_random_exponential(multiplier=0.05, max=1.0))
    ahead: int = 600 * SECOND
    behind: int = 600 * SECOND


class Bus:
    """One member's end. `members`: the identity keys of the committee in order, `me`: the own index, `group`: 32 bytes,
    `clock`: microseconds, `instance`: a random u64 of this process.

    Use as a context manager, or `start` and `close`. The transport is the caller's to close.
    """

    def __init__(
        self,
        transport: Transport,
        identity: SigningKey,
        members: Sequence[VerifyKey],
        me: int,
        group: bytes,
        limits: Limits,
        clock: Callable[[], int],
        instance: int,
        bounds: Bounds | None = None,
    ) -> None:
        if bytes(members[me]) != bytes(identity.verify_key):
            raise ValueError(f"the identity key is not that of member {me}")
        self._transport = transport
        self._identity = identity
        self._members = tuple(members)
        self._me = me
        self._group = group
        self._limits = limits
        self._clock = clock
        self._instance = instance
        self._bounds = bounds or Bounds()
        started = clock()
        self._sequence = started
        self._replay = ReplayGuard(
            len(members), me, instance, started, ahead=self._bounds.ahead, behind=self._bounds.behind
        )
        self._lanes: Lanes[Incoming] = Lanes(len(members), self._bounds.queue_messages, self._bounds.queue_bytes)
        self._slots = [asyncio.Semaphore(self._bounds.fetches) for _ in members]
        self._waiting = [0] * len(members)
        self._kept = _Kept(self._bounds.kept_bytes)
        self._lookup: blobs.Lookup = lambda _: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None
        self._closed = False
        self._counts: dict[tuple[int | None, str], int] = {}
        prefix = f"ballast.{group[:8].hex()}"
        self._subject = f"{prefix}.m"
        self._blob_subject = f"{prefix}.blob."

    @property
    def connected(self) -> bool:
        return self._failure is None and self._transport.connected

    @property
    def counters(self) -> Mapping[tuple[int | None, str], int]:
        """Events by (member, what): "accepted", "unsent" or a `Drop`. The member is None where nothing proved it."""
        return dict(self._counts)

    async def start(self) -> None:
        """Subscribes and serves the own bodies. Raises `BusDown`."""
        inbox = await self._transport.subscribe(self._subject)
        await self._transport.serve(f"{self._blob_subject}{self._me}", self._answer)
        self._spawn(self._pump(inbox))

    async def close(self) -> None:
        self._closed = True
        self._lanes.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def serve_blobs(self, lookup: Callable[[bytes], bytes | None]) -> None:
        """Other members get what `lookup` finds by its 32-byte Keccak-256 digest, beside the large bodies sent here."""
        self._lookup = lookup

    async def send(
        self,
        kind: int,
        epoch: int,
        round: int,  # noqa: A002 - the protocol's term
        body: bytes,
        to: int | None = None,
    ) -> None:
        """Sends to member `to`, or to all. While the transport is down this counts as `UNSENT` and is no error: a
        message may be lost anyway. Raises `SecondCopy` once a second copy of this member was met, and ValueError for a
        kind without a limit, a body above it, or an impossible receiver."""
        if self._failure is not None:
            raise self._failure
        limit = self._limits.of(kind)
        if limit is None or len(body) > limit:
            raise ValueError(f"a body of {len(body)} bytes of kind {kind}: {limit} are allowed")
        if to is not None and (to == self._me or not 0 <= to < len(self._members)):
            raise ValueError(f"member {to} is no receiver")
        self._sequence = max(self._sequence + 1, self._clock())
        raw = seal(
            self._identity,
            group=self._group,
            kind=kind,
            sender=self._me,
            recipient=to,
            epoch=epoch,
            round=round,
            instance=self._instance,
            sequence=self._sequence,
            body=body,
        )
        if len(body) > INLINE_LIMIT:
            self._kept.put(keccak256(body), body)
        try:
            await self._transport.publish(self._subject, raw)
        except BusDown:
            self._count(self._me, UNSENT)

    async def messages(self) -> AsyncIterator[Incoming]:
        """Every message for this member, the senders in turns, until `close`. For one reader. Raises `SecondCopy`, and
        what the lookup of `serve_blobs` raises."""
        while (incoming := await self._lanes.take()) is not None:
            yield incoming

    async def fetch(self, member: int, digest: bytes, limit: int) -> bytes:
        """The blob of `digest`, of at most `limit` bytes: asks `member`, then others, again and again until the
        deadline. Raises `FetchFailed`."""
        return await self._fetch(member, digest, limit, None)

    async def _fetch(self, member: int, digest: bytes, limit: int, length: int | None) -> bytes:
        sources = self._sources(member)
        refusals: dict[int, BusError] = {}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._bounds.fetch_seconds
        try:
            # The loop's clock and not tenacity's, since a simulation may own it. The deadline is looked at after each
            # attempt too: `asyncio.wait_for` of Python 3.11 can swallow the cancellation of time-out and close.
            async with asyncio.timeout_at(deadline):
                async for attempt in AsyncRetrying(
                    wait=self._bounds.fetch_wait,
                    stop=lambda _: self._closed or loop.time() >= deadline,
                    retry=retry_if_exception_type((NoAnswer, BadBlob, BusDown)),
                ):
                    source = next(sources)
                    with attempt:
                        try:
                            return await self._download(source, digest, limit, length)
                        except BusError as error:
                            refusals[source] = error
                            raise
        except (TimeoutError, RetryError):
            pass
        why = "; ".join(f"member {source}: {error}" for source, error in sorted(refusals.items()))
        raise FetchFailed(f"{digest.hex()} not delivered within {self._bounds.fetch_seconds} s. {why}")

    async def _download(self, source: int, digest: bytes, limit: int, length: int | None) -> bytes:
        subject = f"{self._blob_subject}{source}"

        async def ask(request: bytes) -> bytes:
            return await self._transport.request(subject, request, self._bounds.request_seconds)

        return await blobs.download(ask, digest, limit, length)

    def _sources(self, member: int) -> Iterator[int]:
        """Whom to ask: `member`, another, `member` again, the next other, ..."""
        others = [i for i in range(len(self._members)) if i not in (member, self._me)]
        if member == self._me and not others:
            raise FetchFailed("there is no other member to ask")
        if member == self._me:
            return itertools.cycle(others)
        if not others:
            return itertools.repeat(member)
        return (source for other in itertools.cycle(others) for source in (member, other))

    async def _answer(self, raw: bytes) -> bytes:
        return blobs.answer(raw, self._held)

    def _held(self, digest: bytes) -> bytes | None:
        """The kept large bodies first; what the caller's lookup finds is kept too, since a body is asked for chunk by
        chunk and a lookup may be dear."""
        found = self._kept.get(digest)
        if found is None:
            found = self._lookup(digest)
            if found is not None and len(found) > blobs.CHUNK:
                self._kept.put(digest, found)
        return found

    async def _pump(self, inbox: AsyncIterator[bytes]) -> None:
        try:
            async for raw in inbox:
                self._receive(raw)
                await asyncio.sleep(0)  # a flood must not keep the loop from everything else
        except SecondCopy as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._lanes.fail(error)

    def _receive(self, raw: bytes) -> None:
        try:
            claim = read_claim(raw, self._group, len(self._members), self._limits)
            if claim.sender != self._me and claim.recipient not in (None, self._me):
                return None
            if self._replay.known(claim.sender, claim.instance, claim.sequence):
                return self._count(None, Drop.DUPLICATE)
            opened = prove(claim, raw, self._members[claim.sender])
        except BadEnvelope as error:
            return self._count(error.sender, error.reason)
        try:
            self._replay.accept(claim.sender, claim.instance, claim.sequence, self._clock())
        except Replayed as error:
            return self._count(claim.sender, error.reason)
        if claim.sender == self._me:
            return None
        if opened.body is not None:
            return self._deliver(claim, opened.body)
        if self._waiting[claim.sender] >= self._bounds.fetch_backlog:
            return self._count(claim.sender, Drop.BACKLOG)
        self._waiting[claim.sender] += 1
        return self._spawn(self._fetch_body(claim))

    async def _fetch_body(self, claim: Envelope) -> None:
        try:
            async with self._slots[claim.sender]:
                body = self._held(claim.body_digest)
                if body is None:
                    body = await self._fetch(claim.sender, claim.body_digest, claim.body_length, claim.body_length)
        except FetchFailed:
            return self._count(claim.sender, Drop.FETCH)
        finally:
            self._waiting[claim.sender] -= 1
        return self._deliver(claim, body)

    def _deliver(self, claim: Envelope, body: bytes) -> None:
        incoming = Incoming(claim.sender, claim.kind, claim.epoch, claim.round, body)
        taken = self._lanes.offer(claim.sender, incoming, len(body))
        self._count(claim.sender, ACCEPTED if taken else Drop.QUEUE)

    def _count(self, member: int | None, what: str) -> None:
        self._counts[member, str(what)] = self._counts.get((member, str(what)), 0) + 1

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error if isinstance(error, Exception) else BusError(repr(error)))


class _Kept:
    """The newest large bodies, up to `size` bytes in all (a single larger one is kept alone)."""

    def __init__(self, size: int) -> None:
        self._blobs: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = size
        self._used = 0

    def get(self, digest: bytes) -> bytes | None:
        found = self._blobs.get(digest)
        if found is not None:
            self._blobs.move_to_end(digest)
        return found

    def put(self, digest: bytes, blob: bytes) -> None:
        if digest not in self._blobs:
            self._used += len(blob)
        self._blobs[digest] = blob
        self._blobs.move_to_end(digest)
        while self._used > self._size and len(self._blobs) > 1:
            self._used -= len(self._blobs.popitem(last=False)[1])
