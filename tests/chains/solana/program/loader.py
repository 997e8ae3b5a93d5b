"""Deploys a program as an operator does: a buffer, its chunks, and the upgradeable loader's own instructions.

Source: `UpgradeableLoaderInstruction` in the documentation of solana-loader-v3-interface (bincode, little-endian).
"""

import struct

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.sysvar import CLOCK, RENT

from chains.solana.addresses import SYSTEM_PROGRAM, program_data_address
from tests.chains.solana.program.vm import LOADER, Vm

_BUFFER_HEAD = 37
_PROGRAM_SIZE = 36
_CHUNK = 900


def _meta(address: Pubkey, flags: str = "") -> AccountMeta:
    return AccountMeta(address, "s" in flags, "w" in flags)


def _call(data: bytes, *metas: AccountMeta) -> Instruction:
    return Instruction(LOADER, data, list(metas))


def _new(vm: Vm, key: Keypair, size: int) -> Instruction:
    rent = vm.svm.minimum_balance_for_rent_exemption(size)
    payer = vm.payer.pubkey()
    vm.svm.airdrop(payer, rent)
    return create_account(
        CreateAccountParams(from_pubkey=payer, to_pubkey=key.pubkey(), lamports=rent, space=size, owner=LOADER)
    )


def deploy(vm: Vm, program: Keypair, elf: bytes, authority: Keypair) -> Pubkey:
    """Deploys `elf` at `program`, upgradeable by `authority`; the program data account."""
    buffer = Keypair.from_seed(bytes(program.pubkey()))
    target, by, spare = buffer.pubkey(), authority.pubkey(), vm.payer.pubkey()
    begun = _call(struct.pack("<I", 0), _meta(target, "w"), _meta(by))
    vm.send(_new(vm, buffer, _BUFFER_HEAD + len(elf)), begun, signers=[buffer]).done()
    for at in range(0, len(elf), _CHUNK):
        part = elf[at : at + _CHUNK]
        written = struct.pack("<IIQ", 1, at, len(part)) + part
        vm.send(_call(written, _meta(target, "w"), _meta(by, "s")), signers=[authority]).done()
    program_data = Pubkey.from_string(program_data_address(str(program.pubkey())))
    vm.svm.airdrop(spare, vm.svm.minimum_balance_for_rent_exemption(2 * len(elf)))
    deployed = _call(
        struct.pack("<IQ", 2, len(elf)),
        _meta(spare, "sw"),
        _meta(program_data, "w"),
        _meta(program.pubkey(), "w"),
        _meta(target, "w"),
        _meta(RENT),
        _meta(CLOCK),
        _meta(Pubkey.from_string(SYSTEM_PROGRAM)),
        _meta(by, "s"),
    )
    vm.send(_new(vm, program, _PROGRAM_SIZE), deployed, signers=[program, authority]).done()
    # A program can be called from the slot after its deployment on.
    vm.svm.warp_to_slot(vm.svm.get_clock().slot + 1)
    return program_data


def make_immutable(vm: Vm, program_data: Pubkey, authority: Keypair) -> None:
    """Gives the upgrade authority away for good."""
    call = _call(struct.pack("<I", 4), _meta(program_data, "w"), _meta(authority.pubkey(), "s"))
    vm.send(call, signers=[authority]).done()


def hand_over(vm: Vm, program_data: Pubkey, authority: Keypair, to: Pubkey) -> None:
    """Names another upgrade authority."""
    call = _call(struct.pack("<I", 4), _meta(program_data, "w"), _meta(authority.pubkey(), "s"), _meta(to))
    vm.send(call, signers=[authority]).done()
