"""Sending, simulating, finding transactions over HTTP."""

import base64
from typing import Any

import pytest
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chains.solana.node.node import LocalNode
from chains.solana.node.params import to_base58
from chains.solana.node.settings import GenesisAccount, Settings
from tests.chains.solana.node.node_support import (
    ALICE,
    BOB,
    CONFIRMED,
    MEMO,
    NOBODY,
    PROCESSED,
    SOL,
    SYSTEM,
    Failure,
    Rpc,
    encoded,
    pay,
    signed,
)

FORM = {"encoding": "base64", **PROCESSED}
TABLE = Pubkey.from_bytes(bytes([5] * 32))
LISTED = Pubkey.from_bytes(bytes([6] * 32))
NEW = Keypair.from_seed(bytes([3] * 32))


async def status(rpc: Rpc, signature: Any, **config: Any) -> Any:
    (found,) = await rpc.value("getSignatureStatuses", [str(signature)], config)
    return found


async def test_a_transaction_is_processed_confirmed_finalized(node: LocalNode, rpc: Rpc) -> None:
    sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
    slot = node.ledger.blocks.open.slot
    assert await status(rpc, sent) is None
    told = []
    for _ in range(5):
        node.advance()
        found = await status(rpc, sent)
        assert (found["slot"], found["err"], found["status"]) == (slot, None, {"Ok": None})
        told.append((found["confirmationStatus"], found["confirmations"]))
    final = ("finalized", None)
    assert told == [("processed", 0), ("confirmed", 1), ("confirmed", 2), ("confirmed", 3), final]


async def test_get_transaction_waits_for_its_commitment(node: LocalNode, rpc: Rpc) -> None:
    sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
    found = []
    for _ in range(6):
        found.append([(await rpc.call("getTransaction", sent, config)) is not None for config in (CONFIRMED, {})])
        node.advance()
    assert found == [[False, False], [False, False], *[[True, False]] * 3, [True, True]]
    assert await rpc.code("getTransaction", sent, PROCESSED) == -32602


@pytest.mark.parametrize("encoding", ["base58", "base64", None])
async def test_transactions_come_in_base58_and_base64(node: LocalNode, rpc: Rpc, encoding: str | None) -> None:
    transaction = signed([pay(SOL)], await rpc.blockhash())
    text = encoded(transaction) if encoding == "base64" else to_base58(bytes(transaction))
    sent = await rpc.call("sendTransaction", text, {"encoding": encoding, "preflightCommitment": "processed"})
    assert sent == str(transaction.signatures[0])
    node.finalize()
    assert await rpc.value("getBalance", str(BOB.pubkey())) == 1001 * SOL


async def test_a_failing_preflight_tells_the_program_s_words(node: LocalNode, rpc: Rpc) -> None:
    transaction = signed([pay(10_000 * SOL)], await rpc.blockhash())
    failure = await rpc.send(transaction)
    assert failure.code == -32002
    assert failure.message == "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    assert failure.data["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert failure.data["unitsConsumed"] == 150
    assert f"Transfer: insufficient lamports {1000 * SOL - 5000}, need {10_000 * SOL}" in failure.data["logs"]
    node.advance()
    assert await status(rpc, transaction.signatures[0]) is None


async def test_without_preflight_a_failure_lands(node: LocalNode, rpc: Rpc) -> None:
    sent = await rpc.send(signed([pay(10_000 * SOL)], await rpc.blockhash()), skipPreflight=True)
    node.finalize()
    error = {"InstructionError": [0, {"Custom": 1}]}
    found = await rpc.call("getTransaction", sent)
    assert (found["meta"]["err"], found["meta"]["status"]) == (error, {"Err": error})
    assert found["meta"]["postBalances"][0] == 1000 * SOL - 5000
    assert found["meta"]["logMessages"][-1] == f"Program {SYSTEM} failed: custom program error: 0x1"
    assert (await status(rpc, sent))["err"] == error


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (lambda blockhash: signed([pay(SOL)], Hash.from_string(NOBODY)), "BlockhashNotFound"),
        (lambda blockhash: signed([pay(1, payer=NEW)], blockhash, NEW), "AccountNotFound"),
        (lambda blockhash: unsigned(blockhash), "SignatureFailure"),
        (lambda blockhash: signed([Instruction(LISTED, b"", [])], blockhash), "ProgramAccountNotFound"),
        (lambda blockhash: signed([Instruction(BOB.pubkey(), b"", [])], blockhash), "InvalidProgramForExecution"),
        (lambda blockhash: signed([pay(5, LISTED)], blockhash), {"InsufficientFundsForRent": {"account_index": 1}}),
        (
            lambda blockhash: signed([Instruction(Pubkey.from_string(SYSTEM), b"", [])], blockhash),
            {"InstructionError": [0, "InvalidInstructionData"]},
        ),
    ],
)
async def test_what_is_wrong_is_named(node: LocalNode, rpc: Rpc, made: Any, error: Any) -> None:
    transaction = made(await rpc.blockhash())
    failure = await rpc.send(transaction)
    assert (failure.code, failure.data["err"]) == (-32002, error)
    sent = await rpc.send(transaction, skipPreflight=True)
    node.advance()
    lands = error not in ("BlockhashNotFound", "AccountNotFound", "SignatureFailure")
    assert ((await status(rpc, sent)) is not None) == lands
    if lands:
        assert (await status(rpc, sent))["err"] == error
        assert await rpc.value("getBalance", str(ALICE.pubkey()), PROCESSED) == 1000 * SOL - 5000


