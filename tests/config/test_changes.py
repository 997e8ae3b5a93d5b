"""What a new configuration must not do to the ones before it."""

from typing import Any

import pytest

from relayer.config.changes import changes, history
from tests.config.config_samples import Raw, committee, committee_raw, deployment, edited, second_route

OLD = committee_raw()


def later(raw: Raw, rounds: int = 10) -> Raw:
    return edited(raw, "from_round", raw["from_round"] + rounds)


def found(old: Raw, new: Raw) -> list[str]:
    return changes(committee(old), committee(new))


def test_a_later_round_and_other_settings_of_life_are_fine() -> None:
    new = edited(edited(later(OLD), "heartbeat", 20), "routes/0/margin", 5)
    assert found(OLD, edited(new, "routes/0/deployments/0/weight", 9)) == []


@pytest.mark.parametrize(
    ("edit", "value", "part"),
    [
        ("from_round", 0, "from_round must be later"),
        ("name", "other", "name never changes"),
        ("network", "testnet", "network never changes"),
        ("genesis", 5, "genesis never changes"),
        ("slot", 7, "slot never changes"),
        ("epoch", 3, "epoch must stay 1 or become 2, not 3"),
        ("members/0/identity", "77" * 32, "members (and their order) change only with an epoch"),
        ("routes/0/decimals", 9, "route 'wCoin': decimals never change (6 before, 9 now)"),
        ("routes/0/deployments/0/decimals", 9, "toy:2:gatea changed its token or decimals"),
        ("routes/0/deployments/0/token", "toy:2/coin:new", "toy:2:gatea changed its token or decimals"),
        ("routes/0/deployments/0", deployment("toy:2", "z"), "deployment toy:2:gatea was deleted"),
    ],
)
def test_each_change_that_cannot_be_followed_is_named(edit: str, value: Any, part: str) -> None:
    (sentence,) = found(OLD, edited(later(OLD), edit, value))
    assert part in sentence


def test_an_epoch_never_goes_back() -> None:
    assert "epoch must stay 2" in found(edited(OLD, "epoch", 2), later(OLD))[0]


def test_thresholds_and_members_change_with_an_epoch() -> None:
    new = later(OLD)
    new["members"].append({"name": "e", "identity": "77" * 32})
    new["threshold"] = 4
    assert [sentence.split()[0] for sentence in found(OLD, new)] == ["threshold", "members"]
    assert found(OLD, edited(new, "epoch", 2)) == []
    reordered = later(OLD)
    reordered["members"] = reordered["members"][::-1]
    assert len(found(OLD, reordered)) == 1


def test_faulty_changes_with_an_epoch() -> None:
    new = edited(later(OLD), "faulty", 0)
    assert [sentence.split()[0] for sentence in found(OLD, new)] == ["faulty"]


def test_a_member_may_change_its_name() -> None:
    assert found(OLD, edited(later(OLD), "members/0/name", "renamed")) == []


def test_a_deployment_is_retired_before_it_is_deleted() -> None:
    retired = edited(later(OLD), "routes/0/deployments/1/retired", True)
    deleted = later(retired)
    del deleted["routes"][0]["deployments"][1], deleted["chains"]["toy:3"]
    assert found(OLD, retired) == []
    assert found(retired, deleted) == []
    assert "set retired = true" in found(OLD, deleted)[0]
    assert "set retired = true" in history([committee(OLD), committee(deleted), committee(later(deleted))])[0]


def test_a_route_is_deleted_only_with_its_deployments_retired() -> None:
    old = committee_raw()
    second_route(old)
    new = later(old)
    del new["routes"][1]
    assert len(found(old, new)) == 2


def test_a_token_never_changes_its_route() -> None:
    old = committee_raw()
    second_route(old)
    new = later(old)
    first, second = new["routes"][0]["deployments"], new["routes"][1]["deployments"]
    first[0], second[0] = {**second[0], "decimals": 6}, first[0]
    assert sum("moved from route" in sentence for sentence in found(old, new)) == 2


