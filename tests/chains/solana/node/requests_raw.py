"""Bodies as they come over HTTP, and what is said over a websocket."""

import json
from typing import Any

import aiohttp
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from tests.chains.solana.node.comparison import Script
from tests.chains.solana.node.node_support import ALICE, BOB, CONFIRMED, PROCESSED, Signing, name, pay, signing

HEALTH = '{"jsonrpc":"2.0","id":1,"method":"getHealth"%s}'
BODIES = (
    *("", "{", "[]", "5", '"x"', "null", "[1,[2]]", "[{}]", "[" * 100_000, HEALTH % "" + " x"),
    *('{"jsonrpc":"2.0","id":1}', '{"id":1,"method":"getHealth"}', '{"jsonrpc":"2.0","method":"getHealth"}'),
    *(HEALTH % f',"params":{given}' for given in ("{}", '{"a":1}', "5", "[1]", "null", "[NaN]")),
    *(HEALTH % "", HEALTH % ',"extra":1', HEALTH % ',"id":2', HEALTH % f',"extra":"{"a" * 60_000}"'),
    *(f'{{"jsonrpc":"2.0","id":{known},"method":"getHealth"}}' for known in ("null", "1.5", "{}", "-1", 2**70, "true")),
    *('{"jsonrpc":"1.0","id":1,"method":"getHealth"}', '{"jsonrpc":"2.0","id":1,"method":5}'),
    *('{"jsonrpc":"2.0","id":"a","method":"nope"}', '[{"jsonrpc":"2.0","method":"getSlot"}]'),
    *(f"[{HEALTH % ''},{HEALTH % ''}]", f"[{HEALTH % ''},5]"),
    f'[{HEALTH % ""},{{"jsonrpc":"2.0","method":"getSlot"}},{{"jsonrpc":"2.0","id":3,"method":"nope"}}]',
)


async def bodies(script: Script) -> None:
    """Status, kind of content and body of the answers."""
    headers = {"Content-Type": "application/json"}
    for body in BODIES:
        await _posted(script, f"POST {body[:80]}", body.encode(), headers)
    await _posted(script, "POST no utf-8", b"\xff\xfe", headers)
    await _posted(script, "POST text", (HEALTH % "").encode(), {"Content-Type": "text/plain"})
    await _posted(script, "POST utf-8", (HEALTH % "").encode(), {"Content-Type": "application/json; charset=utf-8"})
    for method, path in (("GET", "/"), ("GET", "/health"), ("PUT", "/"), ("OPTIONS", "/"), ("DELETE", "/")):
        async with script.rpc.session.request(method, script.rpc.url + path) as response:
            script.keep(f"{method} {path}", f"code {response.status}")


async def _posted(script: Script, label: str, body: bytes, headers: dict[str, str]) -> None:
    status, kind, text = await _answer(script, body, headers)
    parsed = json.loads(text) if status == 200 and text.strip() else "no JSON"
    codes = [_error(each) for each in (parsed if isinstance(parsed, list) else [parsed]) if isinstance(each, dict)]
    script.keep(label, {f"{status} {kind}": parsed, "codes": codes})


async def _answer(script: Script, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
    while True:
        try:
            async with script.rpc.session.post(script.rpc.url, data=body, headers=headers) as response:
                return response.status, response.content_type, await response.text()
        except aiohttp.ClientConnectorError:
            raise
        except aiohttp.ClientConnectionError:
            # Who refuses what is too long may close the connection before all of it has been sent.
            continue


async def subscriptions(script: Script, websocket_url: str) -> None:
    """Replies to requests in order, then the notifications that a payment brings."""
    alice = str(ALICE.pubkey())
    async with aiohttp.ClientSession() as session, session.ws_connect(websocket_url) as socket:
        talk = _Talk(script, socket)
        requests: list[tuple[str, str, list[Any]]] = [
            ("nothing", "accountSubscribe", []),
            ("bad address", "accountSubscribe", ["x"]),
            ("bad encoding", "accountSubscribe", [alice, {"encoding": "hex"}]),
            ("bad", "signatureSubscribe", ["x"]),
            ("over a websocket", "nope", []),
            ("over a websocket", "getSlot", []),
            ("with more", "slotSubscribe", [1]),
            ("unknown", "accountUnsubscribe", [99_999]),
            ("nothing", "accountUnsubscribe", []),
            ("text", "signatureUnsubscribe", ["x"]),
            ("unknown", "slotUnsubscribe", [5]),
            ("float", "rootUnsubscribe", [1.5]),
        ]
        for label, method, given in requests:
            await talk.ask(label, method, *given)
        slots = await talk.ask("plain", "slotSubscribe")
        roots = await talk.ask("plain", "rootSubscribe")
        processed = await talk.ask("processed", "accountSubscribe", alice, {"encoding": "base64", **PROCESSED})
        confirmed = await talk.ask("confirmed", "accountSubscribe", alice, CONFIRMED)
        parsed = await talk.ask(
            "parsed", "accountSubscribe", str(BOB.pubkey()), {"encoding": "jsonParsed", **CONFIRMED}
        )
        await talk.ask("never", "signatureSubscribe", str(Signature.default()))
        landed = await talk.sent("for subscribers", signing([pay(31)]))
        failed = await talk.sent("for subscribers, failing", signing([pay(10**17)]), skipPreflight=True)
        for label, number in (
            *(("slot", slots), ("root", roots), ("account processed", processed), ("account confirmed", confirmed)),
            *(("account parsed", parsed), ("signature", landed), ("failed signature", failed)),
        ):
            script.keep(f"notification of {label}", await talk.told(number))
        await talk.ask("its own", "slotUnsubscribe", slots)
        await talk.ask("another's", "slotUnsubscribe", roots)
        await talk.ask("gone", "signatureUnsubscribe", landed)


class _Talk:
    """One websocket: replies and notifications come in any order."""

    def __init__(self, script: Script, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._script, self._socket = script, socket
        self._next = 0
        self._told: dict[int, Any] = {}

    async def ask(self, label: str, method: str, *params: Any) -> Any:
        reply = await self._reply(method, *params)
        self._script.keep(f"{method} {label} (websocket)", {**reply, "error": _error(reply)})
        return reply.get("result")

    async def sent(self, label: str, made: Signing, **config: Any) -> Any:
        """Sends a transaction until a block took it, each time with a subscription to its signature; the last one."""
        subscribed: list[Any] = []

        async def subscribe(transaction: VersionedTransaction) -> None:
            subscribed.append(await self._reply("signatureSubscribe", name(transaction), CONFIRMED))

        await self._script.send(label, made, subscribe, **config)
        self._script.keep(f"signatureSubscribe {label} (websocket)", subscribed[-1])
        return subscribed[-1]["result"]

    async def _reply(self, method: str, *params: Any) -> Any:
        self._next += 1
        await self._socket.send_json({"jsonrpc": "2.0", "id": self._next, "method": method, "params": list(params)})
        while (message := await self._message()).get("id") != self._next:
            pass
        return message

    async def told(self, number: int) -> Any:
        while number not in self._told:
            await self._message()
        return self._told[number]

    async def _message(self) -> Any:
        message = await self._socket.receive_json()
        if "params" in message:
            self._told.setdefault(message["params"]["subscription"], message)
        return message


def _error(message: Any) -> Any:
    return f"code {message['error']['code']}" if "error" in message else "none"