def unsigned(blockhash: Hash) -> VersionedTransaction:
    return VersionedTransaction.populate(signed([pay(SOL)], blockhash).message, [Signature.default()])


@pytest.mark.parametrize("settings", [Settings(blockhash_slots=5, finality_slots=2)])
async def test_a_blockhash_expires(node: LocalNode, rpc: Rpc) -> None:
    latest = await rpc.value("getLatestBlockhash", PROCESSED)
    blockhash = Hash.from_string(latest["blockhash"])
    assert latest["lastValidBlockHeight"] == await rpc.call("getBlockHeight", PROCESSED) + 5
    transaction = signed([pay(SOL)], blockhash)
    while await rpc.call("getBlockHeight", PROCESSED) < latest["lastValidBlockHeight"]:
        assert await rpc.value("isBlockhashValid", str(blockhash), PROCESSED) is True
        node.advance()
    assert await rpc.value("isBlockhashValid", str(blockhash), PROCESSED) is True
    node.advance()
    assert await rpc.value("isBlockhashValid", str(blockhash), PROCESSED) is False
    failure = await rpc.send(transaction)
    assert failure.message == "Transaction simulation failed: Blockhash not found"
    sent = await rpc.send(transaction, skipPreflight=True)
    node.advance()
    assert await status(rpc, sent) is None


async def test_a_repeat_is_refused(node: LocalNode, rpc: Rpc) -> None:
    transaction = signed([pay(SOL)], await rpc.blockhash())
    sent = await rpc.send(transaction)
    assert await rpc.send(transaction) == sent
    node.advance()
    failure = await rpc.send(transaction)
    assert failure.message == "Transaction simulation failed: This transaction has already been processed"
    assert await rpc.send(transaction, skipPreflight=True) == sent
    node.finalize()
    assert await rpc.value("getBalance", str(BOB.pubkey())) == 1001 * SOL


