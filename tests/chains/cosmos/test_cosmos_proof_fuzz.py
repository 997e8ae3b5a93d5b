"""Proofs and answers altered in their parts: what still is accepted means the same, and all else is a named error."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import blocks_json, ics23, multistore, protobuf
from chains.cosmos.ics23 import ExistenceProof, InnerOp, NonExistenceProof
from chains.cosmos.ics23_verify import IAVL, SIMPLE, calculate, value
from chains.cosmos.multistore import ProofOp, prove
from chains.errors import ProofError
from chains.values import BadValue
from tests.chains.cosmos.test_cosmos_blocks import COMMIT, HEADER, PAGE, holes
from tests.chains.cosmos.trees import Tree, chained, encode

RECORDED = json.loads((Path(__file__).parent / "data" / "multistore.json").read_text())
APP_HASH = bytes.fromhex(RECORDED["app_hash"])
VECTORS = [vector for vector in RECORDED["vectors"] if vector["name"] != "an entry without a value"]

# The keys of ones are such that a byte in them can pass for the length of what follows.
HELD = {bytes([i]) * (1 + i % 3): b"value %d" % i for i in range(2, 24)} | {b"\1\1": b"one", b"\1\2\1\1": b"two"}
TREES = [(IAVL, Tree("iavl", HELD)), (SIMPLE, Tree("simple", HELD))]
ABSENT = [bytes([i]) * 4 for i in range(0, 25, 3)]
MANY = settings(max_examples=400, deadline=None)

small = st.binary(max_size=6)


def _cut(raw: bytes) -> st.SearchStrategy[bytes]:
    """A piece out, a piece in, at any place."""
    places = st.tuples(st.integers(0, len(raw)), st.integers(0, len(raw)), small)
    return places.map(lambda cut: raw[: min(cut[:2])] + cut[2] + raw[max(cut[:2]) :])


@st.composite
def altered_step(draw: st.DrawFn, op: InnerOp) -> InnerOp:
    """Bytes changed, or moved over from one part to the other, so that what is hashed around the child stays alike."""
    how = draw(st.integers(0, 4))
    if how == 0:
        return replace(op, prefix=draw(_cut(op.prefix)))
    if how == 1:
        return replace(op, suffix=draw(_cut(op.suffix)))
    if how == 2:
        return replace(op, hash=draw(st.integers(0, 9)))
    if how == 3:
        return replace(op, prefix=op.suffix, suffix=op.prefix)
    whole = op.prefix + op.suffix
    at = draw(st.integers(0, len(whole)))
    return replace(op, prefix=whole[:at], suffix=whole[at:])


@st.composite
def altered_existence(draw: st.DrawFn, proof: ExistenceProof) -> ExistenceProof:
    path, leaf = list(proof.path), proof.leaf
    how = draw(st.integers(0, 6))
    if how == 0:
        return replace(proof, key=draw(_cut(proof.key)))
    if how == 1:
        return replace(proof, value=draw(_cut(proof.value)))
    if how == 2:
        name = draw(st.sampled_from([field.name for field in fields(leaf) if field.name != "prefix"]))
        changed: dict[str, Any] = {name: draw(st.integers(0, 9))}
        return replace(proof, leaf=replace(leaf, **changed))
    if how == 3:
        return replace(proof, leaf=replace(leaf, prefix=draw(_cut(leaf.prefix))))
    if how == 4 or not path:
        return replace(proof, path=tuple(draw(st.permutations(path))))
    at = draw(st.integers(0, len(path) - 1))
    if how == 5:
        return replace(proof, path=(*path[:at], *path[at + draw(st.integers(0, 1)) :], *path[:1]))
    return replace(proof, path=(*path[:at], draw(altered_step(path[at])), *path[at + 1 :]))


Proof = ExistenceProof | NonExistenceProof


@st.composite
def altered(draw: st.DrawFn, proof: Proof, others: list[ExistenceProof]) -> Proof:
    if isinstance(proof, ExistenceProof):
        return draw(altered_existence(proof))
    side = draw(st.sampled_from(["key", "left", "right", "swap"]))
    if side == "key":
        return replace(proof, key=draw(_cut(proof.key)))
    if side == "swap":
        return replace(proof, left=proof.right, right=proof.left)
    old: ExistenceProof | None = getattr(proof, side)
    other = draw(st.none() | st.sampled_from(others))
    changed: dict[str, Any] = {side: other if old is None or draw(st.booleans()) else draw(altered_existence(old))}
    return replace(proof, **changed)


@MANY
@given(st.data(), st.sampled_from(TREES), st.sampled_from([*HELD, *ABSENT]), st.integers(1, 3))
def test_altered_proofs_show_nothing_else(data: st.DataObject, made: Any, key: bytes, times: int) -> None:
    spec, tree = made
    proof: Proof = tree.exist(key) if key in HELD else tree.absent(key)
    others = [tree.exist(held) for held in HELD]
    for _ in range(times):
        proof = data.draw(altered(proof, others))
    asked = data.draw(st.sampled_from([proof.key, key, *HELD, *ABSENT]))
    try:
        shown = value(spec, tree.root, encode(proof), asked)
    except ProofError:
        return
    assert shown == HELD.get(asked)


def test_no_byte_of_a_key_passes_for_the_length_of_the_rest() -> None:
    """The beginning of a key as the end of the leaf's prefix: what is hashed is the same, the key is another."""
    tried = 0
    for spec, tree in TREES:
        for proof in map(tree.exist, HELD):
            whole = proof.leaf.prefix + protobuf.varint(len(proof.key)) + proof.key
            begin = len(proof.leaf.prefix) + 1
            for at in range(begin, len(whole) - 1):
                shorter = replace(proof, key=whole[at + 1 :], leaf=replace(proof.leaf, prefix=whole[:at]))
                tried += calculate(shorter) == tree.root
                with pytest.raises(ProofError):
                    value(spec, tree.root, encode(shorter), shorter.key)
    assert tried >= 4


