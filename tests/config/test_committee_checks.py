"""What a committee.toml must satisfy: each error is found, at its path, and all of them at once."""

from typing import Any

import pytest

from relayer.config.committee import parse_committee
from relayer.config.errors import ConfigError
from tests.config.config_samples import FILE, committee, committee_raw, deployment, edited, findings, second_route

ROUTE = "routes/0"
GATE = "routes/0/deployments/0"
VAULT = "routes/0/positions/0"


def test_the_sample_is_sound() -> None:
    assert findings(committee_raw()) == {}


@pytest.mark.parametrize(
    ("edit", "value", "path", "part"),
    [
        ("faulty", 2, "faulty", "n >= 3f + 1"),
        ("threshold", 2, "threshold", "2t - n > f"),
        ("threshold", 4, "threshold", "t <= n - f"),
        ("threshold", 1, "threshold", "greater than or equal to 2"),
        ("members", [], "members", "must not be empty"),
        ("members/1/name", "a", "members[1].name", "the same as members[0].name"),
        ("members/1/identity", "10" * 32, "members[1].identity", "the same as members[0].identity"),
        ("members/1/identity", "1A" * 31, "members[1].identity", "not 62 characters"),
        ("members/1/identity", "", "members[1].identity", "ballast keys identity"),
        ("members/1/identity", "0" * 64, "members[1].identity", "no Ed25519 public key"),
        ("members/1", "b", "members[1]", "must be a table, not a text"),
        ("epoch", 0, "epoch", "greater than or equal to 1"),
        ("epoch", True, "epoch", "valid integer"),
        ("epoch", 1.0, "epoch", "valid integer"),
        ("epoch", "1", "epoch", "valid integer"),
        ("from_round", 2**64, "from_round", "less than or equal"),
        ("genesis", ..., "genesis", "missing"),
        ("network", "main", "network", "'devnet', 'testnet' or 'mainnet'"),
        ("name", "", "name", "1 to 64"),
        ("name", "naïve", "name", "1 to 64"),
        ("slot", 3, "slot", "slot >= 2 * skew + 2"),
        ("heartbeat", 5, "heartbeat", "heartbeat >= slot"),
        ("turns", 0, "turns", "greater than or equal to 1"),
        ("heartbeat", 45, "routes[0].deployments[0].lease", "heartbeat < lease / 2"),
        ("staleness", 70, "routes[0].deployments[1].lease", "staleness + (faulty + 2) * slot"),
        ("chains/toy:3/finality_lag", 35, 'chains."toy:3".finality_lag', "finality_lag + slot <= staleness"),
        ("chains/toy:3/finality_lag", 0, 'chains."toy:3".finality_lag', "greater than or equal to 1"),
        ("chains/toy:3/seed", ..., 'chains."toy:3".seed', "missing"),
        ("chains/toy:3/seed", "weed", 'chains."toy:3"', "must not grow from weed"),
        ("chains/toy:3/sede", "oak", 'chains."toy:3".sede', "did you mean 'seed'?"),
        ("chains/toy:3/finality_leg", 1, 'chains."toy:3".finality_leg', "did you mean 'finality_lag'?"),
        ("chains/toy:3", ..., "routes[0].deployments[1].gate", 'has no table [chains."toy:3"]'),
        ("chains/toy:4", {"finality_lag": 1, "seed": "x"}, 'chains."toy:4"', "no route names this chain"),
        ("chains/tay:4", {"finality_lag": 1}, 'chains."tay:4"', "no chain family for 'tay' is installed"),
        ("chains/!", {"finality_lag": 1}, 'chains."!"', "no CAIP-2 chain id"),
        ("chains", [], "chains", "must be a table of tables"),
        (f"{ROUTE}/name", "w coin", "routes[0].name", "1 to 64"),
        (f"{ROUTE}/decimals", 37, "routes[0].decimals", "less than or equal to 36, not 37"),
        (f"{ROUTE}/decimals", -1, "routes[0].decimals", "greater than or equal to 0, not -1"),
        (f"{ROUTE}/margin", "1.5", "routes[0].margin", "whole number"),
        (f"{ROUTE}/margin", 1.5, "routes[0].margin", "whole number"),
        (f"{ROUTE}/margin", -1, "routes[0].margin", "greater than or equal to 0"),
        (f"{ROUTE}/margin", "-1", "routes[0].margin", "whole number"),
        (f"{ROUTE}/margin", str(2**256), "routes[0].margin", "less than or equal"),
        (f"{ROUTE}/margin", True, "routes[0].margin", "valid integer"),
        (f"{ROUTE}/margin_bps", 10_000, "routes[0].margin_bps", "less than 10000"),
        (f"{ROUTE}/slack_bps", 10_000, "routes[0].slack_bps", "less than 10000"),
        (f"{ROUTE}/demand_bps", 10_001, "routes[0].demand_bps", "less than or equal to 10000"),
        (f"{ROUTE}/deviation_bps", 0, "routes[0].deviation_bps", "greater than or equal to 1"),
        (f"{ROUTE}/low_water_bps", 10_001, "routes[0].low_water_bps", "less than or equal to 10000"),
        (f"{ROUTE}/tolerance", "x", "routes[0].tolerance", "whole number"),
        (f"{ROUTE}/grace", 90, "routes[0].grace", "grace < lease"),
        (f"{ROUTE}/positions", [], "routes[0].positions", "must not be empty"),
        (f"{ROUTE}/deployments", {}, "routes[0].deployments", "must be a list of tables"),
        (f"{VAULT}/account", "toy:1", "routes[0].positions[0].account", "no CAIP-10 account"),
        (f"{VAULT}/account", "toy:1:v4ult", "routes[0].positions[0].account", "letters only"),
        (f"{VAULT}/account", "new:1:vault", "routes[0].positions[0].account", "no chain family for 'new'"),
        (f"{VAULT}/account", "toy:2:vault", "routes[0].positions[0].asset", "is on toy:1, but its account is on toy:2"),
        (f"{VAULT}/asset", "toy:1/note:x", "routes[0].positions[0].asset", "no note"),
        (f"{VAULT}/asset", "toy:1", "routes[0].positions[0].asset", "no CAIP-19 asset"),
        (f"{VAULT}/options", {"prove": True}, "routes[0].positions[0].options.prove", "did you mean 'proven'?"),
        (f"{VAULT}/options", 7, "routes[0].positions[0].options", "must be a table, not an integer"),
        (f"{GATE}/gate", "toy:3:gateb", "routes[0].deployments[1].gate", "the same as routes[0].deployments[0].gate"),
        (f"{GATE}/token", "toy:3/coin:WB", "routes[0].deployments[1].token", "the same as"),
        (f"{GATE}/lease", 88 - 48, "routes[0].deployments[0].lease", "staleness"),
        (f"{GATE}/weight", -1, "routes[0].deployments[0].weight", "greater than or equal to 0"),
        (f"{GATE}/retired", "yes", "routes[0].deployments[0].retired", "valid boolean"),
        (f"{GATE}/options", {"color": "red"}, "routes[0].deployments[0].options.color", "did you mean 'colour'?"),
        ("treshold", 3, "treshold", "did you mean 'threshold'?"),
        (f"{ROUTE}/position", [], "routes[0].position", "did you mean 'positions'?"),
    ],
)
def test_each_error_is_found_at_its_path(edit: str, value: Any, path: str, part: str) -> None:
    found = findings(edited(committee_raw(), edit, value))
    assert path in found
    assert part in found[path]


