"""What comes from an endpoint: parsed strictly or refused, with what went wrong told apart."""

import base64
import time
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from chains.endpoint_options import EndpointOptions
from chains.errors import Refused, Unreadable
from chains.jsonrpc import Call, Endpoint, EndpointError, Fault, Limits, Transport
from chains.secrets import target
from chains.solana import rpc
from chains.solana.addresses import CLOCK_SYSVAR, to_text
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.solana.plan import Plan
from chains.solana.rpc import Account, AtSlot, judge
from chains.values import BadValue
from tests.chains.readers import healths
from tests.chains.solana import layouts
from tests.chains.solana.cluster import GENESIS, NOW, TOKEN_POSITION, WALLET, World, key, world

KEY = "k3y-of-the-operator"
SLOT = 7
SHOWN = {
    "data": ["AQI=", "base64"],
    "executable": False,
    "lamports": 5,
    "owner": WALLET,
    "rentEpoch": 18446744073709551615,
    "space": 2,
}


def asked(answer: Any, count: int = 1, **options: Any) -> Any:
    call = rpc.accounts([key(str(i)) for i in range(count)], **options)
    return call.parse(answer)


def found(*accounts: Any, slot: Any = SLOT) -> dict[str, Any]:
    return {"context": {"slot": slot, "apiVersion": "4.1.2"}, "value": list(accounts)}


def test_accounts_are_parsed_and_a_missing_one_is_none() -> None:
    account = Account(5, WALLET, b"\1\2", False)
    assert asked(found(SHOWN, None), 2) == AtSlot(SLOT, (account, None))
    method, params = "getMultipleAccounts", rpc.accounts([WALLET], part=(3, 9)).params
    assert rpc.accounts([WALLET]).method == method
    assert params == (
        [WALLET],
        {"encoding": "base64", "commitment": "finalized", "dataSlice": {"offset": 3, "length": 9}},
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"value": [SHOWN]},
        {"context": {}, "value": [SHOWN]},
        {"context": None, "value": [SHOWN]},
        found(SHOWN, slot=-1),
        found(SHOWN, slot="7"),
        found(SHOWN, slot=True),
        found(SHOWN, slot=1 << 64),
        found(),
        found(SHOWN, SHOWN),
        {"context": {"slot": SLOT}, "value": SHOWN},
        {"context": {"slot": SLOT}, "value": None},
        *(found({k: v for k, v in SHOWN.items() if k != name}) for name in ("data", "executable", "lamports", "owner")),
        *(found(SHOWN | {"data": wrong}) for wrong in (None, "AQI=", [], ["AQI="], ["AQI=", "base58"])),
        *(found(SHOWN | {"data": wrong}) for wrong in (["AQ I=", "base64"], ["AQI", "base64"], [1, "base64"])),
        *(found(SHOWN | {"data": wrong}) for wrong in (["AQI=", "base64", 1], ["\u00e9===", "base64"])),
        *(found(SHOWN | {"lamports": wrong}) for wrong in (-1, 1.0, "5", True, None, 1 << 64)),
        *(found(SHOWN | {"executable": wrong}) for wrong in (0, "false", None)),
        *(found(SHOWN | {"owner": wrong}) for wrong in (None, 1, "", "0" * 32, WALLET[:-4], WALLET + "1", "1" * 33)),
        found("account"),
    ],
)
def test_what_is_no_list_of_accounts_is_refused(answer: Any) -> None:
    with pytest.raises(BadValue):
        asked(answer)


def test_more_data_than_asked_for_is_refused() -> None:
    assert asked(found(SHOWN), part=(0, 2)).value[0].data == b"\1\2"
    with pytest.raises(BadValue, match="2 bytes of data, 1 were asked for"):
        asked(found(SHOWN), part=(0, 1))