@MANY
@given(st.data(), st.sampled_from(TREES), st.sampled_from([*HELD, *ABSENT]))
def test_no_pair_of_neighbours_hides_what_is_there(data: st.DataObject, made: Any, key: bytes) -> None:
    spec, tree = made
    before, after = [held for held in tree.keys if held < key], [held for held in tree.keys if held > key]
    # The nearest ones, the outermost ones, and any on the right or the wrong side.
    near = [*before[-2:], *before[:1], *after[:2], *after[-1:], key]
    sides = st.sampled_from([held for held in near if held in HELD] + tree.keys).map(tree.exist) | st.none()
    proof = NonExistenceProof(key, data.draw(sides), data.draw(sides))
    try:
        assert value(spec, tree.root, encode(proof), key) is None
    except ProofError:
        return
    assert key not in HELD


@MANY
@given(st.data(), st.sampled_from(VECTORS))
def test_altered_chains_of_proofs_show_nothing_else(data: st.DataObject, vector: dict[str, Any]) -> None:
    ops = multistore.parse({"ops": vector["ops"]})
    key, store = bytes.fromhex(vector["key"]), vector["store"]
    encoded = data.draw(_cut(multistore.encode(ops)))
    try:
        found = multistore.decode(encoded)
        assert multistore.encode(found) == encoded
        shown = prove(found, APP_HASH, store, key)
    except ProofError:
        return
    assert (shown or b"").hex() == vector["value"]


@MANY
@given(st.data(), st.sampled_from(VECTORS), st.sampled_from(VECTORS))
def test_parts_of_proofs_do_not_go_together(data: st.DataObject, one: dict[str, Any], two: dict[str, Any]) -> None:
    """Each part of an op from any of two genuine ones."""
    pool = [op for vector in (one, two) for op in multistore.parse({"ops": vector["ops"]})]
    picked = st.sampled_from(pool)
    ops = [ProofOp(data.draw(picked).type, data.draw(picked).key, data.draw(picked).data) for _ in range(2)]
    try:
        shown = prove(ops, APP_HASH, two["store"], bytes.fromhex(two["key"]))
    except ProofError:
        return
    assert (shown or b"").hex() == two["value"]


