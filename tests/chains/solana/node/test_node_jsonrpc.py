"""JSON-RPC itself: malformed requests get the right codes, nothing gets a traceback."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.hash import Hash

from chains.solana.node import dispatch, methods
from chains.solana.node.front import MOST_REQUEST
from chains.solana.node.ledger import Ledger
from chains.solana.node.node import LocalNode
from chains.solana.node.params import from_base58, from_base64, to_base58
from chains.solana.node.settings import Settings
from chains.solana.node.subscriptions import Session, numbers
from tests.chains.solana.node.node_support import ALICE, CLOCK, NOBODY, SOL, Rpc, encoded, pay, signed

HEALTH = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}


async def posted(rpc: Rpc, body: bytes) -> Any:
    async with rpc.session.post(rpc.url, data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 200
        text = await response.text()
    return json.loads(text) if text else None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"5", -32700),
        (b"[" * 40_000, -32700),
        (b'{"a":' * 8000, -32700),
        (b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b"}", -32700),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"getHealth"}', -32700),
        (b'{"jsonrpc":"2.0","id":1.0,"method":"getHealth"}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":1,"method":"getHealth"}', -32700),
        (b"[1]", -32700),
        (b"{}", -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHealth","params":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHealth","more":1}', -32600),
        (b'{"jsonrpc":"3.0","id":1,"method":"getHealth"}', -32600),
        (b'{"id":1,"method":"getHealth"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHelp"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"accountSubscribe"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHealth","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBlockTime","params":[' + b"9" * 4000 + b"]}", -32602),
    ],
)
async def test_malformed_requests(rpc: Rpc, body: bytes, code: int) -> None:
    assert (await posted(rpc, body))["error"]["code"] == code


async def test_batches_and_notifications(rpc: Rpc) -> None:
    unknown, silent = {**HEALTH, "id": "x", "method": "getHelp"}, {"jsonrpc": "2.0", "method": "getHealth"}
    answers = await posted(rpc, json.dumps([HEALTH, silent, unknown, {**HEALTH, "id": None}]).encode())
    assert [(each["id"], each.get("result"), "error" in each) for each in answers] == [
        (1, "ok", False),
        ("x", None, True),
        (None, "ok", False),
    ]
    assert await posted(rpc, json.dumps(silent).encode()) is None
    assert await posted(rpc, json.dumps([silent, silent]).encode()) is None
    assert await posted(rpc, b"[]") is None


async def test_a_notification_is_carried_out(node: LocalNode, rpc: Rpc) -> None:
    heir = [NOBODY, SOL]
    assert (
        await posted(rpc, json.dumps({"jsonrpc": "2.0", "method": "requestAirdrop", "params": heir}).encode()) is None
    )
    node.finalize()
    assert await rpc.value("getBalance", NOBODY) == SOL


async def test_http(rpc: Rpc) -> None:
    body = json.dumps(HEALTH)
    for content_type, status in (("application/json; charset=utf-8", 200), ("text/plain", 415)):
        async with rpc.session.post(rpc.url, data=body, headers={"Content-Type": content_type}) as response:
            assert response.status == status
    json_type = {"Content-Type": "application/json"}
    async with rpc.session.post(rpc.url, data=b"\xff" + body.encode(), headers=json_type) as response:
        assert response.status == 400
    for size, status in ((MOST_REQUEST, 200), (MOST_REQUEST + 1, 413)):
        async with rpc.session.post(rpc.url, data=body.ljust(size), headers=json_type) as response:
            assert response.status == status
    for method, status in (("GET", 405), ("PUT", 405), ("OPTIONS", 200)):
        async with rpc.session.request(method, rpc.url) as response:
            assert response.status == status
    async with rpc.session.post(rpc.url, json=HEALTH, headers={"Origin": "http://localhost:3000"}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_what_breaks_inside_is_an_internal_error(
    node: LocalNode, rpc: Rpc, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("kept inside")

    monkeypatch.setattr(node.ledger, "rent", broken)
    failure = await rpc.call("getMinimumBalanceForRentExemption", 1)
    assert (failure.code, failure.message, failure.data) == (-32603, "Internal error", None)
    assert "internal error in getMinimumBalanceForRentExemption: ZeroDivisionError" in caplog.text
    assert await rpc.call("getHealth") == "ok"


# Arbitrary requests: every method gets parameters that are nearly right.

LEDGER = Ledger(Settings(finality_slots=2), 0)
LEDGER.airdrop(ALICE.pubkey(), 1000 * SOL, LEDGER.blocks.newest.blockhash)
for _ in range(4):
    LEDGER.advance()
SENT = signed([pay(SOL)], Hash(LEDGER.blocks.at("finalized").blockhash))
SESSION = Session(LEDGER, lambda _: None, numbers())
CODES = {-32700, -32600, -32601, -32602, *range(-32020, -32000)}

words = st.sampled_from(
    [
        *(CLOCK, NOBODY, "", "x", "1" * 32, "1" * 64, encoded(SENT), to_base58(bytes(SENT)), str(SENT.signatures[0])),
        *("processed", "base64", "base58", "jsonParsed", "base64+zstd", "json", "binary", "full", "none", "accounts"),
    ]
)
names = st.sampled_from(
    [
        *("commitment", "encoding", "minContextSlot", "dataSlice", "offset", "length", "filters", "dataSize", "memcmp"),
        *("bytes", "withContext", "accounts", "addresses", "sigVerify", "replaceRecentBlockhash", "innerInstructions"),
        *("skipPreflight", "preflightCommitment", "maxRetries", "limit", "before", "until", "mint", "programId"),
        *("maxSupportedTransactionVersion", "transactionDetails", "rewards", "searchTransactionHistory"),
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
    | st.text(max_size=70)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


def answered(text: str, call: dispatch.Call) -> None:
    """An answer of JSON-RPC with no internal error in it."""
    answer = dispatch.handle(text, call)
    for each in [json.loads(answer)] if answer and answer[0] == "{" else json.loads(answer or "[]"):
        assert ("result" in each) != ("error" in each)
        if "error" in each:
            assert each["error"]["code"] in CODES, (text, each)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(methods.METHODS)), st.lists(values, max_size=4))
def test_arbitrary_parameters(method: str, params: list[Any]) -> None:
    answered(json.dumps({**HEALTH, "method": method, "params": params}), methods.over(LEDGER))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [f"{kind}{verb}" for kind in ("account", "signature", "slot") for verb in ("Subscribe", "Unsubscribe")]
    ),
    st.lists(values, max_size=3),
)
def test_arbitrary_subscriptions(method: str, params: list[Any]) -> None:
    answered(json.dumps({**HEALTH, "method": method, "params": params}), SESSION.call)
    SESSION.poll()


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet='{}[]",:01etru ', max_size=60) | values.map(json.dumps))
def test_arbitrary_text(text: str) -> None:
    answered(text, methods.over(LEDGER))


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=1300)
    | st.tuples(st.integers(0, len(bytes(SENT)) - 1), st.integers(0, 255)).map(
        lambda change: bytes(SENT)[: change[0]] + bytes([change[1]]) + bytes(SENT)[change[0] + 1 :]
    )
)
def test_arbitrary_transactions(raw: bytes) -> None:
    text = base64.b64encode(raw).decode()
    for method, config in (
        ("sendTransaction", {"skipPreflight": True}),
        ("sendTransaction", {}),
        ("simulateTransaction", {}),
        ("getFeeForMessage", {}),
    ):
        params = [text, {"encoding": "base64", **config}]
        answered(json.dumps({**HEALTH, "method": method, "params": params}), methods.over(LEDGER))


@given(st.binary(max_size=80))
def test_base58_round_trip(raw: bytes) -> None:
    assert from_base58(to_base58(raw)) == raw


@given(st.text(alphabet="AQgw+/=-_ \n", max_size=12))
def test_base64_has_one_spelling(text: str) -> None:
    try:
        raw = from_base64(text)
    except ValueError:
        return
    assert base64.b64encode(raw).decode() == text


@pytest.mark.parametrize("text", ["=", "A", "AA", "AAA", "AA=A", "AB==", "AAAA=", "AA==AA==", "A-A=", "AA A", "AAAA\n"])
def test_what_is_no_base64(text: str) -> None:
    with pytest.raises(ValueError, match="invalid base64 encoding"):
        from_base64(text)
