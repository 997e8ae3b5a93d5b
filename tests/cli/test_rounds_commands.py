"""`ballast rounds` and `ballast verify`: what a member serves becomes a file, and the file is checked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from chains.registry import family
from relayer.group import Group as GroupRecord
from relayer.group import encode_group
from tests.cli.conftest import Ballast
from tests.cli.member_folder import SITE, make
from tests.cli.served import Shown, answering, member, nobody
from tests.config.toml_text import write_toml
from tests.verify.round_builder import Group, Sample, committee_raw, sample

ROW = {"round": 12, "epoch": 1, "id": "ab" * 32, "config_id": "cd" * 32, "certificate": "0x00"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sample]:
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield sample()
    family.cache_clear()


@pytest.fixture
def files(made: Sample, tmp_path: Path) -> Path:
    """round.json, committee.toml, group.json."""
    (tmp_path / "round.json").write_text(json.dumps(made.document))
    write_toml(tmp_path / "committee.toml", committee_raw())
    (tmp_path / "group.json").write_text(encode_group(GroupRecord(1, made.rounds.group.public)))
    return tmp_path


def key(made: Sample) -> str:
    return made.rounds.group.key.point33.hex()


def test_a_round_is_exported_and_verified(made: Sample, files: Path, ballast: Ballast) -> None:
    out = files / "exported.json"
    with member(Shown(rounds={None: made.document, 12: made.document})) as url:
        for which in ("12", "latest"):
            found = ballast("rounds", "export", "--round", which, "--url", url, "--out", out, "--json")
            assert found.code == 0
            assert found.data == {
                "version": 1,
                "file": str(out),
                "round": 12,
                "id": made.last.id.hex(),
                "config_id": made.rounds.params.config_id.hex(),
                "parts": len(made.document["parts"]),
            }
        piped = ballast("rounds", "export", "--url", url)
        assert json.loads(piped.out) == made.document == json.loads(out.read_text())
    arguments = ("verify", out, "--committee", files / "committee.toml", "--group-key")
    for given in (key(made), f"@{files / 'group.json'}"):
        found = ballast(*arguments, given)
        assert found.code == 0
        assert "round 12 of sample holds" in found.out
        assert "wCoin on shown:2:gate2: cap 499.5" in found.out
    document = ballast(*arguments, key(made), "--json").data
    assert document["ok"] is True
    assert [check["name"] for check in document["checks"]][-2:] == ["compute", "parts"]
    assert {s["gate"]: s["mint_cap"] for s in document["statements"]} == {
        "shown:2:gate2": "499500000",
        "shown:3:gate3": "500500000",
    }


def test_what_does_not_hold_is_named_and_the_exit_code_says_so(made: Sample, files: Path, ballast: Ballast) -> None:
    file = files / "round.json"
    document = json.loads(file.read_text())
    document["certified"] = document["certified"][:-1] + ("0" if document["certified"][-1] != "0" else "1")
    file.write_text(json.dumps(document))
    arguments = ("verify", file, "--committee", files / "committee.toml", "--group-key", key(made))
    found = ballast(*arguments)
    assert found.code == 1
    assert "FAIL statements" in found.out
    assert "ok   signature" in found.out
    assert "does NOT hold: statements, compute, parts" in found.err
    told = ballast(*arguments, "--json")
    assert told.code == 1
    assert told.data["ok"] is False


def test_another_group_key(made: Sample, files: Path, ballast: Ballast) -> None:
    other = Group.dealt("other").key.point33.hex()
    found = ballast("verify", files / "round.json", "--committee", files / "committee.toml", "--group-key", other)
    assert found.code == 1
    assert "FAIL signature" in found.out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["02" + "ff" * 32], "--group-key: a"),
        (["zz"], "--group-key: a"),
        (["@nowhere.json"], "nowhere.json: No such file"),
        ([], "--group-key"),
    ],
)
def test_what_is_no_group_key(files: Path, ballast: Ballast, given: list[str], says: str) -> None:
    keys = [word for one in given for word in ("--group-key", one)]
    found = ballast("verify", files / "round.json", "--committee", files / "committee.toml", *keys)
    assert found.code in (1, 2)
    assert says in found.err


def test_two_keys_for_one_epoch(made: Sample, files: Path, ballast: Ballast) -> None:
    keys = ("--group-key", key(made), "--group-key", Group.dealt("other").key.point33.hex())
    found = ballast("verify", files / "round.json", "--committee", files / "committee.toml", *keys)
    assert found.code == 2
    assert "two keys for epoch 1" in found.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON"),
        (b'{"format": "ballast-round", "format": 1}', "stands twice"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a": NaN}', "NaN"),
        (b'{"format": "\xff"}', "no JSON"),
        (b'{"round": ' + b"9" * 10_000 + b"}", "no JSON"),
    ],
)
def test_files_that_are_none(made: Sample, files: Path, ballast: Ballast, content: bytes, says: str) -> None:
    (files / "round.json").write_bytes(content)
    arguments = ("--committee", files / "committee.toml", "--group-key", key(made))
    found = ballast("verify", files / "round.json", *arguments)
    assert found.code == 1
    assert says in found.err
    assert "Traceback" not in found.err


def test_a_file_beyond_the_bound(made: Sample, files: Path, ballast: Ballast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relayer.roundfile.LARGEST", 100)
    arguments = ("--committee", files / "committee.toml", "--group-key", key(made))
    assert "larger than 100 bytes" in ballast("verify", files / "round.json", *arguments).err


def test_rounds_are_listed(ballast: Ballast) -> None:
    rows = [ROW | {"round": number} for number in (12, 11, 10)]
    with member(Shown(rows=rows)) as url:
        assert [r["round"] for r in ballast("rounds", "list", "--url", url, "--json").data["certificates"]] == [
            12,
            11,
            10,
        ]
        found = ballast("rounds", "list", "--url", url, "--limit", "1", "--before", "12")
        assert found.out.startswith("round 11  epoch 1  id abab")
        assert len(found.out.splitlines()) == 1


def test_a_round_that_is_not_kept(made: Sample, ballast: Ballast, tmp_path: Path) -> None:
    with member(Shown(rounds={12: made.document})) as url:
        found = ballast("rounds", "export", "--round", "11", "--url", url, "--out", tmp_path / "x")
    assert found.code == 1
    assert "does not keep round 11" in found.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: web.Response(text="<html>"), "no JSON"),
        (lambda: web.json_response([1]), "not what a member answers"),
        (lambda: web.json_response({"format": "other"}), "no exported round"),
        (lambda: web.json_response({"error": "busy"}, status=503), "answers 503"),
        (lambda: web.Response(status=404, text="nothing here"), "answers 404"),
        (lambda: web.Response(status=302, headers={"Location": "http://elsewhere.example/"}), "answers 302"),
    ],
)
def test_answers_that_are_none_of_a_member(ballast: Ballast, answer: object, says: str) -> None:
    assert callable(answer)
    with answering(lambda _: answer()) as url:
        found = ballast("rounds", "export", "--url", url)
    assert found.code == 1
    assert says in found.err
    assert found.out == ""


def test_another_round_than_the_one_asked_for(made: Sample, ballast: Ballast) -> None:
    with answering(lambda _: web.json_response(made.document)) as url:
        assert "answers with round 12, not 13" in ballast("rounds", "export", "--round", "13", "--url", url).err


def test_a_member_that_is_down(ballast: Ballast) -> None:
    with nobody() as port:
        url = f"http://127.0.0.1:{port}"
        for command in (["rounds", "list"], ["rounds", "export"], ["status"]):
            found = ballast(*command, "--url", url)
            assert found.code == 1
            assert f"the member at {url} cannot be reached" in found.err
            assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "either --url or --config"),
        (["--url", "http://h:1", "--config", "member.toml"], "either --url or --config"),
        (["--url", "ftp://h"], "--url: http://HOST:PORT"),
        (["--url", "http://h:1", "--round", "-1"], "--round: a whole number"),
        (["--url", "http://h:1", "--json"], "needs --out"),
    ],
)
def test_wrong_usage(ballast: Ballast, arguments: list[str], says: str) -> None:
    found = ballast("rounds", "export", *arguments)
    assert found.code == 2
    assert says in (found.err or found.out)


def test_the_member_file_names_the_service(made: Sample, ballast: Ballast, tmp_path: Path) -> None:
    folder = make(tmp_path)
    assert "takes any free port" in ballast("rounds", "list", "--config", folder.config).err
    with member(Shown()) as url:
        folder.edit(http={"listen": f"0.0.0.0:{url.rpartition(':')[2]}"})
        assert ballast("rounds", "list", "--config", folder.config, "--json").data["certificates"] == []
