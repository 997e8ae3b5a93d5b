"""One world per test: nothing that a test does can reach another."""

import pytest

from tests.chains.solana.program.harness import World


@pytest.fixture
def world() -> World:
    return World()
