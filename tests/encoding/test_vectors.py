"""Each case of contracts/vectors/ against chains/encoding.py, relayer/frost and the reference gate."""

import subprocess
import sys
from collections import Counter

import pytest

from chains.encoding import (
    Branch,
    Certificate,
    EncodingError,
    Handover,
    Header,
    Leaf,
    MintCap,
    Tree,
    decode_leaf,
    domain_id,
    evidence,
    leaf_hash,
    route_id,
    submission,
)
from chains.wire import Reader
from relayer.frost import GroupKey
from tests.encoding import reference_gate as gate
from tests.encoding.vector_files import FOLDER, Case, each, load, number, raw, with_and_without_y

FROST, STATEMENTS, TREE = load("frost.json"), load("statements.json"), load("tree.json")
CERTIFICATES, HANDOVER = load("certificates.json"), load("handover.json")


def test_the_files_are_what_the_generator_makes() -> None:
    command = [sys.executable, str(FOLDER / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_code_is_covered() -> None:
    assert set(Counter(c["error"] for c in FROST)) == {"", "bad_key", "bad_point", "bad_scalar", "bad_signature"}
    gate_codes = {"bad_length", "bad_kind", "bad_branch", "bad_root", "bad_epoch", "bad_domain"}
    gate_codes |= {"", "bad_point", "bad_scalar", "bad_signature"}
    assert set(Counter(c["error"] for c in CERTIFICATES)) == gate_codes | {"bad_route"}
    assert set(Counter(c["error"] for c in HANDOVER)) == gate_codes | {"bad_key", "bad_proof"}


@pytest.mark.parametrize("name", ["frost", "statements", "tree", "certificates", "handover"])
def test_format(name: str) -> None:
    cases = load(f"{name}.json")
    assert len({c["name"] for c in cases}) == len(cases)
    for case in cases:
        assert case["valid"] is (case["error"] == "")
        assert all(isinstance(v, str) for field, v in case.items() if field != "valid")


@each(FROST)
def test_frost(case: Case) -> None:
    key = gate.key_of(raw(case, "px"), number(case, "parity"))
    if key is None:
        assert case["error"] == "bad_key"
        return
    for y in with_and_without_y(case):
        assert gate.signature(key, raw(case, "message"), raw(case, "r"), raw(case, "z"), y) == case["error"]


def _leaf(case: Case) -> Leaf:
    if case["type"] == "mint_cap":
        numbers = [number(case, f) for f in ("mint_cap", "collateral", "supply", "observed_at", "expires_at")]
        return MintCap(raw(case, "domain"), raw(case, "route"), *numbers)
    new_epoch, parity, expires_at = (number(case, f) for f in ("new_epoch", "parity", "expires_at"))
    return Handover(raw(case, "domain"), new_epoch, raw(case, "px"), parity, expires_at)


LEAVES = [c for c in STATEMENTS if c["type"] in ("mint_cap", "handover")]


@each([c for c in LEAVES if c["valid"]])
def test_leaf_encodes_and_decodes(case: Case) -> None:
    data = raw(case, "bytes")
    assert _leaf(case).encode() == data
    assert decode_leaf(data) == _leaf(case)
    assert leaf_hash(data) == raw(case, "hash")


@each([c for c in LEAVES if c["error"] == "out_of_range"])
def test_leaf_without_an_encoding(case: Case) -> None:
    with pytest.raises(EncodingError):
        _leaf(case).encode()


@each([c for c in LEAVES if not c["valid"] and c["error"] != "out_of_range"])
def test_bytes_that_are_no_such_leaf(case: Case) -> None:
    expected = {"mint_cap": MintCap, "handover": Handover}[case["type"]]
    try:
        leaf = decode_leaf(raw(case, "bytes"))
    except EncodingError:
        return
    assert not isinstance(leaf, expected)


@each([c for c in STATEMENTS if c["type"] == "header"])
def test_header(case: Case) -> None:
    header = Header(number(case, "epoch"), number(case, "round"), raw(case, "evidence"), raw(case, "root"))
    assert header.encode() == raw(case, "bytes")
    assert Header.read(Reader(raw(case, "bytes"))) == header
    assert header.message() == raw(case, "hash")


@each([c for c in STATEMENTS if c["type"] == "evidence"])
def test_evidence(case: Case) -> None:
    parts = [raw(case, f) for f in ("config_id", "books_digest", "observations_digest")]
    assert evidence(*parts) == raw(case, "hash")
    assert b"\x02" + b"".join(parts) == raw(case, "bytes")


@each([c for c in STATEMENTS if c["type"] == "name"])
def test_names(case: Case) -> None:
    assert domain_id(case["text"]) == route_id(case["text"]) == raw(case, "hash")
    assert case["text"].encode() == raw(case, "bytes")


def _leaves(case: Case) -> list[Leaf]:
    data, found = raw(case, "leaves"), list[Leaf]()
    while data:
        size = gate.LEAF_SIZES[data[0]]
        found.append(decode_leaf(data[:size]))
        data = data[size:]
    assert len(found) == number(case, "count")
    return found


@each([c for c in TREE if c["type"] == "tree"])
def test_tree(case: Case) -> None:
    leaves = _leaves(case)
    if case["valid"]:
        assert Tree(leaves).root == raw(case, "root")
        return
    with pytest.raises(EncodingError, match="no leaves" if case["error"] == "empty" else "two leaves"):
        Tree(leaves)


@each([c for c in TREE if c["type"] == "branch"])
def test_branch(case: Case) -> None:
    leaf, data, root = raw(case, "leaf"), raw(case, "branch"), raw(case, "root")
    reached = gate.branch_root(leaf, data)
    code = reached if isinstance(reached, str) else "" if reached == root else "bad_root"
    assert code == case["error"]
    if case["error"] in ("bad_length", "bad_branch"):
        with pytest.raises(EncodingError):
            Branch.decode(data)
    else:
        branch = Branch.decode(data)
        assert branch.encode() == data
        assert (branch.root(leaf) == root) is case["valid"]


def _encoding_reads(statement: bytes) -> tuple[Leaf, Branch, Certificate]:
    """The submission through chains.encoding, which must give back the same bytes."""
    if not statement or statement[0] not in gate.LEAF_SIZES:
        raise EncodingError("kind")
    size = gate.LEAF_SIZES[statement[0]]
    leaf = decode_leaf(statement[:size])
    reader = Reader(statement[size:])
    branch, certificate = Branch.read(reader), Certificate.read(reader)
    reader.end()
    assert submission(leaf.encode(), branch, certificate) == statement
    return leaf, branch, certificate


@each(CERTIFICATES)
def test_certificates(case: Case) -> None:
    key = GroupKey.from_px(raw(case, "px"), number(case, "parity"))
    own = number(case, "epoch"), raw(case, "domain"), raw(case, "route")
    for y in with_and_without_y(case):
        code, opened = gate.mint_cap(key, *own, raw(case, "statement"), y)
        assert code == case["error"]
        if case["valid"]:
            assert opened is not None
            assert opened.message == raw(case, "message")
            assert opened.round == number(case, "round")
    _agrees(case)
    if case["valid"]:
        leaf = decode_leaf(raw(case, "statement")[: gate.LEAF_SIZES[1]])
        assert isinstance(leaf, MintCap)
        for field in ("mint_cap", "collateral", "supply", "observed_at", "expires_at"):
            assert getattr(leaf, field) == number(case, field)


def _agrees(case: Case) -> None:
    """chains.encoding refuses what is malformed, and leads to the reference's root and message elsewhere."""
    statement = raw(case, "statement")
    kind = 2 if "new_epoch" in case else 1
    opened = gate.open_submission(statement, None, kind)
    if isinstance(opened, str) and opened != "bad_kind":
        with pytest.raises(EncodingError):
            _encoding_reads(statement)
    elif isinstance(opened, gate.Opened) and opened.leaf[73] <= 1:  # a handover's parity byte; 0 in every mint cap here
        leaf, branch, certificate = _encoding_reads(statement)
        assert branch.root(leaf.encode()) == opened.root
        assert certificate.header.message() == opened.message
        assert (certificate.header.epoch, certificate.header.round) == (opened.epoch, opened.round)
        assert (certificate.r, certificate.z) == (opened.r, opened.z)


@each(HANDOVER)
def test_handover(case: Case) -> None:
    key = GroupKey.from_px(raw(case, "px"), number(case, "parity"))
    own = number(case, "epoch"), raw(case, "domain")
    for proof_y in with_and_without_y(case, "proof_y"):
        y = None if proof_y is None else raw(case, "y")
        proof = raw(case, "proof_r"), raw(case, "proof_z"), proof_y
        code, opened = gate.handover(key, *own, raw(case, "statement"), y, proof)
        assert code == case["error"]
        if case["valid"]:
            assert opened is not None
            assert opened.message == raw(case, "message")
    _agrees(case)
    if case["valid"]:
        leaf = decode_leaf(raw(case, "statement")[: gate.LEAF_SIZES[2]])
        fields = number(case, "new_epoch"), raw(case, "new_px"), number(case, "new_parity"), number(case, "expires_at")
        assert leaf == Handover(raw(case, "domain"), *fields)
