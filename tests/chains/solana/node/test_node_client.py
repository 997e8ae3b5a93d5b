"""The node through solana-py's AsyncClient, whose parsers are strict about every reply, and its websocket client."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized, Processed
from solana.rpc.core import RPCException
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.rpc.errors import SendTransactionPreflightFailureMessage
from solders.transaction import VersionedTransaction

from chains.solana.node import genesis
from chains.solana.node.node import LocalNode
from tests.chains.solana.node.node_support import (
    ALICE,
    BOB,
    SOL,
    SYSTEM,
    TOKEN,
    Rpc,
    associated,
    new_mint,
    pay,
    signed,
)


@pytest.fixture
async def client(node: LocalNode, rpc: Rpc) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(node.url, timeout=300) as connected:
        assert await rpc.call("getHealth") == "ok"
        yield connected


async def test_the_chain(node: LocalNode, client: AsyncClient) -> None:
    assert await client.is_connected()
    assert (await client.get_genesis_hash()).value == Hash(genesis.genesis_hash(7))
    assert (await client.get_version()).value.solana_core
    slot = (await client.get_slot(Confirmed)).value
    assert (await client.get_block_height(Confirmed)).value == slot
    assert (await client.get_block_time(slot)).value == node.ledger.blocks.up_to(slot).time
    assert (await client.get_epoch_info()).value.absolute_slot == node.ledger.blocks.at("finalized").slot
    assert (await client.get_epoch_schedule()).value.slots_per_epoch == 432_000
    assert (await client.get_identity()).value.identity == node.ledger.identity
    assert (await client.get_first_available_block()).value == 0
    assert (await client.get_minimum_ledger_slot()).value == 0
    assert (await client.get_blocks(0, 1)).value == [0, 1]
    assert (await client.get_block_commitment(0)).value.total_stake > 0
    assert (await client.get_slot_leader()).value == node.ledger.identity
    assert (await client.get_transaction_count()).value == 2
    assert (await client.get_block(1)).value is not None
    assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280


async def test_accounts(client: AsyncClient) -> None:
    alice = ALICE.pubkey()
    assert (await client.get_balance(alice)).value == 1000 * SOL
    account = (await client.get_account_info(alice)).value
    assert account is not None
    assert (account.lamports, account.owner) == (1000 * SOL, Pubkey.from_string(SYSTEM))
    found = (await client.get_multiple_accounts([alice, Pubkey.new_unique(), BOB.pubkey()])).value
    assert [each and each.lamports for each in found] == [1000 * SOL, None, 1000 * SOL]
    loader = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
    programs = (await client.get_program_accounts(loader, filters=[36])).value
    assert TOKEN in [each.pubkey for each in programs]


async def test_tokens(node: LocalNode, client: AsyncClient) -> None:
    key = Keypair()
    mint, held = key.pubkey(), associated(ALICE.pubkey(), key.pubkey())
    rent = (await client.get_minimum_balance_for_rent_exemption(82)).value
    blockhash = (await client.get_latest_blockhash(Finalized)).value.blockhash
    sent = (await client.send_transaction(signed(new_mint(mint, rent), blockhash, ALICE, key))).value
    node.finalize()
    assert (await client.get_token_account_balance(held)).value.amount == "1234500"
    assert (await client.get_token_supply(mint)).value.decimals == 6
    found = (await client.get_transaction(sent, max_supported_transaction_version=0)).value
    assert found is not None
    assert found.transaction.meta is not None
    (balance,) = found.transaction.meta.post_token_balances or []
    assert balance.mint == mint
    parsed = (await client.get_transaction(sent, "jsonParsed")).value
    assert parsed is not None
    account = (await client.get_account_info_json_parsed(held)).value
    assert account is not None
    assert account.owner == TOKEN


async def test_transactions(node: LocalNode, client: AsyncClient) -> None:
    latest = (await client.get_latest_blockhash(Finalized)).value
    message = MessageV0.try_compile(ALICE.pubkey(), [pay(SOL)], [], latest.blockhash)
    assert (await client.get_fee_for_message(message)).value == 5000
    transaction = VersionedTransaction(message, [ALICE])
    simulated = (await client.simulate_transaction(transaction, sig_verify=True)).value
    assert (simulated.err, simulated.units_consumed) == (None, 150)
    sent = (await client.send_transaction(transaction)).value
    assert (await client.get_signature_statuses([sent])).value == [None]
    confirming = asyncio.create_task(client.confirm_transaction(sent, Finalized, sleep_seconds=0.01))
    node.finalize()
    assert (await confirming).value[0] is not None
    (status,) = (await client.get_signature_statuses([sent], search_transaction_history=True)).value
    assert status is not None
    assert (status.err, status.confirmations) == (None, None)
    (entry, *_) = (await client.get_signatures_for_address(BOB.pubkey(), limit=5)).value
    assert entry.signature == sent
    block = (await client.get_block(status.slot, max_supported_transaction_version=0)).value
    assert block is not None
    airdrop = (await client.request_airdrop(BOB.pubkey(), SOL, Processed)).value
    node.finalize()
    assert (await client.get_transaction(airdrop, max_supported_transaction_version=0)).value is not None
    fees = (await client.get_recent_prioritization_fees([BOB.pubkey()])).value
    assert fees[-1].prioritization_fee == 0


async def test_a_failed_preflight_is_parsed(client: AsyncClient) -> None:
    blockhash = (await client.get_latest_blockhash(Finalized)).value.blockhash
    with pytest.raises(RPCException) as caught:
        await client.send_transaction(signed([pay(10_000 * SOL)], blockhash))
    (failure,) = caught.value.args
    assert isinstance(failure, SendTransactionPreflightFailureMessage)
    assert failure.data.logs is not None
    assert failure.data.logs[-1].endswith("custom program error: 0x1")
