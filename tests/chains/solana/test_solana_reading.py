"""What positions and gates say, and the states in which they say nothing: an error naming the account, no zero."""

import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.caip import AccountId, AssetId
from chains.errors import ProofError, Refused, Unreadable
from chains.halts import HaltedReading
from chains.solana import collateral, gates
from chains.solana.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    committee_address,
    domain,
    program_data_address,
    to_bytes,
)
from chains.solana.family import FAMILY
from chains.solana.options import PositionOptions
from chains.solana.plan import Plan
from chains.solana.program_data import code_hash
from chains.solana.rpc import Account
from chains.types import Deployment, GateState, Locked, Position
from tests.chains.solana import layouts
from tests.chains.solana.cluster import (
    CHAIN,
    CODE,
    COLLATERAL,
    DEPLOYMENT,
    GATE,
    GATED,
    GROUP,
    HELD,
    LAMPORTS,
    LOCKED,
    MINTED,
    NATIVE_POSITION,
    OWNER,
    PROGRAM,
    REFERENCE,
    SUPPLY,
    TOKEN_POSITION,
    TREASURY,
    VAULT,
    WALLET,
    WRAPPED,
    WRAPPED_MINT,
    accounts,
    base64_of,
    healths,
    key,
    owned,
    refuses,
    tells,
    world,
)

THIEF = key("thief")
DATA = program_data_address(PROGRAM)
COMMITTEE = committee_address(PROGRAM)


def with_options(position: Position, **changes: Any) -> Position:
    return replace(position, options=position.options.model_copy(update=changes))


def judged(position: Position, state: dict[str, Account]) -> tuple[int, str]:
    amount, found = collateral.held(position, state)
    return amount, "; ".join(finding.text for finding in found)


def gate(state: dict[str, Account], deployment: Deployment = DEPLOYMENT, code: bytes = CODE) -> tuple[Any, str]:
    read, found = gates.state(deployment, state, code_hash(code))
    return read, "; ".join(finding.text for finding in found)


async def test_positions_and_gates_are_read() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        at = await chain.finalized()
        found = await chain.locked(w.positions, at)
        assert found == (Locked(LOCKED), Locked(LAMPORTS - 1_000_000_000))
        assert await chain.deployments(w.deployments, at) == (
            GateState(SUPPLY, GATED.round, GATED.cap, GATED.expires_at),
        )
        FAMILY.check_proof(w.positions[0], at, LOCKED, b"")
        with pytest.raises(ProofError):
            FAMILY.check_proof(w.positions[0], at, LOCKED, b"\0")
        told = w.log.named("program")[0]
        assert (told["upgrade_authority"], told["deployed_in_slot"]) == (OWNER, 40)
        authorities = {one["mint"]: (one["mint_authority"], one["freeze_authority"]) for one in w.log.named("mint")}
        assert authorities == {COLLATERAL: (MINTED.authority, MINTED.freeze_authority), WRAPPED: (GATE, "none")}


async def test_a_gate_without_a_statement_reads_as_zeros_and_may_still_have_another_mint_authority() -> None:
    new = replace(GATED, round=0, cap=0, observed_at=0, expires_at=0, collateral=0, supply=0)
    async with world() as w, w.opened() as chain:
        w.cluster.put(GATE, owned(new.encode()))
        w.cluster.put(WRAPPED, layouts.mint(replace(WRAPPED_MINT, authority=OWNER)))
        await chain.check()
        assert await chain.deployments(w.deployments, await chain.finalized()) == (GateState(SUPPLY, 0, 0, 0),)
        assert w.log.named("gate_without_statement")


