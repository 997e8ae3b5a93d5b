"""Programs that a chain has from its genesis on, as accounts of the upgradeable loader, with an authority or without.

LiteSVM's own `add_program` knows no upgrade authority; here the two accounts of a deployed program are written as the
loader would have left them. Layouts (bincode, little-endian): `UpgradeableLoaderState` of the loader v3 interface:

    Program      tag 2 (u32), address of the program data (32)
    ProgramData  tag 3 (u32), slot (u64), authority: 0 or 1 and its address (1 + 32), then the ELF from byte 45 on
"""

from typing import Protocol

from solders.account import Account
from solders.pubkey import Pubkey

LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
METADATA_SIZE = 45
"""Bytes of the program data account before the ELF."""

_PROGRAM = 2
_PROGRAM_DATA = 3


class NotAProgram(ValueError):
    """The VM does not take these bytes as a program."""


class Vm(Protocol):
    """What is needed of a VM: `solders.litesvm.LiteSVM` has it."""

    def set_account(self, address: Pubkey, data: Account, /) -> None: ...

    def minimum_balance_for_rent_exemption(self, data_len: int, /) -> int: ...


def program_data_address(program: Pubkey) -> Pubkey:
    """Where the loader keeps the code of `program`."""
    return Pubkey.find_program_address([bytes(program)], LOADER)[0]


def program_data(elf: bytes, authority: Pubkey | None, slot: int = 0) -> bytes:
    """The data of a program data account. Without an authority the program can never be changed."""
    held = bytes(33) if authority is None else b"\x01" + bytes(authority)
    return _PROGRAM_DATA.to_bytes(4, "little") + slot.to_bytes(8, "little") + held + elf


def load(vm: Vm, program: Pubkey, elf: bytes, authority: Pubkey | None = None, slot: int = 0) -> Pubkey:
    """Deploys `elf` at the address `program`, changeable by `authority` (None: by nobody), as done in `slot`, which
    must not be later than the VM's clock. Returns the address of the program data account. Raises `NotAProgram`."""
    code = program_data_address(program)
    data = program_data(elf, authority, slot)
    pointer = _PROGRAM.to_bytes(4, "little") + bytes(code)
    # The code goes first: the VM loads it when it is given the executable account.
    vm.set_account(code, Account(vm.minimum_balance_for_rent_exemption(len(data)), data, LOADER))
    try:
        vm.set_account(
            program, Account(vm.minimum_balance_for_rent_exemption(len(pointer)), pointer, LOADER, executable=True)
        )
    except Exception as error:  # solders raises a bare class of its own without a base that could be named
        vm.set_account(code, Account(0, b"", LOADER))
        raise NotAProgram(f"{program}: the VM refuses {len(elf)} bytes as a program: {error}") from error
    return code