async def test_the_preflight_sees_the_state_of_its_commitment(node: LocalNode, rpc: Rpc) -> None:
    fresh = Keypair()
    await rpc.call("requestAirdrop", str(fresh.pubkey()), SOL)
    node.advance()
    old = await rpc.blockhash("finalized")
    transaction = signed([pay(SOL // 2, payer=fresh)], old, fresh)
    assert (await rpc.send(transaction, preflightCommitment="finalized")).data["err"] == "AccountNotFound"
    assert isinstance(await rpc.send(transaction, preflightCommitment="processed"), str)
    newest = signed([pay(SOL)], await rpc.blockhash("processed"))
    assert (await rpc.send(newest, preflightCommitment="finalized")).data["err"] == "BlockhashNotFound"


async def test_a_transaction_fits_one_packet(rpc: Rpc) -> None:
    blockhash = await rpc.blockhash()
    room = 1232 - len(bytes(signed([Instruction(MEMO, bytes(200), [])], blockhash))) + 200
    for size, fits in ((room, True), (room + 1, False)):
        transaction = signed([Instruction(MEMO, b"x" * size, [])], blockhash)
        assert len(bytes(transaction)) == 1232 + (not fits)
        for sent in (
            await rpc.send(transaction),
            await rpc.call("sendTransaction", to_base58(bytes(transaction)), {"preflightCommitment": "processed"}),
            await rpc.call("simulateTransaction", encoded(transaction), FORM),
        ):
            assert isinstance(sent, Failure) != fits, sent
            assert fits or (sent.code, "too large" in sent.message) == (-32602, True)


async def test_a_simulation_changes_nothing(node: LocalNode, rpc: Rpc) -> None:
    transaction = signed([pay(SOL)], await rpc.blockhash())
    addresses = [str(ALICE.pubkey()), str(BOB.pubkey()), NOBODY]
    config = {**FORM, "accounts": {"encoding": "base64", "addresses": addresses}, "sigVerify": True}
    told = await rpc.value("simulateTransaction", encoded(transaction), config)
    assert told["err"] is None
    assert [each and each["lamports"] for each in told["accounts"]] == [999 * SOL - 5000, 1001 * SOL, None]
    assert (told["unitsConsumed"], told["fee"], told["replacementBlockhash"]) == (150, 5000, None)
    node.finalize()
    assert await rpc.value("getBalance", str(ALICE.pubkey())) == 1000 * SOL


async def test_a_simulation_on_another_blockhash_needs_no_signature(rpc: Rpc) -> None:
    stale = unsigned(Hash.from_string(NOBODY))
    told = await rpc.value("simulateTransaction", encoded(stale), FORM)
    assert told["err"] == "BlockhashNotFound"
    told = await rpc.value("simulateTransaction", encoded(stale), {**FORM, "replaceRecentBlockhash": True})
    assert told["err"] is None
    assert told["replacementBlockhash"] == await rpc.value("getLatestBlockhash", PROCESSED)
    told = await rpc.value("simulateTransaction", encoded(stale), {**FORM, "sigVerify": True})
    assert told["err"] == "SignatureFailure"


def lookup_table() -> GenesisAccount:
    """An active table, made long ago, that lists Bob and another."""
    head = (1).to_bytes(4, "little") + (2**64 - 1).to_bytes(8, "little") + bytes(8) + b"\0" + bytes(33) + bytes(2)
    data = head + bytes(BOB.pubkey()) + bytes(LISTED)
    owner = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
    return GenesisAccount(TABLE, Account(SOL, data, owner))


@pytest.mark.parametrize("settings", [Settings(finality_slots=2, accounts=(lookup_table(),))])
async def test_address_lookup_tables(node: LocalNode, rpc: Rpc) -> None:
    node.advance(2)
    table = AddressLookupTableAccount(TABLE, [BOB.pubkey(), LISTED])
    noted = Instruction(MEMO, b"hello", [])
    read = Instruction(Pubkey.from_string(SYSTEM), (2).to_bytes(4, "little") + SOL.to_bytes(8, "little"), [])
    read = Instruction(read.program_id, read.data, [*pay(SOL).accounts, AccountMeta(LISTED, False, False)])
    message = MessageV0.try_compile(ALICE.pubkey(), [read, noted], [table], await rpc.blockhash())
    sent = await rpc.send(VersionedTransaction(message, [ALICE]))
    assert isinstance(sent, str), sent
    node.finalize()
    assert await rpc.value("getBalance", str(BOB.pubkey())) == 1001 * SOL
    refused = await rpc.call("getTransaction", sent)
    assert isinstance(refused, Failure)
    assert (refused.code, "maxSupportedTransactionVersion" in refused.message) == (-32015, True)
    found = await rpc.call("getTransaction", sent, {"maxSupportedTransactionVersion": 0})
    assert found["version"] == 0
    assert found["meta"]["loadedAddresses"] == {"readonly": [str(LISTED)], "writable": [str(BOB.pubkey())]}
    lookup = {"accountKey": str(TABLE), "readonlyIndexes": [1], "writableIndexes": [0]}
    assert found["transaction"]["message"]["addressTableLookups"] == [lookup]
    (entry,) = await rpc.call("getSignaturesForAddress", str(LISTED))
    assert (entry["signature"], entry["memo"]) == (sent, "[5] hello")
    missing = AddressLookupTableAccount(LISTED, [BOB.pubkey()])
    message = MessageV0.try_compile(ALICE.pubkey(), [pay(SOL)], [missing], await rpc.blockhash())
    assert (await rpc.send(VersionedTransaction(message, [ALICE]))).code == -32602


async def test_signatures_of_an_address_page_by_page(node: LocalNode, rpc: Rpc) -> None:
    sent = []
    for amount in range(1, 8):
        sent.append(await rpc.send(signed([pay(SOL + amount)], await rpc.blockhash())))
        if amount % 3 == 0:
            node.advance()
    bob = str(BOB.pubkey())
    (funding,) = await rpc.call("getSignaturesForAddress", bob)
    node.finalize()
    newest_first = [*sent[::-1], funding["signature"]]

    async def page(**config: Any) -> list[str]:
        return [each["signature"] for each in await rpc.call("getSignaturesForAddress", bob, config)]

    assert await page() == newest_first
    assert await page(limit=3) == newest_first[:3]
    assert await page(limit=3, before=newest_first[2]) == newest_first[3:6]
    assert await page(until=newest_first[4]) == newest_first[:4]
    assert await page(before=newest_first[1], until=newest_first[4]) == newest_first[2:4]
    unknown = str(Signature.default())
    for name in ("before", "until"):
        refused = await rpc.call("getSignaturesForAddress", bob, {name: unknown})
        assert refused == Failure(-32020, f"Transaction {unknown} not found")


async def test_old_statuses_must_be_searched(node: LocalNode, rpc: Rpc) -> None:
    sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
    node.advance(300)
    assert await status(rpc, sent) is not None
    node.advance(10)
    assert await status(rpc, sent) is None
    assert (await status(rpc, sent, searchTransactionHistory=True))["confirmationStatus"] == "finalized"


async def test_the_raw_transaction_comes_back(node: LocalNode, rpc: Rpc) -> None:
    transaction = signed([pay(SOL)], await rpc.blockhash())
    sent = await rpc.send(transaction)
    node.finalize()
    found = await rpc.call("getTransaction", sent, {"encoding": "base64"})
    assert base64.b64decode(found["transaction"][0]) == bytes(transaction)
    assert (found["meta"]["costUnits"], found["meta"]["fee"]) == (1481, 5000)
    assert found["blockTime"] == await rpc.call("getBlockTime", found["slot"])
    found = await rpc.call("getTransaction", sent, {"encoding": "jsonParsed"})
    assert found["transaction"]["message"]["accountKeys"][:2] == [
        {"pubkey": str(key.pubkey()), "signer": key is ALICE, "source": "transaction", "writable": True}
        for key in (ALICE, BOB)
    ]
