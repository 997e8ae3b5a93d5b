"""What the demo's steps act on: the running devnet, seen and moved only in ways that are open to anybody."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp

from chains.caip import ChainId
from chains.devnet import Behaviour, Devnet, LocalChain, Table, devnet
from chains.errors import ChainError
from chains.types import Receipt
from relayer.devnet import command, processes
from relayer.devnet.configuration import DECIMALS, chain_of, read_routes
from relayer.devnet.plan import ROUTES
from relayer.devnet.state import Member, State
from relayer.devnet.up import all_serving, last_lines, open_chains, serving, start_member

UNIT: int = 10**DECIMALS
"""One whole coin, on every chain of the devnet."""
PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.25

Status = dict[str, Any]
"""What a member answers at /v1/status."""


class Failed(Exception):
    """Something did not go as the story says."""


def expect(condition: bool, what: str) -> None:
    """Raises `Failed` with `what` unless the condition holds."""
    if not condition:
        raise Failed(what)


class Stage:
    """The devnet during the story: `main` is the route that it is about. Open it with `async with`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.main, *self.others = self.routes = read_routes(state)
        self._stack = AsyncExitStack()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        tables: dict[str, list[Table]] = {}
        for row in (row for one in self.routes for row in one.rows):
            tables.setdefault(chain_of(row), []).append(row)
        self._chains = {str(one.chain): one for one in open_chains(state, self._stack, tables)}

    async def __aenter__(self) -> "Stage":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._stack.aclose()

    def chain(self, row: Table) -> LocalChain:
        """The chain of a position or a deployment."""
        return self._chains[chain_of(row)]

    def family(self, row: Table) -> Devnet:
        """What the family of a position's or deployment's chain says of its devnets."""
        return devnet(self.chain(row).chain.namespace)

    def of_each_family(self) -> list[Table]:
        """The main route's first deployment in each family."""
        found: dict[str, Table] = {}
        for deployment in self.main.deployments:
            found.setdefault(self.chain(deployment).chain.namespace, deployment)
        return list(found.values())

    async def supply(self) -> int:
        """The main route's wrapped supply on all destinations now."""
        return sum(await asyncio.gather(*(self.chain(d).supply(d) for d in self.main.deployments)))

    async def command(self, action: str, deployment: Table, amount: int, *options: str) -> dict[str, Any]:
        """`ballast mint` or `ballast redeem` of the main route as the user: what it prints. A refusal is no error
        here."""
        chain = self.chain(deployment).chain
        node = next(c for c in self.state.chains if c.name == str(chain))
        where = ("--committee", str(self.state.committee), "--route", self.main.name, "--gate", str(chain))
        who = ("--key", f"file:{self.state.user_key(chain.namespace)}", "--rpc", node.url)
        whole, rest = divmod(amount, UNIT)
        what = ("--amount", f"{whole}.{rest:0{DECIMALS}d}")
        (told,) = await command.run(action, *where, *who, *what, *options, failing=True)
        expect("ok" in told, f"ballast {action}: {told.get('error')}")
        return told

    async def send_mint(self, deployment: Table, amount: int) -> "Sent":
        """A mint that is on its way."""
        chain = self.chain(deployment)
        return Sent(chain, await chain.send_mint(deployment, amount))

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        """Burns through the gate, which must work at all times."""
        receipt = await self.chain(deployment).redeem(deployment, amount)
        expect(receipt.ok, f"a burn of {coins(amount)} was refused: {receipt.error}")
        return receipt

    async def status(self, member: Member) -> Status | None:
        """What the member tells of itself; None while it does not answer."""
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.get(f"{member.url}/v1/status") as response:
                if response.status == 200:
                    found: Status = await response.json()
                    return found
        return None

    async def until(self, member: Member, what: str, holds: Callable[[Status], bool]) -> Status:
        """Waits until a member's status is as wanted. Raises `Failed` if it is not in time."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            status = await self.status(member)
            if status is not None and holds(status):
                return status
            process = self.state.process(member.name)
            if process is not None and not process.alive():
                raise Failed(f"{member.name} has ended:\n{last_lines(self.state.log(member.name))}")
            await asyncio.sleep(_LOOK_SECONDS)
        raise Failed(f"{member.name}: {what}: not seen within {PATIENCE_SECONDS:.0f} s")

    async def behave(self, member: Member, deployment: Table, endpoints: Sequence[int], how: Behaviour) -> None:
        """Switches endpoints, by their places, that one member asks about one destination."""
        chain = self.chain(deployment)
        for index in endpoints:
            await chain.behave(member.endpoints[str(chain.chain)][index], how)

    def kill(self, member: Member) -> None:
        """Ends a member at once, in the middle of whatever it does."""
        process = self.state.process(member.name)
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        processes.stop([process])

    async def settle(self) -> None:
        """Waits until every member serves."""
        self.state = await all_serving(self.state)

    async def restart(self, member: Member) -> None:
        self.state = start_member(self.state, member.name)
        await serving(self.state, member)


class Sent:
    """A transaction whose receipt has not been looked at."""

    def __init__(self, chain: LocalChain, transaction: str) -> None:
        self._chain = chain
        self.transaction = transaction

    async def receipt(self) -> Receipt:
        try:
            return await self._chain.receipt(self.transaction)
        except ChainError as error:
            raise Failed(f"transaction {self.transaction}: {error}") from error


def told_of(status: Status, name: str = ROUTES[0]) -> dict[str, Any]:
    """A route in a member's status: the main one, or another by name."""
    found: dict[str, Any] = next(one for one in status["routes"] if one["name"] == name)
    return found


def caps(status: Status, name: str = ROUTES[0]) -> list[int]:
    """The caps of a route's gates, as the member last read them at finality; 0 for one that is not live."""
    return [int(d["cap"] or 0) if (d["lease_left"] or 0) > 0 else 0 for d in told_of(status, name)["deployments"]]


def certified(status: Status) -> int:
    """The highest certified round that the member knows; -1 without one."""
    return int(status["certified"]["round"]) if status["certified"] else -1


def coins(amount: int, symbol: str = ROUTES[0]) -> str:
    """An amount for people."""
    whole, rest = divmod(amount, UNIT)
    return f"{whole:,}" + (f".{rest:0{DECIMALS}d}".rstrip("0") if rest else "") + f" {symbol}"


def family_name(chain: str) -> str:
    """The everyday name of the family of a CAIP-2 chain id."""
    return devnet(ChainId.parse(chain).namespace).name