def taken_out_and_back(back: Raw) -> list[str]:
    """What the whole line says where wCoin, all retired, is taken out and comes `back`."""
    gone = later(of_two_routes())
    del gone["routes"][0]
    line = [committee(of_two_routes()), committee(gone), committee(later(back, 20))]
    assert changes(*line[:2]) == changes(*line[1:]) == []
    return history(line)


def of_two_routes() -> Raw:
    raw = committee_raw()
    second_route(raw)
    for row in raw["routes"][0]["deployments"]:
        row["retired"] = True
    return raw


@pytest.mark.parametrize(
    ("place", "value", "part"),
    [
        ("deployments/0/token", "toy:2/coin:new", "toy:2:gatea changed its token or decimals"),
        ("deployments/0/decimals", 9, "toy:2:gatea changed its token or decimals"),
        ("decimals", 9, "route 'wCoin': decimals never change (6 before, 9 now)"),
    ],
)
def test_what_was_taken_out_does_not_come_back_as_another(place: str, value: Any, part: str) -> None:
    assert taken_out_and_back(of_two_routes()) == []
    (sentence,) = taken_out_and_back(edited(of_two_routes(), f"routes/0/{place}", value))
    assert part in sentence


def test_a_token_that_was_taken_out_does_not_come_back_in_another_route() -> None:
    back = of_two_routes()
    back["routes"][1]["deployments"].append(back["routes"][0]["deployments"].pop(0))
    (sentence,) = taken_out_and_back(back)
    assert "token toy:2/coin:wa moved from route 'wCoin' to " in sentence


def moved(raw: Raw, rounds: int) -> Raw:
    """The vault of wCoin now backs wTin; wCoin has another."""
    new = later(raw, rounds)
    new["routes"][1]["positions"].append(new["routes"][0]["positions"][0])
    new["routes"][0]["positions"] = [{"account": "toy:1:Fresh", "asset": "toy:1/coin:gold", "decimals": 8}]
    return new


def without(raw: Raw, rounds: int) -> Raw:
    """The vault of wCoin backs nothing; wCoin has another."""
    new = later(raw, rounds)
    new["routes"][0]["positions"] = [{"account": "toy:1:Fresh", "asset": "toy:1/coin:gold", "decimals": 8}]
    return new


@pytest.fixture
def two_routes() -> Raw:
    raw = committee_raw()
    second_route(raw)
    return raw


def test_a_vault_does_not_move_between_routes_at_once(two_routes: Raw) -> None:
    (sentence,) = found(two_routes, moved(two_routes, 10_000))
    assert "vault toy:1:vault toy:1/coin:gold moves from route 'wCoin' to 'wTin'" in sentence


# The longest lease is 90 s and W 40 s: 130 s, which are 21.67 slots of 6 s.
@pytest.mark.parametrize(("rounds", "refused"), [(1, True), (21, True), (22, False)])
def test_a_vault_moves_once_the_leases_of_its_old_route_are_over(two_routes: Raw, rounds: int, refused: bool) -> None:
    gone = without(two_routes, 5)
    back = later(gone, rounds)
    back["routes"][1]["positions"].append(two_routes["routes"][0]["positions"][0])
    line = [committee(raw) for raw in (two_routes, gone, back)]
    assert bool(history(line)) is refused
    assert changes(line[0], line[1]) == []
    assert changes(line[1], line[2]) == []  # two neighbours do not show it: that is what the line is for


@pytest.mark.parametrize(("rounds", "refused"), [(21, True), (22, False)])
def test_a_vault_moves_once_its_old_route_has_long_been_retired(two_routes: Raw, rounds: int, refused: bool) -> None:
    retired = later(two_routes, 5)
    for one in retired["routes"][0]["deployments"]:
        one["retired"] = True
    new = moved(retired, rounds)
    assert bool(history([committee(raw) for raw in (two_routes, retired, new)])) is refused


def test_a_vault_that_comes_back_to_its_own_route_is_fine(two_routes: Raw) -> None:
    gone = without(two_routes, 1)
    back = later(gone, 1)
    back["routes"][0]["positions"].append(two_routes["routes"][0]["positions"][0])
    assert history([committee(raw) for raw in (two_routes, gone, back)]) == []
