"""Devnets over several families, none of which the relayer knows by name."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chains import devnet as chains_devnet
from chains.devnet import Committee, LocalChain
from relayer.cli.devnet import usage
from relayer.config.committee import load_committee
from relayer.config.member import load_member
from relayer.demo.scenes import FIRST_MINT, LOCKED, racing_mint
from relayer.demo.stage import Stage
from relayer.demo.story import opening, story
from relayer.devnet import configuration
from relayer.devnet.configuration import Identity, chain_of, read_routes
from relayer.devnet.plan import ROUTES, Lane, NoSuchFamily, Plan, chosen, named, one_route, plan_for
from relayer.devnet.state import Chain, DevnetError, Member, State
from relayer.devnet.up import _configure, _deploy, laid_out

pytestmark = pytest.mark.usefixtures("local_site")

GROUP = Committee(1, bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
BOTH = ("tally", "abacus")
IDENTITIES = [
    Identity(name, f"{i + 16:02x}" * 32, {"abacus": f"{name}-a", "tally": f"{name}-t"})
    for i, name in enumerate(("alpha", "bravo", "charlie", "delta"))
]


def test_families_come_by_rank_and_only_those_that_can_be_run() -> None:
    found = list(chains_devnet.families())
    assert found.index("tally") < found.index("abacus")
    assert "still" not in found
    ranks = [brought.rank for brought in chains_devnet.families().values()]
    assert ranks == sorted(ranks)


def test_a_family_is_known_by_its_everyday_name_and_by_its_namespace() -> None:
    assert named("beads") == named("abacus") == "abacus"
    assert named("stick") == named("tally") == "tally"


def test_a_list_of_families_says_which_and_not_in_what_order() -> None:
    assert chosen("beads,stick") == chosen("tally abacus") == chosen(" stick ,, beads, tally") == BOTH
    assert chosen("beads") == ("abacus",)
    assert chosen(None) == tuple(chains_devnet.families())


@pytest.mark.parametrize("word", ["nosuch", "still", "beads,nosuch"])
def test_a_family_that_is_not_there_is_named_with_what_there_is(word: str) -> None:
    with pytest.raises(NoSuchFamily, match=rf"'{word.split(',')[-1]}'.*stick \(tally\), beads \(abacus\)"):
        chosen(word)


def test_an_empty_list_of_families_is_refused() -> None:
    with pytest.raises(NoSuchFamily, match="empty"):
        chosen(" , ")


def test_with_one_family_its_collateral_backs_two_chains() -> None:
    plan = plan_for(["tally"])
    assert [str(chain) for chain in plan.chains] == ["tally:7", "tally:8", "tally:9"]
    assert plan.routes == (Lane("USD", 0, (1, 2)),)


def test_with_two_families_the_collateral_backs_both_and_the_second_has_a_route_of_its_own() -> None:
    plan = plan_for(BOTH, 5)
    assert [str(chain) for chain in plan.chains] == ["tally:7", "tally:8", "abacus:7"]
    assert plan.routes == (Lane("USD", 0, (1, 2)), Lane("EUR", 2, (1,)))
    assert plan.members == 5
    assert [lane.name for lane in plan.destinations(1)] == ["USD", "EUR"]
    assert [lane.name for lane in plan.sources(2)] == ["EUR"]
    assert plan.sources(1) == plan.destinations(0) == []


def test_with_three_families_there_are_three_routes() -> None:
    plan = plan_for((*BOTH, "eip155"))
    assert plan.routes == (Lane("USD", 0, (1, 2, 3)), Lane("EUR", 2, (1,)), Lane("GBP", 3, (1,)))
    assert plan.chains[3].namespace == "eip155"


def test_more_families_than_names_of_routes_are_refused() -> None:
    with pytest.raises(DevnetError, match="at most"):
        plan_for(["tally"] * (len(ROUTES) + 1))


def test_one_route_between_chosen_families() -> None:
    plan = one_route("abacus", ["tally", "abacus"])
    assert [str(chain) for chain in plan.chains] == ["abacus:7", "tally:7", "abacus:8"]
    assert plan.routes == (Lane("USD", 0, (1, 2)),)


def test_a_node_gets_as_many_ports_in_a_row_as_its_family_says(tmp_path: Path) -> None:
    state = laid_out(tmp_path, plan_for(BOTH))
    nodes = {chain.name: chain.port for chain in state.chains}
    width = {"tally:7": 1, "tally:8": 1, "abacus:7": 3}
    taken = [port + i for name, port in nodes.items() for i in range(width[name])]
    taken += [state.bus_port, *(member.port for member in state.members)]
    taken += [_port(url) for member in state.members for urls in member.endpoints.values() for url in urls]
    assert len(taken) == 5 + 1 + 4 + 4 * 3 * 3
    assert len(set(taken)) == len(taken)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def deployed(directory: Path, plan: Plan) -> tuple[State, list[Any]]:
    """A devnet's files as `up` writes them, over chains in memory; and these chains."""
    chains: list[LocalChain] = [chains_devnet.devnet(c.namespace).local(c, 1) for c in plan.chains]
    routes = await _deploy(plan, chains, GROUP, IDENTITIES)
    members = tuple(
        Member(one.name, 1000 + i, {str(c): (f"http://127.0.0.1:{i}", "http://127.0.0.1:9") for c in plan.chains})
        for i, one in enumerate(IDENTITIES)
    )
    state = State(directory, tuple(Chain(str(c), i) for i, c in enumerate(plan.chains)), members, 4222)
    for member in members:
        state.config(member.name).parent.mkdir(parents=True)
    await _configure(state, chains, IDENTITIES, routes)
    return state, chains


