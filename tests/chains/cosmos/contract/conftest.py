"""The chain that the tests of one process share."""

from collections.abc import Iterator

import pytest

from chains.cosmos.build_node import build
from tests.chains.cosmos.contract.ledger import Ledger, running


@pytest.fixture(scope="package")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with running(build(lambda what, done, most: None), tmp_path_factory.mktemp("chain")) as chain:
        yield chain
