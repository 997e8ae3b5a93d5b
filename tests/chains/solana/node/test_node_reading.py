"""Methods that read, over HTTP: values, not only shapes (those are compared with a validator's)."""

import base64
import struct
from typing import Any

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chains.solana.node import genesis, version
from chains.solana.node.encoding import zstd_frame
from chains.solana.node.node import LocalNode
from chains.solana.node.params import from_base58, to_base58
from chains.solana.node.settings import Settings
from tests.chains.solana.node.conftest import FINALITY_SLOTS
from tests.chains.solana.node.node_support import (
    ALICE,
    BOB,
    CLOCK,
    CONFIRMED,
    FINALIZED,
    NOBODY,
    PROCESSED,
    SOL,
    TOKEN,
    TOKEN_2022,
    Failure,
    Rpc,
    associated,
    new_mint,
    pay,
    signed,
)

BASE64 = {"encoding": "base64"}


async def test_the_chain_is_known_before_it_runs(rpc: Rpc) -> None:
    found = await rpc.call("getGenesisHash")
    assert found == str(Hash(genesis.genesis_hash(7)))
    assert found.startswith(genesis.reference(7))
    assert await rpc.call("getVersion") == {"feature-set": version.FEATURE_SET, "solana-core": version.VERSION}


async def test_health(node: LocalNode, rpc: Rpc) -> None:
    assert await rpc.call("getHealth") == "ok"
    node.ledger.behind = 42
    assert await rpc.call("getHealth") == Failure(-32005, "Node is behind by 42 slots", {"numSlotsBehind": 42})
    transaction = signed([pay(SOL)], await rpc.blockhash())
    assert await rpc.send(transaction) == Failure(-32005, "Node is behind by 42 slots", {"numSlotsBehind": 42})
    assert isinstance(await rpc.send(transaction, skipPreflight=True), str)
    async with rpc.session.get(rpc.url + "/health") as response:
        assert await response.text() == "behind"


async def test_slots_heights_and_contexts_follow_the_commitment(node: LocalNode, rpc: Rpc) -> None:
    newest = node.ledger.blocks.newest.slot
    for config, slot in ((PROCESSED, newest), (CONFIRMED, newest - 1), (FINALIZED, newest - FINALITY_SLOTS)):
        assert await rpc.call("getSlot", config) == slot
        assert await rpc.call("getBlockHeight", config) == slot
        assert (await rpc.call("getEpochInfo", config))["absoluteSlot"] == slot
        for method, params in (
            ("getBalance", [str(ALICE.pubkey())]),
            ("getAccountInfo", [CLOCK]),
            ("getMultipleAccounts", [[CLOCK]]),
            ("getLatestBlockhash", []),
            ("isBlockhashValid", [NOBODY]),
        ):
            assert (await rpc.call(method, *params, config))["context"]["slot"] == slot
    assert await rpc.call("getSlot") == newest - FINALITY_SLOTS
    assert (await rpc.call("getBalance", NOBODY))["context"]["slot"] == newest - FINALITY_SLOTS


async def test_a_write_is_invisible_at_finalized_until_its_slot_is_final(node: LocalNode, rpc: Rpc) -> None:
    heir = Keypair().pubkey()
    await rpc.send(signed([pay(SOL, heir)], await rpc.blockhash()))
    written = node.ledger.blocks.open.slot
    told: list[tuple[int, ...]] = []
    for _ in range(FINALITY_SLOTS + 2):
        told.append(
            tuple([await rpc.value("getBalance", str(heir), each) for each in (PROCESSED, CONFIRMED, FINALIZED)])
        )
        answer = await rpc.call("getMultipleAccounts", [CLOCK, str(heir)], BASE64)
        clock, account = answer["value"]
        slot, _, _, _, time = struct.unpack("<QqQQq", base64.b64decode(clock["data"][0]))
        assert slot == answer["context"]["slot"]
        assert await rpc.call("getBlockTime", slot) == time
        assert (account is not None) == (slot >= written)
        node.advance()
    waiting = FINALITY_SLOTS - 1
    assert told == [(0, 0, 0), (SOL, 0, 0), *[(SOL, SOL, 0)] * waiting, (SOL, SOL, SOL)]


async def test_min_context_slot(node: LocalNode, rpc: Rpc) -> None:
    final = await rpc.call("getSlot")
    assert await rpc.call("getSlot", {"minContextSlot": final}) == final
    for method, params in (
        ("getSlot", []),
        ("getBlockHeight", []),
        ("getBalance", [NOBODY]),
        ("getAccountInfo", [NOBODY]),
        ("getMultipleAccounts", [[NOBODY]]),
        ("getProgramAccounts", [NOBODY]),
        ("getLatestBlockhash", []),
        ("isBlockhashValid", [NOBODY]),
        ("getSignaturesForAddress", [NOBODY]),
    ):
        refused = await rpc.call(method, *params, {"minContextSlot": final + 1})
        assert refused == Failure(-32016, "Minimum context slot has not been reached", {"contextSlot": final})
    node.advance()
    assert await rpc.call("getSlot", {"minContextSlot": final + 1}) == final + 1