VAULTS: list[tuple[Account | None, str]] = [
    (None, f"there is no account {VAULT}"),
    (Account(RENT := 10**6, SYSTEM_PROGRAM, b"", False), f"belongs to the program {SYSTEM_PROGRAM}"),
    (replace(layouts.token_account(HELD), owner=TOKEN_2022_PROGRAM), f"expected is {TOKEN_PROGRAM}"),
    (layouts.token_account(replace(HELD, mint=key("other"))), f"of the mint {key('other')}, not of {COLLATERAL}"),
    (layouts.token_account(replace(HELD, frozen=True)), "is frozen"),
    (layouts.token_account(replace(HELD, delegate=THIEF, delegated_amount=1)), f'delegate = "{THIEF}"'),
    (layouts.token_account(replace(HELD, close_authority=THIEF)), f'close_authority = "{THIEF}"'),
    (replace(layouts.token_account(HELD), data=layouts.token_account(HELD).data[:164]), "164 bytes"),
    (replace(layouts.token_account(HELD), data=layouts.token_account(HELD).data + b"\0"), "166 bytes"),
    (replace(layouts.token_account(HELD), data=b""), "0 bytes"),
    (replace(layouts.token_account(HELD), data=bytes(165)), "uninitialised"),
    (replace(layouts.token_account(HELD), data=layouts.mint(MINTED).data), "82 bytes"),
]


@pytest.mark.parametrize(("account", "text"), VAULTS)
async def test_a_vault_in_any_wrong_state_is_an_error_naming_it_and_never_a_zero(
    account: Account | None, text: str
) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.put(VAULT, account)
        token, native = await chain.locked(w.positions, await chain.finalized())
        assert type(token) is Unreadable
        assert text in str(token)
        assert VAULT in str(token)
        assert native == Locked(LAMPORTS - 1_000_000_000)
        with pytest.raises(Refused) as caught:
            await chain.check()
        assert text in str(caught.value)
        # Mended, it reads again: nothing is halted.
        w.cluster.put(VAULT, layouts.token_account(HELD))
        assert (await chain.locked(w.positions, await chain.finalized()))[0] == Locked(LOCKED)


async def test_a_vault_that_has_another_owner_halts_until_resumed() -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.put(VAULT, layouts.token_account(replace(HELD, owner=THIEF)))
        token, native = await chain.locked(w.positions, await chain.finalized())
        assert isinstance(token, HaltedReading)
        assert f"owner: pinned is {WALLET}, the chain has {THIEF}" in token.evidence
        assert isinstance(native, Locked)
        w.cluster.put(VAULT, layouts.token_account(HELD))
        assert isinstance((await chain.locked(w.positions, await chain.finalized()))[0], HaltedReading)
        (subject,) = FAMILY.halted(w.journal)
        assert FAMILY.resume(w.journal, subject)
        assert (await chain.locked(w.positions, await chain.finalized()))[0] == Locked(LOCKED)


MINTS: list[tuple[Account | None, str]] = [
    (None, f"the mint: there is no account {COLLATERAL}"),
    (replace(layouts.mint(MINTED), owner=THIEF), f"belongs to the program {THIEF}"),
    (replace(layouts.mint(MINTED), data=bytes(82)), "uninitialised"),
    (replace(layouts.mint(MINTED), data=layouts.mint(MINTED).data + b"\0"), "83 bytes"),
    (layouts.mint(replace(MINTED, decimals=9)), "decimals: 6 is declared, the mint"),
]


@pytest.mark.parametrize(("account", "text"), MINTS)
async def test_a_collateral_mint_in_any_wrong_state_is_an_error(account: Account | None, text: str) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.put(COLLATERAL, account)
        token = (await chain.locked(w.positions, await chain.finalized()))[0]
        assert type(token) is Unreadable
        assert text in str(token)


NATIVES: list[tuple[Account | None, str]] = [
    (None, f"there is no account {TREASURY}"),
    (Account(LAMPORTS, TOKEN_PROGRAM, b"", False), f"belongs to the program {TOKEN_PROGRAM}"),
    (Account(LAMPORTS, SYSTEM_PROGRAM, b"", True), "is a program"),
]


@pytest.mark.parametrize(("account", "text"), NATIVES)
async def test_a_native_vault_in_any_wrong_state_is_an_error(account: Account | None, text: str) -> None:
    async with world() as w, w.opened() as chain:
        w.cluster.put(TREASURY, account)
        token, native = await chain.locked(w.positions, await chain.finalized())
        assert token == Locked(LOCKED)
        assert type(native) is Unreadable
        assert text in str(native)


