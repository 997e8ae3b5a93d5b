"""The start check of every chain: nothing is read from it, and nothing brought to it, before it has passed once.

At the start a chain that is not what the configuration says stops the member. One that is out of reach then does not:
it is left out, and checked as soon as it can be.
"""

import asyncio
from collections.abc import Sequence

from chains.errors import ChainError, Refused, Unreadable
from chains.types import Chain, Checkpoint, Deployment, EndpointHealth, GateState, Locked, Log, Position, Receipt
from relayer.daemon.keys import MemberError
from relayer.daemon.reading import OpenChain


class CheckedChain:
    """`chain`, closed to all use until its start check has passed. See `chains.types.Chain`."""

    def __init__(self, chain: Chain, log: Log) -> None:
        self._chain = chain
        self._log = log
        self._passed = False
        self._trouble = ""
        self._running: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Checks now, or waits for the check that runs. Raises what `Chain.check` raises."""
        if self._running is None:
            self._running = asyncio.create_task(self._check())
            self._running.add_done_callback(self._ended)
        # Who asks may have a deadline that is too short for it; the check goes on, and the next one finds its result.
        await asyncio.shield(self._running)

    async def finalized(self) -> Checkpoint:
        await self._admitted()
        return await self._chain.finalized()

    async def locked(self, positions: Sequence[Position], at: Checkpoint) -> tuple[Locked | Unreadable, ...]:
        await self._admitted()
        return await self._chain.locked(positions, at)

    async def deployments(self, ds: Sequence[Deployment], at: Checkpoint) -> tuple[GateState | Unreadable, ...]:
        await self._admitted()
        return await self._chain.deployments(ds, at)

    async def submit(self, deployment: Deployment, submission: bytes, key: str) -> Receipt | None:
        await self._admitted()
        return await self._chain.submit(deployment, submission, key)

    async def settle(self) -> None:
        if self._passed:  # reading brings the check about, once a round; this is called far more often
            await self._chain.settle()

    def health(self) -> tuple[EndpointHealth, ...]:
        return self._chain.health()

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._chain.close()

    async def _check(self) -> None:
        try:
            await self._chain.check()
        except ChainError as error:
            why = _line(error)
            if why != self._trouble:
                # What is refused does not mend itself, and later than at the start nobody sees the member stop.
                tell = self._log.error if isinstance(error, Refused) else self._log.warning
                tell("chain.unchecked", why=why)
            self._trouble = why
            raise
        if self._trouble:
            self._log.info("chain.checked")
        self._passed = True

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # nobody may have waited for it

    async def _admitted(self) -> None:
        if self._passed:
            return
        try:
            await self.check()
        except Refused as error:
            raise Unreadable(f"left out, since it is not what the configuration says: {_line(error)}") from error


def _line(error: ChainError) -> str:
    return "; ".join(str(error).splitlines())


async def check_chains(chains: Sequence[OpenChain]) -> None:
    """The checks at the start, one after the other. Raises `MemberError` with all that is refused; a chain that is out
    of reach only says so in the log."""
    refused = []
    for c in chains:
        try:
            await c.chain.check()
        except Refused as error:
            refused.append(f"{c.name}: {error}")
        except ChainError:
            continue
    if refused:
        raise MemberError("the chains are not what the configuration says:\n" + "\n".join(refused))