async def test_blocks(node: LocalNode, rpc: Rpc) -> None:
    sent = await rpc.send(signed([pay(SOL)], await rpc.blockhash()))
    slot = node.ledger.blocks.open.slot
    assert await rpc.code("getBlock", slot) == -32004
    node.finalize()
    block, parent = await rpc.call("getBlock", slot), await rpc.call("getBlock", slot - 1)
    assert (block["parentSlot"], block["blockHeight"]) == (slot - 1, slot)
    assert block["previousBlockhash"] == parent["blockhash"] != block["blockhash"]
    assert [each["transaction"]["signatures"] for each in block["transactions"]] == [[sent]]
    named = await rpc.call("getBlock", slot, {"transactionDetails": "signatures", "rewards": False})
    assert named["signatures"] == [sent]
    assert "rewards" not in named
    assert await rpc.call("getBlocks", slot - 2, slot) == [slot - 2, slot - 1, slot]
    assert await rpc.call("getBlocksWithLimit", slot - 2, 2) == [slot - 2, slot - 1]
    assert await rpc.call("getBlockTime", 0) == node.ledger.blocks.genesis_time
    newest = node.ledger.blocks.newest.slot
    assert await rpc.call("getBlockTime", newest + 1) == Failure(-32004, f"Block not available for slot {newest + 1}")


