"""What gates say, and the states in which they say nothing, or are halted: an error naming the account, no zero."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.caip import AccountId, AssetId
from chains.errors import Refused, Unreadable
from chains.halts import HaltedReading, halted
from chains.solana import gates
from chains.solana.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    committee_address,
    domain,
    program_data_address,
)
from chains.solana.program_data import code_hash
from chains.solana.rpc import Account
from chains.types import Deployment, GateState, Locked
from tests.chains.readers import healths
from tests.chains.solana import layouts
from tests.chains.solana.cluster import (
    CHAIN,
    CODE,
    COLLATERAL,
    DEPLOYMENT,
    GATE,
    GATED,
    GROUP,
    LOCKED,
    OWNER,
    PROGRAM,
    REFERENCE,
    SUPPLY,
    WRAPPED,
    WRAPPED_MINT,
    accounts,
    base64_of,
    key,
    owned,
    world,
)
from tests.chains.solana.lies import refuses, tells

THIEF = key("thief")
DATA = program_data_address(PROGRAM)
COMMITTEE = committee_address(PROGRAM)


def gate(state: dict[str, Account], deployment: Deployment = DEPLOYMENT, code: bytes = CODE) -> tuple[Any, str]:
    read, found = gates.state(deployment, state, code_hash(code))
    return read, "; ".join(finding.text for finding in found)


async def test_a_gate_without_a_statement_reads_as_zeros_and_may_still_have_another_mint_authority() -> None:
    new = replace(GATED, round=0, cap=0, observed_at=0, expires_at=0, collateral=0, supply=0)
    async with world() as w, w.opened() as chain:
        w.cluster.put(GATE, owned(new.encode()))
        w.cluster.put(WRAPPED, layouts.mint(replace(WRAPPED_MINT, authority=OWNER)))
        await chain.check()
        assert await chain.deployments(w.deployments, await chain.finalized()) == (GateState(SUPPLY, 0, 0, 0),)
        assert w.log.named("gate_without_statement")


GATES: list[tuple[str, Account | None, str]] = [
    (GATE, None, f"there is no account {GATE}"),
    (GATE, replace(owned(GATED.encode()), owner=THIEF), f"{GATE} belongs to the program {THIEF}"),
    (GATE, owned(GATED.encode()[:-1]), "1247 bytes"),
    (GATE, owned(GATED.encode() + b"\0"), "1249 bytes"),
    (GATE, owned(bytes(1248)), "tag"),
    (GATE, owned(replace(GATED, domain=bytes(32)).encode()), "the gate's domain is 00"),
    (GATE, owned(replace(GATED, route=b"\1" * 32).encode()), "the gate's route is 01"),
    (GATE, owned(replace(GATED, mint=COLLATERAL).encode()), f"the gate's mint is {COLLATERAL}"),
    (GATE, owned(replace(GATED, token_program=TOKEN_2022_PROGRAM).encode()), "the gate's token_program is"),
    (COMMITTEE, None, f"there is no account {COMMITTEE}"),
    (COMMITTEE, replace(owned(GROUP.encode()), owner=SYSTEM_PROGRAM), "belongs to the program"),
    (COMMITTEE, owned(GROUP.encode()[1:]), "161 bytes"),
    (COMMITTEE, owned(replace(GROUP, reference=key("x")[:32]).encode()), "not of solana:" + REFERENCE),
    (COMMITTEE, owned(replace(GROUP, domain=domain(REFERENCE, GATE)).encode()), "is not its own"),
    (WRAPPED, None, f"there is no account {WRAPPED}"),
    (WRAPPED, replace(layouts.mint(WRAPPED_MINT), owner=TOKEN_2022_PROGRAM), "expected is " + TOKEN_PROGRAM),
    (WRAPPED, replace(layouts.mint(WRAPPED_MINT), data=bytes(82)), "uninitialised"),
    (WRAPPED, layouts.mint(replace(WRAPPED_MINT, decimals=8)), "decimals: 6 is declared"),
    (WRAPPED, layouts.mint(replace(WRAPPED_MINT, authority=THIEF)), f"is minted by {THIEF}, not by the gate"),
    (WRAPPED, layouts.mint(replace(WRAPPED_MINT, authority=None)), "another mint authority"),
    (PROGRAM, None, f"there is no account {PROGRAM}"),
    (PROGRAM, replace(layouts.program(DATA), owner=THIEF), f"belongs to the program {THIEF}"),
    (PROGRAM, layouts.program(THIEF), "is not deployed"),
    (PROGRAM, replace(layouts.program(DATA), executable=False), "is not deployed"),
    (PROGRAM, replace(layouts.program(DATA), data=b"\2\0\0\0"), "no program account"),
    (DATA, None, "is not deployed, or was closed"),
    (DATA, replace(layouts.program_data(40, OWNER, CODE), owner=THIEF), "is not deployed"),
]


@pytest.mark.parametrize(("address", "account", "text"), GATES)
async def test_a_deployment_in_any_wrong_state_is_an_error_and_no_state(
    address: str, account: Account | None, text: str
) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.put(address, account)
        (found,) = await chain.deployments(w.deployments, await chain.finalized())
        assert isinstance(found, Unreadable)
        assert text in str(found)
        with pytest.raises(Refused) as caught:
            await chain.check()
        assert text in str(caught.value)
        assert (await chain.locked(w.positions, await chain.finalized()))[0] == Locked(LOCKED)


SWAPS: list[tuple[str, Account, str]] = [
    (DATA, layouts.program_data(900, OWNER, CODE + b"!"), f"program_hash: pinned is {code_hash(CODE)}"),
    (DATA, layouts.program_data(900, THIEF, CODE), f"upgrade_authority: pinned is {OWNER}, the chain has {THIEF}"),
    (DATA, layouts.program_data(900, None, CODE), f"upgrade_authority: pinned is {OWNER}, the chain has none"),
    (WRAPPED, layouts.mint(replace(WRAPPED_MINT, freeze_authority=THIEF)), "freeze_authority: pinned is none"),
]


@pytest.mark.parametrize(("address", "account", "evidence"), SWAPS)
async def test_a_swapped_program_or_authority_halts_the_deployment_and_nothing_else(
    address: str, account: Account, evidence: str
) -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        w.cluster.put(address, account)
        at = await chain.finalized()
        (found,) = await chain.deployments(w.deployments, at)
        assert isinstance(found, HaltedReading)
        assert evidence in found.evidence
        assert (await chain.locked(w.positions, at))[0] == Locked(LOCKED)
        assert list(halted(w.journal)) == [str(DEPLOYMENT.gate)]


async def test_the_code_is_fetched_once_for_each_deployment_of_the_program() -> None:
    async with world() as w, w.opened() as chain:

        async def read() -> int:
            assert isinstance((await chain.deployments(w.deployments, await chain.finalized()))[0], GateState)
            return sum(front.asked.count("getMultipleAccounts") for front in w.fronts)

        first = await read()
        w.cluster.advance()
        # Two calls of each reading (the accounts, the head of the program data) at three endpoints, and no more.
        assert await read() == first + 6
        w.cluster.put(DATA, layouts.program_data(900, OWNER, CODE))
        assert await read() > first + 12


async def test_code_that_was_deployed_after_the_reading_is_not_taken_for_it() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        w.cluster.put(DATA, layouts.program_data(900, OWNER, CODE))
        (found,) = await chain.deployments(w.deployments, at)
        assert "was deployed anew since the reading" in str(found)
        assert isinstance((await chain.deployments(w.deployments, await chain.finalized()))[0], GateState)


async def test_who_is_still_at_an_earlier_deployment_does_not_lie_and_does_not_count() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        # Anybody may append zeros to a program that has an upgrade authority; its slot is another one then.
        w.cluster.put(DATA, layouts.program_data(900, OWNER, CODE + bytes(200)))
        w.fronts[0].behind = 1
        (found,) = await chain.deployments(w.deployments, at)
        assert "was deployed anew since the reading" in str(found)
        w.fronts[0].behind, w.fronts[1].behind = 0, 1
        at = await chain.finalized()
        w.fronts[2].lie = tells(DATA, data=base64_of(layouts.program_data(900, OWNER, b"another program")))
        (found,) = await chain.deployments(w.deployments, at)
        assert "the code in" in str(found)
        w.fronts[1].behind = 0
        assert isinstance((await chain.deployments(w.deployments, at))[0], GateState)
        assert {name: health.lying for name, health in healths(chain).items()} == {"a": 0, "b": 0, "c": 1}


async def test_code_that_cannot_be_fetched_leaves_the_deployment_out() -> None:
    async with world() as w:
        for front in w.fronts:
            front.lie = lambda call, result: (
                refuses("getMultipleAccounts", -32602)(call, result)
                if call["params"] and call["params"][0] == [DATA]
                else result
            )
        async with w.opened() as chain:
            at = await chain.finalized()
            (found,) = await chain.deployments(w.deployments, at)
            assert "the code in" in str(found)
            with pytest.raises(Refused, match="the code in"):
                await chain.check()


async def test_one_endpoint_that_lies_about_the_code_is_outvoted() -> None:
    async with world() as w, w.opened() as chain:
        forged = tells(DATA, data=base64_of(layouts.program_data(40, OWNER, b"another program")))
        w.fronts[0].lie = lambda call, result: (
            forged(call, result)
            if call["method"] == "getMultipleAccounts" and "dataSlice" not in call["params"][1]
            else result
        )
        assert isinstance((await chain.deployments(w.deployments, await chain.finalized()))[0], GateState)
        assert healths(chain)["b"].lying + healths(chain)["c"].lying == 0


def test_the_gate_must_be_the_route_account_of_its_mint() -> None:
    elsewhere = replace(DEPLOYMENT, gate=AccountId(CHAIN, OWNER))
    assert f"is {GATE}, not {OWNER}" in gate(accounts(), elsewhere)[1]
    other = replace(DEPLOYMENT, token=AssetId(CHAIN, "token", COLLATERAL))
    assert gate(accounts(), other)[0] is None


@pytest.mark.parametrize(
    ("number", "size"), [(3, 32), (4, 65), (12, 32), (14, 64), (24, 196), (26, 33), (28, 32), (77, 5)]
)
def test_a_wrapped_mint_with_a_refused_extension_is_no_deployment(number: int, size: int) -> None:
    options = DEPLOYMENT.options.model_copy(update={"token_program": TOKEN_2022_PROGRAM})
    deployment = replace(DEPLOYMENT, options=options)
    state = accounts() | {GATE: owned(replace(GATED, token_program=TOKEN_2022_PROGRAM).encode())}
    harmless = {1: bytes(108), 9: b"", 18: bytes(64)}
    assert gate(state | {WRAPPED: layouts.mint(WRAPPED_MINT, harmless)}, deployment)[1] == ""
    made = layouts.mint(WRAPPED_MINT, harmless | {number: b"\1" + bytes(size - 1)})
    assert "has refused extensions" in gate(state | {WRAPPED: made}, deployment)[1]


@settings(deadline=None)
@given(
    place=st.sampled_from([GATE, COMMITTEE, WRAPPED, PROGRAM, DATA]),
    data=st.binary(max_size=1300),
    owner=st.sampled_from([PROGRAM, TOKEN_PROGRAM, THIEF]),
)
def test_arbitrary_bytes_are_never_a_gate(place: str, data: bytes, owner: str) -> None:
    state = accounts()
    assert gate(state) == (GateState(SUPPLY, GATED.round, GATED.cap, GATED.expires_at), "")
    assert gate(state | {place: Account(1, owner, data, False)})[1]
