"""Whatever stands in a file: it is read, or refused with findings; never anything else."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relayer.config.committee import Committee, parse_committee
from relayer.config.errors import ConfigError
from relayer.config.member import MemberConfig, parse_member
from relayer.config.read import read_toml
from tests.config.config_samples import Raw, committee_raw

EXAMPLE = Path(__file__).resolve().parents[2] / "configs" / "example"

KEYS = st.sampled_from(
    ["name", "slot", "members", "routes", "positions", "account", "options", "chains", "url", "eip155:1", "toy:1", "x"]
)
LEAVES = st.one_of(
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["toy:1:a", "toy:1/coin:a", "eip155:1:0x" + "00" * 20, "file:", "env:", "0x" + "11" * 32]),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@st.composite
def damaged(draw: st.DrawFn, raw: Raw) -> Raw:
    """`raw` with up to three places replaced, removed or added to."""
    result = copy.deepcopy(raw)
    for _ in range(draw(st.integers(1, 3))):
        found = places(result)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        deed = draw(st.sampled_from(["replace", "remove", "add"]))
        if deed == "replace":
            container[key] = draw(VALUES)
        elif deed == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[draw(KEYS)] = draw(VALUES)
        else:
            container.append(draw(VALUES))
    return result


def outcome(parse: Callable[[Raw, Path], object], raw: Raw, file: str) -> object:
    """What was read, or the findings."""
    try:
        return parse(raw, EXAMPLE / file)
    except ConfigError as error:
        return error.all()


@settings(max_examples=300, deadline=None)
@given(st.one_of(damaged(committee_raw()), damaged(read_toml(EXAMPLE / "committee.toml"))))
def test_a_committee_file_is_read_or_refused(raw: Raw) -> None:
    found = outcome(parse_committee, raw, "committee.toml")
    if isinstance(found, Committee):
        assert len(found.params().config_id) == 32
    else:
        assert isinstance(found, list)
        assert found
        assert len(set(found)) == len(found)


@settings(max_examples=200, deadline=None)
@given(damaged(read_toml(EXAMPLE / "member.toml")))
def test_a_member_file_is_read_or_refused(raw: Raw) -> None:
    found = outcome(parse_member, raw, "member.toml")
    if isinstance(found, MemberConfig):
        assert found.index == found.committee.index(found.member.member)
    else:
        assert found
