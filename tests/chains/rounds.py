"""What members of a committee (`tests.daemon.rig`) did in their rounds, whatever chains they read."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chains.encoding import MintCap
from chains.types import Deployment, Position
from relayer.agreement.observation import Observation
from relayer.agreement.records import Certified, decode_statements
from relayer.config.committee import Committee
from tests.daemon.rig import G, Member, Members


@dataclass
class Configured:
    """What a ground (`tests.daemon.rig.Ground`) has of its committee's configuration."""

    committee: Committee

    @property
    def positions(self) -> Sequence[Position]:
        return [p for of_chain in self.committee.positions().values() for p in of_chain]

    @property
    def deployments(self) -> Sequence[Deployment]:
        return [d for of_chain in self.committee.deployments().values() for d in of_chain]


@asynccontextmanager
async def running(c: Members[G], *which: int) -> AsyncIterator[list[Member]]:
    """All members, or some of them."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(c.member(i)) for i in which or range(len(c.keys))]


def round_now(member: Member) -> int:
    assert member.machine.slot is not None
    return member.machine.slot.round


def certified(member: Member) -> int:
    return member.machine.highest[0].round if member.machine.highest else 0


def statements(member: Member) -> Iterator[tuple[int, tuple[MintCap, ...]]]:
    """The caps of every certified round that the member knows, newest first."""
    for kept in member.store.certificates(1000):
        blob = member.store.blob(Certified.decode(kept.raw).basis.statements)
        assert blob is not None
        yield kept.round, tuple(leaf for leaf in decode_statements(blob) if isinstance(leaf, MintCap))


def observations(member: Member, first: int = 0) -> list[Observation]:
    """What the member signed for each round from `first` on, where it signed anything."""
    said = (member.store.observation(round_) for round_ in range(first, round_now(member) + 1))
    return [Observation.decode(raw) for raw in said if raw is not None]


def amounts(members: Sequence[Member], position: Position, first: int = 0) -> set[int]:
    """Everything that any member said of a position from the round `first` on."""
    said = [o for member in members for o in observations(member, first)]
    return {reading.amount for o in said for _, reading in o.proofs() if reading.position == position.id}