async def test_every_chain_takes_what_its_routes_need(tmp_path: Path) -> None:
    _, (source, both, other) = await deployed(tmp_path, plan_for(BOTH))
    assert source.calls == ["source USD"]
    assert both.calls == ["destination USD", "destination EUR"]
    assert other.calls == ["source EUR", "destination USD"]
    assert source.funded == []
    assert both.funded == [one.accounts["tally"] for one in IDENTITIES]
    assert other.funded == [one.accounts["abacus"] for one in IDENTITIES]


async def test_committee_toml_has_every_route_and_holds(tmp_path: Path) -> None:
    state, _ = await deployed(tmp_path, plan_for(BOTH))
    committee = load_committee(state.committee)
    assert [route.name for route in committee.routes] == ["USD", "EUR"]
    usd, eur = committee.routes
    assert [d.gate for d in usd.deployments] == ["tally:8:gateUSD", "abacus:7:gateUSD"]
    assert [d.gate for d in eur.deployments] == ["tally:8:gateEUR"]
    assert [p.account for p in eur.positions] == ["abacus:7:vaultEUR"]
    lags = {name: chain.finality_lag for name, chain in committee.chains.items()}
    assert lags == {"tally:7": configuration.FINALITY_LAG, "tally:8": configuration.FINALITY_LAG, "abacus:7": 11}
    assert committee.staleness == 11 + 2 * configuration.SLOT


async def test_members_know_every_chain_and_each_family_has_its_user(tmp_path: Path) -> None:
    state, _ = await deployed(tmp_path, plan_for(BOTH))
    for member in state.members:
        config = load_member(state.config(member.name))
        assert set(config.member.chains) == {"tally:7", "tally:8", "abacus:7"}
    keys = {namespace: state.user_key(namespace) for namespace in BOTH}
    assert {name: bytes.fromhex(key.read_text().strip())[:6] for name, key in keys.items()} == {
        "tally": b"tally.",
        "abacus": b"abacus",
    }
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys.values())


async def test_routes_read_back_as_they_were_written(tmp_path: Path) -> None:
    state, _ = await deployed(tmp_path, plan_for((*BOTH, "tally")))
    routes = read_routes(state)
    assert [route.name for route in routes] == ["USD", "EUR", "GBP"]
    assert [[chain_of(row) for row in route.rows] for route in routes] == [
        ["tally:7", "tally:8", "abacus:7", "tally:7"],
        ["abacus:7", "tally:8"],
        ["tally:7", "tally:8"],
    ]


async def test_the_stage_knows_every_route_and_each_rows_chain(tmp_path: Path) -> None:
    state, _ = await deployed(tmp_path, plan_for(BOTH))
    async with Stage(state) as stage:
        assert stage.main.name == "USD"
        assert [route.name for route in stage.others] == ["EUR"]
        assert [str(stage.chain(row).chain) for row in stage.main.rows] == ["tally:7", "tally:8", "abacus:7"]
        assert [chain_of(row) for row in stage.of_each_family()] == ["tally:8", "abacus:7"]
        assert not stage.family(stage.main.position).historical