@pytest.mark.parametrize("settings", [Settings(skip_every=3, finality_slots=2)])
async def test_skipped_slots(node: LocalNode, rpc: Rpc) -> None:
    node.advance(10)
    final = await rpc.call("getSlot")
    skipped = final // 3 * 3
    text = f"Slot {skipped} was skipped, or missing due to ledger jump to recent snapshot"
    for method in ("getBlock", "getBlockTime"):
        assert await rpc.call(method, skipped) == Failure(-32007, text)
        assert not isinstance(await rpc.call(method, skipped - 1), Failure)
    assert skipped not in await rpc.call("getBlocks", 0)
    assert await rpc.call("getBlockHeight") == final - final // 3
    node.advance()
    ahead = (node.ledger.blocks.newest.slot // 3 + 1) * 3
    assert await rpc.code("getBlockTime", ahead) == -32004


@pytest.mark.parametrize("settings", [Settings(history_slots=5, finality_slots=2)])
async def test_forgotten_blocks(node: LocalNode, rpc: Rpc) -> None:
    node.advance(10)
    first = await rpc.call("getFirstAvailableBlock")
    assert first == await rpc.call("getSlot") - 5
    text = f"Block 1 cleaned up, does not exist on node. First available block: {first}"
    for method in ("getBlock", "getBlockTime"):
        assert await rpc.call(method, 1) == Failure(-32001, text)
        assert not isinstance(await rpc.call(method, first), Failure)
    assert (await rpc.call("getBlocks", 0))[0] == first


async def test_encodings_and_slices(rpc: Rpc) -> None:
    async def data(**config: Any) -> Any:
        return (await rpc.value("getAccountInfo", CLOCK, config))["data"]

    raw = base64.b64decode((await data(encoding="base64"))[0])
    assert len(raw) == 40
    assert await data() == to_base58(raw) == await data(encoding="binary")
    assert await data(encoding="base58") == [to_base58(raw), "base58"]
    assert from_base58(to_base58(raw)) == raw
    framed, name = await data(encoding="base64+zstd")
    assert (base64.b64decode(framed), name) == (zstd_frame(raw), "base64+zstd")
    for offset, length in ((0, 8), (8, 32), (30, 100), (40, 1), (2**63, 2**63), (0, 0)):
        part = {"offset": offset, "length": length}
        assert base64.b64decode((await data(encoding="base64", dataSlice=part))[0]) == raw[offset : offset + length]
    parsed = await data(encoding="jsonParsed")
    assert parsed["parsed"]["info"]["slot"] == struct.unpack("<Q", raw[:8])[0]


def test_a_zstd_frame_holds_the_data_as_it_is() -> None:
    assert zstd_frame(b"") == bytes.fromhex("28b52ffda000000000010000")
    assert zstd_frame(b"abc") == bytes.fromhex("28b52ffda003000000190000616263")
    large = bytes(range(256)) * 1000
    frame = zstd_frame(large)
    assert frame[:9] == bytes.fromhex("28b52ffda0") + len(large).to_bytes(4, "little")
    first = frame[12 : 12 + 2**17]
    assert (frame[9:12], first) == ((2**17 << 3).to_bytes(3, "little"), large[: 2**17])
    assert frame[12 + 2**17 :] == ((len(large) - 2**17) << 3 | 1).to_bytes(3, "little") + large[2**17 :]


async def test_many_accounts_keep_their_order(rpc: Rpc) -> None:
    alice, bob = str(ALICE.pubkey()), str(BOB.pubkey())
    asked = [alice, NOBODY, bob, CLOCK] * 25
    found = await rpc.value("getMultipleAccounts", asked, BASE64)
    assert [each and each["lamports"] == 1000 * SOL for each in found] == [True, None, True, False] * 25
    refused = await rpc.call("getMultipleAccounts", [*asked, alice])
    assert refused == Failure(-32602, "Too many inputs provided; max 100")


@pytest.mark.parametrize("program", [TOKEN, TOKEN_2022])
async def test_tokens(node: LocalNode, rpc: Rpc, program: Pubkey) -> None:
    key, alice = Keypair(), str(ALICE.pubkey())
    mint, rent = key.pubkey(), await rpc.call("getMinimumBalanceForRentExemption", 82)
    held = str(associated(ALICE.pubkey(), mint, program))
    sent = await rpc.send(signed(new_mint(mint, rent, program), await rpc.blockhash(), ALICE, key))
    assert isinstance(sent, str), sent
    assert await rpc.code("getTokenSupply", str(mint)) == -32602
    node.finalize()
    amount = {"amount": "1234500", "decimals": 6, "uiAmount": 1.2345, "uiAmountString": "1.2345"}
    assert await rpc.value("getTokenAccountBalance", held) == amount
    assert await rpc.value("getTokenSupply", str(mint)) == amount
    parsed = (await rpc.value("getAccountInfo", str(mint), {"encoding": "jsonParsed"}))["data"]["parsed"]
    assert (parsed["info"]["mintAuthority"], parsed["info"]["supply"]) == (alice, "1234500")
    for wanted in ({"mint": str(mint)}, {"programId": str(program)}):
        (found,) = await rpc.value("getTokenAccountsByOwner", alice, wanted, BASE64)
        assert found["pubkey"] == held
    assert await rpc.value("getTokenAccountsByOwner", str(BOB.pubkey()), {"mint": str(mint)}, BASE64) == []
    by_mint = {"memcmp": {"offset": 0, "bytes": str(mint)}}
    supply = base64.b64encode((1_234_500).to_bytes(8, "little")).decode()
    for filters, count in (
        ([by_mint], 1),
        ([{"tokenAccountState": None}, by_mint], 1),
        ([{"tokenAccountState": None}], 1),
        ([], 2),
        ([by_mint, {"dataSize": 82}], 0),
        ([{"dataSize": 82}], 1),
        ([{"memcmp": {"offset": 36, "bytes": supply, "encoding": "base64"}}], 1),
    ):
        found = await rpc.call("getProgramAccounts", str(program), {**BASE64, "filters": filters})
        assert len(found) == count, filters
    (balance,) = (await rpc.call("getTransaction", sent))["meta"]["postTokenBalances"]
    assert (balance["mint"], balance["owner"], balance["uiTokenAmount"]) == (str(mint), alice, amount)


async def test_fees(node: LocalNode, rpc: Rpc) -> None:
    blockhash = await rpc.blockhash("finalized")
    limits = [set_compute_unit_price(1000), set_compute_unit_limit(20_000)]
    plain, dear = signed([pay(SOL)], blockhash), signed([*limits, pay(SOL)], blockhash)
    for transaction, fee in ((plain, 5000), (dear, 5020)):
        message = base64.b64encode(bytes(transaction.message)).decode()
        assert await rpc.value("getFeeForMessage", message) == fee
    stale = base64.b64encode(bytes(signed([pay(SOL)], Hash.default()).message)).decode()
    assert await rpc.value("getFeeForMessage", stale) is None
    slots = []
    for transaction in (plain, dear):
        await rpc.send(transaction)
        slots.append(node.ledger.blocks.open.slot)
        node.advance()
    fees = {
        each["slot"]: each["prioritizationFee"]
        for each in await rpc.call("getRecentPrioritizationFees", [str(BOB.pubkey())])
    }
    assert [fees[slot] for slot in slots] == [0, 1000]


async def test_an_airdrop_is_a_transaction(node: LocalNode, rpc: Rpc) -> None:
    heir = str(Keypair().pubkey())
    signatures = [await rpc.call("requestAirdrop", heir, SOL) for _ in range(3)]
    assert len(set(signatures)) == 3
    node.finalize()
    assert await rpc.value("getBalance", heir) == 3 * SOL
    for signature in signatures:
        assert (await rpc.call("getTransaction", signature))["meta"]["err"] is None


async def test_numbers_are_exact(node: LocalNode, rpc: Rpc) -> None:
    """u64 does not fit a double: the reply's text must have every digit."""
    request = {"jsonrpc": "2.0", "id": 2**64 - 1, "method": "getAccountInfo", "params": [str(ALICE.pubkey())]}
    async with rpc.session.post(rpc.url, json=request) as response:
        text = await response.text()
    assert '"rentEpoch":18446744073709551615' in text
    assert '"id":18446744073709551615' in text
