"""What positions and gates say, and the states in which they say nothing: an error naming the account, no zero."""

import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.caip import AccountId, AssetId
from chains.errors import ProofError, Refused, Unreadable
from chains.halts import HaltedReading, halted, resume
from chains.solana import collateral
from chains.solana.addresses import (
    NATIVE_MINT,
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    committee_address,
    program_data_address,
    to_bytes,
)
from chains.solana.family import FAMILY
from chains.solana.options import PositionOptions
from chains.solana.plan import Plan
from chains.solana.rpc import Account
from chains.types import GateState, Locked, Position
from tests.chains.solana import layouts
from tests.chains.solana.cluster import (
    CHAIN,
    COLLATERAL,
    DEPLOYMENT,
    GATE,
    GATED,
    HELD,
    LAMPORTS,
    LOCKED,
    MINTED,
    NATIVE_POSITION,
    OWNER,
    PROGRAM,
    SUPPLY,
    TOKEN_POSITION,
    TREASURY,
    VAULT,
    WALLET,
    WRAPPED,
    WRAPPED_MINT,
    accounts,
    key,
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
        (subject,) = halted(w.journal)
        assert resume(w.journal, subject)
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


@pytest.mark.parametrize("program", [TOKEN_PROGRAM, TOKEN_2022_PROGRAM])
def test_the_lamports_of_wrapped_sol_do_not_count_beside_its_tokens(program: str) -> None:
    wrapped = replace(HELD, mint=NATIVE_MINT, rent_reserve=layouts.RENT)
    state = {TREASURY: replace(layouts.token_account(wrapped), owner=program, lamports=LAMPORTS)}
    assert f"wrapped SOL is token:{NATIVE_MINT}" in judged(with_options(NATIVE_POSITION, program=program), state)[1]


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


@settings(deadline=None)
@given(place=st.sampled_from([VAULT, COLLATERAL]), data=st.binary(max_size=400), program=st.sampled_from([0, 1]))
def test_arbitrary_bytes_are_never_collateral(place: str, data: bytes, program: int) -> None:
    owner = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)[program]
    state = accounts() | {place: Account(1, owner, data, False)}
    position = with_options(TOKEN_POSITION, token_program=owner)
    assert judged(position, state)[1]


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
