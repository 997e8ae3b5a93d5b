"""What positions say, and the states in which they say nothing: an error naming the account, never a zero."""

from dataclasses import replace
from typing import Any

import pytest

from chains.caip import AccountId
from chains.cosmos import plan, stores
from chains.cosmos.addresses import account_bytes, denomination_asset
from chains.cosmos.family import FAMILY
from chains.cosmos.plan import Entry
from chains.errors import Halted, ProofError, Refused, Unreadable
from chains.halts import CHAIN as WHOLE
from chains.halts import HaltedReading, Halts, halted, resume
from chains.types import Checkpoint, Locked
from tests.chains.cosmos import layouts
from tests.chains.cosmos.scene import (
    BANK_POSITION,
    COLLATERAL,
    CW20_CODE,
    CW20_POSITION,
    HELD,
    ID,
    KEEPER,
    KEPT_POSITION,
    LOCKED,
    OWNER,
    THIEF,
    VAULT,
    account,
    bank,
    checksum,
    code,
    cw20_balance,
    with_options,
)
from tests.chains.cosmos.world import world
from tests.chains.readers import amounts, answered

BALANCE, SUPPLY = bank("balance", VAULT, "uatom"), bank("supply", "uatom")
TOKENS = cw20_balance(COLLATERAL, VAULT)


async def test_positions_are_read_and_proven() -> None:
    async with world() as w, w.opened() as chain:
        await chain.check()
        at = await chain.finalized()
        assert at == w.ledger.at(w.ledger.height - 1)
        found = await chain.locked(w.positions, at)
        assert [one.amount for one in found if isinstance(one, Locked)] == [HELD, LOCKED, 41]
        for position, one in zip(w.positions, found, strict=True):
            assert isinstance(one, Locked)
            FAMILY.check_proof(position, at, one.amount, one.proof)
            with pytest.raises(ProofError):
                FAMILY.check_proof(position, at, one.amount + 1, one.proof)


async def test_a_position_without_proof_is_proven_to_the_member_alone() -> None:
    async with world() as w:
        w.positions = (with_options(BANK_POSITION, proof=False), CW20_POSITION)
        async with w.opened() as chain:
            first, second = await chain.locked(w.positions, await chain.finalized())
            assert first == Locked(HELD)
            assert isinstance(second, Locked)
            assert second.proof
            await answered(chain)
            assert len(w.fronts[0].keys("bank")) == 2


async def test_an_older_checkpoint_is_read_as_it_was() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        w.ledger.change({BALANCE: b"1"})
        newer = await chain.finalized()
        assert (await chain.locked([BANK_POSITION], newer))[0] == await _amount(chain, 1, newer)
        assert (await chain.locked([BANK_POSITION], at))[0] == await _amount(chain, HELD, at)
        (future,) = await chain.locked([BANK_POSITION], replace(newer, height=newer.height + 5))
        assert type(future) is Unreadable
        (elsewhere,) = await chain.locked([BANK_POSITION], replace(newer, chain="cosmos:other-1"))
        assert type(elsewhere) is Unreadable
        (other,) = await chain.locked([BANK_POSITION], replace(newer, block_hash=bytes(32)))
        assert type(other) is Unreadable


async def _amount(chain: Any, amount: int, at: Checkpoint) -> Any:
    (found,) = await chain.locked([BANK_POSITION], at)
    assert found.amount == amount
    FAMILY.check_proof(BANK_POSITION, at, amount, found.proof)
    return found


async def test_what_is_proven_to_be_absent_is_zero_where_there_is_such_a_coin() -> None:
    nobody = AccountId(ID, account("nobody"))
    async with world() as w:
        w.positions = (replace(BANK_POSITION, account=nobody), replace(CW20_POSITION, account=nobody))
        async with w.opened() as chain:
            await chain.check()
            at = await chain.finalized()
            found = await chain.locked(w.positions, at)
            for position, one in zip(w.positions, found, strict=True):
                assert isinstance(one, Locked)
                assert one.amount == 0
                FAMILY.check_proof(position, at, 0, one.proof)


async def test_a_balance_of_zero_that_is_stored_is_zero() -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({TOKENS: b'"0"'})
        assert (await amounts(chain, w))[1] == 0


