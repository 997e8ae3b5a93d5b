"""The light client against public vectors: Tendermint's model-based single steps, CometBFT's hashes and sign bytes."""

import json
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chains.cosmos import blocks_json, merkle
from chains.cosmos.commits import sign_bytes
from chains.cosmos.headers import NO_TIME, BlockId, Header
from chains.cosmos.light import LightBlock, LightOptions, NotEnoughTrust, Trusted, verify
from chains.cosmos.validators import ValidatorSet
from chains.errors import ProofError
from chains.values import BadValue

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "light_single_step.json").read_text())
RFC6962 = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ([b""], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ([b"L123456"], "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"),
    ([b"\1\2\3"], "054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8"),
    ([b"\1\2\3", b"\4\5\6"], "82e6cfce00453804379b53962939eaa7906b39904be0813fcadd31b100773c4b"),
    (
        [b"\1\2", b"\3\4", b"\5\6", b"\7\x08", b"\x09\x0a"],
        "f326493eceab4f2d9ffbc78c59432a0a005d6ea98392045c74df5d14a113be18",
    ),
]
"""cometbft/cometbft, crypto/merkle: tree_test.go and rfc6962_test.go."""


def as_rpc(signed_header: dict[str, Any]) -> dict[str, Any]:
    """The form of RPC: no nulls, and an absent vote as Go writes it."""
    made = deepcopy(signed_header)
    header = made["header"]
    header["last_block_id"] = header["last_block_id"] or {"hash": "", "parts": {"total": 0, "hash": ""}}
    made["header"] = {name: "" if value is None else value for name, value in header.items()}
    made["commit"]["signatures"] = made["commit"]["signatures"] or []
    for vote in made["commit"]["signatures"]:
        if vote["block_id_flag"] == 1:
            vote.update(validator_address="", timestamp="0001-01-01T00:00:00Z", signature=None)
    return made


def set_of(value: dict[str, Any]) -> ValidatorSet:
    page = {"block_height": "1", "total": "1", "validators": value["validators"] or []}
    found = blocks_json.validators(page).validators
    return ValidatorSet(tuple(sorted(found, key=lambda validator: (-validator.power, validator.address))))


@pytest.mark.parametrize("case", CASES, ids=[case["description"] for case in CASES])
def test_tendermints_model_based_steps(case: dict[str, Any]) -> None:
    initial = case["initial"]
    header, _ = blocks_json.signed_header(as_rpc(initial["signed_header"]))
    trusted = Trusted(header, set_of(initial["next_validator_set"]))
    options = LightOptions("test-chain", int(initial["trusting_period"]), drift=10**9)
    for step in case["input"]:
        trusted, verdict = stepped(trusted, step, options)
        assert verdict == step["verdict"]


def stepped(trusted: Trusted, step: dict[str, Any], options: LightOptions) -> tuple[Trusted, str]:
    block = step["block"]
    try:
        header, commit = blocks_json.signed_header(as_rpc(block["signed_header"]))
        made = LightBlock(header, commit, set_of(block["validator_set"]))
        verify(trusted, made, blocks_json.time(step["now"]), options)
    except NotEnoughTrust:
        return trusted, "NOT_ENOUGH_TRUST"
    except (ProofError, BadValue):
        return trusted, "INVALID"
    assert LightBlock.decode(made.encode()) == made
    # The vectors go on with the next height's validators, which are as good as those of the height itself.
    return Trusted(header, set_of(block["next_validator_set"])), "SUCCESS"


def test_the_vectors_hold_every_verdict_and_changing_sets() -> None:
    steps = [step for case in CASES for step in case["input"]]
    counts = [
        sum(step["verdict"] == verdict for step in steps) for verdict in ("SUCCESS", "NOT_ENOUGH_TRUST", "INVALID")
    ]
    assert counts == [10, 15, 5]
    sets = {step["block"]["signed_header"]["header"]["validators_hash"] for step in steps}
    assert len(sets) > 5
    assert any(len(step["block"]["validator_set"]["validators"]) == 4 for step in steps)


@pytest.mark.parametrize(("items", "root"), RFC6962)
def test_merkle_roots(items: list[bytes], root: str) -> None:
    assert merkle.root(items).hex() == root


@pytest.mark.parametrize("count", range(1, 40))
def test_merkle_root_is_the_rfcs_recursion(count: int) -> None:
    def recursion(items: list[bytes]) -> bytes:
        if len(items) == 1:
            return sha256(b"\0" + items[0]).digest()
        split = 1 << (len(items) - 1).bit_length() - 1
        return sha256(b"\1" + recursion(items[:split]) + recursion(items[split:])).digest()

    items = [bytes([i]) * i for i in range(count)]
    assert merkle.root(items) == recursion(items)


def test_header_hash() -> None:
    # cometbft/cometbft, types/block_test.go, TestHeaderHash.
    header = Header(
        block_version=1,
        app_version=2,
        chain_id="chainId",
        height=3,
        time=blocks_json.time("2019-10-13T16:14:44Z"),
        last_block_id=BlockId(bytes(32), 6, bytes(32)),
        last_commit_hash=sha256(b"last_commit_hash").digest(),
        data_hash=sha256(b"data_hash").digest(),
        validators_hash=sha256(b"validators_hash").digest(),
        next_validators_hash=sha256(b"next_validators_hash").digest(),
        consensus_hash=sha256(b"consensus_hash").digest(),
        app_hash=sha256(b"app_hash").digest(),
        last_results_hash=sha256(b"last_results_hash").digest(),
        evidence_hash=sha256(b"evidence_hash").digest(),
        proposer=sha256(b"proposer_address").digest()[:20],
    )
    assert header.hash.hex().upper() == "F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4"
    assert Header.decode(header.encode()) == header


def test_sign_bytes_of_a_vote() -> None:
    # cometbft/cometbft, types/vote_test.go, TestVoteSignBytesTestVectors, case 1; then with a chain id as in case 4.
    expected = "2108021101000000000000001901000000000000002a0b088092b8c398feffffff01"
    assert sign_bytes("", 1, 1, BlockId(), NO_TIME).hex() == expected
    named = "30" + expected[2:] + "320d" + b"test_chain_id".hex()
    assert sign_bytes("test_chain_id", 1, 1, BlockId(), NO_TIME).hex() == named