def test_a_lease_must_outlast_heartbeat_and_finality() -> None:
    raw = committee_raw()
    raw["staleness"] = 45
    raw["heartbeat"] = 44
    raw["chains"]["toy:2"]["finality_lag"] = 30
    # heartbeat + finality_lag + (faulty + 2) * slot + 2 * skew = 44 + 30 + 18 + 2
    assert (
        "before they are renewed: 94 <= 94"
        in findings(edited(raw, f"{GATE}/lease", 94))["routes[0].deployments[0].lease"]
    )
    assert findings(edited(raw, f"{GATE}/lease", 95)) == {}


def test_bounds_between_settings_are_exact() -> None:
    for edit, value in (
        ("slot", 4),
        ("staleness", 69),
        ("heartbeat", 44),
        ("chains/toy:1/finality_lag", 34),
        (f"{ROUTE}/grace", 89),
    ):
        assert findings(edited(committee_raw(), edit, value)) == {}, edit


def test_one_vault_backs_one_route_once_whatever_its_spelling() -> None:
    raw = committee_raw()
    second_route(raw)["positions"].append({"account": "toy:1:VAULT", "asset": "toy:1/coin:GOLD", "decimals": 8})
    assert "the same vault (account and asset) as routes[0].positions[0]" in findings(raw)["routes[1].positions[1]"]
    raw = committee_raw()
    raw["routes"][0]["positions"] *= 2
    assert "the same vault" in findings(raw)["routes[0].positions[1]"]


def test_one_vault_may_hold_the_assets_of_two_routes() -> None:
    raw = committee_raw()
    second_route(raw)["positions"][0]["account"] = "toy:1:Vault"
    assert findings(raw) == {}


