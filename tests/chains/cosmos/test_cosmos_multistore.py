"""Values of the bank and of contracts, from their stores up to the app hash, as the SDK's multistore proves them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import multistore, stores
from chains.cosmos.multistore import ProofOp, prove
from chains.errors import ProofError
from chains.values import BadValue
from tests.chains.cosmos.trees import Tree, chained, encode

RECORDED = json.loads((Path(__file__).parent / "data" / "multistore.json").read_text())
APP_HASH = bytes.fromhex(RECORDED["app_hash"])
VECTORS: dict[str, dict[str, Any]] = {vector["name"]: vector for vector in RECORDED["vectors"]}
EMPTY = "an entry without a value"
VAULT, CONTRACT = b"\x77" * 20, b"\xcc" * 32
NAMES = ("auth", "bank", "staking", "wasm")


def ops_of(name: str) -> tuple[ProofOp, ...]:
    return multistore.parse({"ops": VECTORS[name]["ops"]})


@pytest.mark.parametrize("name", [name for name in VECTORS if name != EMPTY])
def test_proofs_of_the_sdk(name: str) -> None:
    vector, ops = VECTORS[name], ops_of(name)
    key, value = bytes.fromhex(vector["key"]), bytes.fromhex(vector["value"])
    assert prove(ops, APP_HASH, vector["store"], key) == (value or None)
    assert multistore.decode(multistore.encode(ops)) == ops
    other = "wasm" if vector["store"] == "bank" else "bank"
    inner, outer = ops
    wrong: list[tuple[Any, bytes, str, bytes]] = [
        (ops, bytes(32), vector["store"], key),
        (ops, APP_HASH[:31], vector["store"], key),
        (ops, APP_HASH, other, key),
        (ops, APP_HASH, vector["store"], key + b"\0"),
        ((), APP_HASH, vector["store"], key),
        ((inner,), APP_HASH, vector["store"], key),
        ((outer, inner), APP_HASH, vector["store"], key),
        ((inner, outer, outer), APP_HASH, vector["store"], key),
        ((inner, inner), APP_HASH, vector["store"], key),
        ((replace(inner, type="ics23:simple"), outer), APP_HASH, vector["store"], key),
        ((inner, replace(outer, type="ics23:smt")), APP_HASH, vector["store"], key),
        ((inner, replace(outer, key=other.encode())), APP_HASH, other, key),
        ((replace(inner, key=key + b"\0"), outer), APP_HASH, vector["store"], key + b"\0"),
        ((replace(inner, key=key + b"\0"), outer), APP_HASH, vector["store"], key),
        ((inner, replace(outer, key=other.encode())), APP_HASH, vector["store"], key),
    ]
    for arguments in wrong:
        with pytest.raises(ProofError):
            prove(*arguments)


def test_what_the_recorded_proofs_say() -> None:
    def proven(name: str, store: str, key: bytes) -> bytes | None:
        return prove(ops_of(name), APP_HASH, store, key)

    balance = proven("a balance", "bank", stores.balance_key(VAULT, "stake"))
    assert balance is not None
    assert stores.amount(balance, "stake") == 1 << 128
    second = proven("a second denomination", "bank", stores.balance_key(VAULT, "uatom"))
    assert second is not None
    assert stores.amount(second, "uatom") == 123456789
    held = proven("a contract's balance", "bank", stores.balance_key(CONTRACT, "stake"))
    assert held == b"42"
    assert proven("no such denomination", "bank", stores.balance_key(VAULT, "nope")) is None
    cw20 = proven("a cw20 balance", "wasm", stores.cw20_balance_key(CONTRACT, "wasm1holder"))
    assert cw20 is not None
    assert stores.uint128(cw20) == 987654321
    assert proven("no such cw20 holder", "wasm", stores.cw20_balance_key(CONTRACT, "wasm1nobody")) is None


def test_absence_is_shown_beside_entries_without_values() -> None:
    name = "no such account, above every other balance, beside an empty value"
    ops = ops_of(name)
    assert prove(ops, APP_HASH, "bank", stores.balance_key(b"\xee" * 32, "stake")) is None
    vector = VECTORS[EMPTY]
    with pytest.raises(ProofError, match="without a value"):
        prove(ops_of(EMPTY), APP_HASH, "bank", bytes.fromhex(vector["key"]))


def test_a_store_that_is_absent_says_nothing_about_its_keys() -> None:
    trees = {name: Tree("iavl", {b"key": b"value"}) for name in NAMES}
    ops, app_hash = chained(trees, "bank", b"key")
    assert prove(ops, app_hash, "bank", b"key") == b"value"
    names = Tree("simple", {name.encode(): tree.root for name, tree in trees.items()})
    missing = ProofOp("ics23:simple", b"gone", encode(names.absent(b"gone")))
    with pytest.raises(ProofError, match="no root of a store"):
        prove([ops[0], missing], app_hash, "gone", b"key")
    # A root that is none: the name holds something else.
    odd = Tree("simple", {b"bank": trees["bank"].root + b"\0"})
    outer = ProofOp("ics23:simple", b"bank", encode(odd.exist(b"bank")))
    with pytest.raises(ProofError, match="no root of a store"):
        prove([ops[0], outer], odd.root, "bank", b"key")


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=1, max_size=5), st.binary(min_size=1, max_size=5), min_size=1),
    st.binary(min_size=1, max_size=5),
)
def test_chains_of_proofs(held: dict[bytes, bytes], key: bytes) -> None:
    trees = {name: Tree("iavl", held if name == "bank" else {b"other": b"1"}) for name in NAMES}
    ops, app_hash = chained(trees, "bank", key)
    assert prove(ops, app_hash, "bank", key) == held.get(key)
    # The same proof at another height: only a store that is not asked for has changed.
    _, later = chained(trees | {"wasm": Tree("iavl", {b"other": b"2"})}, "bank", key)
    with pytest.raises(ProofError, match="does not lead to the root"):
        prove(ops, later, "bank", key)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"ops": None},
        {"ops": [{}]},
        {"ops": [{"type": 1, "key": "", "data": ""}]},
        {"ops": [{"type": "ics23:iavl", "key": "!", "data": ""}]},
        {"ops": [{"type": "ics23:iavl", "key": "YQ", "data": ""}]},
        {"ops": [{"type": "ics23:iavl", "key": "\u00e9", "data": ""}]},
        {"ops": [{"type": "ics23:iavl", "key": "YQ==", "data": "A" * 1_000_000}]},
        {"ops": [{"type": "ics23:iavl", "key": "YQ==", "data": ""}] * 3},
    ],
)
def test_answers_without_a_proof(answer: object) -> None:
    with pytest.raises(BadValue):
        multistore.parse(answer)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1))
def test_arbitrary_bytes_prove_nothing(data: bytes, place: int) -> None:
    ops = list(ops_of("a balance"))
    ops[place] = replace(ops[place], data=data)
    with pytest.raises(ProofError):
        prove(ops, APP_HASH, "bank", stores.balance_key(VAULT, "stake"))
    with pytest.raises(ProofError):
        prove(multistore.decode(data), APP_HASH, "bank", stores.balance_key(VAULT, "stake"))