async def test_the_greatest_amounts_are_read() -> None:
    async with world() as w, w.opened() as chain:
        w.ledger.change({BALANCE: b"%d" % ((1 << 256) - 1), TOKENS: layouts.uint128((1 << 128) - 1)})
        assert (await amounts(chain, w))[:2] == [(1 << 256) - 1, (1 << 128) - 1]


STATES: list[tuple[dict[Entry, bytes | None], int, str]] = [
    ({SUPPLY: None}, 0, "no denomination uatom"),
    ({SUPPLY: None, BALANCE: None}, 0, "no denomination uatom"),
    ({SUPPLY: b"lots"}, 0, "no amount"),
    ({BALANCE: b"%d" % (1 << 256)}, 0, "no amount"),
    ({BALANCE: b"-1"}, 0, "no amount"),
    ({BALANCE: b"0x10"}, 0, "no amount"),
    ({TOKENS: b"5"}, 1, "no Uint128"),
    ({TOKENS: layouts.uint128(1 << 128)}, 1, "no Uint128"),
    ({plan.contract(COLLATERAL): None}, 1, f"there is no contract {COLLATERAL}"),
    ({plan.contract(COLLATERAL): b"\1\2\3"}, 1, "contract info"),
    ({code(CW20_CODE): None}, 1, f"has the code {CW20_CODE}, which the chain does not have"),
    ({code(CW20_CODE): b"\1"}, 1, "code info"),
    ({plan.token_info(COLLATERAL): None}, 1, "keeps no token_info, so it is no cw20-base token"),
    ({plan.token_info(COLLATERAL): b"[]"}, 1, "no total_supply"),
    ({plan.token_info(COLLATERAL): b"\xff"}, 1, "not JSON"),
    ({plan.token_info(COLLATERAL): layouts.token_info(1, 18)}, 1, "decimals: 6 is declared"),
    ({plan.contract(KEEPER): None}, 2, f"there is no contract {KEEPER}"),
]


@pytest.mark.parametrize(("changes", "which", "text"), STATES)
async def test_a_position_in_any_wrong_state_is_an_error_naming_it_and_never_a_zero(
    changes: dict[Entry, bytes | None], which: int, text: str
) -> None:
    async with world() as w, w.opened() as chain:
        before = {entry: w.ledger.states[1].get(entry) for entry in changes}
        w.ledger.change(changes)
        found = await amounts(chain, w)
        assert type(found[which]) is Unreadable
        assert text in str(found[which])
        assert f"{w.positions[which].account} {w.positions[which].asset}" in str(found[which])
        others = [i for i in range(3) if i != which and not (SUPPLY in changes and i == 2)]
        assert [found[i] for i in others] == [[HELD, LOCKED, 41][i] for i in others]
        with pytest.raises(Refused) as caught:
            await chain.check()
        assert text in str(caught.value)
        # Mended, it reads again: nothing is halted.
        w.ledger.change(before)
        assert (await amounts(chain, w)) == [HELD, LOCKED, 41]


SWAPS: list[tuple[dict[Entry, bytes | None], int, str]] = [
    ({plan.contract(COLLATERAL): layouts.contract_info(99, OWNER)}, 1, "checksum: pinned is"),
    ({plan.contract(COLLATERAL): layouts.contract_info(CW20_CODE, THIEF)}, 1, f"admin: pinned is {OWNER}"),
    ({plan.contract(COLLATERAL): layouts.contract_info(CW20_CODE)}, 1, "has none"),
    ({code(CW20_CODE): layouts.code_info(checksum("evil"))}, 1, "checksum: pinned is"),
    ({plan.contract(KEEPER): layouts.contract_info(99, OWNER)}, 2, "vault_checksum: pinned is"),
]


