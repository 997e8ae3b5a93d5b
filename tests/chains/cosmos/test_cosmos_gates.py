"""What gates say, and the states in which they say nothing: an error naming the gate, never a zero."""

from dataclasses import replace
from typing import Any

import pytest

from chains.cosmos import plan, protobuf, state
from chains.cosmos.plan import Entry
from chains.cosmos.state import Contract, Statement, Token, TokenKind
from chains.errors import Refused, Unreadable
from chains.halts import HaltedReading, halted, resume
from chains.types import Deployment, GateState
from tests.chains.cosmos import layouts
from tests.chains.cosmos.ledger import Answer, State
from tests.chains.cosmos.scene import (
    CW20_CODE,
    FACTORY,
    GATE,
    GATE_CODE,
    GATED,
    GOLD,
    GOLD_ROUTE,
    GOLD_SUPPLY,
    OWNER,
    ROUTE,
    SAID,
    SUPPLY,
    THIEF,
    WRAPPED,
    answers,
    bank,
    checksum,
    code,
    everything,
    kept,
    of_route,
)
from tests.chains.cosmos.world import World, world
from tests.chains.readers import answered

STATEMENT, RECORD = of_route(state.STATEMENT, ROUTE), of_route(state.GATE, ROUTE)
GOLD_RECORD = of_route(state.GATE, GOLD_ROUTE)
FIRST = GateState(SUPPLY, SAID.round, SAID.cap, SAID.expires_at)
SECOND = GateState(GOLD_SUPPLY, SAID.round, SAID.cap, SAID.expires_at)
NONE = Statement(0, 0, 0, 0, 0, 0)


async def read(chain: Any, w: World) -> list[Any]:
    return list(await chain.deployments(w.deployments, await chain.finalized()))


def named(deployment: Deployment) -> str:
    return f"{deployment.gate} {deployment.route.hex()}"


async def test_gates_are_read() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        assert await read(chain, w) == [FIRST, SECOND]


async def test_both_routes_of_a_gate_prove_its_contract_once() -> None:
    async with world() as w, w.opened() as chain:
        await read(chain, w)
        await answered(chain)
        asked = w.fronts[0].keys("wasm")
        assert len(asked) == len(set(asked))
        assert plan.contract(GATE).key in asked


async def test_a_gate_without_a_statement_reads_as_round_0() -> None:
    """Also while the issuer, who has still to hand the token over, may mint."""
    async with world() as w, w.opened() as chain:
        none = layouts.statement(NONE)
        w.ledger.queries = answers(admin=OWNER)
        w.ledger.change(
            {
                STATEMENT: none,
                of_route(state.STATEMENT, GOLD_ROUTE): none,
                plan.token_info(WRAPPED): layouts.token_info(SUPPLY, minter=OWNER),
            }
        )
        await chain.check()
        assert await read(chain, w) == [GateState(SUPPLY, 0, 0, 0), GateState(GOLD_SUPPLY, 0, 0, 0)]
        told = [one["deployment"] for one in w.log.named("gate_without_statement")]
        assert told == [named(deployment) for deployment in w.deployments]


async def test_a_denomination_of_which_there_is_nothing_yet_has_a_supply_of_0() -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({bank("supply", GOLD): None})
        assert await read(chain, w) == [FIRST, replace(SECOND, supply=0)]


async def test_a_paused_gate_is_read_as_any_other() -> None:
    """What it says counts; that it mints nothing is its own affair."""
    async with world() as w, w.opened() as chain:
        w.ledger.change({RECORD: layouts.gate(replace(GATED, paused=True))})
        await chain.check()
        assert (await read(chain, w))[0] == FIRST
        assert {one["paused"] for one in w.log.named("route")} == {True, False}


async def test_the_greatest_numbers_are_read() -> None:
    most = (1 << 128) - 1
    said = Statement((1 << 64) - 1, most, most, most, (1 << 64) - 1, (1 << 64) - 1)
    async with world() as w, w.opened() as chain:
        info = layouts.token_info(most, minter=GATE)
        gold = b"%d" % ((1 << 256) - 1)
        w.ledger.change(
            {STATEMENT: layouts.statement(said), plan.token_info(WRAPPED): info, bank("supply", GOLD): gold}
        )
        assert await read(chain, w) == [
            GateState(most, said.round, most, said.expires_at),
            replace(SECOND, supply=(1 << 256) - 1),
        ]


def record(**changes: Any) -> bytes:
    return layouts.gate(replace(GATED, **changes))


STATES: list[tuple[dict[Entry, bytes | None], int, str]] = [
    ({STATEMENT: None}, 0, f"no route {ROUTE.hex()} is registered"),
    ({RECORD: None}, 0, f"no route {ROUTE.hex()} is registered"),
    ({STATEMENT: b"\1" + bytes(71)}, 0, "no record of kind 'statement'"),
    ({STATEMENT: layouts.statement(SAID) + b"\0"}, 0, "no record of kind 'statement'"),
    ({RECORD: b"\2"}, 0, "no record of kind 'gate'"),
    ({RECORD: record(token=Token(TokenKind.CW20, OWNER))}, 0, f"mints the cw20 {OWNER}, configured is the cw20"),
    ({RECORD: record(token=Token(TokenKind.DENOM, "uatom"))}, 0, "mints the denom uatom, configured is the cw20"),
    ({GOLD_RECORD: record()}, 1, f"mints the cw20 {WRAPPED}, configured is the denom {GOLD}"),
    ({plan.token_info(WRAPPED): None}, 0, "keeps no token_info"),
    ({plan.token_info(WRAPPED): b"{}"}, 0, "no total_supply"),
    ({plan.token_info(WRAPPED): layouts.token_info(SUPPLY, 18, GATE)}, 0, "6 is declared"),
    ({plan.token_info(WRAPPED): layouts.token_info(SUPPLY, minter=OWNER)}, 0, f"is minted by {OWNER}, not by {GATE}"),
    ({plan.token_info(WRAPPED): layouts.token_info(SUPPLY)}, 0, f"is minted by nobody, not by {GATE}"),
    ({plan.token_info(WRAPPED): layouts.token_info(1 << 128, minter=GATE)}, 0, "no Uint128"),
    ({plan.contract(WRAPPED): None}, 0, f"there is no contract {WRAPPED}"),
    ({bank("supply", GOLD): b"many"}, 1, "no amount"),
    ({kept(GATE, b"f"): None}, 1, "knows no token factory"),
    ({kept(GATE, b"f"): layouts.contract(Contract(OWNER, None))}, 1, "knows no token factory"),
    ({kept(GATE, b"f"): b"\1"}, 1, "knows no token factory"),
]


