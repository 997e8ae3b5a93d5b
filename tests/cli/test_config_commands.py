"""`ballast config check`, `id` and `schema`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Ballast
from tests.config.config_samples import committee, committee_raw, edited, member_raw
from tests.config.toml_text import write_toml

EXAMPLE = Path(__file__).parents[2] / "configs" / "example"


def test_check_says_what_a_sound_file_is(ballast: Ballast, folder: Path) -> None:
    result = ballast("config", "check", folder / "committee.toml")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"{folder}/committee.toml: ok: 4 members (f = 1, t = 3), routes wCoin, chains toy:1, toy:2, toy:3",
        f"config_id {committee(committee_raw()).config_id.hex()}",
    ]


@pytest.mark.parametrize("kind", ["committee", "member"])
def test_check_tells_the_two_files_apart(ballast: Ballast, folder: Path, kind: str) -> None:
    data = ballast("config", "check", folder / f"{kind}.toml", "--json").data
    sample = committee(committee_raw())
    assert data == {
        "version": 1,
        "file": f"{folder}/{kind}.toml",
        "kind": kind,
        "ok": True,
        "warnings": [],
        "name": "sample",
        "network": "devnet",
        "epoch": 1,
        "config_id": sample.config_id.hex(),
        "group": sample.group.hex(),
        "members": 4,
        "faulty": 1,
        "threshold": 3,
        "routes": ["wCoin"],
        "chains": ["toy:1", "toy:2", "toy:3"],
    }


def test_check_refuses_with_every_finding_of_every_file(ballast: Ballast, folder: Path) -> None:
    write_toml(folder / "committee.toml", edited(edited(committee_raw(), "faulty", 2), "slto", 1))
    write_toml(folder / "member.toml", edited(member_raw(), "log", {"level": "loud"}))
    result = ballast("config", "check", folder / "member.toml")
    assert (result.code, result.out) == (2, "")
    assert [line.split(": ")[:2] for line in result.err.splitlines()] == [
        [f"{folder}/member.toml", "log.level"],
        [f"{folder}/committee.toml", "slto"],
        [f"{folder}/committee.toml", "faulty"],
        [f"{folder}/committee.toml", "threshold"],
        [f"{folder}/committee.toml", "threshold"],
    ]
    error = ballast("config", "check", folder / "member.toml", "--json").data["error"]
    assert error["kind"] == "ConfigError"
    assert [(Path(found["file"]).name, found["path"]) for found in error["findings"]] == [
        ("member.toml", "log.level"),
        ("committee.toml", "slto"),
        ("committee.toml", "faulty"),
        ("committee.toml", "threshold"),
        ("committee.toml", "threshold"),
    ]
    assert all(found["message"] for found in error["findings"])


def test_check_warns_of_a_file_that_others_can_read(ballast: Ballast, folder: Path) -> None:
    (folder / "member.toml").chmod(0o644)
    result = ballast("config", "check", folder / "member.toml")
    assert result.code == 0
    assert result.err == f"warning: {folder}/member.toml: can be read by others: chmod 600 {folder}/member.toml\n"
    assert len(ballast("config", "check", folder / "member.toml", "--json").data["warnings"]) == 1


@pytest.mark.parametrize("text", ["", "a = 1\n", "name = 'x'\nmember = 'y'\n"])
def test_a_file_that_is_neither_is_refused(ballast: Ballast, folder: Path, text: str) -> None:
    (folder / "x.toml").write_text(text)
    result = ballast("config", "check", folder / "x.toml")
    assert result.code == 2
    assert "neither a committee.toml nor a member.toml" in result.err


def test_a_missing_file_and_bad_syntax_are_one_line(ballast: Ballast, folder: Path) -> None:
    assert ballast("config", "check", folder / "no.toml").err == f"error: {folder}/no.toml: there is no such file\n"
    (folder / "x.toml").write_text("a = \n")
    result = ballast("config", "id", folder / "x.toml")
    assert result.code == 2
    assert result.err.startswith(f"error: {folder}/x.toml: line 1, column ")


def test_check_compares_with_previous_files(ballast: Ballast, folder: Path) -> None:
    file = folder / "committee.toml"
    write_toml(folder / "new.toml", edited(edited(committee_raw(), "from_round", 9), "routes/0/decimals", 7))
    result = ballast("config", "check", folder / "new.toml", "--previous", file)
    assert result.code == 2
    assert "route 'wCoin': decimals never change" in result.err
    write_toml(folder / "new.toml", edited(committee_raw(), "from_round", 9))
    write_toml(folder / "newer.toml", edited(committee_raw(), "from_round", 19))
    previous = ("--previous", file, "--previous", folder / "new.toml")
    assert ballast("config", "check", folder / "newer.toml", *previous).code == 0
    backwards = ("--previous", folder / "new.toml", "--previous", file)
    assert "from_round must be later" in ballast("config", "check", folder / "newer.toml", *backwards).err


def test_id_prints_the_digests(ballast: Ballast, folder: Path) -> None:
    sample = committee(committee_raw())
    result = ballast("config", "id", folder / "member.toml")
    assert result.out == f"config_id {sample.config_id.hex()}\ngroup {sample.group.hex()}\n"
    data = ballast("config", "id", folder / "committee.toml", "--json").data
    assert (data["config_id"], data["group"]) == (sample.config_id.hex(), sample.group.hex())


def test_schema_prints_a_schema(ballast: Ballast) -> None:
    plain, wrapped = ballast("config", "schema", "member"), ballast("config", "schema", "member", "--json")
    assert plain.data == wrapped.data["schema"]
    assert plain.data["title"].startswith("member.toml")
    assert ballast("config", "schema").data["title"].startswith("committee.toml")


def test_the_example_passes(ballast: Ballast) -> None:
    assert ballast("config", "check", EXAMPLE / "committee.toml").code == 0
    assert ballast("config", "check", EXAMPLE / "member.toml").code == 0
