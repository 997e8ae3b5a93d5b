"""ICS-23: the public vectors, every check of a specification, and trees of all shapes; nothing else is accepted."""

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import ics23, ics23_verify
from chains.cosmos.ics23 import ExistenceProof, InnerOp, LeafOp, NonExistenceProof
from chains.cosmos.ics23_verify import IAVL, SIMPLE, ProofSpec, check_spec, value
from chains.errors import ProofError
from tests.chains.cosmos.trees import Tree, encode

CASES = [
    (case["name"], case["spec"], *(bytes.fromhex(case[name]) for name in ("root", "proof", "key", "value")))
    for case in json.loads((Path(__file__).parent / "data" / "ics23.json").read_text())
]
SPECS = {"iavl": IAVL, "simple": SIMPLE}
GOOD = [case for case in CASES if case[1] in SPECS]

# cosmos/ics23, testdata/TestCheckAgainstSpecData.json: the parts that its proofs are made of.
LEAF = LeafOp(1, 0, 1, 1, b64decode("AAKKAQ=="))
RIGHT = InnerOp(1, b64decode("AgQIIGe3bHuC1g6+5/Qd0RoCU0waFu+nDCFzEDViMN/VrQwgIA=="), b"")
UPPER = InnerOp(1, b64decode("BAYIIA=="), b"")
TOP = InnerOp(1, b64decode("BgwKIA=="), b"")
OTHER = InnerOp(1, b64decode("qrvM3Q=="), b"")
LIMITED = replace(IAVL, shallowest=2, deepest=4)
FOOD = ExistenceProof(b"food", b"bar", LEAF, ())

TREE = Tree("iavl", {bytes([2, i]): b"%d" % i for i in range(10, 80, 10)})
STORES = Tree("simple", {name: bytes(32) for name in (b"acc", b"bank", b"gov", b"staking", b"wasm")})


@pytest.mark.parametrize(("name", "spec", "root", "proof", "key", "expected"), GOOD, ids=[case[0] for case in GOOD])
def test_public_vectors(name: str, spec: str, root: bytes, proof: bytes, key: bytes, expected: bytes) -> None:
    assert value(SPECS[spec], root, proof, key) == (expected or None)
    assert encode(ics23.decode(proof)) == proof
    for other in SPECS.values():
        if other is not SPECS[spec]:
            with pytest.raises(ProofError):
                value(other, root, proof, key)
    wrong = [
        (bytes(32), proof, key),
        (root[:31], proof, key),
        (b"", proof, key),
        (root, proof, key + b"\0"),
        (root, proof, key[:-1]),
        (root, proof, b""),
        (root, proof[:-1], key),
        (root, proof + b"\0", key),
        (root, proof + proof, key),
        (root, b"", key),
    ]
    for parts in wrong:
        with pytest.raises(ProofError):
            value(SPECS[spec], *parts)


@pytest.mark.parametrize(("name", "spec", "root", "proof", "key", "expected"), GOOD, ids=[case[0] for case in GOOD])
def test_no_bit_of_a_vector_can_be_flipped(
    name: str, spec: str, root: bytes, proof: bytes, key: bytes, expected: bytes
) -> None:
    # One bit of every byte; which one it is differs from byte to byte. What an absence's neighbours hold under the
    # same hash cannot be changed either, for their values are part of it.
    for at in range(len(proof)):
        flipped = proof[:at] + bytes([proof[at] ^ 1 << at % 8]) + proof[at + 1 :]
        with pytest.raises(ProofError):
            value(SPECS[spec], root, flipped, key)


def test_trees_of_another_kind_are_refused() -> None:
    for name, spec, root, proof, key, _ in CASES:
        if spec == "other":
            for known in SPECS.values():
                with pytest.raises(ProofError, match="is not hashed as"):
                    value(known, root, proof, key)
            assert name.startswith("smt/")