@settings(deadline=None)
@given(
    answer=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(WALLET),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*SHOWN, "context", "value", "slot"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_arbitrary_answers_are_refused_and_nothing_else_happens(answer: Any) -> None:
    for call in (rpc.genesis_hash(), rpc.block_time(1), rpc.accounts([WALLET])):
        try:
            call.parse(answer)
        except BadValue:
            continue


@settings(deadline=None)
@given(data=st.binary(max_size=64), lamports=st.integers(0, 2**64 - 1), owner=st.binary(min_size=32, max_size=32))
def test_accounts_arrive_as_they_are(data: bytes, lamports: int, owner: bytes) -> None:
    shown = SHOWN | {"data": [base64.b64encode(data).decode(), "base64"], "lamports": lamports, "owner": to_text(owner)}
    assert asked(found(shown)).value == (Account(lamports, to_text(owner), data, False),)


@pytest.mark.parametrize("wrong", [None, "1", 1.5, True, -1, 1 << 63])
def test_times_are_strict(wrong: Any) -> None:
    with pytest.raises(BadValue):
        rpc.time(wrong)


PLAIN, WITH_FAULTS = rpc.genesis_hash(), rpc.block_time(1)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (-32005, "Node is behind by 42 slots", "lagging"),
        (-32007, "Slot 5 was skipped, or missing due to ledger jump to recent snapshot", "lagging"),
        (-32009, "Slot 5 was skipped, or missing in long-term storage", "lagging"),
        (-32004, "Block not available for slot 5", "lagging"),
        (-32001, "Block 5 cleaned up, does not exist on node. First available block: 9", "lagging"),
        (-32014, "Block status not yet available for slot 5", "lagging"),
        (-32016, "Minimum context slot has not been reached", "lagging"),
        (429, "slow down", "limiting"),
        (-32429, "max usage reached", "limiting"),
        (-32600, "Too many requests for a specific RPC call", "limiting"),
        (-32602, "Invalid params", "failing"),
        (-32603, "Internal error", "failing"),
        (-32011, "Transaction history is not available from this node", "failing"),
    ],
)
def test_errors_of_a_node_are_told_apart(code: int, message: str, kind: str) -> None:
    fault = Fault(code, message)
    with pytest.raises(EndpointError) as caught:
        judge(PLAIN, fault)
    assert (caught.value.kind, caught.value.again) == (kind, code == -32603 or kind == "limiting")
    if kind == "limiting" or code == -32005:
        with pytest.raises(EndpointError):
            judge(WITH_FAULTS, fault)
    else:
        assert judge(WITH_FAULTS, fault) is fault
    with pytest.raises(EndpointError):
        judge(None, fault)


async def once(w: World, *calls: Call, **limits: Any) -> list[Any]:
    transport = Transport()
    options = EndpointOptions(
        name="one", url=SecretStr(w.fronts[0].url), headers={"Authorization": SecretStr(f"Bearer {KEY}")}
    )
    try:
        return await Endpoint(target(options), transport, Limits(**limits), judge).once(calls, time.monotonic() + 60)
    finally:
        await transport.close()


async def test_a_batch_of_one_goes_out_alone() -> None:
    bodies: list[Any] = []
    async with world(fronts=1) as w:
        w.fronts[0].respond = bodies.append
        assert await once(w, rpc.genesis_hash(), batch=1) == [GENESIS]
        assert await once(w, rpc.genesis_hash(), rpc.block_time(w.cluster.slot)) == [GENESIS, NOW + 400]
    assert isinstance(bodies[0], dict)
    assert isinstance(bodies[1], list)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"jsonrpc": "2.0", "id": None, "error": {"code": 429, "message": "Too many requests"}}, "limiting"),
        ({"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "Node is unhealthy"}}, "lagging"),
        ({"jsonrpc": "2.0", "id": None, "result": GENESIS}, "failing"),
        ({"jsonrpc": "2.0", "id": 5, "result": GENESIS}, "failing"),
        ({"error": "no"}, "failing"),
        ([], "failing"),
        (None, "failing"),
        ("text", "failing"),
    ],
)
@pytest.mark.parametrize("batch", [1, 8])
async def test_an_answer_to_something_else_counts_for_nothing(body: Any, kind: str, batch: int) -> None:
    async with world(fronts=1) as w:
        w.fronts[0].respond = lambda asked: web.json_response(body)
        with pytest.raises(EndpointError) as caught:
            await once(w, rpc.genesis_hash(), batch=batch)
        assert caught.value.kind == kind


HOSTILE: dict[str, Any] = {
    "500": lambda body: web.Response(status=500),
    "403": lambda body: web.Response(status=403),
    "429": lambda body: web.Response(status=429, headers={"Retry-After": "3600"}),
    "redirect": lambda body: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
    "no JSON": lambda body: web.Response(text="<html>"),
    "oversized": lambda body: web.Response(text='["' + "x" * (1 << 20) + '"]'),
    "deep": lambda body: web.Response(text="[" * 20_000 + "]" * 20_000),
    "null": lambda body: web.json_response(None),
    "null results": lambda body: web.json_response([{"jsonrpc": "2.0", "id": c["id"], "result": None} for c in body]),
    "wrong id": lambda body: web.json_response(
        [{"jsonrpc": "2.0", "id": c["id"] + 1, "result": GENESIS} for c in body]
    ),
    "reordered": lambda body: web.json_response(
        [{"jsonrpc": "2.0", "id": c["id"], "result": GENESIS} for c in [*body[1:], body[0], body[0]]]
    ),
    "fewer": lambda body: web.json_response([]),
    "rate limited": lambda body: web.json_response(
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32429, "message": f"{KEY} is limited"}}
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
async def test_a_quorum_lives_with_one_endpoint_that_fails(how: str) -> None:
    async with world() as w, w.opened(options=w.options(max_response=1 << 19)) as chain:
        at = await chain.finalized()
        w.cluster.advance()
        w.fronts[0].respond = HOSTILE[how]
        assert (await chain.finalized()).height == at.height + 1
        told = healths(chain)["a"]
        assert told.failing + told.limiting + told.lagging > 0
        assert told.lying == 0
        assert KEY not in str(w.log.events)
        assert w.fronts[0].url.rpartition(":")[2] not in str(w.log.events)


