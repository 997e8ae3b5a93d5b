"""The start check: all findings at once; who could change what is told in the log; what cannot be is refused before."""

from dataclasses import replace
from typing import Any

import pytest

from chains.cosmos import plan, protobuf, state
from chains.cosmos.state import Committee
from chains.errors import Refused, Unreadable
from tests.chains.cosmos import layouts
from tests.chains.cosmos.ledger import Answer, RpcError, State, said, smart
from tests.chains.cosmos.scene import (
    COLLATERAL,
    DEPLOYMENT,
    GATE,
    GOLD,
    GROUP,
    HELD,
    KEEPER,
    LOCKED,
    OWNER,
    ROUTE,
    SUPPLY,
    VAULT,
    WRAPPED,
    answers,
    bank,
    cw20_balance,
    kept,
    of_route,
)
from tests.chains.cosmos.world import World, world
from tests.chains.readers import amounts


async def refusal(w: World) -> str:
    async with w.opened() as chain:
        with pytest.raises(Refused) as caught:
            await chain.check()
    return str(caught.value)


def instead(contract_: str, query: str, answer: Any) -> Any:
    """Queries of which one is answered otherwise; None: not at all."""
    usual = answers()

    def asked(path: str, data: bytes, held: State) -> Answer:
        known = smart(path, data)
        if known is None or known[0] != contract_ or query not in known[1]:
            return usual(path, data, held)
        if answer is None:
            return "wasm", 9, "unknown variant"
        return said(answer) if not isinstance(answer, bytes) else answer

    return asked


async def test_everything_as_it_should_be() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        told = {(one["role"], one["contract"]): (one["code_id"], one["admin"]) for one in w.log.named("contract")}
        assert told == {("token", COLLATERAL): (7, OWNER), ("token", WRAPPED): (7, OWNER), ("gate", GATE): (9, "none")}
        first, second = w.log.named("route")
        assert (first["owner"], first["guardian"], first["minters"], first["paused"]) == (OWNER, OWNER, [OWNER], False)
        assert second["minters"] == []


async def test_all_findings_are_told_at_once() -> None:
    async with world() as w:
        w.ledger.change(
            {
                bank("supply", "uatom"): None,
                plan.token_info(COLLATERAL): None,
                plan.contract(KEEPER): None,
                of_route(state.GATE, ROUTE): None,
            }
        )
        text = await refusal(w)
        lines = text.splitlines()
        assert len(lines) >= 5
        for position in w.positions:
            assert any(line.startswith(f"{position.account} {position.asset}: ") for line in lines)
        assert any(line.startswith(f"{DEPLOYMENT.gate} {ROUTE.hex()}: the gate: no route") for line in lines)


ANSWERS: list[tuple[str, str, Any, str]] = [
    (
        COLLATERAL,
        "balance",
        {"balance": str(LOCKED + 1)},
        f"answers that {VAULT} has '5000001', its storage says 5000000",
    ),
    (COLLATERAL, "balance", {"balance": LOCKED}, "answers that"),
    (COLLATERAL, "balance", {}, "has None, its storage says"),
    (COLLATERAL, "balance", [], "has None"),
    (COLLATERAL, "balance", None, "has None"),
    (COLLATERAL, "balance", b"\xff", "has None"),
    (COLLATERAL, "balance", protobuf.data(1, b"[" * 5000), "has None"),
    (COLLATERAL, "balance", protobuf.data(1, b"{"), "has None"),
    (WRAPPED, "token_info", {"total_supply": str(SUPPLY + 1)}, "a supply of '1200001', its storage says 1200000"),
    (WRAPPED, "token_info", None, "a supply of None"),
    (GATE, "contract", None, "is no gate"),
    (GATE, "contract", {"domain": "00" * 32}, "the gate's domain is '0000"),
    (GATE, "contract", {"name": "another"}, "the gate's domain is None"),
    (GATE, "committee", None, "is no gate"),
    (GATE, "committee", {"epoch": "2"}, "another committee than the one in its storage"),
]


@pytest.mark.parametrize(("address", "query", "answer", "text"), ANSWERS)
async def test_contracts_must_answer_what_their_storage_says(address: str, query: str, answer: Any, text: str) -> None:
    async with world() as w:
        w.ledger.queries = instead(address, query, answer)
        assert text in await refusal(w)


async def test_a_code_with_another_layout_does_not_read_as_empty() -> None:
    """Its pinned code keeps balances elsewhere: what is proven to be absent is not what the vault has."""
    async with world() as w:
        w.ledger.change({cw20_balance(COLLATERAL, VAULT): None})
        w.ledger.queries = instead(COLLATERAL, "balance", {"balance": "5000000"})
        assert "its code keeps balances otherwise than cw20-base does" in await refusal(w)


COMMITTEES: list[tuple[bytes | None, str]] = [
    (None, "is no gate: it has no committee"),
    (b"\1", "no record of kind 'committee'"),
    (layouts.committee(replace(GROUP, px=bytes(32))), "px and parity are no group key"),
]


@pytest.mark.parametrize(("value", "text"), COMMITTEES)
async def test_a_gate_without_a_committee_is_none(value: bytes | None, text: str) -> None:
    told = {"epoch": "1", "px": GROUP.px.hex(), "parity": 0, "since_round": "0"}
    async with world() as w:
        w.ledger.change({kept(GATE, b"c"): value})
        w.ledger.queries = instead(GATE, "committee", told)
        assert text in await refusal(w)


async def test_a_later_epoch_is_no_finding() -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({kept(GATE, b"c"): layouts.committee(Committee(7, 40, b"\5" * 32, 1))})
        await chain.check()


METADATA: list[tuple[bytes, str | None]] = [
    (layouts.denomination_metadata("uatom", "atom", 6), None),
    (layouts.denomination_metadata("uatom", "atom", 18), "6 is declared, the bank displays uatom with 18"),
    (layouts.denomination_metadata("uatom", "uatom", 0), None),
    (b"\xff", None),
]


@pytest.mark.parametrize(("value", "text"), METADATA)
async def test_the_banks_display_must_not_contradict_the_decimals(value: bytes, text: str | None) -> None:
    async with world() as w:
        w.ledger.change({plan.metadata("uatom"): value, plan.metadata(GOLD): value})
        if text is None:
            async with w.opened() as chain:
                await chain.check()
            assert len(w.log.named("metadata_not_read")) == (3 if value == b"\xff" else 0)
        else:
            found = await refusal(w)
            assert text in found
            assert f"the bank displays {GOLD} with 18" in found


async def test_a_chain_that_cannot_be_read_is_no_finding() -> None:
    async with world() as w, w.opened() as chain:

        def broken(call: dict[str, Any], result: Any) -> Any:
            if call["method"] == "abci_query":
                raise RpcError(-32601, "Method not found")
            return result

        for front in w.fronts:
            front.lie = broken
        with pytest.raises(Unreadable, match="the start check at height"):
            await chain.check()


async def test_endpoints_of_another_chain_are_refused() -> None:
    async with world() as w:

        def elsewhere(call: dict[str, Any], result: Any) -> Any:
            return result | {"node_info": {"network": "chain-2"}} if call["method"] == "status" else result

        w.fronts[2].lie = elsewhere
        assert "endpoint c: serves the chain 'chain-2', configured is 'chain-1'" in await refusal(w)


async def test_what_was_checked_is_read() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        assert await amounts(chain, w) == [HELD, LOCKED, 41]