@pytest.mark.parametrize(
    ("spec", "proof", "refused"),
    [
        (IAVL, replace(FOOD, path=(RIGHT, UPPER)), ""),
        (IAVL, FOOD, ""),
        (LIMITED, replace(FOOD, path=(RIGHT, UPPER, TOP)), ""),
        (LIMITED, replace(FOOD, path=(OTHER,)), "a path of 1 steps"),
        (LIMITED, replace(FOOD, path=(OTHER,) * 5), "a path of 5 steps"),
        (IAVL, replace(FOOD, path=(OTHER,) * 129), "a path of 129 steps"),
        (IAVL, replace(FOOD, path=(replace(OTHER, hash=2), OTHER, OTHER)), "is not hashed as iavl"),
        (IAVL, replace(FOOD, leaf=replace(LEAF, prehash_value=0)), "is not hashed as iavl"),
        (IAVL, replace(FOOD, path=(RIGHT, UPPER, replace(RIGHT, prefix=b""))), "another length"),
    ],
)
def test_public_checks_against_a_specification(spec: ProofSpec, proof: ExistenceProof, refused: str) -> None:
    if refused:
        with pytest.raises(ProofError, match=refused):
            check_spec(spec, proof)
    else:
        check_spec(spec, proof)


@pytest.mark.parametrize(
    "change", [{"hash": 2}, {"length": 0}, {"prehash_key": 1}, {"prehash_value": 2}, {"prefix": b"\1"}]
)
@pytest.mark.parametrize("spec", [IAVL, SIMPLE])
def test_leaves_differ_from_the_specification_in_nothing(spec: ProofSpec, change: dict[str, object]) -> None:
    # cosmos/ics23, testdata/TestCheckLeafData.json: "leaf and spec differ on ...".
    proof = TREE.exist(b"\2\x0a") if spec is IAVL else STORES.exist(b"bank")
    check_spec(spec, proof)
    with pytest.raises(ProofError):
        check_spec(spec, replace(proof, leaf=replace(proof.leaf, **change)))  # type: ignore[arg-type]


def test_prefixes_that_could_hide_something() -> None:
    leaf = TREE.exist(b"\2\x0a").leaf
    negative, padded, higher, larger = b"\0\2\1", b"\0\2\x8e\0", b"\2\2\x0e", b"\0\4\x0e"
    for prefix in (b"", b"\0", b"\0\2", leaf.prefix + b"\0", negative, padded, higher, larger):
        with pytest.raises(ProofError):
            check_spec(IAVL, replace(FOOD, leaf=replace(leaf, prefix=prefix)))
    with pytest.raises(ProofError):
        check_spec(SIMPLE, replace(STORES.exist(b"bank"), leaf=replace(LEAF, prefix=b"\0\0")))
    step = TREE.exist(b"\2\x0a").path[0]
    low = replace(step, prefix=b"\0" + step.prefix[1:])
    with pytest.raises(ProofError, match="below its layer"):
        check_spec(IAVL, replace(FOOD, leaf=leaf, path=(low,)))
    with pytest.raises(ProofError, match="below its layer"):
        check_spec(IAVL, replace(FOOD, leaf=leaf, path=(step, step)))
    for prefix in (step.prefix[:3] + b"\0" + step.prefix[3:], step.prefix[:3]):
        with pytest.raises(ProofError):
            check_spec(IAVL, replace(FOOD, leaf=leaf, path=(replace(step, prefix=prefix),)))
    for suffix in (step.suffix[:-1], step.suffix + b"\0", step.suffix * 2):
        with pytest.raises(ProofError):
            value(IAVL, bytes(32), encode(replace(FOOD, leaf=leaf, path=(replace(step, suffix=suffix),))), b"food")
    for op in (InnerOp(1, b"\0", bytes(32)), InnerOp(1, b"\1\1", bytes(32)), InnerOp(1, b"\1", bytes(31))):
        with pytest.raises(ProofError):
            check_spec(SIMPLE, replace(STORES.exist(b"bank"), path=(op,)))


def test_a_step_is_a_left_or_a_right_child() -> None:
    # The reference's check of a specification lets this pass; a node with one child is in no tree.
    proof = replace(FOOD, path=(UPPER,))
    check_spec(IAVL, proof)
    with pytest.raises(ProofError, match="no child of a binary node"):
        value(IAVL, ics23_verify.calculate(proof), encode(proof), b"food")
    step = TREE.exist(b"\2\x0a").path[0]
    for op in (
        replace(step, suffix=b"\x21" + step.suffix[1:]),
        replace(step, prefix=step.prefix[:-1] + b"\x21"),
        replace(RIGHT, prefix=RIGHT.prefix.replace(b"\x08\x20", b"\x08\x1f")),
    ):
        proof = replace(FOOD, path=(op,))
        with pytest.raises(ProofError, match="no hashes"):
            value(IAVL, ics23_verify.calculate(proof), encode(proof), b"food")


