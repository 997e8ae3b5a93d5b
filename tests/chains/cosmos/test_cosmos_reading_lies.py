"""Endpoints that lie about what is stored, or forge proofs of it: found out one by one, and never believed."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chains.caip import AccountId
from chains.cosmos.plan import Entry
from chains.errors import Unreadable
from chains.types import Checkpoint
from tests.chains.cosmos import layouts
from tests.chains.cosmos.ledger import RpcError, tells
from tests.chains.cosmos.scene import (
    BANK_POSITION,
    COLLATERAL,
    CW20_CODE,
    HELD,
    ID,
    LOCKED,
    OWNER,
    VAULT,
    account,
    bank,
    checksum,
    code,
    cw20_balance,
)
from tests.chains.cosmos.world import World, world
from tests.chains.readers import amounts, answered, healths

BALANCE, SUPPLY = bank("balance", VAULT, "uatom"), bank("supply", "uatom")
TOKENS = cw20_balance(COLLATERAL, VAULT)

LIES: dict[str, tuple[Entry, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "another value than is proven": (BALANCE, lambda told: told | {"value": _base64(b"9999999")}),
    "no value where one is proven": (BALANCE, lambda told: told | {"value": None}),
    "a value where its absence is proven": (
        bank("balance", account("nobody"), "uatom"),
        lambda told: told | {"value": _base64(b"9999999")},
    ),
    "another amount of tokens": (TOKENS, lambda told: told | {"value": _base64(b'"9999999"')}),
    "another code": (code(CW20_CODE), lambda told: told | {"value": _base64(layouts.code_info(checksum("evil")))}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_who_says_other_than_its_proof_is_accused(lie: str) -> None:
    entry, told = LIES[lie]
    async with world() as w, w.opened() as chain:
        nobody = replace(BANK_POSITION, account=AccountId(ID, account("nobody")))
        w.positions = (*w.positions, nobody)
        await chain.finalized()
        w.fronts[1].lie = tells(entry, told)
        assert await amounts(chain, w) == [HELD, LOCKED, 41, 0]
        await answered(chain)
        assert healths(chain)["b"].state == "lying"
        assert healths(chain)["a"].state == healths(chain)["c"].state == "ok"


FORGERIES: dict[str, Callable[[Any], list[Any]]] = {
    "of another height": lambda ledger: ledger.ops("bank", BALANCE.key, ledger.height - 2),
    "of another key": lambda ledger: ledger.ops("bank", SUPPLY.key, ledger.height - 1),
    "of another store": lambda ledger: ledger.ops("wasm", TOKENS.key, ledger.height - 1),
    "of absence, of another key": lambda ledger: ledger.ops("bank", b"\2nothing", ledger.height - 1),
    "of the store alone": lambda ledger: ledger.ops("bank", BALANCE.key, ledger.height - 1)[:1],
    "that is swapped": lambda ledger: ledger.ops("bank", BALANCE.key, ledger.height - 1)[::-1],
    "of another specification": lambda ledger: [
        replace(op, type="ics23:smt") for op in ledger.ops("bank", BALANCE.key, ledger.height - 1)
    ],
    "that is cut off": lambda ledger: [
        replace(op, data=op.data[:-1]) for op in ledger.ops("bank", BALANCE.key, ledger.height - 1)
    ],
    "that is none": lambda ledger: [],
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_who_forges_a_proof_is_accused(forgery: str) -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({BALANCE: b"%d" % HELD, bank("balance", OWNER, "uatom"): b"3"})
        ops = [
            {"type": op.type, "key": _base64(op.key), "data": _base64(op.data)} for op in FORGERIES[forgery](w.ledger)
        ]
        await chain.finalized()
        w.fronts[1].lie = tells(BALANCE, lambda told: told | {"proofOps": {"ops": ops}})
        assert await amounts(chain, w) == [HELD, LOCKED, 41]
        await answered(chain)
        assert healths(chain)["b"].state == "lying"


async def test_a_forger_in_the_majority_stops_the_reading_and_is_not_believed() -> None:
    async with world() as w, w.opened() as chain:
        await chain.finalized()
        for front in w.fronts[:2]:
            front.lie = tells(BALANCE, lambda told: told | {"value": _base64(b"9999999")})
        found = await amounts(chain, w)
        assert all(type(one) is Unreadable for one in found)
        assert VAULT in str(found[0])
        assert "no 2 endpoints agree" in str(found[0])


ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no proof": lambda told: told | {"proofOps": None},
    "another height": lambda told: told | {"height": str(int(told["height"]) - 1)},
    "another key": lambda told: told | {"key": _base64(b"other")},
    "an error of the application": lambda told: told | {"code": 6, "codespace": "sdk", "log": "unknown store"},
    "a value that is no base64": lambda told: told | {"value": "!"},
    "nothing": lambda told: {},
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_answers_that_are_none_are_no_zero(what: str) -> None:
    async with world() as w:
        at = await checkpoint(w)
        for front in w.fronts[:2]:
            front.lie = tells(BALANCE, ANSWERS[what])
        async with w.opened(options=w.impatient()) as chain:
            assert all(type(one) is Unreadable for one in await chain.locked(w.positions, at))
        w.fronts[0].lie = lambda call, result: result
        async with w.opened() as chain:
            assert await amounts(chain, w) == [HELD, LOCKED, 41]


async def checkpoint(w: World) -> Checkpoint:
    async with w.opened() as chain:
        return await chain.finalized()


async def test_a_pruned_height_is_unreadable() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()

        def pruned(call: dict[str, Any], result: Any) -> Any:
            if call["method"] != "abci_query":
                return result
            log = f"failed to load state at height {at.height}; version does not exist (latest height: 99)"
            return {"response": result["response"] | {"code": 38, "codespace": "sdk", "log": log, "proofOps": None}}

        for front in w.fronts:
            front.lie = pruned
        for one in await chain.locked(w.positions, at):
            assert type(one) is Unreadable
            assert "no 2 endpoints agree" in str(one)


async def test_an_endpoint_that_fails_is_no_zero() -> None:
    async with world() as w:
        at = await checkpoint(w)

        def broken(call: dict[str, Any], result: Any) -> Any:
            if call["method"] == "abci_query":
                raise RpcError(-32603, "Internal error", "panic")
            return result

        for front in w.fronts[1:]:
            front.lie = broken
        async with w.opened(options=w.impatient()) as chain:
            assert all(type(one) is Unreadable for one in await chain.locked(w.positions, at))


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()
