"""What holds for every statement, tree and certificate."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.encoding import (
    CERTIFICATE_SIZE,
    HANDOVER_SIZE,
    HEADER_SIZE,
    MINT_CAP_SIZE,
    Branch,
    Certificate,
    EncodingError,
    Handover,
    Header,
    Leaf,
    MintCap,
    Tree,
    decode_leaf,
    submission,
)
from chains.wire import Reader

steady = settings(deadline=None, max_examples=100)
b32 = st.binary(min_size=32, max_size=32)
u64 = st.integers(0, 2**64 - 1)
u256 = st.integers(0, 2**256 - 1)
mint_caps = st.builds(MintCap, b32, b32, u256, u256, u256, u64, u64)
handovers = st.builds(Handover, b32, u64, b32, st.integers(0, 1), u64)
leaves: st.SearchStrategy[Leaf] = st.one_of(mint_caps, handovers)
headers = st.builds(Header, u64, u64, b32, b32)
certificates = st.builds(Certificate, headers, st.binary(min_size=33, max_size=33), b32)
branches = st.lists(b32, max_size=32).flatmap(
    lambda siblings: st.builds(Branch, st.integers(0, 2 ** len(siblings) - 1), st.just(tuple(siblings)))
)
trees = st.lists(leaves, min_size=1, max_size=20, unique_by=lambda leaf: leaf.key).map(Tree)


@steady
@given(leaves)
def test_leaves_round_trip(leaf: Leaf) -> None:
    data = leaf.encode()
    assert decode_leaf(data) == leaf
    assert len(data) == (MINT_CAP_SIZE if isinstance(leaf, MintCap) else HANDOVER_SIZE)


@steady
@given(certificates)
def test_certificates_round_trip(certificate: Certificate) -> None:
    data = certificate.encode()
    assert Certificate.decode(data) == certificate
    assert len(data) == CERTIFICATE_SIZE
    assert len(certificate.header.encode()) == HEADER_SIZE


@steady
@given(branches)
def test_branches_round_trip(branch: Branch) -> None:
    assert Branch.decode(branch.encode()) == branch


@steady
@given(st.one_of(leaves.map(lambda x: x.encode()), certificates.map(lambda x: x.encode())), st.data())
def test_no_other_length_decodes(data: bytes, draw: st.DataObject) -> None:
    decode = decode_leaf if len(data) != CERTIFICATE_SIZE else Certificate.decode
    cut = draw.draw(st.integers(0, len(data) - 1))
    more = draw.draw(st.binary(min_size=1, max_size=64))
    for wrong in (data[:cut], data + more):
        with pytest.raises(EncodingError):
            decode(wrong)


@steady
@given(st.binary(max_size=300))
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    for decode in (decode_leaf, Branch.decode, Certificate.decode):
        try:
            value = decode(data)
        except EncodingError:
            continue
        assert value.encode() == data


@steady
@given(trees)
def test_every_leaf_has_its_branch(tree: Tree) -> None:
    for leaf in tree.leaves:
        branch = tree.branch(leaf)
        assert branch.root(leaf) == tree.root
        assert Branch.decode(branch.encode()) == branch


@steady
@given(st.lists(leaves, min_size=1, max_size=12, unique_by=lambda leaf: leaf.key), st.randoms(use_true_random=False))
def test_the_order_of_leaves_is_immaterial(found: list[Leaf], random: Random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert Tree(shuffled).root == Tree(found).root


@steady
@given(trees, leaves)
def test_a_strange_leaf_leads_elsewhere(tree: Tree, leaf: Leaf) -> None:
    for own in tree.leaves:
        if leaf.encode() != own:
            assert tree.branch(own).root(leaf.encode()) != tree.root


@steady
@given(st.lists(leaves, min_size=1, max_size=8, unique_by=lambda leaf: leaf.key), st.data())
def test_two_leaves_of_one_key_are_refused(found: list[Leaf], data: st.DataObject) -> None:
    with pytest.raises(EncodingError, match="two leaves"):
        Tree([*found, data.draw(st.sampled_from(found))])


def test_a_tree_has_leaves() -> None:
    with pytest.raises(EncodingError, match="no leaves"):
        Tree([])


@steady
@given(trees, certificates)
def test_submissions_read_back(tree: Tree, certificate: Certificate) -> None:
    for leaf in tree.leaves:
        data = submission(leaf, tree.branch(leaf), certificate)
        reader = Reader(data[len(leaf) :])
        assert decode_leaf(data[: len(leaf)]).encode() == leaf
        assert Branch.read(reader) == tree.branch(leaf)
        assert Certificate.read(reader) == certificate
        reader.end()


@pytest.mark.parametrize("depth", [33, 255])
def test_branches_deeper_than_32_are_refused_before_they_are_read(depth: int) -> None:
    with pytest.raises(EncodingError, match="depth"):
        Branch.decode(bytes([depth]) + bytes(4) + bytes(32 * depth))
    with pytest.raises(EncodingError, match="depth"):
        Branch(0, (bytes(32),) * depth).encode()


def test_unused_side_bits_are_refused() -> None:
    with pytest.raises(EncodingError, match="sides"):
        Branch(2, (bytes(32),)).encode()
    with pytest.raises(EncodingError, match="sides"):
        Branch.decode(b"\x01" + (2).to_bytes(4, "big") + bytes(32))