def test_lamports_below_the_reserve_are_nothing_and_a_vault_of_a_program_is_read() -> None:
    state = {TREASURY: Account(999_999_999, PROGRAM, b"\1", False)}
    assert judged(with_options(NATIVE_POSITION, program=PROGRAM), state) == (0, "")
    assert judged(with_options(NATIVE_POSITION, program=PROGRAM, reserve=1), state) == (999_999_998, "")


def token_2022(mint: dict[int, bytes], account: dict[int, bytes], **options: Any) -> tuple[int, str]:
    """A position of Token-2022 with these extensions, judged."""
    state = {VAULT: layouts.token_account(HELD, account), COLLATERAL: layouts.mint(MINTED, mint)}
    return judged(with_options(TOKEN_POSITION, token_program=TOKEN_2022_PROGRAM, **options), state)


def holder(name: str = "thief") -> bytes:
    return to_bytes(key(name))


EXTENSIONS: list[tuple[int, bytes, str, dict[str, Any]]] = [
    (1, bytes(108), "takes transfer fees", {"transfer": "fee_on_transfer"}),
    (3, holder(), "mint_close_authority: pinned is none", {"mint_close_authority": THIEF}),
    (4, bytes(65), "ConfidentialTransferMint, which is refused, unless", {"confidential": True}),
    (12, holder(), "permanent_delegate: pinned is none", {"permanent_delegate": THIEF}),
    (14, bytes(32) + holder(), "transfer_hook: pinned is none", {"transfer_hook": THIEF}),
    (16, bytes(129), "ConfidentialTransferFeeConfig, which is refused, unless", {"confidential": True}),
    (26, holder() + b"\0", "pause_authority: pinned is none", {"pause_authority": THIEF}),
]


@pytest.mark.parametrize(("number", "value", "text", "named"), EXTENSIONS)
def test_extensions_that_reach_collateral_are_refused_unless_named(
    number: int, value: bytes, text: str, named: dict[str, Any]
) -> None:
    assert text in token_2022({number: value}, {})[1]
    assert token_2022({number: value}, {}, **named) == (LOCKED, "")
    ((setting, named_one),) = named.items()
    if named_one == THIEF:
        assert f"{setting}: pinned is {OWNER}" in token_2022({number: value}, {}, **{setting: OWNER})[1]


@pytest.mark.parametrize("number", [9, 24, 28, 29, 65535])
def test_extensions_that_make_collateral_worthless_or_are_unknown_are_refused(number: int) -> None:
    sizes = {9: 0, 24: 196, 28: 32}
    _, text = token_2022({number: bytes(sizes.get(number, 3))}, {}, confidential=True, transfer="fee_on_transfer")
    assert "which is refused" in text


@pytest.mark.parametrize("number", [6, 10, 18, 20, 21, 22, 23, 25])
def test_harmless_extensions_are_read_over(number: int) -> None:
    sizes = {6: 1, 10: 52, 18: 64, 20: 64, 21: 80, 22: 64, 23: 72, 25: 56}
    assert token_2022({number: bytes(sizes[number])}, {}) == (LOCKED, "")


def test_withheld_and_hidden_amounts_never_count() -> None:
    withheld = struct.pack("<Q", 10**9)
    assert token_2022({}, {2: withheld, 7: b"", 8: b"\0", 11: b"\0", 15: b"\0", 27: b""}) == (LOCKED, "")
    hidden = {5: b"\xff" * 295}
    assert "ConfidentialTransferAccount, which is refused" in token_2022({}, hidden)[1]
    assert token_2022({}, hidden, confidential=True) == (LOCKED, "")
    assert "NonTransferableAccount, which is refused" in token_2022({}, {13: b""})[1]
    assert "unknown 99, which is refused" in token_2022({}, {99: b"x"})[1]