@pytest.mark.parametrize(("changes", "which", "text"), STATES)
async def test_a_gate_in_any_wrong_state_is_an_error_naming_it_and_never_a_zero(
    changes: dict[Entry, bytes | None], which: int, text: str
) -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change(changes)
        found = await read(chain, w)
        assert type(found[which]) is Unreadable
        assert text in str(found[which])
        assert named(w.deployments[which]) in str(found[which])
        assert found[1 - which] == [FIRST, SECOND][1 - which]
        with pytest.raises(Refused) as caught:
            await chain.check()
        assert text in str(caught.value)
        w.ledger.change({entry: everything()[entry] for entry in changes})
        assert await read(chain, w) == [FIRST, SECOND]


async def test_a_gate_that_is_no_contract_says_nothing() -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({plan.contract(GATE): None})
        for one in await read(chain, w):
            assert type(one) is Unreadable
            assert f"the gate: there is no contract {GATE}" in str(one)


SWAPS: list[tuple[dict[Entry, bytes | None], list[int], str]] = [
    ({code(GATE_CODE): layouts.code_info(checksum("evil"))}, [0, 1], "checksum: pinned is"),
    ({plan.contract(GATE): layouts.contract_info(CW20_CODE)}, [0, 1], "checksum: pinned is"),
    ({plan.contract(GATE): layouts.contract_info(GATE_CODE, THIEF)}, [0, 1], f"admin: pinned is none, .* has {THIEF}"),
    ({plan.contract(WRAPPED): layouts.contract_info(GATE_CODE, OWNER)}, [0], "token_checksum: pinned is"),
    ({plan.contract(WRAPPED): layouts.contract_info(CW20_CODE, THIEF)}, [0], f"token_admin: pinned is {OWNER}"),
]


@pytest.mark.parametrize(("changes", "which", "text"), SWAPS)
async def test_a_contract_that_is_another_halts_its_routes_until_they_are_resumed(
    changes: dict[Entry, bytes | None], which: list[int], text: str
) -> None:
    async with world() as w, w.opened() as chain:
        assert await read(chain, w) == [FIRST, SECOND]
        w.ledger.change(changes)
        found = await read(chain, w)
        assert [i for i, one in enumerate(found) if isinstance(one, HaltedReading)] == which
        for i in which:
            with pytest.raises(HaltedReading, match=text):
                raise found[i]
        w.ledger.change({entry: everything()[entry] for entry in changes})
        assert [i for i, one in enumerate(await read(chain, w)) if isinstance(one, HaltedReading)] == which
        assert set(halted(w.journal)) == {named(w.deployments[i]) for i in which}
        for i in which:
            assert resume(w.journal, named(w.deployments[i]))
        assert await read(chain, w) == [FIRST, SECOND]


AUTHORITIES: dict[str, tuple[Answer, str]] = {
    "somebody else": (protobuf.message(1, protobuf.data(1, THIEF.encode())), f"is minted by {THIEF}, not by {GATE}"),
    "nobody": (protobuf.message(1, b""), f"is minted by nobody, not by {GATE}"),
    "no answer": (("sdk", 6, "unknown query path"), "does not answer /osmosis.tokenfactory.v1beta1.Query/"),
    "an empty answer": (b"", "field 1 is missing"),
    "another form": (b"\1\2\3", "denomination's authority"),
}


@pytest.mark.parametrize("who", AUTHORITIES)
async def test_a_denomination_that_another_may_mint_is_an_error(who: str) -> None:
    answer, text = AUTHORITIES[who]
    usual = answers()

    def asked(path: str, data: bytes, held: State) -> Answer:
        return answer if path == f"{FACTORY}Query/DenomAuthorityMetadata" else usual(path, data, held)

    async with world() as w, w.opened() as chain:
        w.ledger.queries = asked
        first, second = await read(chain, w)
        assert first == FIRST
        assert type(second) is Unreadable
        assert text in str(second)
        with pytest.raises(Refused) as caught:
            await chain.check()
        assert text in str(caught.value)


async def test_who_may_mint_a_denomination_is_agreed_by_the_quorum() -> None:
    """No proof shows it: one endpoint alone says nothing, and is accused."""
    async with world() as w, w.opened() as chain:
        await chain.finalized()

        def lie(call: dict[str, Any], result: Any) -> Any:
            if call["method"] != "abci_query" or not call["params"][0].startswith(FACTORY):
                return result
            return {"response": result["response"] | {"value": "CgYKBGV2aWw="}}

        w.fronts[0].lie = lie
        assert await read(chain, w) == [FIRST, SECOND]
        await answered(chain)
        assert {health.name: health.state for health in chain.health()} == {"a": "lying", "b": "ok", "c": "ok"}
