"""Headers, commits and validators as protobuf and as JSON: read in one way only, and never with another error."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import blocks_json, light, protobuf
from chains.cosmos.commits import Commit, CommitSig
from chains.cosmos.headers import NO_TIME, Header, decode_time, encode_time
from chains.cosmos.light import LightBlock
from chains.cosmos.validators import Validator, ValidatorSet
from chains.errors import ProofError
from chains.values import BadValue
from tests.chains.cosmos.blocks import OPTIONS, SECOND, START, chain, vote

SET = {"a": 10, "b": 9, "c": 8, "d": 7, "e": 1}
FULL = chain([SET, SET])[2]
_NIL = vote("d", FULL.commit, nil=True)
BLOCK = replace(
    FULL,
    commit=replace(
        FULL.commit,
        signatures=(*FULL.commit.signatures[:3], _NIL, CommitSig("absent", b"", NO_TIME, b"")),
    ),
)
ENCODED = BLOCK.encode()

# The forms are those of a CometBFT node's RPC; the hashes are of no chain.
HEADER: dict[str, Any] = {
    "version": {"block": "11"},
    "chain_id": "chain-1",
    "height": "5",
    "time": "2024-02-29T12:00:00.000000001Z",
    "last_block_id": {"hash": "AB" * 32, "parts": {"total": 1, "hash": "CD" * 32}},
    "last_commit_hash": "01" * 32,
    "data_hash": "02" * 32,
    "validators_hash": "03" * 32,
    "next_validators_hash": "04" * 32,
    "consensus_hash": "05" * 32,
    "app_hash": "06" * 32,
    "last_results_hash": "",
    "evidence_hash": "07" * 32,
    "proposer_address": "08" * 20,
}
COMMIT: dict[str, Any] = {
    "height": "5",
    "round": 0,
    "block_id": HEADER["last_block_id"],
    "signatures": [
        {"block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z", "signature": None},
        {
            "block_id_flag": 2,
            "validator_address": "0A" * 20,
            "timestamp": "2024-02-29T12:00:01.5Z",
            "signature": "A" * 86 + "==",
        },
    ],
}
PAGE: dict[str, Any] = {
    "block_height": "5",
    "validators": [
        {
            "address": "0616A636E7D0579A632EC37ED3C3F2B7E8522A0A",
            "pub_key": {"type": "tendermint/PubKeyEd25519", "value": "kwd8trZ8t5ASwgUbBEAnDq49nRRrrKvt2onhS4JSfQM="},
            "voting_power": "50",
            "proposer_priority": "-3",
        }
    ],
    "count": "1",
    "total": "1",
}


def test_the_json_forms() -> None:
    header, commit = blocks_json.signed_header({"header": HEADER, "commit": COMMIT})
    assert (header.block_version, header.app_version, header.height) == (11, 0, 5)
    assert header.time == 1_709_208_000 * SECOND + 1
    assert header.last_block_id.hash == commit.block_id.hash == b"\xab" * 32
    assert [vote.flag for vote in commit.signatures] == ["absent", "commit"]
    assert [vote.time for vote in commit.signatures] == [NO_TIME, 1_709_208_001_500_000_000]
    page = blocks_json.validators(PAGE)
    assert (page.height, page.total, page.validators[0].power) == (5, 1, 50)
    assert page.validators[0].address.hex().upper() == PAGE["validators"][0]["address"]
    assert Header.decode(header.encode()) == header
    assert Commit.decode(commit.encode()) == commit


def holes(value: Any) -> list[tuple[Any, ...]]:
    """The paths to everything inside `value`."""
    if isinstance(value, dict):
        return [(name, *rest) for name in value for rest in [(), *holes(value[name])]]
    return [(i, *rest) for i in range(len(value)) for rest in [(), *holes(value[i])]] if isinstance(value, list) else []


@pytest.mark.parametrize("form", ["header", "commit", "validators"])
@pytest.mark.parametrize("wrong", [None, 0, -1, 1.5, True, "", "x", "-1", "\ud800", "1e400", [], {}, [None], "99" * 99])
def test_json_that_is_something_else(form: str, wrong: object) -> None:
    good = {"header": HEADER, "commit": COMMIT, "validators": PAGE}[form]
    read = getattr(blocks_json, form)
    harmless = 0
    for path in holes(good):
        changed = deepcopy(good)
        inside = changed
        for name in path[:-1]:
            inside = inside[name]
        inside[path[-1]] = wrong
        try:
            read(changed)
            harmless += 1
        except BadValue:
            continue
    # Some values fit where they were put, as an empty hash or round 0 do; most do not.
    assert harmless < len(holes(good)) / 2
    with pytest.raises(BadValue):
        read(wrong)


@pytest.mark.parametrize(
    ("form", "path", "wrong", "said"),
    [
        ("header", ("chain_id",), "x" * 51, "chain id"),
        ("header", ("height",), "0", "height"),
        ("header", ("height",), str(1 << 63), "height"),
        ("header", ("time",), "2024-02-30T12:00:00Z", "not a time"),
        ("header", ("time",), "2024-02-29T12:00:00+00:00", "UTC"),
        ("header", ("time",), "2024-02-29T12:00:00.0000000001Z", "UTC"),
        ("header", ("validators_hash",), "", "no validator set"),
        ("header", ("app_hash",), "ab", "hexadecimal"),
        ("header", ("app_hash",), "AB" * 65, "hexadecimal"),
        ("header", ("data_hash",), "AB" * 31, "32 bytes"),
        ("header", ("last_block_id", "hash"), "", "neither complete nor empty"),
        ("commit", ("signatures", 0, "block_id_flag"), 4, "block_id_flag"),
        ("commit", ("signatures", 0, "signature"), "AAAA", "absent"),
        ("commit", ("signatures", 1, "signature"), None, "another length"),
        ("commit", ("signatures",), [], "0 votes"),
        ("validators", ("validators", 0, "voting_power"), "0", "voting power"),
        ("validators", ("validators", 0, "address"), "00" * 20, "address"),
        (
            "validators",
            ("validators", 0, "pub_key", "type"),
            "tendermint/PubKeySecp256k1",
            "only tendermint/PubKeyEd25519",
        ),
    ],
)
def test_json_of_values_that_none_has(form: str, path: tuple[Any, ...], wrong: object, said: str) -> None:
    changed = deepcopy({"header": HEADER, "commit": COMMIT, "validators": PAGE}[form])
    inside = changed
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = wrong
    with pytest.raises(BadValue, match=said):
        getattr(blocks_json, form)(changed)


def test_a_light_block_and_every_flipped_bit() -> None:
    assert LightBlock.decode(ENCODED) == BLOCK
    light.anchor(BLOCK, 2, BLOCK.header.hash, OPTIONS)
    for at in range(len(ENCODED)):
        flipped = ENCODED[:at] + bytes([ENCODED[at] ^ 1 << at % 8]) + ENCODED[at + 1 :]
        try:
            block = LightBlock.decode(flipped)
            light.anchor(block, 2, BLOCK.header.hash, OPTIONS)
        except ProofError:
            continue
        # What passes says the same of the chain: the vote for nil, and the block's parts, which no hash here covers.
        assert (block.header, block.validators) == (BLOCK.header, BLOCK.validators)
        assert block.commit.signatures[:3] == BLOCK.commit.signatures[:3]
        assert block.commit.block_id == BLOCK.commit.block_id


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | st.tuples(st.integers(0, len(ENCODED)), st.integers(0, len(ENCODED)), st.binary(max_size=40)).map(
        lambda cut: ENCODED[: min(cut[:2])] + cut[2] + ENCODED[max(cut[:2]) :]
    )
)
def test_arbitrary_bytes_are_no_other_block(encoded: bytes) -> None:
    for read in (Header.decode, Commit.decode, Validator.decode):
        try:
            assert read(encoded).encode() == encoded
        except ProofError:
            continue
    try:
        block = LightBlock.decode(encoded)
        assert block.encode() == encoded
        light.anchor(block, 2, BLOCK.header.hash, OPTIONS)
    except ProofError:
        return
    assert (block.header, block.validators) == (BLOCK.header, BLOCK.validators)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from([*HEADER, *COMMIT, *PAGE, "hash", "parts"]), x),
        max_leaves=20,
    )
)
def test_arbitrary_json_is_a_bad_value(value: Any) -> None:
    for read in (blocks_json.header, blocks_json.commit, blocks_json.validators, blocks_json.signed_header):
        with pytest.raises(BadValue):
            read(value)
    assert json.loads(json.dumps(value)) == value


@settings(max_examples=100, deadline=None)
@given(st.integers(NO_TIME, 253_402_300_800 * SECOND - 1))
def test_times(time: int) -> None:
    assert decode_time(encode_time(time)) == time


def test_times_that_are_none() -> None:
    for time in (NO_TIME - 1, 253_402_300_800 * SECOND):
        with pytest.raises(ProofError, match="years"):
            decode_time(encode_time(time))
    for nanos in (SECOND, -1):
        with pytest.raises(ProofError, match="timestamp"):
            decode_time(protobuf.uint(1, START // SECOND) + protobuf.uint(2, nanos))


def test_validators_with_other_keys_are_refused_by_name() -> None:
    for number, name in ((2, "secp256k1"), (3, "bls12381"), (4, "mldsa65"), (5, "secp256k1eth")):
        other = protobuf.message(1, protobuf.data(number, bytes(33))) + protobuf.uint(2, 5)
        with pytest.raises(ProofError, match=f"type {name}; only ed25519"):
            ValidatorSet.decode([other])
    with pytest.raises(ProofError, match="of 31 bytes"):
        Validator(bytes(31), 1)
