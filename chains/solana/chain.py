"""An opened Solana chain: its parts put together, behind the two roles of `chains.types.Chain`."""

import time
from collections.abc import Callable, Sequence

from chains.errors import Refused, Unreadable
from chains.halts import Halts
from chains.jsonrpc import Endpoint, Limits, Transport
from chains.quorum import Quorum
from chains.secrets import targets
from chains.solana.admission import admission
from chains.solana.check import Checker
from chains.solana.codes import Codes
from chains.solana.finality import Finality
from chains.solana.options import ChainOptions, MemberOptions
from chains.solana.outbox import Outbox
from chains.solana.plan import Plan
from chains.solana.reader import Reader
from chains.solana.rpc import judge
from chains.solana.sender import Sender
from chains.solana.submit import Submitter
from chains.types import ChainSetup, Checkpoint, Deployment, EndpointHealth, GateState, Locked, Position, Receipt


class SolanaChain:
    """See `chains.types.Chain`. `clock` gives Unix seconds."""

    def __init__(self, setup: ChainSetup, clock: Callable[[], float] = time.time) -> None:
        chain_options, options = setup.chain_options, setup.member_options
        if not isinstance(chain_options, ChainOptions) or not isinstance(options, MemberOptions):
            raise Refused(f"{setup.chain}: options of another family")
        self._setup = setup
        self._transport = Transport()
        endpoints = [Endpoint(target, self._transport, Limits.of(options), judge) for target in targets(options)]
        self._quorum = Quorum(endpoints, admission(chain_options), options, setup.log)
        halts = Halts(str(setup.chain), setup.journal, setup.log)
        self._finality = Finality(
            str(setup.chain),
            Plan(setup.positions, setup.deployments),
            self._quorum,
            chain_options,
            options,
            setup.journal,
            halts,
            setup.log,
            clock,
        )
        self._codes = Codes(self._quorum)
        self._reader = Reader(self._finality, self._codes, halts)
        self._submitter = self._submits(options, setup.account_secret) if setup.account_secret is not None else None

    def _submits(self, options: MemberOptions, secret: bytes) -> Submitter:
        setup = self._setup
        sender = Sender(secret, self._quorum, Outbox(setup.journal), options, setup.log)
        return Submitter(sender, self._quorum, options, setup.log)

    async def check(self) -> None:
        await self._quorum.admit_all()
        findings = await Checker(self._finality, self._codes, self._setup).findings()
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
            raise Refused(f"{self._setup.chain}: no account is configured, so that nothing can be submitted")
        return await self._submitter.submit(deployment, submission, key)

    async def settle(self) -> None:
        if self._submitter is not None:
            await self._submitter.settle()

    def health(self) -> tuple[EndpointHealth, ...]:
        return self._quorum.health()

    async def close(self) -> None:
        await self._quorum.close()
        await self._transport.close()
