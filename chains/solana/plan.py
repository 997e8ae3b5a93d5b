"""Which accounts a reading asks for, in which calls, and the strict putting together of one endpoint's answers.

What belongs together (a token account and its mint; a mint, its route account and the committee) stands in one call,
and the Clock in every call. All answers of one endpoint must be about one slot, or they are no reading.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chains.jsonrpc import Call
from chains.solana import rpc
from chains.solana.addresses import CLOCK_SYSVAR, committee_address, program_data_address
from chains.solana.clock import read_clock
from chains.solana.options import DeploymentOptions
from chains.solana.rpc import Account, AtSlot
from chains.types import Deployment, Position
from chains.values import BadValue

Accounts = Mapping[str, Account | None]
"""Accounts by address; None where there is none. Of program data only the head (45 bytes) is held."""

PROGRAM_DATA_HEAD = 45
"""Bytes of a program data account before the code: state, slot of the last deployment, upgrade authority."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One endpoint's whole answer, at one slot. `content` is a digest of all accounts but the Clock."""

    slot: int
    time: int
    accounts: Accounts
    content: bytes


class Moved(Exception):
    """The answers are about several slots: no fault, the chain went on between two calls."""


class Plan:
    """The calls of a reading of `positions` and `deployments`."""

    def __init__(self, positions: Sequence[Position], deployments: Sequence[Deployment]) -> None:
        self._native = {p.account.address for p in positions if p.asset.kind == "slip44"}
        whole = list(_packed([_of_position(p) for p in positions] + [_of_deployment(d) for d in deployments]))
        heads = list(_packed([[data] for data in sorted(map(_program_data, deployments))])) if deployments else []
        self._asked = whole + heads
        self.calls: tuple[Call, ...] = (
            *(rpc.accounts(addresses) for addresses in whole),
            *(rpc.accounts(addresses, part=(0, PROGRAM_DATA_HEAD)) for addresses in heads),
        )

    def reading(self, answers: Sequence[AtSlot]) -> Reading:
        """The answers to `calls`, put together. Raises `Moved`, and `BadValue` for what contradicts itself."""
        accounts = dict[str, Account | None]()
        clocks = set[tuple[int, int]]()
        for addresses, answer in zip(self._asked, answers, strict=True):
            clock = read_clock(answer.value[0])
            if clock.slot != answer.slot:
                raise BadValue(f"the Clock of slot {clock.slot} in an answer about slot {answer.slot}")
            clocks.add((clock.slot, clock.time))
            for address, account in zip(addresses[1:], answer.value[1:], strict=True):
                account = self._counted(address, account)
                if accounts.setdefault(address, account) != account and len(clocks) == 1:
                    raise BadValue(f"two states of {address} at slot {clock.slot}")
        if len({slot for slot, _ in clocks}) > 1:
            raise Moved
        if len(clocks) > 1:
            raise BadValue(f"two times at slot {answers[0].slot}")
        slot, time = clocks.pop()
        return Reading(slot, time, accounts, digest(accounts))

    def _counted(self, address: str, account: Account | None) -> Account | None:
        # Anybody can send lamports to any account; where they mean nothing they do not count.
        return account if account is None or address in self._native else replace(account, lamports=0)


def digest(accounts: Accounts) -> bytes:
    """SHA-256 over all accounts in the order of their addresses: what is compared between endpoints."""
    hashed = hashlib.sha256()
    for address in sorted(accounts):
        account = accounts[address]
        hashed.update(address.encode("ascii") + b"\0")
        if account is None:
            hashed.update(b"\0")
            continue
        head = f"\1{account.lamports} {account.owner} {account.executable:d} {len(account.data)}\0"
        hashed.update(head.encode("ascii") + account.data)
    return hashed.digest()


def _of_position(position: Position) -> list[str]:
    own = position.account.address
    return [own] if position.asset.kind == "slip44" else [own, position.asset.asset]


def _of_deployment(deployment: Deployment) -> list[str]:
    program = _options(deployment).program
    return [deployment.token.asset, deployment.gate.address, committee_address(program), program]


def _program_data(deployment: Deployment) -> str:
    return program_data_address(_options(deployment).program)


def _options(deployment: Deployment) -> DeploymentOptions:
    assert isinstance(deployment.options, DeploymentOptions)
    return deployment.options


def _packed(groups: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """Calls of at most 100 accounts, the Clock first in each; no group is divided, and no address in one call twice."""
    call = [CLOCK_SYSVAR]
    for group in groups:
        more = [address for address in dict.fromkeys(group) if address not in call]
        if len(call) + len(more) > rpc.MOST_ACCOUNTS:
            yield call
            call, more = [CLOCK_SYSVAR], list(dict.fromkeys(group))
        call += more
    yield call
