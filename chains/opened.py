"""An opened chain: the parts that a family brings, put together behind the two roles of `chains.types.Chain`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chains.endpoint_options import EndpointsOptions
from chains.errors import Refused, Unreadable
from chains.halts import Halts
from chains.jsonrpc import Endpoint, Judge, Limits, Transport
from chains.quorum import Admission, Quorum
from chains.secrets import targets
from chains.types import (
    ChainSetup,
    Checkpoint,
    Deployment,
    EndpointHealth,
    GateState,
    Journal,
    Locked,
    Log,
    Position,
    Receipt,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the parts of one chain stand on. `clock` gives Unix seconds."""

    chain: str
    transport: Transport
    quorum: Quorum
    halts: Halts
    journal: Journal
    log: Log
    clock: Callable[[], float]

    @classmethod
    def of(
        cls,
        setup: ChainSetup,
        options: EndpointsOptions,
        judge: Judge,
        admission: Admission,
        clock: Callable[[], float],
    ) -> "Ground":
        """Connects lazily. Raises `Refused` for secrets that cannot be resolved."""
        chain, transport = str(setup.chain), Transport()
        endpoints = [Endpoint(target, transport, Limits.of(options), judge) for target in targets(options)]
        quorum = Quorum(endpoints, admission, options, setup.log)
        halts = Halts(chain, setup.journal, setup.log)
        return cls(chain, transport, quorum, halts, setup.journal, setup.log, clock)


class Finality(Protocol):
    """Finds checkpoints; see `SourceChain`."""

    async def finalized(self) -> Checkpoint: ...


class Reader(Protocol):
    """Reads at checkpoints; see `SourceChain` and `DestinationChain`."""

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]: ...

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]: ...


class Checker(Protocol):
    """Compares the chain with what is configured."""

    async def findings(self) -> list[str]:
        """What does not fit, one sentence each. Raises `Unreadable` when it cannot be read."""
        ...


class Submitter(Protocol):
    """Submits through one account; see `DestinationChain`."""

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None: ...

    async def settle(self) -> None: ...


class OpenedChain:
    """See `chains.types.Chain`. Without a `submitter` it is open for reading only."""

    def __init__(
        self, ground: Ground, finality: Finality, reader: Reader, checker: Checker, submitter: Submitter | None
    ) -> None:
        self._ground, self._finality, self._reader = ground, finality, reader
        self._checker, self._submitter = checker, submitter

    async def check(self) -> None:
        await self._ground.quorum.admit_all()
        findings = await self._checker.findings()
        if findings:
            raise Refused("\n".join(findings))

    async def finalized(self) -> Checkpoint:
        return await self._finality.finalized()

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        return await self._reader.locked(positions, at)

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        return await self._reader.deployments(ds, at)

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        if self._submitter is None:
            raise Refused(f"{self._ground.chain}: no account is configured, so that nothing can be submitted")
        return await self._submitter.submit(deployment, submission, key)

    async def settle(self) -> None:
        if self._submitter is not None:
            await self._submitter.settle()

    def health(self) -> tuple[EndpointHealth, ...]:
        return self._ground.quorum.health()

    async def close(self) -> None:
        await self._ground.quorum.close()
        await self._ground.transport.close()
