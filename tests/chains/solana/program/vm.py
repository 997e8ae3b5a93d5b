"""The Solana virtual machine in process (solders' LiteSVM) with mainnet's features: keys, programs, tokens, the clock.

Every transaction is signed, paid for and checked as on a cluster; what a test may do beyond that is set the clock and
put an account anywhere.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from solders.account import Account
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID
from spl.token.instructions import (
    burn,
    create_associated_token_account,
    freeze_account,
    get_associated_token_address,
    mint_to,
    set_authority,
    thaw_account,
)
from spl.token.models import (
    AuthorityType,
    BurnParams,
    FreezeAccountParams,
    MintToParams,
    SetAuthorityParams,
    ThawAccountParams,
)

from chains.solana.addresses import UPGRADEABLE_LOADER, program_data_address
from chains.solana.errors import error_name
from chains.solana.program_logs import failure
from tests.chains.solana.program.tokens import NEEDS, NewMint, add_metadata
from tests.chains.statements import seed

NOW = 1_800_000_000
LOADER = Pubkey.from_string(UPGRADEABLE_LOADER)
FUNDS = 10**12
RENT = 10**8
_PROGRAM, _PROGRAM_DATA = 2, 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction. `error` is empty if it succeeded, else the name of the program's error, or what
    `chains.solana.errors` says of another program's. `units`: compute units of all its instructions."""

    error: str
    logs: tuple[str, ...]
    units: int

    @property
    def ok(self) -> bool:
        return not self.error

    def done(self) -> "Outcome":
        """Itself, of a transaction that has to succeed."""
        assert self.ok, "\n".join((self.error, *self.logs))
        return self


