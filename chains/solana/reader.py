"""Readings of positions and deployments out of the snapshots that finality took.

Nothing is fetched here but the code of a program that was deployed anew: Solana keeps no history that could be asked.
"""

from collections.abc import Sequence

from chains.errors import Unreadable
from chains.halts import HaltedReading, Halts
from chains.solana import collateral, gates
from chains.solana.addresses import program_data_address
from chains.solana.codes import Codes
from chains.solana.finality import Finality
from chains.solana.findings import Finding, told
from chains.solana.options import DeploymentOptions
from chains.solana.plan import Accounts
from chains.types import Checkpoint, Deployment, GateState, Locked, Position


class Reader:
    """Reads one chain through its finality."""

    def __init__(self, finality: Finality, codes: Codes, halts: Halts) -> None:
        self._finality, self._codes, self._halts = finality, codes, halts

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        """See `SourceChain.locked`. Raises `Unreadable` for a checkpoint that is not held any more, and `Halted` while
        the whole chain is halted."""
        accounts = self._finality.snapshot(at).accounts
        return tuple(self._position(position, accounts) for position in positions)

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        """See `DestinationChain.deployments`, and `locked` for what it raises."""
        accounts = self._finality.snapshot(at).accounts
        return tuple([await self._deployment(d, accounts) for d in ds])

    def _position(self, position: Position, accounts: Accounts) -> Locked | Unreadable:
        name = subject(position)
        halted = self._halts.of(name)
        if halted is not None:
            return halted
        if position.account.address not in accounts:
            return Unreadable(f"{name}: not among the positions that this chain was opened with")
        amount, found = collateral.held(position, accounts)
        return self._fault(name, found) or Locked(amount)

    async def _deployment(self, deployment: Deployment, accounts: Accounts) -> GateState | Unreadable:
        name = subject(deployment)
        halted = self._halts.of(name)
        if halted is not None:
            return halted
        if deployment.gate.address not in accounts:
            return Unreadable(f"{name}: not among the deployments that this chain was opened with")
        try:
            code_hash = await code_hash_of(deployment, accounts, self._codes)
        except Unreadable as error:
            return Unreadable(f"{name}: {error}")
        state, found = gates.state(deployment, accounts, code_hash)
        fault = self._fault(name, found)
        if fault is not None or state is None:
            return fault or Unreadable(f"{name}: no state")
        return state

    def _fault(self, name: str, found: list[Finding]) -> Unreadable | HaltedReading | None:
        swapped = [finding for finding in found if finding.swapped]
        if swapped:
            self._halts.halt(name, told(swapped))
            return self._halts.of(name)
        return Unreadable(f"{name}: {told(found)}") if found else None


async def code_hash_of(deployment: Deployment, accounts: Accounts, codes: Codes) -> str | None:
    """The hash of the code behind the gate; None where there is none. Raises `Unreadable`."""
    options = deployment.options
    assert isinstance(options, DeploymentOptions)
    if gates.program_data(accounts, options.program) is None:
        return None
    address = program_data_address(options.program)
    account = accounts[address]
    assert account is not None
    return await codes.hash(address, account.data)


def subject(named: Position | Deployment) -> str:
    """How a position or deployment is named in logs and halts."""
    return f"{named.account} {named.asset}" if isinstance(named, Position) else str(named.gate)
