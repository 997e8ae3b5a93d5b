"""Options that contradict themselves, secrets by reference, and strict values."""

from typing import Any

import pytest
from pydantic import ValidationError

from chains.errors import Refused
from chains.evm.family import FAMILY
from chains.evm.options import ChainOptions, MemberOptions, PositionOptions
from chains.evm.values import data, quantity
from chains.secrets import targets
from chains.values import BadValue
from tests.chains.evm.evm_support import CHAIN

KEY = "k3y-of-the-operator"


def two(**changes: Any) -> dict[str, Any]:
    endpoints = [{"name": "a", "url": "https://one.example/x"}, {"name": "b", "url": "https://two.example"}]
    return {"endpoints": endpoints} | changes


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quorum": 1}, "greater than or equal to 2"),
        ({"quorum": 3}, "quorum: 3 of 2 endpoints"),
        ({"endpoints": [{"name": "a", "url": "https://one.example"}]}, "at least 2 items"),
        ({"endpoints": [*two()["endpoints"], {"name": "a", "url": "https://three.example"}]}, "the same name"),
        ({"endpoints": [*two()["endpoints"], {"name": "c", "url": "HTTPS://ONE.example:443/x/"}]}, "the same url"),
        ({"endpoints": [*two()["endpoints"], *({"name": n, "url": f"http://{n}.x"} for n in "cd")]}, "more than half"),
        ({"endpoints": [*two()["endpoints"], {"name": "c", "url": f"ftp://{KEY}"}]}, "not an http"),
        ({"endpoints": [*two()["endpoints"], {"name": "c", "url": f"http://[{KEY}"}]}, "not an http"),
        ({"speed": 3}, "Extra inputs"),
        ({"timeout": 30.0}, "longer than deadline"),
        ({"priority_fee_per_gas": 10**12}, "more than max_fee_per_gas"),
    ],
)
def test_member_options_refuse_what_is_no_quorum_of_independent_endpoints(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text) as caught:
        MemberOptions.model_validate(two(**changes))
    assert KEY not in str(caught.value)


def test_position_and_chain_options_refuse_contradictions() -> None:
    for wrong in ({}, {"transfer": "rebasing", "balance_slot": 1}, {"transfer": "exact", "balance_slot": -1}):
        with pytest.raises(ValidationError):
            PositionOptions.model_validate(wrong)
    same = [
        PositionOptions.model_validate({"transfer": "exact", "balance_slot": s}) for s in (9, "0x" + "0" * 63 + "9")
    ]
    assert same[0].model_dump_json() == same[1].model_dump_json()
    with pytest.raises(ValidationError):
        ChainOptions.model_validate({"genesis_hash": "0x12"})
    assert list(FAMILY.lint(CHAIN, ChainOptions(genesis_hash="0x" + "00" * 32)))


def test_secrets_come_from_the_environment_or_files_and_are_never_shown(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"Bearer {KEY}\n")
    monkeypatch.setenv("TEST_URL", f"https://one.example/v2/{KEY}")
    options = MemberOptions.model_validate(
        two(
            endpoints=[
                {"name": "a", "url": "env:TEST_URL", "headers": {"X-Key": f"file:{tmp_path / 'key'}"}},
                {"name": "b", "url": f"https://two.example/{KEY}"},
            ]
        )
    )
    first, _ = found = targets(options)
    assert first.url.endswith(KEY)
    assert first.headers == {"X-Key": f"Bearer {KEY}"}
    assert KEY not in repr(options) + str(options) + repr(found) + options.model_dump_json()

    monkeypatch.setenv("TEST_URL", f"https://TWO.example/{KEY}/")
    with pytest.raises(Refused, match="endpoints a and b lead to the same URL") as caught:
        targets(options)
    assert KEY not in str(caught.value)
    monkeypatch.delenv("TEST_URL")
    with pytest.raises(Refused, match="TEST_URL is not set"):
        targets(options)
    monkeypatch.setenv("TEST_URL", f"ftp://{KEY}")
    with pytest.raises(Refused, match="not an http") as caught:
        targets(options)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, True, "", "0x", "1", "0x00", "0xg", "0x" + "1" * 65, [], {}])
def test_quantities_are_strict(value: object) -> None:
    with pytest.raises(BadValue):
        quantity(value)


@pytest.mark.parametrize("value", [None, 1, "", "0x1", "12", "0xzz", []])
def test_data_is_strict(value: object) -> None:
    with pytest.raises(BadValue):
        data(value)
