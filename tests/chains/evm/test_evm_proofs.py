"""State proofs: recorded mainnet data verifies and, altered anywhere, does not; the walk agrees with py-trie."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import rlp as library  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from chains.caip import AccountId, AssetId
from chains.errors import ProofError
from chains.evm import headers, proofs, rlp, trie
from chains.evm.options import PositionOptions
from chains.hashing import keccak256
from chains.types import Checkpoint, Position
from chains.values import BadValue

RECORDED = json.loads((Path(__file__).parent / "data" / "mainnet_21925176_deposit_contract.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


HEADER = headers.parse(RECORDED["header"])
CONTRACT = unhex(RECORDED["proof"]["address"])
ACCOUNT_NODES = [unhex(node) for node in RECORDED["proof"]["accountProof"]]
STORAGE_NODES = [unhex(node) for node in RECORDED["proof"]["storageProof"][0]["proof"]]
SLOT = unhex(RECORDED["proof"]["storageProof"][0]["key"])
BALANCE = int(RECORDED["proof"]["balance"], 16)
AT = Checkpoint("eip155:1", HEADER.number, HEADER.hash, HEADER.time)
NATIVE = Position(
    AccountId.parse("eip155:1:" + RECORDED["proof"]["address"]),
    AssetId.parse("eip155:1/slip44:60"),
    18,
    PositionOptions(transfer="exact"),
)


def test_recorded_mainnet_header_account_and_storage_verify() -> None:
    assert HEADER.hash == unhex(RECORDED["header"]["hash"])
    assert HEADER.number == 21925176
    found = proofs.account(HEADER.state_root, CONTRACT, ACCOUNT_NODES)
    assert found.exists
    assert found.nonce == 1
    assert found.balance == BALANCE
    assert found.code_hash == unhex(RECORDED["proof"]["codeHash"])
    assert found.storage_root == unhex(RECORDED["proof"]["storageHash"])
    word = proofs.storage(found.storage_root, SLOT, STORAGE_NODES)
    assert word == int(RECORDED["proof"]["storageProof"][0]["value"], 16)


def test_recorded_proof_as_a_bundle_carries_it() -> None:
    proofs.check(NATIVE, AT, BALANCE, proofs.encode(HEADER, ACCOUNT_NODES, []))


@pytest.mark.parametrize("index", range(len(ACCOUNT_NODES)))
def test_a_tampered_account_node_fails(index: int) -> None:
    for at in (0, len(ACCOUNT_NODES[index]) // 2, len(ACCOUNT_NODES[index]) - 1):
        nodes = list(ACCOUNT_NODES)
        nodes[index] = nodes[index][:at] + bytes([nodes[index][at] ^ 1]) + nodes[index][at + 1 :]
        with pytest.raises(ProofError):
            proofs.account(HEADER.state_root, CONTRACT, nodes)


@pytest.mark.parametrize("index", range(len(STORAGE_NODES)))
def test_a_tampered_storage_node_fails(index: int) -> None:
    root = proofs.account(HEADER.state_root, CONTRACT, ACCOUNT_NODES).storage_root
    nodes = list(STORAGE_NODES)
    nodes[index] = nodes[index][:-1] + bytes([nodes[index][-1] ^ 1])
    with pytest.raises(ProofError):
        proofs.storage(root, SLOT, nodes)
    for wrong in (STORAGE_NODES[:index] + STORAGE_NODES[index + 1 :], [*STORAGE_NODES, STORAGE_NODES[index]]):
        with pytest.raises(ProofError):
            proofs.storage(root, SLOT, wrong)


@pytest.mark.parametrize("field", [f for f in RECORDED["header"] if f not in ("size", "uncles")])
def test_a_tampered_header_field_fails(field: str) -> None:
    altered: dict[str, Any] = copy.deepcopy(RECORDED["header"])
    text = altered[field]
    altered[field] = text[:-1] + ("1" if text[-1] != "1" else "2")
    with pytest.raises(ProofError, match="do not hash"):
        headers.parse(altered)
    del altered[field]
    with pytest.raises((BadValue, ProofError)):
        headers.parse(altered)


@pytest.mark.parametrize(
    ("at", "amount", "account_nodes", "storage_nodes"),
    [
        (AT, BALANCE + 1, ACCOUNT_NODES, []),
        (AT, 0, ACCOUNT_NODES, []),
        (Checkpoint(AT.chain, AT.height + 1, AT.block_hash, AT.time), BALANCE, ACCOUNT_NODES, []),
        (Checkpoint(AT.chain, AT.height, AT.block_hash, AT.time + 1), BALANCE, ACCOUNT_NODES, []),
        (Checkpoint(AT.chain, AT.height, bytes(32), AT.time), BALANCE, ACCOUNT_NODES, []),
        (Checkpoint("eip155:2", AT.height, AT.block_hash, AT.time), BALANCE, ACCOUNT_NODES, []),
        (AT, BALANCE, ACCOUNT_NODES, STORAGE_NODES),
        (AT, BALANCE, ACCOUNT_NODES[:-1], []),
    ],
)
def test_a_claim_that_the_proof_does_not_show_fails(
    at: Checkpoint, amount: int, account_nodes: list[bytes], storage_nodes: list[bytes]
) -> None:
    with pytest.raises(ProofError):
        proofs.check(NATIVE, at, amount, proofs.encode(HEADER, account_nodes, storage_nodes))


def test_a_missing_proof_fails_and_an_uncalled_for_one_too() -> None:
    with pytest.raises(ProofError, match="missing"):
        proofs.check(NATIVE, AT, BALANCE, b"")
    token = AssetId.parse("eip155:1/erc20:0x" + "11" * 20)
    plain = Position(NATIVE.account, token, 18, PositionOptions(transfer="exact", code_hash="0x" + "00" * 32))
    proofs.check(plain, AT, 5, b"")
    with pytest.raises(ProofError, match="none is configured"):
        proofs.check(plain, AT, 5, b"\x01")


def erc20(token: bytes, code_hash: bytes, **options: Any) -> Position:
    asset = AssetId.parse(f"eip155:1/erc20:0x{token.hex()}")
    configured = PositionOptions(transfer="exact", code_hash="0x" + code_hash.hex(), **options)
    return Position(NATIVE.account, asset, 18, configured)


def built(token_fields: list[bytes] | None, storage: dict[bytes, bytes], token: bytes) -> tuple[Checkpoint, HexaryTrie]:
    """A header over a state with one other account and, maybe, the token; its checkpoint and the state's trie."""
    state = HexaryTrie({})
    state[keccak256(b"\x77" * 20)] = rlp.encode([b"\x01", b"\x02", trie.EMPTY_ROOT, proofs.EMPTY_CODE])
    if token_fields is not None:
        state[keccak256(token)] = rlp.encode(token_fields)
    fields = rlp.decode(HEADER.rlp)
    assert not isinstance(fields, bytes)
    header = headers.decode(rlp.encode([*fields[:3], state.root_hash, *fields[4:]]))
    HEADERS[header.hash] = header
    return Checkpoint("eip155:1", header.number, header.hash, header.time), state


