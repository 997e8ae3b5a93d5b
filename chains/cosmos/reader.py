"""Readings of positions and deployments at one checkpoint, all of it proven to the checkpoint's app hash.

What the amounts rest on (that the denomination exists, which code a contract has, who may migrate it) is proven and
compared with its pin each time, beside the amounts themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from chains.cosmos import collateral, evidence, gates, plan
from chains.cosmos.asking import Answers, Asker
from chains.cosmos.blocks import Anchored
from chains.cosmos.finality import Finality
from chains.cosmos.findings import Finding, told
from chains.cosmos.options import PositionOptions
from chains.cosmos.plan import Plan, Question
from chains.errors import Halted, ProofError, Unreadable
from chains.halts import HaltedReading, Halts
from chains.types import Checkpoint, Deployment, GateState, Locked, Position

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """What is to be read of one subject. `judge`: what the answers to these questions of the plan come to, and all that
    is wrong; with a finding the value means nothing."""

    name: str
    plan: Plan
    judge: Callable[[Answers, Sequence[Question]], tuple[T_co | None, list[Finding]]]


class Reader:
    """Reads one chain through its quorum."""

    def __init__(self, asker: Asker, finality: Finality, halts: Halts) -> None:
        self._asker, self._finality, self._halts = asker, finality, halts
        self._anchor: tuple[Anchored, bytes] | None = None

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        """See `SourceChain.locked`. Raises `Halted` while the whole chain is halted."""
        readings = [Reading(subject(p), partial(plan.of_position, p), partial(self._held, p)) for p in positions]
        return await self._read(readings, at, "the collateral")

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        """See `DestinationChain.deployments`. Raises `Halted` while the whole chain is halted."""
        readings = [Reading(subject(d), partial(plan.of_deployment, d), partial(_state, d)) for d in ds]
        return await self._read(readings, at, "the gates")

    async def _read(self, readings: Sequence[Reading[T]], at: Checkpoint, what: str) -> tuple[T | Unreadable, ...]:
        try:
            anchored = await self._finality.anchored(at)
        except Halted:
            raise
        except Unreadable as error:
            return tuple(error for _ in readings)
        # What has no plan is not asked for, and is refused below.
        plans = [reading.plan for reading in readings if _sound(reading.plan)]
        answers = await self._asker.ask(plans, anchored, f"{what} at height {at.height} of {at.chain}")
        return tuple(self._finish(reading, answers) for reading in readings)

    def _finish(self, reading: Reading[T], answers: Answers) -> T | Unreadable:
        halted = self._halts.of(reading.name)
        if halted is not None:
            return halted
        try:
            value, found = reading.judge(answers, answers.complete(reading.plan))
        except (Unreadable, ProofError, ValueError) as error:
            return Unreadable(f"{reading.name}: {error}")
        fault = self._fault(reading.name, found)
        if fault is not None or value is None:
            return fault or Unreadable(f"{reading.name}: nothing was read")
        return value

    def _fault(self, name: str, found: Sequence[Finding]) -> Unreadable | HaltedReading | None:
        swapped = [finding for finding in found if finding.swapped]
        if swapped:
            self._halts.halt(name, told(swapped))
            return self._halts.of(name)
        return Unreadable(f"{name}: {told(found)}") if found else None

    def _held(
        self, position: Position, answers: Answers, questions: Sequence[Question]
    ) -> tuple[Locked | None, list[Finding]]:
        amount, found = collateral.held(position, answers.facts)
        options = position.options
        assert isinstance(options, PositionOptions)
        if found or not options.proof:
            return Locked(amount), found
        entries = [answers.proofs[question] for question in questions]
        return Locked(amount, evidence.encode(self._anchor_of(answers.at), entries)), found

    def _anchor_of(self, anchored: Anchored) -> bytes:
        if self._anchor is None or self._anchor[0] is not anchored:
            self._anchor = anchored, evidence.anchor(anchored)
        return self._anchor[1]


def subject(named: Position | Deployment) -> str:
    """How a position or deployment is named in logs and halts. One gate contract holds many routes."""
    if isinstance(named, Position):
        return f"{named.account} {named.asset}"
    return f"{named.gate} {named.route.hex()}"


def _state(
    deployment: Deployment, answers: Answers, questions: Sequence[Question]
) -> tuple[GateState | None, list[Finding]]:
    return gates.read(deployment, answers.facts)


def _sound(plan: Plan) -> bool:
    try:
        plan({})
    except ValueError:
        return False
    return True
