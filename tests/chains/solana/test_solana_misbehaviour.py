"""How Solana endpoints lie and lag: rules against answers in the shapes of the JSON-RPC documentation."""

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from chains.misbehaviour import lag, lie
from chains.solana.addresses import CLOCK_SYSVAR
from chains.solana.misbehaviour import Rule, SolanaDialect

VAULT, OTHER = "So11111111111111111111111111111111111111112", "SysvarRent111111111111111111111111111111111"
DIALECT = SolanaDialect()
LOCKED = struct.pack("<32s32sQ93s", b"mint", b"owner", 1_000, b"")


def account(data: bytes, lamports: int = 5) -> dict[str, Any]:
    return {
        "lamports": lamports,
        "owner": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "executable": False,
        "rentEpoch": 2**64 - 1,
        "space": len(data),
        "data": [base64.b64encode(data).decode(), "base64"],
    }


def call(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}


def answer(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "result": result}


def shown(value: Any, slot: int = 100) -> dict[str, Any]:
    return answer({"context": {"slot": slot, "apiVersion": "4.1.2"}, "value": value})


def data_of(one: dict[str, Any]) -> bytes:
    return base64.b64decode(one["data"][0])


def lied(asked: dict[str, Any], honest: dict[str, Any], **rule: Any) -> Any:
    lie(DIALECT, asked, honest, [Rule(**rule)])
    return honest["result"]


def test_a_number_in_an_account_is_altered_wherever_the_account_is_shown() -> None:
    config = {"encoding": "base64", "commitment": "finalized"}
    rule = {"account": VAULT, "offset": 64, "add": 500}
    one = lied(call("getAccountInfo", VAULT, config), shown(account(LOCKED)), **rule)["value"]
    assert struct.unpack_from("<Q", data_of(one), 64) == (1_500,)
    assert data_of(one)[:64] == LOCKED[:64]
    assert data_of(one)[72:] == LOCKED[72:]
    honest, told = lied(
        call("getMultipleAccounts", [OTHER, VAULT], config), shown([account(LOCKED), account(LOCKED)]), **rule
    )["value"]
    assert honest == account(LOCKED)
    assert told == one


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"account": VAULT, "field": "lamports", "add": 2}, {**account(LOCKED), "lamports": 7}),
        ({"account": VAULT, "field": "owner", "result": OTHER}, {**account(LOCKED), "owner": OTHER}),
        ({"account": VAULT, "field": "data", "result": ["", "base64"]}, {**account(LOCKED), "data": ["", "base64"]}),
        ({"account": VAULT, "result": None}, None),
        ({"account": OTHER, "result": None}, account(LOCKED)),
        ({"account": VAULT, "offset": 158, "add": 1}, account(LOCKED)),  # seven bytes are left
        ({"method": "getSlot", "add": 1}, account(LOCKED)),
    ],
)
def test_what_a_rule_makes_of_an_account(rule: dict[str, Any], expected: Any) -> None:
    assert lied(call("getAccountInfo", VAULT), shown(account(LOCKED)), **rule)["value"] == expected


def test_a_missing_account_stays_missing_unless_a_rule_invents_it() -> None:
    for rule in ({"offset": 64, "add": 1}, {"field": "lamports", "add": 1}):
        assert lied(call("getAccountInfo", VAULT), shown(None), account=VAULT, **rule)["value"] is None
    invented = account(LOCKED)
    assert lied(call("getAccountInfo", VAULT), shown(None), account=VAULT, result=invented)["value"] == invented


def test_the_result_of_a_method_is_replaced_or_added_to() -> None:
    assert lied(call("getGenesisHash"), answer("4uhc"), method="getGenesisHash", result="5eyk") == "5eyk"
    assert lied(call("getSlot"), answer(100), method="getSlot", add=11) == 111


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"account": VAULT, "method": "getSlot"},
        {"method": "getSlot", "offset": 1, "add": 1},
        {"method": "getSlot", "field": "owner"},
        {"account": VAULT, "offset": 1},
        {"account": VAULT, "offset": 1, "field": "owner", "add": 1},
        {"account": VAULT, "add": 1},
        {"account": VAULT, "offset": -1, "add": 1},
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule(**rule)


async def lagged(honest: Callable[[dict[str, Any]], Any], *calls: dict[str, Any], behind: int = 10) -> Any:
    """The answers of an endpoint that lags behind a node which answers `honest` and stands at slot 102."""

    async def ask(body: Any) -> Any:
        if not isinstance(body, list):
            return {"jsonrpc": "2.0", "id": body["id"], "result": 102}
        assert all("minContextSlot" not in p for one in body for p in one["params"] if isinstance(p, dict))
        return [{**honest(one), "id": one["id"]} for one in body]

    return await lag(DIALECT, list(calls), behind, ask)


async def test_a_lagging_endpoint_tells_lower_slots_and_a_clock_that_fits() -> None:
    clock = struct.pack("<QqQQq", 100, 0, 3, 4, 1_800_000_000)

    def honest(one: dict[str, Any]) -> Any:
        if one["method"] == "getSlot":
            return answer(102)
        return shown([account(clock), account(LOCKED)])

    slot, accounts = await lagged(honest, call("getSlot"), call("getMultipleAccounts", [CLOCK_SYSVAR, VAULT]))
    assert slot["result"] == 92
    assert accounts["result"]["context"]["slot"] == 90
    told, vault = accounts["result"]["value"]
    assert struct.unpack("<QqQQq", data_of(told)) == (90, 0, 3, 4, 1_800_000_000 - 4)
    assert vault == account(LOCKED)


async def test_a_lagging_endpoint_refuses_what_it_has_not_reached() -> None:
    asked = call("getAccountInfo", VAULT, {"encoding": "base64", "minContextSlot": 91})
    (refused,) = await lagged(lambda _: shown(account(LOCKED)), asked)
    assert refused["error"]["code"] == -32016
    assert refused["error"]["data"] == {"contextSlot": 90}
    asked["params"][1]["minContextSlot"] = 90
    (given,) = await lagged(lambda _: shown(account(LOCKED)), asked)
    assert given["result"]["value"] == account(LOCKED)


async def test_a_lagging_endpoint_has_not_seen_the_newest_transactions() -> None:
    old, new = {"slot": 92, "err": None}, {"slot": 93, "err": None}
    (statuses,) = await lagged(lambda _: shown([old, new, None], slot=102), call("getSignatureStatuses", ["a", "b"]))
    assert statuses["result"]["value"] == [old, None, None]
    seen, unseen = await lagged(
        lambda one: answer(old if one["params"] == ["old"] else new),
        call("getTransaction", "old"),
        call("getTransaction", "new"),
    )
    assert (seen["result"], unseen["result"]) == (old, None)


async def test_a_lagging_endpoint_knows_no_time_of_the_newest_blocks() -> None:
    known, unknown = await lagged(lambda _: answer(1_800_000_000), call("getBlockTime", 92), call("getBlockTime", 93))
    assert known["result"] == 1_800_000_000
    assert unknown["error"]["code"] == -32004


async def test_errors_of_the_node_are_passed_on() -> None:
    error = {"jsonrpc": "2.0", "id": 7, "error": {"code": -32005, "message": "Node is behind by 42 slots"}}
    (told,) = await lagged(lambda _: error, call("getAccountInfo", VAULT))
    assert told == error
