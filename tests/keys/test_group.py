"""`group.json`: one form, strictly read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from relayer.frost import GroupKey, PublicKeyPackage
from relayer.frost.curve import ORDER
from relayer.group import Group, GroupError, decode_group, encode_group
from tests.keys.dealt_committee import dealt_contents

GENERATOR = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
PACKAGE = dealt_contents()[0]
TEXT = encode_group(Group(7, PACKAGE))


def test_round_trip() -> None:
    assert decode_group(TEXT) == Group(7, PACKAGE)
    fields = json.loads(TEXT)
    assert fields["group_key"] == PACKAGE.group.point33.hex()
    assert list(fields["verifying_shares"]) == ["1", "2", "3", "4"]


def _swapped(fields: dict[str, Any]) -> None:
    shares = fields["verifying_shares"]
    shares["1"], shares["2"] = shares["2"], shares["1"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda f: f.pop("format"), "format"),
        (lambda f: f.pop("epoch"), "epoch"),
        (lambda f: f.update(format="other"), "format"),
        (lambda f: f.update(version=2), "version"),
        (lambda f: f.update(extra=1), "extra"),
        (lambda f: f.update(epoch=0), "epoch"),
        (lambda f: f.update(epoch="7"), "epoch"),
        (lambda f: f.update(epoch=7.0), "epoch"),
        (lambda f: f.update(epoch=2**64), "epoch"),
        (lambda f: f.update(threshold=True), "threshold"),
        (lambda f: f.update(threshold=1), "threshold"),
        (lambda f: f.update(threshold=5), "threshold"),
        (lambda f: f.update(threshold=2), "group key"),
        (lambda f: f.update(group_key=GENERATOR), "group key"),
        (lambda f: f.update(group_key=GENERATOR.upper()), "group_key"),
        (lambda f: f.update(group_key="0x" + GENERATOR), "group_key"),
        (lambda f: f.update(group_key=GENERATOR + "\n"), "group_key"),
        (lambda f: f.update(group_key="04" + GENERATOR[2:]), "group_key"),
        (lambda f: f.update(group_key="02" + "00" * 32), "point"),
        (lambda f: f.update(group_key="02" + f"{ORDER + 2:064x}"), "group order"),
        (lambda f: f["verifying_shares"].update({"4": GENERATOR}), "member 4"),
        (lambda f: f["verifying_shares"].pop("2"), "identifiers"),
        (lambda f: f["verifying_shares"].update({"05": GENERATOR}), "verifying_shares"),
        (lambda f: f["verifying_shares"].update({"0": GENERATOR}), "verifying_shares"),
        (lambda f: f["verifying_shares"].update({"6": GENERATOR}), "identifiers"),
        (lambda f: f["verifying_shares"].update({"1": 5}), "verifying_shares.1"),
        (_swapped, "group key"),
    ],
)
def test_refused(change: Callable[[dict[str, Any]], object], names: str) -> None:
    fields = json.loads(TEXT)
    change(fields)
    with pytest.raises(GroupError, match=names):
        decode_group(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "null", TEXT[:-3], TEXT + TEXT, "[" * 100_000, "{}"])
def test_not_a_record(text: str) -> None:
    with pytest.raises(GroupError):
        decode_group(text)


def test_no_field_twice() -> None:
    with pytest.raises(GroupError, match="twice"):
        decode_group(TEXT.replace('"epoch": 7', '"epoch": 8, "epoch": 7'))


def test_no_number_that_is_none() -> None:
    with pytest.raises(GroupError, match="NaN"):
        decode_group(TEXT.replace('"epoch": 7', '"epoch": NaN'))


def test_points_that_belong_to_another_group() -> None:
    mixed = PublicKeyPackage(GroupKey(bytes.fromhex(GENERATOR)), PACKAGE.verifying_shares, 3)
    with pytest.raises(GroupError, match="group key"):
        decode_group(encode_group(Group(1, mixed)))