HEADERS: dict[bytes, headers.Header] = {}


def test_an_absent_slot_is_a_zero_but_an_absent_token_is_an_error() -> None:
    token, code_hash = b"\x11" * 20, keccak256(b"code")
    position = erc20(token, code_hash, balance_slot=3)
    slot = proofs.balance_slot(unhex(NATIVE.account.address), PositionOptions(transfer="exact", balance_slot=3))
    storage = HexaryTrie({})
    storage[keccak256(b"\x05" * 32)] = rlp.encode(b"\x09")
    at, state = built([b"", b"", storage.root_hash, code_hash], {}, token)
    blob = proofs.encode(
        HEADERS[at.block_hash],
        [rlp.encode(list(n)) for n in _proof(state, keccak256(token))],
        [rlp.encode(list(n)) for n in _proof(storage, keccak256(slot))],
    )
    proofs.check(position, at, 0, blob)
    with pytest.raises(ProofError, match="0 is proven"):
        proofs.check(position, at, 1, blob)
    with pytest.raises(ProofError, match="another code"):
        proofs.check(erc20(token, keccak256(b"other"), balance_slot=3), at, 0, blob)

    at, state = built(None, {}, token)
    absent = proofs.encode(HEADERS[at.block_hash], [rlp.encode(list(n)) for n in _proof(state, keccak256(token))], [])
    with pytest.raises(ProofError, match="no such token"):
        proofs.check(position, at, 0, absent)


