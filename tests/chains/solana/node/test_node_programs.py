"""Programs at genesis: the accounts are the upgradeable loader's, the code runs, what is no program is refused."""

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from chains.solana.node import programs

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SET_AUTHORITY = (4).to_bytes(4, "little")


def memo_elf(vm: LiteSVM) -> bytes:
    """The memo program: old enough to lie in an account as bare ELF."""
    account = vm.get_account(MEMO)
    assert account is not None
    return bytes(account.data)


def sent(vm: LiteSVM, payer: Keypair, instruction: Instruction) -> object:
    message = Message.new_with_blockhash([instruction], payer.pubkey(), vm.latest_blockhash())
    return vm.send_transaction(Transaction([payer], message, Hash.from_bytes(bytes(vm.latest_blockhash()))))


@pytest.mark.parametrize("changeable", [True, False])
def test_a_loaded_program_runs_and_has_its_authority(changeable: bool) -> None:
    vm, payer, program = LiteSVM(), Keypair(), Pubkey.new_unique()
    vm.airdrop(payer.pubkey(), 10**9)
    elf = memo_elf(vm)
    code = programs.load(vm, program, elf, payer.pubkey() if changeable else None)

    assert code == programs.program_data_address(program)
    held = vm.get_account(code)
    assert held is not None
    assert held.data[programs.METADATA_SIZE :] == elf
    assert held.data[12:45] == (b"\x01" + bytes(payer.pubkey()) if changeable else bytes(33))
    assert held.lamports == vm.minimum_balance_for_rent_exemption(len(held.data))
    executable = vm.get_account(program)
    assert executable is not None
    assert executable.executable
    assert executable.data == b"\x02\0\0\0" + bytes(code)

    done = sent(vm, payer, Instruction(program, b"hello", []))
    assert isinstance(done, TransactionMetadata)
    assert any("hello" in line for line in done.logs())


@pytest.mark.parametrize("changeable", [True, False])
def test_only_the_authority_hands_the_program_on(changeable: bool) -> None:
    vm, payer, program, heir = LiteSVM(), Keypair(), Pubkey.new_unique(), Pubkey.new_unique()
    vm.airdrop(payer.pubkey(), 10**9)
    code = programs.load(vm, program, memo_elf(vm), payer.pubkey() if changeable else None)
    done = sent(
        vm,
        payer,
        Instruction(
            programs.LOADER,
            SET_AUTHORITY,
            [
                AccountMeta(code, is_signer=False, is_writable=True),
                AccountMeta(payer.pubkey(), is_signer=True, is_writable=False),
                AccountMeta(heir, is_signer=False, is_writable=False),
            ],
        ),
    )
    held = vm.get_account(code)
    assert held is not None
    if changeable:
        assert isinstance(done, TransactionMetadata)
        assert held.data[13:45] == bytes(heir)
    else:
        assert isinstance(done, FailedTransactionMetadata)
        assert held.data[12:45] == bytes(33)


def test_what_is_no_program_is_refused() -> None:
    vm, program = LiteSVM(), Pubkey.new_unique()
    with pytest.raises(programs.NotAProgram, match="refuses 8 bytes"):
        programs.load(vm, program, b"\x7fELF....")
    assert vm.get_account(program) is None
    assert vm.get_account(programs.program_data_address(program)) is None
