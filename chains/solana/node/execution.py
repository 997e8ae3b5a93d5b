"""Running transactions in the VM: for good in the open slot, or on trial on the state at the end of a closed one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.solders import LiteSVM
from solders.transaction import VersionedTransaction

from chains.solana.node import programs, sysvars, vm, wire
from chains.solana.node.accounts import Accounts
from chains.solana.node.landed import Outcome
from chains.solana.node.outcome import Reading, fee_only

_SEEN_BY_PROGRAMS = (sysvars.SLOT_HASHES, sysvars.RECENT_BLOCKHASHES)
"""Sysvars besides the clock that a program sees without naming their account."""


class Execution:
    """The only one that lets the VM run anything."""

    def __init__(self, machine: LiteSVM, accounts: Accounts) -> None:
        self._vm = machine
        self._accounts = accounts

    def run(self, transaction: VersionedTransaction, slot: int) -> Outcome:
        """Executes in `slot`, the open one. Unless the outcome is `charged` nothing has changed. Raises
        `wire.BadTransaction`."""
        message = wire.message_of(transaction)
        keys = wire.keys(message, self._accounts.now)
        reading = Reading(message, keys, self._accounts.now)
        for key in keys.writable:
            self._accounts.before_write(key, slot)
        result = self._vm.send_transaction(transaction)
        self._take(keys.own[0], fee_only(result))
        for key in keys.writable:
            self._accounts.after_write(key, slot)
        return reading.outcome(result, {key: self._accounts.now(key) for key in keys.all})

    def trial(self, transaction: VersionedTransaction, slot: int) -> Outcome:
        """Simulates on the state at the end of `slot`. Raises `wire.BadTransaction`."""
        message = wire.message_of(transaction)
        keys = wire.keys(message, lambda key: self._accounts.at(key, slot))
        reading = Reading(message, keys, lambda key: self._accounts.at(key, slot))
        with self._as_at(slot, {*keys.all, *_tables(message)}):
            result = self._vm.simulate_transaction(transaction)
        return reading.outcome(result, None)

    def _take(self, payer: Pubkey, fee: int) -> None:
        """LiteSVM takes no fee for what fails before programs run; validators do."""
        account = self._accounts.now(payer)
        if fee and account is not None:
            left = Account(account.lamports - fee, account.data, account.owner, account.executable, account.rent_epoch)
            self._vm.set_account(payer, left)

    @contextmanager
    def _as_at(self, slot: int, addresses: set[Pubkey]) -> Iterator[None]:
        """Within, the VM has the named accounts, their programs' code and the sysvars as they were at the end of
        `slot`."""
        code = {key: programs.program_data_address(key) for key in addresses if self._is_program(key, slot)}
        wanted = {*addresses, *code.values(), *_SEEN_BY_PROGRAMS} - {sysvars.CLOCK}
        changed = {key for key in wanted if self._accounts.at(key, slot) != self._accounts.now(key)}
        changed |= {program for program, data in code.items() if data in changed}
        # The clock goes first: a program counts as deployed in the slot of the clock at which it is put.
        order = [sysvars.CLOCK, *sorted(changed, key=lambda key: (key in code, bytes(key)))]
        present = [(key, self._accounts.now(key)) for key in order]
        try:
            self._put((key, self._accounts.at(key, slot)) for key in order)
            yield
        finally:
            self._put(present)

    def _is_program(self, address: Pubkey, slot: int) -> bool:
        versions = (self._accounts.now(address), self._accounts.at(address, slot))
        return any(held is not None and held.executable and held.owner == programs.LOADER for held in versions)

    def _put(self, accounts: Iterable[tuple[Pubkey, Account | None]]) -> None:
        for key, account in accounts:
            self._vm.set_account(key, Account(0, b"", vm.SYSTEM) if account is None else account)


def _tables(message: Message | MessageV0) -> list[Pubkey]:
    if isinstance(message, Message):
        return []
    return [lookup.account_key for lookup in message.address_table_lookups]
