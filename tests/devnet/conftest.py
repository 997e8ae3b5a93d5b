"""Chain families for the tests, brought by a dist-info directory on sys.path."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chains.registry import family

SITE = Path(__file__).parent / "local_site"


@pytest.fixture
def local_site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The namespaces `abacus`, `tally` and `still` can be loaded; returns the directory that brings them."""
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield SITE
    family.cache_clear()