async def test_paused_or_frozen_collateral_is_left_out() -> None:
    async with world() as w:
        pausable = {26: to_bytes(OWNER) + b"\0"}
        w.positions = (with_options(TOKEN_POSITION, token_program=TOKEN_2022_PROGRAM, pause_authority=OWNER),)
        w.cluster.put(VAULT, layouts.token_account(HELD, {27: b""}))
        w.cluster.put(COLLATERAL, layouts.mint(MINTED, pausable))
        async with w.opened() as chain:
            await chain.check()
            assert (await chain.locked(w.positions, await chain.finalized()))[0] == Locked(LOCKED)
            w.cluster.put(COLLATERAL, layouts.mint(MINTED, {26: to_bytes(OWNER) + b"\1"}))
            paused = (await chain.locked(w.positions, await chain.finalized()))[0]
            assert type(paused) is Unreadable
            assert f"the mint {COLLATERAL} is paused" in str(paused)
            w.cluster.put(COLLATERAL, layouts.mint(MINTED, pausable))
            w.cluster.put(VAULT, layouts.token_account(replace(HELD, frozen=True), {27: b""}))
            frozen = (await chain.locked(w.positions, await chain.finalized()))[0]
            assert "is frozen" in str(frozen)


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
        assert list(FAMILY.halted(w.journal)) == [str(DEPLOYMENT.gate)]


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


async def test_what_was_not_configured_at_the_start_is_not_read() -> None:
    async with world() as w, w.opened(positions=(NATIVE_POSITION,), deployments=()) as chain:
        at = await chain.finalized()
        (token,) = await chain.locked((TOKEN_POSITION,), at)
        assert "not among the positions" in str(token)
        (found,) = await chain.deployments((DEPLOYMENT,), at)
        assert "not among the deployments" in str(found)


async def test_all_findings_of_the_start_are_told_at_once() -> None:
    async with world() as w:
        w.positions = (
            with_options(TOKEN_POSITION, owner=None, reserve=5),
            with_options(NATIVE_POSITION, owner=WALLET, transfer="fee_on_transfer"),
        )
        w.cluster.put(WRAPPED, layouts.mint(replace(WRAPPED_MINT, decimals=8, freeze_authority=THIEF)))
        w.cluster.put(COMMITTEE, None)
        async with w.opened() as chain:
            with pytest.raises(Refused) as caught:
                await chain.check()
        lines = str(caught.value).splitlines()
        assert len(lines) == 7
        for text in (
            f'owner is missing; the vault {VAULT} has owner = "{WALLET}"',
            "reserve: only for native positions",
            "owner: a native position has no token",
            "transfer: native coins move exactly",
            "the committee account: there is no account",
            "decimals: 6 is declared",
            "freeze_authority: pinned is none",
        ):
            assert sum(text in line for line in lines) == 1, text


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
@given(place=st.sampled_from([VAULT, COLLATERAL]), data=st.binary(max_size=400), program=st.sampled_from([0, 1]))
def test_arbitrary_bytes_are_never_collateral(place: str, data: bytes, program: int) -> None:
    owner = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)[program]
    state = accounts() | {place: Account(1, owner, data, False)}
    position = with_options(TOKEN_POSITION, token_program=owner)
    assert judged(position, state)[1]


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


def test_a_reading_of_many_accounts_keeps_together_what_belongs_together() -> None:
    positions = tuple(
        Position(
            AccountId(CHAIN, key(f"vault {i}")), AssetId(CHAIN, "token", key(f"mint {i % 7}")), 6, PositionOptions()
        )
        for i in range(450)
    )
    asked = [call.params[0] for call in Plan(positions, (DEPLOYMENT,)).calls]
    assert all(len(set(one)) == len(one) <= 100 for one in asked)
    assert len(asked) <= 450 // 90 + 2
    for position in positions:
        assert any({position.account.address, position.asset.asset} <= set(one) for one in asked)
    assert any({WRAPPED, GATE, COMMITTEE, PROGRAM} <= set(one) for one in asked)
    assert len({one[0] for one in asked}) == 1
    assert len(Plan((), ()).calls) == 1
