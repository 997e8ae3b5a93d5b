"""One JSON-RPC endpoint over HTTP: batches in, strictly checked answers out.

Everything about a response is checked before it is used: status, size, nesting, that there is exactly one answer per
call, in order, with the id that was sent. If anything is wrong the whole batch counts for nothing. What went wrong is
told apart as lagging, lying, failing or limiting; what a chain's own error codes mean, its family judges (`Judge`).
Source: JSON-RPC 2.0.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_before_delay, wait_random_exponential

from chains.endpoint_options import EndpointsOptions
from chains.errors import ProofError
from chains.nesting import nests_deeper
from chains.secrets import Target
from chains.values import BadValue, shown

Kind = Literal["lagging", "lying", "failing", "limiting"]

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 3.0
_ELSEWHERE = (404, 501)
_RPC_STATUS = {"code", "message", "details"}
_JSON_RPC = {"jsonrpc", "id", "result"}


class EndpointError(Exception):
    """An endpoint did not answer as it should. `text` never holds a URL or a header."""

    def __init__(self, kind: Kind, text: str, retry_after: float = 0.0, again: bool = True) -> None:
        super().__init__(text)
        self.kind, self.retry_after, self.again = kind, retry_after, again


class NotJsonRpc(EndpointError):
    """What answers at the URL is no JSON-RPC over HTTP/1.1 but something else by its own answer: the URL is wrong."""

    def __init__(self, text: str) -> None:
        super().__init__("failing", text, again=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that the endpoint answered with. As an answer it is given to callers that ask for it (`Call.faults`).
    `data` is hostile JSON; it does not count when two answers are compared."""

    code: int
    message: str
    data: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `parse` turns the JSON result into a hashable value. It raises `BadValue` for what is malformed,
    `ProofError` for what proves itself false: the endpoint lies, and `EndpointError` for a failure told as a result.

    `absent`: a null result is an answer (None) rather than the sign of an endpoint that lags behind.
    """

    method: str
    params: tuple[Any, ...]
    parse: Callable[[Any], Any]
    absent: bool = False
    faults: bool = False


Judge = Callable[[Call | None, Fault], Any]
"""What an error means on this chain: returns what stands for the call's answer, or raises `EndpointError`. Without a
call it is an error of a whole batch, and must raise."""


@dataclass(slots=True)
class Standing:
    """What is known about an endpoint's behaviour."""

    counts: dict[Kind, int] = field(default_factory=lambda: {"lagging": 0, "lying": 0, "failing": 0, "limiting": 0})
    state: str = "unused"
    refused: str = ""
    admitted: bool = False
    aside_until: float = 0.0

    def shown(self, state: str) -> None:
        """What its newest answer shows. Who is set aside for a lie stays a liar, whatever it has been asked before."""
        if time.monotonic() >= self.aside_until:
            self.state = state


@dataclass(frozen=True, slots=True)
class Limits:
    """What is borne of an endpoint: times in seconds, sizes in bytes, `batch` in calls; see
    `EndpointsOptions`. With a `batch` of 1 each call goes out alone, not as an array of one."""

    timeout: float = 5.0
    deadline: float = 20.0
    max_response: int = 1 << 23
    max_depth: int = 16
    batch: int = 100

    @classmethod
    def of(cls, options: EndpointsOptions) -> "Limits":
        return cls(options.timeout, options.deadline, options.max_response, options.max_depth, options.batch)


