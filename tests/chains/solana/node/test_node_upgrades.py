"""Programs that change: a trial on an older block runs the code of that block."""

import struct

from solders.account import Account
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chains.solana.node import programs, vm
from chains.solana.node.ledger import Ledger
from chains.solana.node.settings import GenesisAccount, GenesisProgram, Settings
from tests.chains.solana.node.node_support import ALICE, MEMO, SOL, signed

PROGRAM, BUFFER = Pubkey.from_bytes(bytes([9] * 32)), Pubkey.from_bytes(bytes([8] * 32))
RENT, CLOCK = (
    Pubkey.from_string(text)
    for text in ("SysvarRent111111111111111111111111111111111", "SysvarC1ock11111111111111111111111111111111")
)


def old_code() -> bytes:
    """The memo program, whose account is bare ELF."""
    account = vm.start(Settings(), 0).get_account(MEMO)
    assert account is not None
    return bytes(account.data)


def new_code() -> bytes:
    """The token program: it takes no memo."""
    machine = vm.start(Settings(), 0)
    token = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
    account = machine.get_account(programs.program_data_address(token))
    assert account is not None
    return bytes(account.data)[programs.METADATA_SIZE :]


def test_a_trial_runs_the_code_of_its_block() -> None:
    authority, old, new = ALICE.pubkey(), old_code(), new_code()
    room = len(new) + len(old)
    buffer = struct.pack("<I", 1) + b"\x01" + bytes(authority) + new
    ledger = Ledger(
        Settings(
            finality_slots=4,
            programs=(GenesisProgram(PROGRAM, old.ljust(room, b"\0"), authority),),
            accounts=(GenesisAccount(BUFFER, Account(10 * SOL, buffer, programs.LOADER)),),
            mints=(authority,),
        ),
        0,
    )
    ledger.advance()
    before = ledger.blocks.newest
    upgrade = Instruction(
        programs.LOADER,
        struct.pack("<I", 3),
        [
            AccountMeta(programs.program_data_address(PROGRAM), False, True),
            AccountMeta(PROGRAM, False, True),
            AccountMeta(BUFFER, False, True),
            AccountMeta(authority, False, True),
            AccountMeta(RENT, False, False),
            AccountMeta(CLOCK, False, False),
            AccountMeta(authority, True, False),
        ],
    )
    landed = ledger.submit(signed([upgrade], Hash(before.blockhash)))
    assert landed is not None
    assert landed.outcome.error is None, landed.outcome.logs
    at_once = ledger.submit(signed([Instruction(PROGRAM, b"at once", [])], Hash(before.blockhash)))
    assert at_once is not None
    assert at_once.outcome.error is not None
    ledger.advance()

    memo = signed([Instruction(PROGRAM, b"hello", [])], Hash(before.blockhash))
    for _ in range(2):
        assert ledger.trial(memo, before).error is None
        assert ledger.trial(memo, ledger.blocks.newest).error is not None
    done = ledger.submit(memo)
    assert done is not None
    assert done.outcome.error is not None
