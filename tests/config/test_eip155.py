"""The family of EVM chains, as a configuration meets it."""

from pathlib import Path
from typing import Any

import pytest

from chains.hashing import keccak256
from relayer.config.committee import load_committee, parse_committee
from relayer.config.errors import ConfigError
from relayer.config.member import parse_member
from relayer.config.read import read_toml
from tests.config.config_samples import Raw, edited

EXAMPLE = Path(__file__).resolve().parents[2] / "configs" / "example"


@pytest.fixture
def committee() -> Raw:
    return read_toml(EXAMPLE / "committee.toml")


@pytest.fixture
def member() -> Raw:
    return read_toml(EXAMPLE / "member.toml")


def committee_findings(raw: Raw) -> dict[str, str]:
    try:
        parse_committee(raw, EXAMPLE / "committee.toml")
    except ConfigError as error:
        return {finding.path: finding.message for finding in error.findings}
    return {}


def member_findings(raw: Raw) -> dict[str, str]:
    try:
        parse_member(raw, EXAMPLE / "member.toml")
    except ConfigError as error:
        return {finding.path: finding.message for finding in error.findings}
    return {}


def test_one_address_has_one_spelling(committee: Raw) -> None:
    plain = parse_committee(committee, EXAMPLE)
    gate = "routes/0/deployments/0/gate"
    # EIP-55 spells this address so.
    mixed = "eip155:8453:0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa"
    spelt = parse_committee(edited(committee, gate, mixed), EXAMPLE)
    assert spelt.config_id == plain.config_id
    domain = keccak256(b"eip155:8453:0x" + b"aa" * 20)
    assert domain in {deployment.domain for deployment in spelt.params().routes[0].deployments}
    wrong = committee_findings(edited(committee, gate, mixed.replace("0xaA", "0xAa")))
    assert wrong.keys() == {"routes[0].deployments[0].gate"}


def test_one_slot_has_one_spelling(committee: Raw) -> None:
    as_number = edited(committee, "routes/0/positions/0/options/balance_slot", 9)
    assert parse_committee(as_number, EXAMPLE).config_id == load_committee(EXAMPLE / "committee.toml").config_id


def test_a_position_with_a_balance_slot_must_be_proven(committee: Raw) -> None:
    assert parse_committee(committee, EXAMPLE).params().routes[0].positions[0].proven
    without = edited(committee, "routes/0/positions/0/options/balance_slot", ...)
    assert not parse_committee(without, EXAMPLE).params().routes[0].positions[0].proven


@pytest.mark.parametrize(
    ("edit", "value", "path"),
    [
        ("chains/eip155:1/genesis_hash", ..., 'chains."eip155:1".genesis_hash'),
        ("chains/eip155:1/strde", 8, 'chains."eip155:1".strde'),
        ("routes/0/positions/0/options/transfer", ..., "routes[0].positions[0].options.transfer"),
        ("routes/0/positions/0/options/code_hash", "0x12", "routes[0].positions[0].options.code_hash"),
        (
            "routes/0/positions/0/options/implementation/adress",
            "x",
            "routes[0].positions[0].options.implementation.adress",
        ),
        ("routes/0/deployments/0/options", ..., "routes[0].deployments[0].options.committee"),
        ("routes/0/deployments/0/options/committee", "0x12", "routes[0].deployments[0].options.committee"),
        ("routes/0/positions/0/account", "eip155:1:0x12", "routes[0].positions[0].account"),
        ("routes/0/positions/0/asset", "eip155:1/erc721:0x" + "22" * 20, "routes[0].positions[0].asset"),
    ],
)
def test_errors_of_the_family_have_their_paths(committee: Raw, edit: str, value: Any, path: str) -> None:
    assert path in committee_findings(edited(committee, edit, value))


def test_duplicate_endpoints_and_a_lone_quorum_are_refused(member: Raw) -> None:
    endpoints = member["chains"]["eip155:1"]["endpoints"]
    endpoints[0]["url"] = "HTTPS://Ethereum.Provider-B.example:443"
    assert "the same url" in member_findings(member)['chains."eip155:1".endpoints']
    # Beside another error too, and then with the place of the second one.
    found = member_findings(edited(member, "chains/eip155:1/quorum", 4))
    assert found.keys() == {'chains."eip155:1".quorum', 'chains."eip155:1".endpoints[2].url'}
    assert "4 of 3 endpoints" in found['chains."eip155:1".quorum']


def test_no_url_shows_in_a_configuration_or_an_error(member: Raw) -> None:
    endpoints = member["chains"]["eip155:1"]["endpoints"]
    endpoints[0]["url"] = "https://node.example/v3/s3cr3t-key"
    endpoints[1]["headers"] = {"x-api-key": "s3cr3t-key"}
    config = parse_member(member, EXAMPLE / "member.toml")
    assert "s3cr3t-key" not in repr(config) + repr(config.chain_options("eip155:1"))
    endpoints[2]["url"] = "s3cr3t-key"
    endpoints[2]["hedaers"] = {"x-api-key": "s3cr3t-key"}
    with pytest.raises(ConfigError) as caught:
        parse_member(member, EXAMPLE / "member.toml")
    assert len(caught.value.findings) == 2
    assert "s3cr3t-key" not in str(caught.value)