@pytest.mark.parametrize(("changes", "which", "text"), SWAPS)
async def test_a_contract_that_is_another_halts_the_position_until_it_is_resumed(
    changes: dict[Entry, bytes | None], which: int, text: str
) -> None:
    async with world() as w, w.opened() as chain:
        # The migration is seen although the code ids of the last reading are remembered.
        await amounts(chain, w)
        w.ledger.change({code(99): layouts.code_info(checksum("evil"))})
        before = {entry: w.ledger.states[1].get(entry) for entry in changes}
        w.ledger.change(changes)
        found = await amounts(chain, w)
        assert isinstance(found[which], HaltedReading)
        assert text in found[which].evidence
        assert sum(isinstance(one, HaltedReading) for one in found) == 1
        w.ledger.change(before)
        assert isinstance((await amounts(chain, w))[which], HaltedReading)
        name = f"{w.positions[which].account} {w.positions[which].asset}"
        assert set(halted(w.journal)) == {name}
        assert resume(w.journal, name)
        assert (await amounts(chain, w)) == [HELD, LOCKED, 41]


async def test_nothing_is_read_while_the_chain_is_halted() -> None:
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        Halts(str(ID), w.journal, w.log).halt(WHOLE, "for a test")
        with pytest.raises(Halted, match="for a test"):
            await chain.locked(w.positions, at)
        with pytest.raises(Halted, match="for a test"):
            await chain.deployments(w.deployments, at)


async def test_what_is_asked_twice_is_proven_once() -> None:
    """A reading of many balances of one denomination, and of one token, proves supply, contract and code once."""
    holders = [AccountId(ID, account(f"holder {i}")) for i in range(30)]
    async with world() as w:
        w.positions = tuple(replace(p, account=holder) for p in (BANK_POSITION, CW20_POSITION) for holder in holders)
        changes = {bank("balance", holder.address, "uatom"): b"7" for holder in holders[:20]}
        w.ledger.change(changes)
        async with w.opened() as chain:
            at = await chain.finalized()
            for reading in range(2):
                for front in w.fronts:
                    front.asked.clear()
                    front.batches.clear()
                found = await chain.locked(w.positions, at)
                await answered(chain)
                assert [one.amount for one in found if isinstance(one, Locked)] == [7] * 20 + [0] * 40
                keys = w.fronts[0].keys("bank") + w.fronts[0].keys("wasm")
                assert len(keys) == len(set(keys)) == 60 + 4
                # CometBFT allows ten calls in a request. The first reading learns where the code stands.
                batches = [10] * 6 + ([3, 1] if reading == 0 else [4])
                assert sorted(w.fronts[0].batches) == sorted(batches)


async def test_positions_that_this_chain_was_not_opened_with_are_refused_by_name() -> None:
    """Whoever asks for what cannot be gets an error for it, and the others their readings."""
    short = replace(CW20_POSITION, asset=replace(CW20_POSITION.asset, asset=account("short")))
    unpinned = with_options(CW20_POSITION, checksum=None)
    async with world() as w, w.opened() as chain:
        at = await chain.finalized()
        bank_, first, second = await chain.locked([BANK_POSITION, short, unpinned], at)
        assert isinstance(bank_, Locked)
        assert type(first) is Unreadable
        assert "a contract's address has 32 bytes" in str(first)
        assert type(second) is Unreadable
        assert f'checksum = "{checksum("cw20").hex()}"' in str(second)


async def test_a_denomination_over_ibc_is_read() -> None:
    denom = "ibc/" + "27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2"
    position = replace(BANK_POSITION, asset=denomination_asset(ID, denom))
    assert position.asset.kind == "ibc"
    async with world(positions=(position,)) as w, w.opened() as chain:
        w.ledger.change({bank("supply", denom): b"90", bank("balance", VAULT, denom): b"12"})
        await chain.check()
        assert await amounts(chain, w) == [12]


async def test_a_vault_that_is_a_contract_of_32_bytes_holds_tokens() -> None:
    position = replace(CW20_POSITION, account=AccountId(ID, KEEPER))
    pinned = with_options(position, vault_checksum=checksum("keeper").hex())
    async with world(positions=(pinned, KEPT_POSITION)) as w, w.opened() as chain:
        w.ledger.change({cw20_balance(COLLATERAL, KEEPER): b'"77"'})
        at = await chain.finalized()
        first, second = await chain.locked(w.positions, at)
        assert isinstance(first, Locked)
        assert isinstance(second, Locked)
        assert (first.amount, second.amount) == (77, 41)
        FAMILY.check_proof(pinned, at, 77, first.proof)
        await answered(chain)
        assert stores.balance_key(account_bytes(KEEPER), "uatom") in w.fronts[0].keys("bank")
