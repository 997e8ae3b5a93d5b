"""q-of-m agreement among endpoints, one vote per call, and the standing of each endpoint.

A value stands when q endpoints gave the same one. Since q is more than half of m, two values cannot both stand. Who
contradicts a value that stands is lying: it is named, counted and not asked for a while. Fewer than q is `Unreadable`:
the quorum is never lowered.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chains.endpoint_options import EndpointsOptions
from chains.errors import Refused, Unreadable
from chains.jsonrpc import Call, Endpoint, EndpointError, Fault, NotJsonRpc
from chains.types import EndpointHealth, Log

Answers = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """How an endpoint shows, before anything that it says counts, that it serves the configured chain. `refusal` takes
    the answers to `calls`, and gives the reason why it does not, or "". `expected` says what an endpoint's URL has to
    be, for where something else answers."""

    calls: tuple[Call, ...]
    refusal: Callable[[Answers], str]
    expected: str = "its URL has to be one of JSON-RPC over HTTP"


class Quorum:
    """The endpoints of one chain."""

    def __init__(
        self, endpoints: Sequence[Endpoint], admission: Admission, options: EndpointsOptions, log: Log
    ) -> None:
        self.q = options.quorum
        self._endpoints = tuple(endpoints)
        self._admission = admission
        self._options, self._log = options, log
        self._late = set[asyncio.Task[Answers | None]]()
        """Requests that nobody waits for any more. `close` does."""

    async def agree(self, calls: Sequence[Call], what: str) -> tuple[Any | Unreadable, ...]:
        """One agreed value per call, or an `Unreadable` in its place; returns as soon as all calls are decided."""
        ballot = Ballot(len(calls), self.q)
        pending = {asyncio.create_task(self._asked(e, calls)): e for e in self._standing_well()}
        try:
            while pending and not ballot.decided:
                done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._enter(ballot, pending.pop(task), task, what)
        except BaseException:
            self._abandon(pending)
            raise
        for name in ballot.dissenters():
            self.accuse(name, f"contradicts the quorum on {what}")
        for task, endpoint in pending.items():
            # The reading does not wait for it, but who lies late is lying all the same.
            task.add_done_callback(partial(self._compare_late, endpoint, ballot, what))
            self._keep(task)
        return tuple(self._result(ballot, i, what) for i in range(len(calls)))

    async def collect(
        self,
        calls: Sequence[Call],
        patience: float | None = None,
        enough: Callable[[dict[str, Answers]], bool] | None = None,
    ) -> dict[str, Answers]:
        """What each endpoint answers, by name, with no vote: for questions whose answers may honestly differ.

        Beyond the quorum it waits only for endpoints that are well, at most `patience` seconds (default: the time-out
        of one request); returns earlier when `enough` says so.
        """
        asked = self._standing_well()
        seconds = self._options.timeout if patience is None else patience
        tasks = {asyncio.create_task(self._asked(e, calls, seconds)): e.name for e in asked}
        answers: dict[str, Answers] = {}
        pending = set(tasks)
        try:
            while pending:
                awaited = {e.name for e in asked if e.standing.state in ("ok", "unused")} & {tasks[t] for t in pending}
                if len(answers) >= self.q and (not awaited or (enough is not None and enough(answers))):
                    break
                # The time-out lets it notice an endpoint that has begun to fail and is being retried.
                done, pending = await asyncio.wait(pending, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
                answers |= {tasks[t]: found for t in done if (found := t.result()) is not None}
        finally:
            self._abandon(pending)
        return answers

    async def admit_all(self) -> None:
        """Start check of all endpoints. Raises `Refused` naming every endpoint of another chain, or `Unreadable` when
        fewer than the quorum answer."""
        await asyncio.gather(*(self._asked(e, ()) for e in self._endpoints))
        wrong = [f"endpoint {e.name}: {e.standing.refused}" for e in self._endpoints if e.standing.refused]
        if wrong:
            raise Refused("\n".join(wrong))
        if sum(e.standing.admitted for e in self._endpoints) < self.q:
            raise Unreadable(self._shortage("the start check"))

    def accuse(self, name: str, text: str) -> None:
        """Counts a lie, and sets the endpoint aside."""
        for endpoint in self._endpoints:
            if endpoint.name == name:
                endpoint.standing.counts["lying"] += 1
                self._set_aside(endpoint, text)

    def lagging(self, name: str, text: str) -> None:
        """Counts an endpoint that is behind the others."""
        for endpoint in self._endpoints:
            if endpoint.name == name:
                endpoint.standing.counts["lagging"] += 1
                endpoint.standing.state = "lagging"
                self._log.warning("endpoint_lagging", endpoint=name, reason=text)

    def health(self) -> tuple[EndpointHealth, ...]:
        return tuple(
            EndpointHealth(e.name, "refused" if e.standing.refused else e.standing.state, **e.standing.counts)
            for e in self._endpoints
        )

    async def close(self) -> None:
        """Ends every request that is still under way, and waits until it is gone."""
        late = list(self._late)
        self._abandon(late)
        await asyncio.gather(*late, return_exceptions=True)

    def _set_aside(self, endpoint: Endpoint, reason: str) -> None:
        endpoint.standing.state = "lying"
        endpoint.standing.aside_until = time.monotonic() + self._options.set_aside
        self._log.error("endpoint_lying", endpoint=endpoint.name, reason=reason, set_aside=self._options.set_aside)

    def _standing_well(self) -> list[Endpoint]:
        now = time.monotonic()
        return [e for e in self._endpoints if not e.standing.refused and e.standing.aside_until <= now]

    async def _asked(self, endpoint: Endpoint, calls: Sequence[Call], seconds: float | None = None) -> Answers | None:
        try:
            await self._admit(endpoint, seconds)
            if endpoint.standing.refused:
                return None
            return await endpoint.ask(calls, seconds)
        except EndpointError as error:
            if error.kind == "lying":
                self._set_aside(endpoint, str(error))
            else:
                self._log.warning(f"endpoint_{error.kind}", endpoint=endpoint.name, reason=str(error))
            return None

    async def _admit(self, endpoint: Endpoint, seconds: float | None) -> None:
        # No answer counts before the endpoint has shown that it serves this chain.
        if endpoint.standing.admitted:
            return
        try:
            answers = await endpoint.ask(self._admission.calls, seconds)
        except NotJsonRpc as error:
            endpoint.standing.refused = f"{error}; {self._admission.expected}"
        else:
            endpoint.standing.refused = self._admission.refusal(answers)
        endpoint.standing.admitted = not endpoint.standing.refused
        if endpoint.standing.refused:
            self._log.error("endpoint_refused", endpoint=endpoint.name, reason=endpoint.standing.refused)

    def _enter(self, ballot: "Ballot", endpoint: Endpoint, task: "asyncio.Task[Answers | None]", what: str) -> None:
        answers = task.result()
        if answers is not None:
            ballot.enter(endpoint.name, answers)

    def _compare_late(
        self, endpoint: Endpoint, ballot: "Ballot", what: str, task: "asyncio.Task[Answers | None]"
    ) -> None:
        if task.cancelled():
            return
        answers = task.result()
        if answers is not None and ballot.contradicts(answers):
            self.accuse(endpoint.name, f"contradicts the quorum on {what}")

    def _abandon(self, tasks: Iterable["asyncio.Task[Answers | None]"]) -> None:
        for task in tasks:
            task.cancel()
            self._keep(task)

    def _keep(self, task: "asyncio.Task[Answers | None]") -> None:
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _result(self, ballot: "Ballot", index: int, what: str) -> Any | Unreadable:
        if index in ballot.agreed:
            return ballot.agreed[index]
        return Unreadable(self._shortage(what))

    def _shortage(self, what: str) -> str:
        states = ", ".join(f"{h.name} {h.state}" for h in self.health())
        return f"{what}: no {self.q} endpoints agree ({states})"


class Ballot:
    """Votes on a list of questions; an answer is agreed when `q` voters gave the same one. A `Fault` is no vote."""

    def __init__(self, questions: int, q: int) -> None:
        self.agreed: dict[int, Any] = {}
        self._q, self._questions = q, questions
        self._votes: dict[str, Answers] = {}

    @property
    def decided(self) -> bool:
        return len(self.agreed) == self._questions

    def enter(self, name: str, answers: Answers) -> None:
        self._votes[name] = answers
        for i in range(self._questions):
            groups = defaultdict[Any, int](int)
            for vote in self._votes.values():
                if not isinstance(vote[i], Fault):
                    groups[vote[i]] += 1
            for value, count in groups.items():
                if count >= self._q:
                    self.agreed[i] = value

    def contradicts(self, answers: Answers) -> bool:
        return any(answers[i] != value and not isinstance(answers[i], Fault) for i, value in self.agreed.items())

    def dissenters(self) -> list[str]:
        return [name for name, answers in self._votes.items() if self.contradicts(answers)]
