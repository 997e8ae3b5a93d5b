"""The in-memory transport, for the simulation and for tests: one hub, a transport per member.

Nothing happens by itself: a publication reaches its subscribers before `publish` returns, in the order in which they
subscribed, unless the hub's rule says otherwise. So a run is the same every time, and what is lost, repeated, held back
or reordered is the test's choice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from relayer.bus.errors import BusDown, NoAnswer
from relayer.bus.transport import Handler, Inbox


class Fate(Enum):
    DELIVER = auto()
    DROP = auto()
    DUPLICATE = auto()
    HOLD = auto()  # kept in `MemoryHub.held` until released


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One message on its way to one receiver. `number` counts up over the hub; `request`: waits for an answer."""

    number: int
    source: str
    target: str
    subject: str
    payload: bytes
    request: bool
    act: Callable[[], None]


Rule = Callable[[Delivery], Fate]


def deliver_all(_: Delivery) -> Fate:
    return Fate.DELIVER


class MemoryHub:
    """Connects `MemoryTransport`s. Set `rule` to decide the fate of each delivery."""

    def __init__(self, *, messages: int = 4096, size: int = 64 << 20) -> None:
        self.rule: Rule = deliver_all
        self.held: list[Delivery] = []
        self._limits = (messages, size)
        self._transports: list[MemoryTransport] = []
        self._numbers = 0

    def connect(self, name: str) -> "MemoryTransport":
        transport = MemoryTransport(self, name, *self._limits)
        self._transports.append(transport)
        return transport

    def release(self, deliveries: Iterable[Delivery] | None = None) -> None:
        """Delivers held messages, in the order given (default: all, oldest first)."""
        for delivery in list(self.held if deliveries is None else deliveries):
            self.held.remove(delivery)
            delivery.act()

    def _route(
        self,
        source: str,
        target: "MemoryTransport",
        subject: str,
        payload: bytes,
        act: Callable[[], None],
        *,
        request: bool = False,
    ) -> Fate:
        self._numbers += 1
        delivery = Delivery(self._numbers, source, target.name, subject, payload, request, act)
        fate = self.rule(delivery)
        if fate is Fate.HOLD:
            self.held.append(delivery)
        elif fate is not Fate.DROP:
            for _ in range(2 if fate is Fate.DUPLICATE else 1):
                act()
        return fate

    def _publish(self, source: str, subject: str, payload: bytes) -> None:
        for transport in list(self._transports):
            for inbox in transport.inboxes.get(subject, ()):
                # mypy infers no type for a lambda with a default.
                self._route(source, transport, subject, payload, lambda inbox=inbox: inbox.put(payload))  # type: ignore[misc]

    def _server(self, subject: str) -> "MemoryTransport | None":
        return next((t for t in self._transports if subject in t.handlers), None)


class MemoryTransport:
    """A member's end of the hub. `cut()` takes it off the hub as a broken connection would, `mend()` brings it back."""

    def __init__(self, hub: MemoryHub, name: str, messages: int, size: int) -> None:
        self.name = name
        self.inboxes: dict[str, list[Inbox]] = {}
        self.handlers: dict[str, Handler] = {}
        self._hub = hub
        self._limits = (messages, size)
        self._up = True
        self._closed = False
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return self._up and not self._closed

    @property
    def dropped(self) -> int:
        return sum(inbox.dropped for inboxes in self.inboxes.values() for inbox in inboxes)

    def cut(self) -> None:
        self._up = False
        self._hub._transports.remove(self)

    def mend(self) -> None:
        self._up = True
        self._hub._transports.append(self)

    def _require_up(self) -> None:
        if not self.connected:
            raise BusDown("not connected to the in-memory hub")

    async def publish(self, subject: str, payload: bytes) -> None:
        self._require_up()
        self._hub._publish(self.name, subject, payload)
        await asyncio.sleep(0)

    async def subscribe(self, subject: str) -> AsyncIterator[bytes]:
        self._require_up()
        inbox = Inbox(*self._limits)
        self.inboxes.setdefault(subject, []).append(inbox)
        return inbox

    async def request(self, subject: str, payload: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - as the protocol has it
        self._require_up()
        server = self._hub._server(subject)
        if server is None:
            raise NoAnswer(f"nobody serves {subject}")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        fate = self._hub._route(
            self.name, server, subject, payload, lambda: server._answer(subject, payload, answer), request=True
        )
        if fate is Fate.DROP:
            raise NoAnswer(f"{subject}: the request was lost")
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise NoAnswer(f"{subject}: no answer within {timeout} s") from None

    def _answer(self, subject: str, payload: bytes, answer: "asyncio.Future[bytes]") -> None:
        async def run() -> None:
            try:
                reply = await self.handlers[subject](payload)
            except Exception:  # as the protocol says: it costs this request its answer
                reply = None
            if not answer.done():
                answer.set_result(reply or b"")

        task = asyncio.get_running_loop().create_task(run())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def serve(self, subject: str, handler: Handler) -> None:
        self._require_up()
        self.handlers[subject] = handler

    async def close(self) -> None:
        self._closed = True
        if self in self._hub._transports:
            self._hub._transports.remove(self)
        for inboxes in self.inboxes.values():
            for inbox in inboxes:
                inbox.close()
