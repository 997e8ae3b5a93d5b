"""What a member reads goes into its observations only as far as the configuration in force names it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from chains.caip import AccountId, AssetId
from chains.errors import Unreadable
from chains.types import Checkpoint, GateState, Locked, Position
from relayer.agreement.params import Params, PositionParams
from relayer.config.committee import Committee
from relayer.daemon.blobs import BlobCache
from relayer.daemon.reading import PRUNED_EVERY, OpenChain, Readings
from relayer.daemon.root import to_be_read
from relayer.store.safety import Binding, SafetyStore
from tests.daemon.rig import FIRST, PATIENCE, SECOND, SOURCE, Nothing, World

NEW = Position(AccountId.parse(f"{FIRST}:vault"), AssetId.parse(f"{FIRST}/coin:asset"), 6, Nothing())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SafetyStore]:
    with SafetyStore.create(f"sqlite:///{tmp_path / 'store'}", Binding(bytes(32), 0, bytes(32))) as made:
        yield made


def later(old: Params) -> Params:
    """The route gets a second vault, on another chain, from round 100 on."""
    (route,) = old.routes
    positions = (*route.positions, PositionParams(NEW.id, FIRST, 6))
    return replace(old, config_id=b"n" * 32, from_round=100, routes=(replace(route, positions=positions),))


async def test_a_configuration_to_come_is_read_but_not_observed(store: SafetyStore) -> None:
    world = World.make(1000)
    world.chains[FIRST].locked_amounts[NEW.id] = 7
    old = world.params((0, 1), (bytes(32),), 2, 0)
    new = later(old)
    held = {SOURCE: (world.position,), FIRST: (NEW,), SECOND: ()}
    chains = [
        OpenChain(name, chain, held[name], tuple(d for d in world.deployments if d.chain == name))
        for name, chain in world.chains.items()
    ]
    readings = Readings(chains, store, BlobCache(store.blob), structlog.get_logger(), PATIENCE, [new])
    named = {p.position for chain in await readings.read(old) for p in chain.positions}
    assert named == {world.position.id}
    assert [one.amount for one in store.readings(NEW.id, 0)] == [7]
    assert [one.amount for one in store.readings(world.position.id, 0)] == [1000]
    reading = readings.latest[FIRST]
    assert reading.position(NEW.id)


async def test_the_routes_of_one_gate_are_read_apart(store: SafetyStore) -> None:
    world = World.make(1000)
    first = world.deployments[0]
    other = replace(first, route=b"o" * 32)
    for d, supply in ((first, 3), (other, 4)):
        world.chains[FIRST].gates[d.key] = GateState(supply, 0, 0, 0)
    chains = [OpenChain(FIRST, world.chains[FIRST], (), (first, other))]
    readings = Readings(chains, store, BlobCache(store.blob), structlog.get_logger(), PATIENCE)
    params = world.params((0, 1), (bytes(32),), 2, 0)
    (route,) = params.routes
    both = replace(params, routes=(route, replace(route, id=other.route, name="other")))
    (reading,) = await readings.read(both)
    assert {g.key: g.supply for g in reading.gates} == {first.key: 3, other.key: 4}
    assert {key: state.supply for key, (_, state) in readings.gates.items()} == {first.key: 3, other.key: 4}
    (reading,) = await readings.read(params)
    assert [g.key for g in reading.gates] == [first.key]


async def test_windows_are_kept_only_as_long_as_they_are_needed(store: SafetyStore) -> None:
    world = World.make(1000)
    world.chains[FIRST].locked_amounts[NEW.id] = 7
    params = replace(later(world.params((0, 1), (bytes(32),), 2, 0)), from_round=0)
    held = {SOURCE: (world.position,), FIRST: (NEW,)}
    chains = [OpenChain(name, world.chains[name], held[name], ()) for name in held]
    readings = Readings(chains, store, BlobCache(store.blob), structlog.get_logger(), PATIENCE)
    for time in range(0, 10 * params.staleness, 10):
        store.record_reading(NEW.id, time, 7)
    for _ in range(PRUNED_EVERY):
        await readings.read(params)
    oldest = min(reading.time for reading in readings.latest.values())
    kept = [one.time for one in store.readings(NEW.id, 0)]
    assert len([time for time in kept if time <= oldest - params.staleness]) == 1  # the window begins before it
    assert kept[-1] >= oldest


async def test_what_is_absent_or_fits_no_observation_is_trouble(store: SafetyStore) -> None:
    world = World.make(1000)
    params = world.params((0, 1), (bytes(32),), 2, 0)
    chain = world.chains[SOURCE]
    readings = Readings(
        [OpenChain(SOURCE, chain, (world.position,), ())],
        store,
        BlobCache(store.blob),
        structlog.get_logger(),
        PATIENCE,
    )
    chain.locked_amounts[world.position.id] = 1 << 256
    assert await readings.read(params) == ()
    assert "amount" in readings.troubles[SOURCE]
    whole = chain.locked

    async def locked(positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        return tuple(Unreadable("halted") for _ in positions)

    chain.locked = locked  # type: ignore[method-assign]
    (reading,) = await readings.read(params)
    assert not reading.positions
    assert str(world.position.account) in readings.troubles[SOURCE]
    chain.locked = whole  # type: ignore[method-assign]
    chain.locked_amounts[world.position.id] = 5
    await readings.read(params)
    assert not readings.troubles


@dataclass(frozen=True)
class Named:
    from_round: int


@pytest.mark.parametrize(
    ("round_", "expected"), [(0, [0, 50, 100]), (49, [0, 50, 100]), (50, [50, 100]), (99, [50, 100]), (100, [100])]
)
def test_the_configurations_that_are_or_will_be_in_force_are_read(round_: int, expected: list[int]) -> None:
    committees: list[Any] = [Named(0), Named(50), Named(100)]
    found = to_be_read(cast(list[Committee], committees), round_)
    assert [c.from_round for c in found] == expected
