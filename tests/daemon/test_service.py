"""Readiness goes false whenever the member could not do its part."""

import time
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from relayer.agreement.books import Books
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.params import Params
from relayer.agreement.voting import Lost, Memory
from relayer.daemon.service import Service
from tests.daemon.rig import FIRST, SECOND, World

ROUND = 100


@dataclass
class Certified:
    round: int


@dataclass
class Parts:
    """The running parts, as far as readiness asks them."""

    params: Params
    memory: Memory = field(default_factory=Memory)
    horizons: dict[str, int] = field(default_factory=dict)
    connected: bool = True
    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def highest(self) -> Any:
        return Certified(ROUND), CertifiedRound(bytes(32), ROUND, 1, {}, Books(self.horizons))

    def reasons(self) -> list[str]:
        here: Any = cast(Any, self)
        return Service("m", lambda _: self.params, here, here, (), here, here, here, here, here, here).not_ready()


@pytest.fixture
def parts() -> Parts:
    slot = 60
    made = World.make(1000).params((0, 1), (bytes(32),), slot, int(time.time()) - ROUND * slot)
    return Parts(replace(made, heartbeat=3600))


def test_a_member_that_can_do_its_part(parts: Parts) -> None:
    parts.memory = Memory(promise=ROUND)
    assert parts.reasons() == []


def test_after_a_loss_it_is_not_ready_until_every_horizon_is_beyond_the_leases(parts: Parts) -> None:
    parts.memory = Memory(promise=ROUND, lost=Lost(ROUND - 5, 5000))
    for horizons in ({}, {FIRST: 5001}, {FIRST: 5001, SECOND: 5000}):
        parts.horizons = horizons
        assert "horizons" in " ".join(parts.reasons())
    parts.horizons = {FIRST: 5001, SECOND: 5001}
    assert parts.reasons() == []
    parts.memory = Memory(lost=Lost(ROUND + 5, 5000))
    assert "before round" in " ".join(parts.reasons())


def test_a_promise_ahead_of_the_clock_silences_the_member(parts: Parts) -> None:
    parts.memory = Memory(promise=ROUND + 50)
    assert "clock" in " ".join(parts.reasons())


def test_a_bus_or_a_chain_that_is_out_of_reach(parts: Parts) -> None:
    parts.connected, parts.troubles = False, {FIRST: "no quorum"}
    assert len(parts.reasons()) == 2
