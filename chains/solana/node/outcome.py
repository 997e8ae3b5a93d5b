"""Reading what the VM says of an execution."""

import json
import struct
from collections.abc import Callable

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    SimulatedTransactionInfo,
    TransactionMetadata,
)

from chains.solana.node import programs, tokens, wire
from chains.solana.node.landed import Inner, Json, Outcome, TokenBalance
from chains.solana.node.reasons import reason

Result = TransactionMetadata | FailedTransactionMetadata | SimulatedTransactionInfo
Snapshot = dict[Pubkey, Account | None]

_FEE_ONLY = ("ProgramAccountNotFound", "InvalidProgramForExecution", "MaxLoadedAccountsDataSizeExceeded")
"""Failures before the programs run for which the fee is taken all the same (SIMD-0082)."""

# What loading and a block's room are counted in (SIMD-0186 and the cost model of the Solana documentation).
_ACCOUNT_BASE = 64
_TABLE_BASE = 8248
_PAGE = 32 * 1024
_SIGNATURE_COST, _WRITE_COST, _DATA_BYTES_PER_UNIT, _PAGE_COST = 720, 300, 4, 8

_PROGRAM_POINTER = struct.pack("<I", 2)


def error_of(result: object) -> Json:
    """The documented JSON form of the TransactionError, null for none."""
    return json.loads(result.to_json())["err"] if isinstance(result, FailedTransactionMetadata) else None


def fee_only(result: object) -> int:
    """What the transaction pays although it failed before its programs ran (lamports), else zero."""
    if isinstance(result, FailedTransactionMetadata) and error_of(result) in _FEE_ONLY:
        return result.meta().fee()
    return 0


class Reading:
    """Begun before the VM runs the transaction, to know the accounts as they were. `account` reads that state."""

    def __init__(
        self, message: Message | MessageV0, keys: wire.Keys, account: Callable[[Pubkey], Account | None]
    ) -> None:
        self._message, self._keys, self._account = message, keys, account
        self._before: Snapshot = {key: account(key) for key in keys.all}
        self._tokens_before = self._tokens(self._before)
        self._size = self._loaded_size()

    def outcome(self, result: Result, after: Snapshot | None) -> Outcome:
        """`after`: the accounts after an execution; None for a trial, which tells them itself."""
        meta = result if isinstance(result, TransactionMetadata) else result.meta()
        error = self._precise(error_of(result))
        ran = error is None or (meta.fee() > 0 and isinstance(error, dict))
        charged = ran or (meta.fee() > 0 and error in _FEE_ONLY)
        simulated = dict(result.post_accounts()) if isinstance(result, SimulatedTransactionInfo) else {}
        if after is None:
            after = self._after_trial(simulated, meta.fee() if charged and error is not None else 0)
        logs, units, keys = tuple(meta.logs()), meta.compute_units_consumed(), self._keys
        returned = meta.return_data()
        return Outcome(
            error=error,
            reason=reason(error, logs),
            executed=ran,
            charged=charged,
            fee=meta.fee(),
            units=units,
            logs=logs,
            inner=_inner(meta),
            returned=(returned.program_id, bytes(returned.data)) if returned.data else None,
            keys=keys.all,
            writable_lookups=keys.writable_lookups,
            readonly_lookups=keys.readonly_lookups,
            written=keys.writable,
            loaded_size=self._size if charged else 0,
            cost=self._cost(units),
            before=_lamports(self._before, keys),
            after=_lamports(after, keys),
            tokens_before=self._tokens_before,
            tokens_after=self._tokens(after),
            accounts=simulated,
        )

    def _precise(self, error: Json) -> Json:
        """LiteSVM calls a program that does not exist one that is invalid."""
        if error != "InvalidProgramForExecution":
            return error
        called = {self._keys.own[instruction.program_id_index] for instruction in self._message.instructions}
        missing = any(self._before[program] is None for program in called)
        return "ProgramAccountNotFound" if missing else error

    def _after_trial(self, simulated: dict[Pubkey, Account], fee: int) -> Snapshot:
        payer = self._keys.own[0]
        after: Snapshot = {**self._before, **simulated}
        held = self._before[payer]
        if fee and held is not None:
            after[payer] = Account(held.lamports - fee, held.data, held.owner, held.executable, held.rent_epoch)
        return after

    def _tokens(self, accounts: Snapshot) -> tuple[TokenBalance, ...]:
        found = []
        for index, key in enumerate(self._keys.all):
            account = accounts[key]
            held = tokens.token_account(account) if account is not None else None
            if account is None or held is None:
                continue
            kept = accounts.get(held.mint) or self._account(held.mint)
            mint = tokens.mint(kept) if kept is not None else None
            if mint is not None:
                found.append(TokenBalance(index, held.mint, held.owner, account.owner, held.amount, mint.decimals))
        return tuple(found)

    def _loaded_size(self) -> int:
        """Bytes that the transaction makes a validator load, with the code of the programs among its accounts."""
        size = 0
        if isinstance(self._message, MessageV0):
            size += _TABLE_BASE * len(self._message.address_table_lookups)
        counted = set(self._keys.all)
        for account in self._before.values():
            if account is None:
                continue
            size += _ACCOUNT_BASE + len(account.data)
            if account.owner != programs.LOADER or account.data[:4] != _PROGRAM_POINTER:
                continue
            address = Pubkey.from_bytes(account.data[4:36])
            code = None if address in counted else self._account(address)
            counted.add(address)
            size += _ACCOUNT_BASE + len(code.data) if code is not None else 0
        return size

    def _cost(self, units: int) -> int:
        data = sum(len(bytes(instruction.data)) for instruction in self._message.instructions)
        return (
            _SIGNATURE_COST * self._message.header.num_required_signatures
            + _WRITE_COST * len(self._keys.writable)
            + data // _DATA_BYTES_PER_UNIT
            + units
            + -(-self._size // _PAGE) * _PAGE_COST
        )


def _lamports(accounts: Snapshot, keys: wire.Keys) -> tuple[int, ...]:
    return tuple(account.lamports if (account := accounts[key]) is not None else 0 for key in keys.all)


def _inner(meta: TransactionMetadata) -> dict[int, tuple[Inner, ...]]:
    return {
        index: tuple(
            Inner(
                called.instruction().program_id_index,
                bytes(called.instruction().accounts),
                bytes(called.instruction().data),
                called.stack_height(),
            )
            for called in calls
        )
        for index, calls in enumerate(meta.inner_instructions())
        if calls
    }