async def test_people_are_told_every_route_and_how_to_use_the_last_destination_of_the_main_one(tmp_path: Path) -> None:
    state, _ = await deployed(tmp_path, plan_for(BOTH))
    lines = usage(state).splitlines()
    routes = [line.split("route", 1)[1].strip() for line in lines if "  route  " in line]
    assert routes == ["from tally:7 to tally:8, abacus:7", "from abacus:7 to tally:8"]
    (mint,) = (line for line in lines if " mint --committee" in line)
    assert "--route USD --gate abacus:7" in mint
    assert f"--key file:{state.user_key('abacus')} --rpc http://127.0.0.1:2 " in mint


def test_the_story_has_a_scene_about_other_routes_only_where_there_are_some() -> None:
    alone, two = story(plan_for(["tally"])), story(plan_for(BOTH))
    assert "further" not in [scene.name for scene in alone]
    names = [scene.name for scene in two]
    assert names == [*[scene.name for scene in alone][:5], "further", *[scene.name for scene in alone][5:]]
    titles = {scene.name: scene.title for scene in two}
    assert titles["caps"] == "Caps appear on both destinations"
    assert titles["further"] == "Another route has collateral on beads, and a token on stick"


def test_the_story_counts() -> None:
    three = plan_for((*BOTH, "eip155"))
    titles = {scene.name: scene.title for scene in story(three)}
    assert titles["caps"] == "Caps appear on all three destinations"
    assert titles["further"] == "Two more routes have collateral on beads and evm, and a token on stick"
    four = {scene.name: scene.title for scene in story(plan_for((*BOTH, "eip155", "kiln")))}
    assert four["further"] == "Three more routes have collateral on beads, evm and bricks, and a token on stick"
    assert opening(three) == "Four local chains, a bus and a committee of four start"
    assert opening(plan_for(["tally"])) == "Three local chains, a bus and a committee of four start"


@pytest.mark.parametrize("families", range(1, 5))
def test_what_a_gate_takes_in_the_race_is_covered_however_caps_have_moved(families: int) -> None:
    destinations = max(2, families)
    mint = racing_mint(destinations, families)
    assert mint > 0
    for minted in range(families + 1):  # how many first mints a round has seen
        share = (LOCKED - minted * FIRST_MINT) // destinations
        assert FIRST_MINT + mint <= share + (FIRST_MINT if minted == families else 0)


def ballast(site: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "tests.cli.program", "devnet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_familys_node_runs_in_the_place_of_the_command(local_site: Path, tmp_path: Path) -> None:
    where = ("--port", "4567", "--dir", str(tmp_path / "node"))
    done = ballast(local_site, "node", "beads", *where, "--number", "2", "--json", "--", "--fast", "yes")
    assert done.returncode == 0, done.stderr
    told, given = [json.loads(line) for line in done.stdout.splitlines()]
    assert told == {"version": 1, "chain": "abacus:9", "url": "http://127.0.0.1:4567"}
    assert given == ["abacus:9", "4567", str(tmp_path / "node"), "--fast", "yes"]
    assert (tmp_path / "node").is_dir()


def test_a_node_without_a_port_gets_one_that_is_free(local_site: Path, tmp_path: Path) -> None:
    done = ballast(local_site, "node", "tally", "--dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    first, given = done.stdout.splitlines()
    assert first == f"tally:7 at http://127.0.0.1:{json.loads(given)[1]}"


def test_a_node_of_no_family_is_refused(local_site: Path, tmp_path: Path) -> None:
    done = ballast(local_site, "node", "nosuch", "--dir", str(tmp_path / "node"))
    assert done.returncode == 2
    assert "no chain family 'nosuch' can be run here; there is:" in done.stderr
    assert "beads (abacus)" in done.stderr
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--source", "beads"), "give both"),
        (("--destination", "beads"), "give both"),
        (("--families", "beads", "--source", "beads", "--destination", "stick"), "leave out"),
        (("--families", "nosuch"), "no chain family 'nosuch'"),
        (("--source", "nosuch", "--destination", "stick"), "no chain family 'nosuch'"),
    ],
)
def test_choices_that_make_no_plan_are_refused(
    local_site: Path, tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    done = ballast(local_site, "up", "--dir", str(tmp_path / "devnet"), *options)
    assert done.returncode == 2
    assert why in done.stderr
    assert not (tmp_path / "devnet").exists()