def test_a_gate_may_hold_several_routes() -> None:
    raw = committee_raw()
    second_route(raw)["deployments"][0] = deployment("toy:2", "a", token="toy:2/coin:wc")
    assert findings(raw) == {}


def test_a_token_stands_in_one_deployment_over_all_routes() -> None:
    raw = committee_raw()
    second_route(raw)["deployments"][0] = deployment("toy:2", "a")
    found = findings(raw)
    assert found.keys() == {"routes[1].deployments[0].token"}
    assert "the same as routes[0].deployments[0].token" in found["routes[1].deployments[0].token"]


def test_route_names_are_unique() -> None:
    raw = committee_raw()
    second_route(raw)["name"] = "wCoin"
    assert findings(raw)["routes[1].name"].startswith("the same as routes[0].name")


def test_a_route_cannot_back_itself() -> None:
    raw = committee_raw()
    raw["routes"][0]["positions"].append({"account": "toy:2:Hoard", "asset": "toy:2/coin:WA", "decimals": 6})
    assert "cannot back itself" in findings(raw)["routes[0].positions[1].asset"]


def test_routes_cannot_back_each_other() -> None:
    raw = committee_raw()
    hoard = {"account": "toy:2:Hoard", "asset": "toy:2/coin:WC", "decimals": 2}
    second = second_route(raw)
    raw["routes"][0]["positions"].append({**hoard, "asset": second["deployments"][0]["token"]})
    assert findings(raw) == {}
    second["positions"].append({**hoard, "asset": raw["routes"][0]["deployments"][0]["token"]})
    assert "by way of other routes" in findings(raw)["routes[0].positions[1].asset"]
    assert "by way of other routes" in findings(raw)["routes[1].positions[1].asset"]


def test_readings_of_several_chains_are_not_newer_than_the_window_reaches_back() -> None:
    raw = edited(committee_raw(), "chains/toy:1/seed", "ivy")
    assert findings(raw) == {}  # alone on its chain a position is compared with no other
    raw["routes"][0]["positions"].append({"account": "toy:2:Hoard", "asset": "toy:2/coin:silver", "decimals": 6})
    slot, skew = raw["slot"], raw["skew"]
    for staleness, found in ((38 + slot + 2 * skew, False), (37 + slot + 2 * skew, True)):
        assert ("spread + slot" in findings(edited(raw, "staleness", staleness)).get('chains."toy:1"', "")) is found


def test_weights_of_live_deployments_sum_above_zero() -> None:
    raw = edited(edited(committee_raw(), f"{GATE}/weight", 0), "routes/0/deployments/1/retired", True)
    assert "all weights are 0" in findings(raw)["routes[0].deployments"]
    # Where all are retired there is no cap to share out.
    assert findings(edited(raw, f"{GATE}/retired", True)) == {}


def test_the_lease_of_a_retired_deployment_keeps_nothing_alive() -> None:
    raw = edited(committee_raw(), f"{GATE}/retired", True)
    assert findings(edited(raw, f"{GATE}/lease", 10)) == {}


def test_every_error_comes_at_once() -> None:
    raw = committee_raw()
    second_route(raw)["positions"].append({"account": "toy:1:VAULT", "asset": "toy:1/coin:GOLD", "decimals": 40})
    raw["faulty"] = 2
    raw["slot"] = "six"
    raw["thresold"] = 3
    raw["chains"]["toy:3"]["finality_lag"] = 1.5
    raw["routes"][0]["deployments"][1]["gate"] = "toy:3:g4te"
    raw["routes"][0]["deployments"][0]["lease"] = 60
    raw["routes"][1]["deployments"][0]["options"] = {"shape": "round"}
    with pytest.raises(ConfigError) as caught:
        committee(raw)
    assert {finding.path for finding in caught.value.findings} == {
        "faulty",
        "threshold",
        "slot",
        "thresold",
        'chains."toy:3".finality_lag',
        "routes[0].deployments[1].gate",
        "routes[0].deployments[0].lease",
        "routes[1].positions[1]",
        "routes[1].positions[1].decimals",
        "routes[1].deployments[0].options.shape",
    }
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.findings)
    assert all(line.startswith("committee.toml: ") for line in lines)


def test_no_error_is_reported_twice() -> None:
    raw = edited(committee_raw(), "chains/toy:3/finality_lag", ...)
    with pytest.raises(ConfigError) as caught:
        parse_committee(raw, FILE)
    assert [str(finding) for finding in caught.value.findings] == [
        'chains."toy:3".finality_lag: missing, and it has no default'
    ]


def test_an_empty_file_names_all_that_is_missing() -> None:
    assert {"name", "network", "epoch", "genesis", "members", "chains", "routes", "threshold"} <= findings({}).keys()
