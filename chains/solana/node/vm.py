"""The VM at genesis: slot 0, mainnet's features, the built-in and the SPL programs, and what the settings add.

LiteSVM's own checks of signatures, blockhashes and repeats are off: the ledger does them, because it knows blocks.
"""

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

# The class behind `solders.litesvm.LiteSVM`: only it can be built up step by step with the precompiles.
from solders.solders import EpochSchedule, LiteSVM

from chains.solana.node import genesis, programs, sysvars
from chains.solana.node.settings import RENT_FREE, Settings

SYSTEM = Pubkey.default()
FAUCET_LAMPORTS = 500_000_000 * 10**9
MINT_LAMPORTS = 500_000_000 * 10**9


def faucet(number: int) -> Keypair:
    """Who pays airdrops on the chain `number`."""
    return Keypair.from_seed(genesis.faucet_seed(number))


def start(settings: Settings, unix_timestamp: int) -> LiteSVM:
    """A VM whose clock stands at slot 0 and `unix_timestamp` (seconds). Raises `programs.NotAProgram`."""
    vm = LiteSVM.default()
    features = LiteSVM.mainnet_feature_set()
    features.active = dict.fromkeys(features.active, 0)
    vm.set_feature_set(features)
    vm.set_builtins()
    vm.set_sysvars()
    vm.set_epoch_schedule(EpochSchedule.custom(sysvars.SLOTS_PER_EPOCH, sysvars.SLOTS_PER_EPOCH, False))
    # Programs are visible from the slot on in which they are loaded, hence the clock goes to slot 0 before them.
    put_sysvar(vm, sysvars.CLOCK, sysvars.clock(0, unix_timestamp, unix_timestamp))
    vm.set_feature_accounts()
    vm.set_precompiles()
    vm.set_default_programs()
    vm.set_sigverify(False)
    vm.set_blockhash_check(False)
    vm.set_transaction_history(0)
    for address, lamports in (
        (faucet(settings.number).pubkey(), FAUCET_LAMPORTS),
        *((mint, MINT_LAMPORTS) for mint in settings.mints),
    ):
        vm.set_account(address, Account(lamports, b"", SYSTEM, False, RENT_FREE))
    for held in settings.accounts:
        vm.set_account(held.address, held.account)
    for program in settings.programs:
        programs.load(vm, program.address, program.elf, program.authority)
    return vm


def put_sysvar(vm: LiteSVM, address: Pubkey, data: bytes) -> None:
    """Writes the account of a sysvar; programs see it from then on."""
    vm.set_account(address, Account(vm.minimum_balance_for_rent_exemption(len(data)), data, sysvars.OWNER))