class Vm:
    """One chain. Keys are made of labels and are funded when first used."""

    def __init__(self) -> None:
        svm = LiteSVM.default().with_mainnet_features().with_builtins().with_lamports(10**18).with_sysvars()
        svm = svm.with_default_programs().with_sigverify(True).with_blockhash_check(True)
        # Without a history two equal transactions are two transactions, as they are in two blocks.
        self.svm = svm.with_transaction_history(0)
        self._keys: dict[str, Keypair] = {}
        self._deployed: set[str] = set()
        self.payer = self.key("payer")
        self.warp(NOW)

    def key(self, label: str) -> Keypair:
        if label not in self._keys:
            self._keys[label] = Keypair.from_seed(seed(label))
            self.svm.airdrop(self._keys[label].pubkey(), FUNDS)
        return self._keys[label]

    # Transactions

    def send(
        self, *instructions: Instruction, signers: Iterable[Keypair] = (), payer: Keypair | None = None
    ) -> Outcome:
        """One transaction, paid for by `payer` (the virtual machine's own unless named)."""
        fees = payer or self.payer
        keys = {k.pubkey(): k for k in (fees, *signers)}
        message = Message.new_with_blockhash(list(instructions), fees.pubkey(), self.svm.latest_blockhash())
        signing = [keys[k] for k in message.account_keys[: message.header.num_required_signatures] if k in keys]
        result = self.svm.send_transaction(Transaction(signing, message, self.svm.latest_blockhash()))
        if not isinstance(result, FailedTransactionMetadata):
            return Outcome("", tuple(result.logs()), result.compute_units_consumed())
        meta = result.meta()
        return Outcome(self._why(result, meta.logs()), tuple(meta.logs()), meta.compute_units_consumed())

    def _why(self, result: FailedTransactionMetadata, logs: list[str]) -> str:
        """Any deployment of the program has its own errors' names."""
        found = failure(logs)
        ours = found.program if found and found.program in self._deployed else ""
        return error_name(result.err(), logs, ours)

    # Time

    @property
    def now(self) -> int:
        """The Clock sysvar's time, in Unix seconds."""
        return self.svm.get_clock().unix_timestamp

    def warp(self, time: int) -> None:
        clock = self.svm.get_clock()
        clock.unix_timestamp = time
        self.svm.set_clock(clock)

    # Accounts

    def data(self, address: Pubkey) -> bytes:
        account = self.svm.get_account(address)
        assert account is not None, f"no account {address}"
        return bytes(account.data)

    def exists(self, address: Pubkey) -> bool:
        return self.svm.get_account(address) is not None

    def put(self, address: Pubkey, data: bytes, owner: Pubkey, executable: bool = False) -> None:
        """An account as no transaction could make it."""
        lamports = self.svm.minimum_balance_for_rent_exemption(len(data))
        self.svm.set_account(address, Account(lamports, data, owner, executable))

    def contents(self, *addresses: Pubkey) -> tuple[tuple[int, bytes, str], ...]:
        """Lamports, data and owner of each account: equal if and only if nothing changed."""
        accounts = [self.svm.get_account(address) for address in addresses]
        return tuple((a.lamports, bytes(a.data), str(a.owner)) if a else (0, b"", "") for a in accounts)

    # Programs

    def deploy(self, program: Pubkey, elf: bytes, authority: Pubkey | None) -> Pubkey:
        """Puts a program behind the upgradeable loader; its program data account. `authority` None: immutable."""
        address = Pubkey.from_string(program_data_address(str(program)))
        self.set_upgrade_authority(address, authority, elf)
        self.put(program, struct.pack("<I", _PROGRAM) + bytes(address), LOADER, executable=True)
        self._deployed.add(str(program))
        return address

    def set_upgrade_authority(self, program_data: Pubkey, authority: Pubkey | None, elf: bytes | None = None) -> None:
        """Writes a program data account: tag u32 | slot u64 | authority 1 + 32 | the program. `elf` None: the same."""
        code = self.data(program_data)[45:] if elf is None else elf
        by = b"\1" + bytes(authority) if authority else bytes(33)
        self.put(program_data, struct.pack("<IQ", _PROGRAM_DATA, 0) + by + code, LOADER)

    # Tokens

    def mint(
        self,
        label: str,
        authority: Keypair,
        token_program: Pubkey = TOKEN_PROGRAM_ID,
        extensions: tuple[str, ...] = (),
        freezer: Keypair | None = None,
    ) -> Pubkey:
        """A new mint with these extensions, and those that they need. TokenMetadata is added where it is named."""
        key = self.key(f"mint {label}")
        self.svm.set_account(key.pubkey(), Account(0, b"", Pubkey.default()))  # it was funded and must be new
        plain = [name for name in extensions if name != "TokenMetadata"]
        needed = dict.fromkeys(n for name in plain for n in (*NEEDS.get(name, ()), name))
        freeze = freezer.pubkey() if freezer else None
        new = NewMint(key.pubkey(), authority.pubkey(), token_program, freeze, tuple(needed))
        self.send(*new.instructions(self.payer.pubkey(), RENT), signers=[key]).done()
        if "TokenMetadata" in extensions:
            self.send(add_metadata(key.pubkey(), authority.pubkey()), signers=[authority]).done()
        return key.pubkey()

    def token_program_of(self, mint: Pubkey) -> Pubkey:
        account = self.svm.get_account(mint)
        assert account is not None
        assert account.owner in (TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID)
        return account.owner

    def token_account(self, holder: Pubkey, mint: Pubkey) -> Pubkey:
        """The associated token account of `holder`, made if it is not there."""
        program = self.token_program_of(mint)
        address = get_associated_token_address(holder, mint, program)
        if not self.exists(address):
            self.send(create_associated_token_account(self.payer.pubkey(), holder, mint, program)).done()
        return address

    def hand_mint_to(self, mint: Pubkey, current: Keypair, new: Pubkey | None, kind: int = 0) -> None:
        """The token program's own SetAuthority; `kind` 0 is the authority to mint, 1 to freeze."""
        params = SetAuthorityParams(
            program_id=self.token_program_of(mint),
            account=mint,
            authority=AuthorityType(kind),
            current_authority=current.pubkey(),
            new_authority=new,
        )
        self.send(set_authority(params), signers=[current]).done()

    def mint_beside(self, mint: Pubkey, to: Pubkey, amount: int, authority: Keypair) -> Outcome:
        params = MintToParams(
            program_id=self.token_program_of(mint), mint=mint, dest=to, mint_authority=authority.pubkey(), amount=amount
        )
        return self.send(mint_to(params), signers=[authority])

    def burn_beside(self, mint: Pubkey, account: Pubkey, amount: int, holder: Keypair) -> Outcome:
        program = self.token_program_of(mint)
        params = BurnParams(program_id=program, account=account, mint=mint, owner=holder.pubkey(), amount=amount)
        return self.send(burn(params), signers=[holder])

    def freeze(self, mint: Pubkey, account: Pubkey, by: Keypair) -> None:
        program = self.token_program_of(mint)
        params = FreezeAccountParams(program_id=program, account=account, mint=mint, authority=by.pubkey())
        self.send(freeze_account(params), signers=[by]).done()

    def thaw(self, mint: Pubkey, account: Pubkey, by: Keypair) -> None:
        program = self.token_program_of(mint)
        params = ThawAccountParams(program_id=program, account=account, mint=mint, authority=by.pubkey())
        self.send(thaw_account(params), signers=[by]).done()

    def supply(self, mint: Pubkey) -> int:
        return int.from_bytes(self.data(mint)[36:44], "little")

    def balance(self, account: Pubkey) -> int:
        return int.from_bytes(self.data(account)[64:72], "little")
