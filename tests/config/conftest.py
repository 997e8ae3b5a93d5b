"""A toy chain family, installed for the tests by a dist-info directory on sys.path, and sound configurations of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.registry import family

SITE = Path(__file__).parent / "toy_site"


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The namespace `toy` can be loaded; returns the directory that brings it."""
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield SITE
    family.cache_clear()
