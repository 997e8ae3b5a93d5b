"""What the devnet writes, Python's own TOML reader reads back."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relayer.devnet import toml

KEYS = st.text(min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), TEXTS, st.floats(-1e9, 1e9), st.lists(TEXTS))
TABLES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), VALUES, max_size=4),
    lambda inner: st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        st.one_of(VALUES, inner, st.lists(inner, min_size=1, max_size=3)),
        max_size=4,
    ),
    max_leaves=8,
)


@given(TABLES)
def test_a_document_reads_back_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dumps(table)) == table


def test_a_heading_becomes_comments() -> None:
    text = toml.dumps({"a": 1}, "one\ntwo")
    assert text.startswith("# one\n# two\n")
    assert tomllib.loads(text) == {"a": 1}


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        toml.dumps({"a": None})
