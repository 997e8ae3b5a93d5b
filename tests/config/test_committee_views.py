"""What the agreement's rules and the families get to see of a committee.toml."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chains.hashing import keccak256
from relayer.agreement.params import DeploymentParams, PositionParams
from relayer.daemon.root import declared
from tests.config.config_samples import committee, committee_raw, deployment, edited, second_route


def test_params_hold_every_setting() -> None:
    raw = edited(committee_raw(), "routes/0/margin", "1_000_000_000_000_000_000_000")
    raw["routes"][0] |= {
        "margin_bps": 10,
        "slack_bps": 20,
        "demand_bps": 30,
        "deviation_bps": 40,
        "low_water_bps": 50,
        "tolerance": 60,
        "grace": 70,
    }
    raw["routes"][0]["positions"][0]["options"] = {"proven": True}
    made = committee(raw)
    params = made.params()
    assert (params.config_id, params.group) == (made.config_id, made.group)
    assert (params.epoch, params.from_round, params.faulty, params.threshold) == (1, 0, 1, 3)
    assert (params.genesis, params.slot, params.skew) == (1_700_000_000, 6, 1)
    assert (params.staleness, params.heartbeat, params.turns) == (40, 30, 2)
    assert params.members == tuple(bytes([i + 16]) * 32 for i in range(4))
    (route,) = params.routes
    assert (route.id, route.name, route.decimals) == (keccak256(b"wCoin"), "wCoin", 6)
    assert (route.margin, route.margin_bps, route.slack_bps, route.demand_bps) == (10**21, 10, 20, 30)
    assert (route.deviation_bps, route.low_water_bps, route.tolerance, route.grace) == (40, 50, 60, 70)
    assert route.positions == (PositionParams(keccak256(b"toy:1:vault toy:1/coin:gold"), "toy:1", 8, proven=True),)
    assert route.deployments == (
        DeploymentParams(keccak256(b"toy:2:gatea"), "toy:2", 6, weight=1, lease=90, cap_limit=2**64 - 1),
        DeploymentParams(keccak256(b"toy:3:gateb"), "toy:3", 6, weight=1, lease=90, cap_limit=2**64 - 1),
    )


def test_a_retired_deployment_stays_and_its_weight_counts_for_nothing() -> None:
    raw = edited(committee_raw(), "routes/0/deployments/0/retired", True)
    retired, live = committee(edited(raw, "routes/0/deployments/0/weight", 7)).params().routes[0].deployments
    assert (retired.retired, retired.weight) == (True, 0)
    assert (live.retired, live.weight) == (False, 1)


def test_positions_and_deployments_come_by_chain_with_their_familys_options() -> None:
    raw = committee_raw()
    second_route(raw)["deployments"][0]["options"] = {"colour": "blue"}
    made = committee(raw)
    assert [str(p.account) for p in made.positions()["toy:1"]] == ["toy:1:vault", "toy:1:safe"]
    assert made.positions()["toy:2"] == ()
    gates = made.deployments()["toy:2"]
    assert [(str(d.gate), d.route) for d in gates] == [
        ("toy:2:gatea", keccak256(b"wCoin")),
        ("toy:2:gatec", keccak256(b"wTin")),
    ]
    assert [d.options.model_dump() for d in gates] == [{"colour": "red"}, {"colour": "blue"}]
    assert made.chain_options("toy:1").model_dump() == {"seed": "oak", "finality_lag": 10}


def test_a_configuration_is_frozen() -> None:
    made = committee(committee_raw())
    with pytest.raises(ValidationError):
        made.slot = 7  # type: ignore[misc]
    with pytest.raises(ValidationError):
        made.routes[0].decimals = 7  # type: ignore[misc]


def test_members_are_found_by_name() -> None:
    made = committee(committee_raw())
    assert [made.index(name) for name in ("a", "d", "e")] == [0, 3, None]


@given(st.randoms(use_true_random=False))
def test_order_and_spelling_change_neither_digest_nor_params(random: object) -> None:
    import random as module

    assert isinstance(random, module.Random)
    raw = committee_raw()
    second_route(raw)["positions"].append({"account": "toy:2:Safe", "asset": "toy:2/coin:tin", "decimals": 2})
    plain = committee(raw)
    random.shuffle(raw["routes"])
    for route in raw["routes"]:
        random.shuffle(route["positions"])
        random.shuffle(route["deployments"])
        for position in route["positions"]:
            chain, _, address = position["account"].rpartition(":")
            position["account"] = f"{chain}:{random.choice([address.upper(), address.lower()])}"
    shuffled = committee(raw)
    assert shuffled.config_id == plain.config_id
    assert shuffled.params() == plain.params()
    assert (shuffled.positions(), shuffled.deployments()) == (plain.positions(), plain.deployments())


def test_a_chain_is_opened_for_every_route_of_one_gate_and_for_the_later_options() -> None:
    raw = committee_raw()
    second_route(raw)["deployments"][0] = deployment("toy:2", "a", token="toy:2/coin:wc", decimals=2)
    later = edited(raw, "routes/0/deployments/0/options", {"colour": "blue"})
    positions, deployments = declared([committee(raw), committee(later)], "toy:2")
    assert positions == ()
    assert len({d.domain for d in deployments}) == 1
    assert [(str(d.token), d.decimals, getattr(d.options, "colour", None)) for d in deployments] == [
        ("toy:2/coin:wa", 6, "blue"),
        ("toy:2/coin:wc", 2, "red"),
    ]
