"""What execution of a transaction gave, and a transaction that is part of a block."""

from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

Json = Any
"""A value of JSON."""


@dataclass(frozen=True, slots=True)
class Inner:
    """An instruction that a program called. Indices are those of the transaction's account keys."""

    program_index: int
    accounts: bytes
    data: bytes
    stack_height: int | None


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """What a token account of the transaction held. `amount` in base units."""

    index: int
    mint: Pubkey
    owner: Pubkey
    program: Pubkey
    amount: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One execution. `error` is null or the documented JSON form of a TransactionError, `reason` the same in words.

    `executed`: programs ran; `charged`: the fee was taken, so that the transaction is part of a block even though it
    failed. Amounts in lamports. `keys` are the transaction's accounts with those of its lookup tables; the balances
    follow their order. `written` are those that it may write. `inner` maps the index of an instruction to what it
    called. `accounts` are the writable accounts after a simulation that succeeded.
    """

    error: Json
    reason: str
    executed: bool
    charged: bool
    fee: int
    units: int
    logs: tuple[str, ...]
    inner: dict[int, tuple[Inner, ...]]
    returned: tuple[Pubkey, bytes] | None
    keys: tuple[Pubkey, ...]
    writable_lookups: tuple[Pubkey, ...]
    readonly_lookups: tuple[Pubkey, ...]
    written: frozenset[Pubkey]
    loaded_size: int
    cost: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    tokens_before: tuple[TokenBalance, ...]
    tokens_after: tuple[TokenBalance, ...]
    accounts: dict[Pubkey, Account]


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction in a block: slot and Unix seconds of the block, its index there."""

    transaction: VersionedTransaction
    outcome: Outcome
    slot: int
    time: int
    index: int

    @property
    def signature(self) -> Signature:
        """The first signature, by which the transaction is known."""
        return self.transaction.signatures[0]