@pytest.mark.parametrize("tree", [TREE, STORES], ids=["iavl", "simple"])
def test_absence_needs_the_nearest_neighbours(tree: Tree) -> None:
    spec, keys, root = SPECS[tree.kind], tree.keys, tree.root
    for i, key in enumerate(keys):
        above = key + b"\0"
        assert value(spec, root, encode(tree.absent(above)), above) is None
        pairs = [(a, b) for a in (None, *keys) for b in (None, *keys) if (a, b) != (None, None)]
        right = (key, keys[i + 1] if i + 1 < len(keys) else None)
        for left_key, right_key in pairs:
            if (left_key, right_key) == right:
                continue
            left = None if left_key is None else tree.exist(left_key)
            wrong = NonExistenceProof(above, left, None if right_key is None else tree.exist(right_key))
            with pytest.raises(ProofError):
                value(spec, root, encode(wrong), above)
        # What is there is not absent.
        for a, b in pairs:
            wrong = NonExistenceProof(key, tree.exist(a) if a else None, tree.exist(b) if b else None)
            with pytest.raises(ProofError):
                value(spec, root, encode(wrong), key)


def test_an_absence_is_of_the_key_that_is_asked_for() -> None:
    proof = encode(TREE.absent(b"\2\x0b"))
    assert value(IAVL, TREE.root, proof, b"\2\x0b") is None
    with pytest.raises(ProofError, match="another key"):
        value(IAVL, TREE.root, proof, b"\2\x0c")


def test_empty_values_prove_nothing_but_may_stand_beside_what_is_absent() -> None:
    tree = Tree("iavl", {b"a": b"", b"c": b"1", b"e": b""})
    for key in (b"a", b"e"):
        with pytest.raises(ProofError, match="without a value"):
            value(IAVL, tree.root, encode(tree.exist(key)), key)
    for key in (b"0", b"b", b"d", b"f"):
        assert value(IAVL, tree.root, encode(tree.absent(key)), key) is None
    with pytest.raises(ProofError, match="no key"):
        value(IAVL, tree.root, encode(tree.exist(b"c")), b"")
    nameless = Tree("iavl", {b"": b"1", b"c": b"1"})
    with pytest.raises(ProofError, match="without a key"):
        value(IAVL, nameless.root, encode(nameless.absent(b"b")), b"b")


def test_a_single_leaf_has_no_other_beside_it() -> None:
    tree = Tree("iavl", {b"m": b"1"})
    assert value(IAVL, tree.root, encode(tree.exist(b"m")), b"m") == b"1"
    assert value(IAVL, tree.root, encode(tree.absent(b"a")), b"a") is None
    assert value(IAVL, tree.root, encode(tree.absent(b"z")), b"z") is None
    twice = NonExistenceProof(b"n", tree.exist(b"m"), tree.exist(b"m"))
    with pytest.raises(ProofError):
        value(IAVL, tree.root, encode(twice), b"n")


items = st.dictionaries(st.binary(min_size=1, max_size=6), st.binary(min_size=1, max_size=6), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["iavl", "simple"]), items, st.binary(min_size=1, max_size=6))
def test_trees_of_all_shapes(kind: str, held: dict[bytes, bytes], key: bytes) -> None:
    tree = Tree("iavl" if kind == "iavl" else "simple", held)
    spec, root = SPECS[kind], tree.root
    for known, expected in held.items():
        assert value(spec, root, encode(tree.exist(known)), known) == expected
    if key in held:
        with pytest.raises(ProofError):
            value(spec, root, encode(tree.absent(key)), key)
    else:
        assert value(spec, root, encode(tree.absent(key)), key) is None


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400)
    | st.sampled_from([case[3] for case in CASES]).flatmap(
        lambda proof: st.tuples(st.integers(0, len(proof)), st.integers(0, len(proof)), st.binary(max_size=8)).map(
            lambda cut: proof[: min(cut[:2])] + cut[2] + proof[max(cut[:2]) :]
        )
    )
)
def test_arbitrary_bytes_prove_nothing(proof: bytes) -> None:
    genuine = {case[3] for case in GOOD}
    for _, _, root, _, key, _ in GOOD:
        for spec in SPECS.values():
            if proof not in genuine:
                with pytest.raises(ProofError):
                    value(spec, root, proof, key)
