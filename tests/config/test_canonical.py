"""The digests that name a configuration."""

import json
from importlib import import_module
from typing import Any

import pytest
from pydantic import create_model

from chains.hashing import keccak256
from relayer.config.canonical import canonical_json, config_id, group_id
from relayer.config.errors import ConfigError
from tests.config.config_samples import committee, committee_raw, edited


def test_the_canonical_form_is_what_the_documentation_says() -> None:
    assert canonical_json({"b": [1, True, None], "a": "é\n", "c": 10**30}) == (
        b'{"a":"\\u00e9\\n","b":[1,true,null],"c":1' + b"0" * 30 + b"}"
    )


@pytest.mark.parametrize("value", [1.0, float("nan"), {1: 2}, b"x", [{"a": 0.5}], {"a": {"b": {3}}}])
def test_what_two_machines_could_write_differently_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        canonical_json(value)


def test_the_digests_are_tagged_and_fixed() -> None:
    assert config_id({}) == keccak256(b"ballast/config/v1{}")
    assert group_id("sample", 258) == keccak256(b"ballast/group/v1" + b"sample" + bytes(6) + b"\x01\x02")
    # Pinned: a change of either is a change of the protocol, for running committees.
    made = committee(committee_raw())
    assert made.config_id.hex() == "be94cb65f937fdaffbf14ef8e0c89ddeb061b6bf6c75a59185563dd2d91a6fe0"
    assert made.group.hex() == "057752a8def8d4d693b1404e3365e36ff13ab2a5a3a1a9e440ab38e565c22b49"


def test_the_document_spells_out_every_default() -> None:
    document: dict[str, Any] = committee(committee_raw()).document()
    route = document["routes"][0]
    assert (document["from_round"], route["margin"], route["deviation_bps"]) == (0, 0, 100)
    assert route["deployments"][0]["weight"] == 1
    assert route["deployments"][0]["options"] == {"colour": "red"}
    assert document["chains"]["toy:1"] == {"finality_lag": 10, "options": {"finality_lag": 10, "seed": "oak"}}
    assert json.loads(canonical_json(document)) == document


def test_a_default_written_out_changes_nothing() -> None:
    plain = committee(committee_raw()).config_id
    for edit, value in (
        ("routes/0/margin", "0"),
        ("routes/0/grace", 0),
        ("routes/0/deployments/0/weight", 1),
        ("routes/0/deployments/0/options", {"colour": "red"}),
        ("members/1/identity", ("11" * 32).upper()),
    ):
        assert committee(edited(committee_raw(), edit, value)).config_id == plain, edit


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        ("name", "other"),
        ("network", "testnet"),
        ("epoch", 2),
        ("from_round", 1),
        ("genesis", 1_700_000_001),
        ("slot", 7),
        ("skew", 0),
        ("staleness", 41),
        ("heartbeat", 31),
        ("turns", 1),
        ("members/0/name", "z"),
        ("members/0/identity", "77" * 32),
        ("chains/toy:1/finality_lag", 11),
        ("chains/toy:1/seed", "elm"),
        ("routes/0/name", "wGold"),
        ("routes/0/decimals", 7),
        ("routes/0/margin", 1),
        ("routes/0/margin_bps", 1),
        ("routes/0/slack_bps", 1),
        ("routes/0/demand_bps", 1),
        ("routes/0/deviation_bps", 101),
        ("routes/0/low_water_bps", 1001),
        ("routes/0/tolerance", 1),
        ("routes/0/grace", 1),
        ("routes/0/positions/0/account", "toy:1:other"),
        ("routes/0/positions/0/asset", "toy:1/coin:other"),
        ("routes/0/positions/0/decimals", 9),
        ("routes/0/positions/0/options", {"proven": True}),
        ("routes/0/deployments/0/gate", "toy:2:other"),
        ("routes/0/deployments/0/token", "toy:2/coin:other"),
        ("routes/0/deployments/0/decimals", 7),
        ("routes/0/deployments/0/weight", 2),
        ("routes/0/deployments/0/lease", 91),
        ("routes/0/deployments/0/retired", True),
        ("routes/0/deployments/0/options", {"colour": "blue"}),
    ],
)
def test_every_setting_changes_the_digest(edit: str, value: Any) -> None:
    assert committee(edited(committee_raw(), edit, value)).config_id != committee(committee_raw()).config_id


def test_the_order_of_members_says_who_leads() -> None:
    raw = committee_raw()
    raw["members"].reverse()
    assert committee(raw).config_id != committee(committee_raw()).config_id


def test_only_name_and_genesis_change_the_group() -> None:
    group = committee(committee_raw()).group
    assert committee(edited(committee_raw(), "epoch", 2)).group == group
    assert committee(edited(committee_raw(), "staleness", 41)).group == group
    assert committee(edited(committee_raw(), "name", "other")).group != group
    assert committee(edited(committee_raw(), "genesis", 1)).group != group


def test_a_family_whose_options_are_fractions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = import_module("toy_family").FAMILY
    monkeypatch.setattr(type(toy), "deployment_options", create_model("Fractions", share=(float, 0.5)))
    with pytest.raises(ConfigError, match="has no canonical form: a value of type float"):
        committee(committee_raw())
