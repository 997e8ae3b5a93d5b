"""Accounts as they were at the end of a slot.

The VM knows one state, that of the open slot. What is written is therefore kept per slot here until it is final; an
account that nobody wrote since the newest final slot has only the VM's state.
"""

from collections import defaultdict

from solders.account import Account
from solders.pubkey import Pubkey
from solders.solders import LiteSVM

_BEFORE = -1


class Accounts:
    """The VM's accounts with their versions. `write` or `wrote` must go along with every change of the VM."""

    def __init__(self, vm: LiteSVM) -> None:
        self._vm = vm
        self._versions: dict[Pubkey, list[tuple[int, Account | None]]] = {}
        self._touched: dict[int, set[Pubkey]] = defaultdict(set)

    def now(self, address: Pubkey) -> Account | None:
        """The account in the open slot. An account without lamports does not exist."""
        account = self._vm.get_account(address)
        return None if account is None or account.lamports == 0 else account

    def at(self, address: Pubkey, slot: int) -> Account | None:
        """The account as it was when `slot` ended; `slot` is not before the newest final one."""
        versions = self._versions.get(address)
        if versions is None:
            return self.now(address)
        return next(account for written, account in reversed(versions) if written <= slot)

    def owned(self, owner: Pubkey, slot: int) -> list[tuple[Pubkey, Account]]:
        """All accounts that `owner` had when `slot` ended, in order of their addresses."""
        addresses = {address for address, _ in self._vm.get_program_accounts(owner)} | self._versions.keys()
        held = ((address, self.at(address, slot)) for address in sorted(addresses, key=bytes))
        return [(address, account) for address, account in held if account is not None and account.owner == owner]

    def before_write(self, address: Pubkey, slot: int) -> None:
        """To be called before the VM changes the account in `slot`, the open one."""
        if address not in self._versions:
            self._versions[address] = [(_BEFORE, self.now(address))]
        self._touched[slot].add(address)

    def after_write(self, address: Pubkey, slot: int) -> None:
        """To be called once the VM has changed the account in `slot`."""
        versions, account = self._versions[address], self.now(address)
        if versions[-1][0] == slot:
            versions[-1] = (slot, account)
        elif versions[-1][1] != account:
            versions.append((slot, account))

    def finalize(self, slot: int) -> None:
        """Forgets what came before the state at the end of `slot`, which is final now."""
        for final in [touched for touched in self._touched if touched <= slot]:
            for address in self._touched.pop(final):
                self._forget(address, slot)

    def _forget(self, address: Pubkey, slot: int) -> None:
        versions = self._versions.get(address)
        if versions is None:
            return
        newest = max(index for index, (written, _) in enumerate(versions) if written <= slot)
        del versions[:newest]
        # One version is the VM's own state, unless the account is about to be written in a later slot.
        if len(versions) == 1 and not any(address in touched for touched in self._touched.values()):
            del self._versions[address]