@MANY
@given(st.data(), st.sampled_from([case for case in VECTORS if case["value"]]))
def test_altered_commitments_are_refused_or_read_in_one_way(data: st.DataObject, vector: dict[str, Any]) -> None:
    proof = multistore.parse({"ops": vector["ops"]})[0].data
    raw = data.draw(_cut(proof))
    try:
        found = ics23.decode(raw)
    except ProofError:
        return
    assert encode(found) == raw


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=1, max_size=4), st.binary(min_size=1, max_size=4), min_size=1, max_size=12),
    st.binary(min_size=1, max_size=4),
    st.binary(min_size=1, max_size=4),
)
def test_a_proof_holds_for_its_own_state_alone(held: dict[bytes, bytes], key: bytes, changed: bytes) -> None:
    trees = {"bank": Tree("iavl", held), "wasm": Tree("iavl", {b"other": b"1"})}
    ops, app_hash = chained(trees, "bank", key)
    assert prove(ops, app_hash, "bank", key) == held.get(key)
    for after in ({**held, key: changed}, {k: v for k, v in held.items() if k != key}):
        if after and after != held:
            _, later = chained({**trees, "bank": Tree("iavl", after)}, "bank", key)
            try:
                prove(ops, later, "bank", key)
            except ProofError:
                continue
            raise AssertionError("a proof of one state held for another")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["0", "1", "AB" * 32, "AAAA", "2024-02-29T12:00:00Z", "9" * 19]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*HEADER, *COMMIT, *PAGE]), inner),
    max_leaves=6,
)


@st.composite
def altered_json(draw: st.DrawFn, good: Any) -> Any:
    """One place of `good` left out, replaced, or written twice."""
    made = deepcopy(good)
    *way, at = draw(st.sampled_from(holes(good)))
    inside = made
    for name in way:
        inside = inside[name]
    how = draw(st.integers(0, 2))
    if how == 0:
        del inside[at]
    elif how == 1 or not isinstance(inside, list):
        inside[at] = draw(json_values)
    else:
        inside.append(deepcopy(inside[at]))
    return made


def _same_or_refused(read: Callable[[Any], Any], good: Any, given_: Any, known: Callable[[Any], Any]) -> None:
    """`known` is what the caller goes by; a value that differs in it is told from the good one by its hash."""
    try:
        found = read(given_)
    except BadValue:
        return
    if known(found) == known(read(good)):
        assert found == read(good)


@MANY
@given(altered_json(HEADER))
def test_altered_headers_in_json(given_: Any) -> None:
    _same_or_refused(blocks_json.header, HEADER, given_, lambda header: header.hash)


@MANY
@given(altered_json(COMMIT))
def test_altered_commits_in_json(given_: Any) -> None:
    _same_or_refused(blocks_json.commit, COMMIT, given_, lambda commit: commit.encode())


@MANY
@given(altered_json(PAGE))
def test_altered_validators_in_json(given_: Any) -> None:
    _same_or_refused(blocks_json.validators, PAGE, given_, lambda page: (page.height, page.total, page.validators))


@MANY
@given(st.data(), st.sampled_from(VECTORS))
def test_altered_proofs_in_json(data: st.DataObject, vector: dict[str, Any]) -> None:
    given_ = data.draw(altered_json({"ops": vector["ops"]}))
    try:
        shown = prove(multistore.parse(given_), APP_HASH, vector["store"], bytes.fromhex(vector["key"]))
    except (BadValue, ProofError):
        return
    assert (shown or b"").hex() == vector["value"]


@MANY
@given(st.data(), st.sampled_from(["header", "commit", "validators"]))
def test_altered_texts_of_answers(data: st.DataObject, form: str) -> None:
    """The JSON text itself, cut and glued: not all that json reads is an answer."""
    good = {"header": HEADER, "commit": COMMIT, "validators": PAGE}[form]
    try:
        given_ = json.loads(data.draw(_cut(json.dumps(good).encode())))
    except ValueError:
        return
    try:
        getattr(blocks_json, form)(given_)
    except BadValue:
        return
