"""What is published about the settings: JSON schemas, docs/configuration.md, the example."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from relayer.config.committee import load_committee
from relayer.config.member import load_member
from relayer.config.read import parse_toml, read_toml
from relayer.config.schema import committee_schema, files, main, member_schema
from tests.config.config_samples import committee_raw, edited, member_raw

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "configs" / "example"


def test_the_published_files_are_up_to_date() -> None:
    # In a process of its own: here, the toy family is installed, and would be published too.
    found = subprocess.run(
        [sys.executable, "-m", "relayer.config.schema", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stderr, found.returncode) == ("", 0)


def test_a_file_out_of_date_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("relayer.config.schema._ROOT", tmp_path)
    assert main(["--check"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "docs" / "configuration.md").write_text("old")
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/configuration.md is out of date: run python -m relayer.config.schema\n"


@pytest.fixture(params=["committee", "member"])
def sample(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema with a sound file that fits it."""
    return {
        "committee": (committee_schema(), committee_raw()),
        "member": (member_schema(), member_raw()),
    }[request.param]


def valid(schema: dict[str, Any], raw: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(raw))


def test_schemas_are_schemas_and_fit_what_is_sound(sample: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, raw = sample
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(raw, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        ("slot", ...),
        ("slot", "6"),
        ("epoch", 0),
        ("network", "main"),
        ("unknown", 1),
        ("members", []),
        ("members/0/identity", "zz"),
        ("routes/0/margin", "1.5"),
        ("routes/0/positions/0/decimals", 37),
        ("routes/0/positions/0/options", {"prove": True}),
        ("routes/0/deployments/0/options", {"color": "red"}),
        ("routes/0/deployments/0/leese", 1),
        ("chains/toy:1/seed", ...),
        ("chains/toy:1/sede", "x"),
        ("chains/tay:1", {}),
    ],
)
def test_the_committee_schema_refuses_what_the_reader_refuses(edit: str, value: Any) -> None:
    assert not valid(committee_schema(), edited(committee_raw(), edit, value))


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        ("group", ...),
        ("keystore/passphrase", "hunter2"),
        ("bus/urls", ["http://x"]),
        ("log", {"level": "loud"}),
        ("chains/toy:1/endpoints", []),
        ("chains/toy:1/endpoints/0/patience", 0),
        ("chains/toy:1/endpoint", []),
        ("chains", {}),
    ],
)
def test_the_member_schema_refuses_what_the_reader_refuses(edit: str, value: Any) -> None:
    assert not valid(member_schema(), edited(member_raw(), edit, value))


def test_amounts_may_be_texts_of_digits() -> None:
    assert valid(committee_schema(), edited(committee_raw(), "routes/0/margin", "1_000"))


def test_a_family_brings_its_own_rows_and_definitions() -> None:
    page = files()["docs/configuration.md"]
    assert '| `chains."toy:*".seed` | text | required |  |  | what the toy chain grew from |' in page
    assert "| `routes[].positions[].options.proven (toy)` | boolean | `false` |" in page
    assert '| `routes[].deployments[].options.colour (toy)` | text | `"red"` |' in page
    row = '| `chains."toy:*".endpoints[].patience` | integer | `1` | seconds | `>= 1` | how long to wait |'
    assert row in page
    assert "toy.PositionOptions" in committee_schema()["$defs"]


def test_every_setting_says_what_it_means() -> None:
    rows = [line for line in files()["docs/configuration.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 6, row
        assert cells[1], row
        assert cells[2], row
        assert cells[5], row


def test_the_example_is_sound_and_fits_the_schemas() -> None:
    committee = load_committee(EXAMPLE / "committee.toml")
    member = load_member(EXAMPLE / "member.toml")
    assert member.committee.config_id == committee.config_id
    assert committee.params().routes[0].positions[0].proven
    assert valid(committee_schema(), read_toml(EXAMPLE / "committee.toml"))
    assert valid(member_schema(), read_toml(EXAMPLE / "member.toml"))


def test_the_example_shows_the_faults_of_bad_input_by_path() -> None:
    from relayer.config.committee import parse_committee
    from relayer.config.errors import ConfigError

    text = (EXAMPLE / "committee.toml").read_text("utf-8")
    for old, new in (
        ("faulty = 1 ", "faulty = 2 "),
        ("lease = 10800  ", "lease = 7200  "),
        ("weight = 2 ", "wieght = 2 "),
        ('asset = "eip155:1/erc20:0x22', 'asset = "eip155:1/erc20:0x'),
        ("finality_lag = 1200", "finality_lag = 3600"),
    ):
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(ConfigError) as caught:
        parse_committee(parse_toml(text, EXAMPLE), EXAMPLE)
    assert {finding.path for finding in caught.value.findings} == {
        "faulty",
        "threshold",
        "routes[0].deployments[0].lease",
        "routes[0].deployments[0].wieght",
        "routes[0].positions[0].asset",
        'chains."eip155:1".finality_lag',
    }