def test_a_frozen_position_may_count_as_zero_only_where_declared() -> None:
    blob = proofs.encode(HEADER, ACCOUNT_NODES, [])
    freezable = Position(
        NATIVE.account, NATIVE.asset, 18, PositionOptions(transfer="exact", frozen_call="isBlacklisted(address)")
    )
    proofs.check(freezable, AT, 0, blob)
    proofs.check(freezable, AT, BALANCE, blob)
    with pytest.raises(ProofError):
        proofs.check(freezable, AT, 1, blob)


def test_mapping_slots_as_solidity_and_vyper_hash_them() -> None:
    holder = b"\xaa" * 20
    key, slot = holder.rjust(32, b"\0"), (9).to_bytes(32, "big")
    solidity = PositionOptions(transfer="exact", balance_slot=9)
    vyper = PositionOptions(transfer="exact", balance_slot=9, balance_slot_order="vyper")
    assert proofs.balance_slot(holder, solidity) == keccak256(key + slot)
    assert proofs.balance_slot(holder, vyper) == keccak256(slot + key)
    masked = PositionOptions(transfer="exact", balance_slot=9, balance_bits=255)
    assert proofs.balance_of_word(1 << 255 | 7, masked) == 7


@settings(max_examples=60, deadline=None)
@given(
    entries=st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(min_size=1, max_size=40), max_size=40),
    wanted=st.binary(min_size=1, max_size=3),
)
def test_lookup_agrees_with_py_trie(entries: dict[bytes, bytes], wanted: bytes) -> None:
    reference = HexaryTrie({})
    for key, value in entries.items():
        reference[keccak256(key)] = value
    nodes = list[bytes]()
    for node in _proof(reference, keccak256(wanted)):
        encoded = rlp.encode([_plain(item) for item in node])
        if len(encoded) >= 32 or not nodes:
            nodes.append(encoded)
    assert trie.lookup(reference.root_hash, wanted, nodes) == entries.get(wanted)


def _proof(entries: Any, key: bytes) -> list[Any]:
    return list(entries.get_proof(key))


def _plain(item: Any) -> rlp.Item:
    return bytes(item) if isinstance(item, (bytes, bytearray)) else [_plain(child) for child in item]


@settings(max_examples=200, deadline=None)
@given(blob=st.binary(max_size=300))
def test_hostile_blobs_raise_nothing_but_proof_errors(blob: bytes) -> None:
    with pytest.raises(ProofError):
        proofs.check(NATIVE, AT, BALANCE, blob)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 5000), byte=st.integers(0, 255))
def test_a_blob_with_one_byte_changed_fails(at: int, byte: int) -> None:
    blob = proofs.encode(HEADER, ACCOUNT_NODES, [])
    at %= len(blob)
    if blob[at] != byte:
        with pytest.raises(ProofError):
            proofs.check(NATIVE, AT, BALANCE, blob[:at] + bytes([byte]) + blob[at + 1 :])


def test_deep_nesting_is_refused() -> None:
    for levels in (7, 3000, 20_000):
        with pytest.raises(ProofError, match="nested deeper"):
            rlp.decode(_nested(levels))


ITEMS = st.recursive(st.binary(max_size=70), lambda items: st.lists(items, max_size=4), max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(item=ITEMS)
def test_rlp_agrees_with_the_library(item: Any) -> None:
    assert rlp.encode(item) == library.encode(item)
    if _levels(item) <= 6:
        assert rlp.decode(rlp.encode(item)) == item
    else:
        with pytest.raises(ProofError, match="nested deeper"):
            rlp.decode(rlp.encode(item))


@settings(max_examples=500, deadline=None)
@given(encoded=st.binary(max_size=80))
def test_what_the_library_refuses_is_refused(encoded: bytes) -> None:
    try:
        expected = _plain(library.decode(encoded, strict=True))
    except library.DecodingError:
        with pytest.raises(ProofError):
            rlp.decode(encoded)
        return
    if _levels(expected) <= 6:
        assert rlp.decode(encoded) == expected


def _levels(item: Any) -> int:
    return 0 if isinstance(item, bytes) else 1 + max((_levels(child) for child in item), default=0)


def _nested(levels: int) -> bytes:
    encoded = b"\xc0"
    for _ in range(levels):
        size = len(encoded)
        width = (size.bit_length() + 7) // 8
        encoded = (bytes([0xC0 + size]) if size < 56 else bytes([0xF7 + width]) + size.to_bytes(width, "big")) + encoded
    return encoded
