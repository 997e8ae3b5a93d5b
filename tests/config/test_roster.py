"""The part of a committee.toml that keys are made from."""

from pathlib import Path
from typing import Any

import pytest

from relayer.config.errors import ConfigError
from relayer.config.roster import load_roster
from tests.config.config_samples import Raw, committee_raw, edited
from tests.config.toml_text import write_toml


def roster() -> Raw:
    return {
        "network": "devnet",
        "epoch": 1,
        "faulty": 1,
        "threshold": 3,
        "members": [{"name": name} for name in "abcd"],
    }


def test_it_needs_neither_chains_nor_identities(tmp_path: Path) -> None:
    made = load_roster(write_toml(tmp_path / "c.toml", roster()))
    assert [(member.name, member.identity) for member in made.members] == [(name, "") for name in "abcd"]


def test_it_is_read_out_of_a_whole_file_too(tmp_path: Path) -> None:
    made = load_roster(write_toml(tmp_path / "c.toml", committee_raw()))
    assert (made.network, made.epoch, made.threshold, len(made.members)) == ("devnet", 1, 3, 4)
    assert made.members[0].identity == "10" * 32


@pytest.mark.parametrize(
    ("edit", "value", "path"),
    [
        ("faulty", 2, "faulty"),
        ("threshold", 2, "threshold"),
        ("members/1/name", "a", "members[1].name"),
        ("members/1/nmae", "a", "members[1].nmae"),
        ("members", [], "members"),
        ("network", ..., "network"),
        ("epoch", 0, "epoch"),
        ("heartbaet", 1, "heartbaet"),
    ],
)
def test_it_is_checked_like_the_whole(tmp_path: Path, edit: str, value: Any, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_roster(write_toml(tmp_path / "c.toml", edited(roster(), edit, value)))
    assert path in {finding.path for finding in caught.value.findings}