@pytest.mark.parametrize("how", HOSTILE)
async def test_without_a_quorum_the_chain_abstains_and_recovers(how: str) -> None:
    async with world() as w:
        for front in w.fronts[1:]:
            front.respond = HOSTILE[how]
        async with w.opened(options=w.impatient(max_response=1 << 19)) as chain:
            with pytest.raises(Unreadable):
                await chain.finalized()
        for front in w.fronts[1:]:
            front.respond = lambda body: None
        async with w.opened() as chain:
            assert (await chain.finalized()).height == w.cluster.slot


async def test_a_reset_connection_is_a_failure() -> None:
    async with world() as w, w.opened() as chain:

        def reset(body: Any) -> web.Response:
            raise ConnectionResetError

        w.fronts[0].respond = reset
        assert (await chain.finalized()).height == w.cluster.slot
        assert healths(chain)["a"].failing > 0


def member(**changes: Any) -> dict[str, Any]:
    endpoints = [{"name": "a", "url": f"https://one.example/{KEY}"}, {"name": "b", "url": "https://two.example"}]
    return {"endpoints": endpoints} | changes


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quorum": 1}, "greater than or equal to 2"),
        ({"quorum": 3}, "quorum: 3 of 2 endpoints"),
        ({"endpoints": member()["endpoints"][:1]}, "at least 2 items"),
        ({"endpoints": [*member()["endpoints"], {"name": "c", "url": f"ftp://{KEY}"}]}, "not an http"),
        ({"batch": 0}, "greater than or equal to 1"),
        ({"priority_fee": 5, "max_priority_fee": 4}, "more than max_priority_fee"),
        ({"timeout": 30.0}, "longer than deadline"),
        ({"speed": 3}, "Extra inputs"),
    ],
)
def test_member_options_refuse_what_cannot_be(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text) as caught:
        MemberOptions.model_validate(member(**changes))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "1" * 31, "0" * 32, GENESIS[:-4], GENESIS + "1", GENESIS.lower(), 5])
def test_addresses_in_options_are_base58_of_32_bytes(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        ChainOptions.model_validate({"genesis_hash": wrong})
    with pytest.raises(ValidationError):
        PositionOptions.model_validate({"owner": wrong})
    good = {"program": WALLET, "program_hash": "AB" * 32, "upgrade_authority": "none"}
    assert DeploymentOptions.model_validate(good).program_hash == "ab" * 32
    for name in good:
        with pytest.raises(ValidationError):
            DeploymentOptions.model_validate(good | {name: wrong})
        with pytest.raises(ValidationError):
            DeploymentOptions.model_validate({k: v for k, v in good.items() if k != name})


def test_a_token_program_is_one_of_the_two() -> None:
    with pytest.raises(ValidationError, match="neither SPL Token nor Token-2022"):
        PositionOptions.model_validate({"token_program": WALLET})


async def test_secrets_that_cannot_be_resolved_refuse_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_URL", raising=False)
    async with world() as w:
        changed = [EndpointOptions(name="a", url=SecretStr("env:NO_SUCH_URL")), *w.options().endpoints[1:]]
        with pytest.raises(Refused, match="NO_SUCH_URL is not set"):
            async with w.opened(options=w.options(endpoints=changed)):
                pass


def test_a_reading_is_put_together_strictly() -> None:
    plan = Plan((TOKEN_POSITION,), ())
    clock, other = layouts.clock(SLOT, NOW), Account(1, WALLET, b"", False)
    reading = plan.reading([AtSlot(SLOT, (clock, other, None))])
    assert (reading.slot, reading.time) == (SLOT, NOW)
    assert CLOCK_SYSVAR not in reading.accounts
    contents = {
        plan.reading([AtSlot(SLOT, (clock, *rest))]).content
        for rest in (
            (other, None),
            (None, other),
            (None, None),
            (other, other),
            (Account(1, WALLET, b"\0", False), None),
        )
    }
    assert len(contents) == 5
    for wrong in (None, other, layouts.clock(SLOT + 1, NOW)):
        with pytest.raises(BadValue):
            plan.reading([AtSlot(SLOT, (wrong, other, None))])