class Transport:
    """The HTTP session that all endpoints of a chain share. It is made at its first use, inside the event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Endpoint:
    """One endpoint of a chain."""

    def __init__(self, target: Target, transport: Transport, limits: Limits, judge: Judge) -> None:
        self.name = target.name
        self.standing = Standing()
        self._target, self._transport, self._limits, self._judge = target, transport, limits, judge
        self._ids = random.SystemRandom()

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    async def ask(self, calls: Sequence[Call], deadline: float | None = None) -> tuple[Any, ...]:
        """One parsed value per call, in order. Retries with jittered back-off until `deadline` seconds have passed
        (default: the configured one). Raises `EndpointError`."""
        limit = self._limits.deadline if deadline is None else deadline
        end = time.monotonic() + limit
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda e: isinstance(e, EndpointError) and e.again),
            wait=_wait,
            stop=stop_before_delay(limit),
            reraise=True,
        )
        found: list[Any] = []
        for start in range(0, len(calls), self._limits.batch):
            part = calls[start : start + self._limits.batch]
            found += await retrying(self.once, part, end)
        return tuple(found)

    async def once(self, calls: Sequence[Call], end: float) -> list[Any]:
        """As `ask`, but one request and no retry; `end` in seconds of the monotonic clock."""
        first = self._ids.getrandbits(52)
        body = [
            {"jsonrpc": "2.0", "id": first + i, "method": call.method, "params": call.params}
            for i, call in enumerate(calls)
        ]
        alone = self._limits.batch == 1
        try:
            raw = await self._post(json.dumps(body[0] if alone else body).encode("ascii"), end)
            parsed = parse_json(raw, self._limits.max_depth)
            # Without an id it is about the request, not about the call.
            whole = not alone or (isinstance(parsed, dict) and parsed.get("id") is None)
            answers = self._in_order(parsed if whole else [parsed], first, len(calls))
            values = [self._value(call, answer) for call, answer in zip(calls, answers, strict=True)]
        except EndpointError as error:
            self.standing.counts[error.kind] += 1
            self.standing.shown(error.kind)
            raise
        self.standing.shown("ok")
        return values

    async def _post(self, body: bytes, end: float) -> bytes:
        seconds = min(self._limits.timeout, end - time.monotonic())
        if seconds <= 0:
            raise EndpointError("failing", "no time left", again=False)
        headers = {"Content-Type": "application/json", **self._target.headers}
        try:
            async with asyncio.timeout(seconds):
                # A redirect would carry the headers to another host.
                async with self._transport.session.post(
                    self._target.url, data=body, headers=headers, allow_redirects=False
                ) as response:
                    if response.status in _ELSEWHERE:
                        self._refuse_gateway(await self._body(response))
                    if response.status != 200:
                        raise _status_error(response.status, response.headers.get("Retry-After", ""))
                    return await self._body(response)
        except TimeoutError:
            raise EndpointError("failing", f"no answer within {seconds:.1f} s") from None
        except aiohttp.ClientResponseError:
            raise NotJsonRpc("no HTTP/1.1 is spoken there, as on a gRPC port") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The library's own text may hold the URL.
            raise EndpointError("failing", f"connection: {type(error).__name__}") from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        most, size, parts = self._limits.max_response, 0, list[bytes]()
        async for part in response.content.iter_chunked(65536):
            size += len(part)
            if size > most:
                raise EndpointError("failing", f"a response of more than {most} bytes")
            parts.append(part)
        return b"".join(parts)

    def _in_order(self, parsed: object, first: int, count: int) -> list[dict[str, Any]]:
        self._refuse_status(parsed)
        if isinstance(parsed, dict) and "error" in parsed and (count > 1 or parsed.get("id") is None):
            self._judge(None, self._fault(parsed["error"], "batch"))
            raise EndpointError("failing", "an error in place of a batch's answers")
        if count == 1 and isinstance(parsed, dict):
            # CometBFT answers a batch of one with what it answers to the call alone.
            parsed = [parsed]
        if not isinstance(parsed, list) or len(parsed) != count:
            got = f"{len(parsed)} answers" if isinstance(parsed, list) else "no list"
            raise EndpointError("failing", f"{got} to a batch of {count} calls")
        for i, answer in enumerate(parsed):
            if not isinstance(answer, dict) or type(answer.get("id")) is not int or answer["id"] != first + i:
                raise EndpointError("failing", "a batch's answers with wrong, missing or reordered ids")
            if ("result" in answer) == ("error" in answer):
                raise EndpointError("failing", "an answer with neither or both of result and error")
        return parsed

    def _value(self, call: Call, answer: dict[str, Any]) -> Any:
        if "error" in answer:
            return self._judge(call, self._fault(answer["error"], call.method))
        result = answer["result"]
        if result is None:
            if call.absent:
                return None
            raise EndpointError("lagging", f"{call.method}: null", again=False)
        try:
            return call.parse(result)
        except BadValue as error:
            raise EndpointError("failing", f"{call.method}: {self._target.redact(str(error))}") from None
        except ProofError as error:
            raise EndpointError("lying", f"{call.method}: {error}", again=False) from None
        except EndpointError as error:
            text = f"{call.method}: {self._target.redact(str(error))}"
            raise EndpointError(error.kind, text, error.retry_after, error.again) from None

    def _fault(self, error: object, method: str) -> Fault:
        if (
            not isinstance(error, dict)
            or type(error.get("code")) is not int
            or not isinstance(error.get("message"), str)
        ):
            raise EndpointError("failing", f"{method}: a malformed error")
        # An endpoint may well repeat the key that it was given in what it answers.
        message = f"{method}: {shown(self._target.redact(error['message']))}"
        data = error.get("data")
        return Fault(error["code"], message, self._target.redact(data) if isinstance(data, str) else data)

    def _refuse_gateway(self, body: bytes) -> None:
        try:
            parsed = parse_json(body, self._limits.max_depth)
        except EndpointError:
            return
        self._refuse_status(parsed)

    def _refuse_status(self, parsed: object) -> None:
        """Raises `NotJsonRpc` for a google.rpc.Status, as gateways between HTTP and gRPC answer with it."""
        if not isinstance(parsed, dict) or not parsed.keys() >= _RPC_STATUS or parsed.keys() & _JSON_RPC:
            return
        said = shown(self._target.redact(str(parsed["message"])))
        raise NotJsonRpc(f"a gRPC gateway (REST) answers there, no JSON-RPC: {said}")


def _status_error(status: int, retry_after: str) -> EndpointError:
    if status == 429:
        return EndpointError("limiting", "HTTP status 429", retry_after=_seconds(retry_after))
    if status == 503 and retry_after:
        return EndpointError("failing", "HTTP status 503", retry_after=_seconds(retry_after))
    return EndpointError("failing", f"HTTP status {status}", again=status >= 500)


def _seconds(retry_after: str) -> float:
    # RFC 9110, section 10.2.3: seconds or a date.
    if retry_after.isdigit():
        return float(min(int(retry_after), 86400))
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _wait(state: RetryCallState) -> float:
    backoff = wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT)(state)
    error = state.outcome.exception() if state.outcome else None
    return max(backoff, error.retry_after) if isinstance(error, EndpointError) else backoff


def parse_json(raw: bytes, deepest: int) -> object:
    """The JSON value, nested at most `deepest` levels. Raises `EndpointError`."""
    if nests_deeper(raw, deepest):
        raise EndpointError("failing", f"a response nested deeper than {deepest} levels")
    try:
        parsed: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise EndpointError("failing", f"a response that is no JSON ({type(error).__name__})") from None
    return parsed
