"""The family `shown`, and the sample rounds over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.registry import family

from .round_builder import Sample, sample

SITE = Path(__file__).parent / "shown_site"


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The namespace `shown` can be loaded; returns the directory that brings it."""
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield SITE
    family.cache_clear()


@pytest.fixture
def made(shown: Path) -> Sample:
    return sample()
