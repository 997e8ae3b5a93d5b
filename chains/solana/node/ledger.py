"""One local chain: blocks, accounts, transactions. No I/O and no clock of its own: `tick` says what time it is.

A transaction is executed in the open slot as soon as it is sent, and seen by nobody before that slot is closed.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from chains.solana.node import genesis, sysvars, vm, wire
from chains.solana.node.accounts import Accounts
from chains.solana.node.blocks import Block, Blocks, Commitment
from chains.solana.node.execution import Execution
from chains.solana.node.landed import Landed, Outcome
from chains.solana.node.settings import Settings

Refusal = Literal["SignatureFailure", "AlreadyProcessed", "BlockhashNotFound"]
"""Why a bank does not even run a transaction, as TransactionError names it."""

_MOST_CAUGHT_UP = 1000
"""Slots that one tick opens at most; of a longer pause (a machine that slept) the others are skipped."""

_AIRDROP_UNITS = 10_000
_DISTINCT_AIRDROPS = 1_000_000


class Ledger:
    """`now`: Unix seconds at genesis. Raises `programs.NotAProgram`.

    `behind` may be set to a number of slots: the node then calls itself unhealthy by that many.
    """

    def __init__(self, settings: Settings, now: float) -> None:
        self.settings = settings
        self.behind: int | None = None
        self.genesis_hash = genesis.genesis_hash(settings.number)
        self.identity = Keypair.from_seed(genesis.identity_seed(settings.number)).pubkey()
        self.blocks = Blocks(self.genesis_hash, int(now), settings.finality_slots)
        self._start = now
        self._epoch_start = int(now)
        self._machine = vm.start(settings, int(now))
        self._accounts = Accounts(self._machine)
        self._execution = Execution(self._machine, self._accounts)
        self._slot_history = sysvars.SlotHistory()
        self._faucet = vm.faucet(settings.number)
        self._airdrops = 0
        self._by_signature: dict[Signature, Landed] = {}
        self._by_digest: set[bytes] = set()
        self._by_account: dict[Pubkey, list[Landed]] = defaultdict(list)
        self._open(1, self._time_of(1))

    # Time

    def tick(self, now: float) -> int:
        """Opens the slots that are due at `now` (Unix seconds); returns how many."""
        due = int((now - self._start) * 1000 // self.settings.slot_ms)
        opened = 0
        if due - self.blocks.open.slot > _MOST_CAUGHT_UP:
            slot = self._slot_after(due - _MOST_CAUGHT_UP)
            self._open(slot, self._time_of(slot))
            opened += 1
        while self._slot_after(self.blocks.open.slot) <= due:
            self.advance()
            opened += 1
        return opened

    def next_time(self) -> float:
        """When the next slot is due, in Unix seconds."""
        return self._time_of(self._slot_after(self.blocks.open.slot))

    def advance(self, now: float | None = None) -> None:
        """Closes the open slot and opens the next, at its time or at `now`, if that is later; later slots then follow
        from there."""
        slot = self._slot_after(self.blocks.open.slot)
        if now is not None:
            self._start += max(now - self._time_of(slot), 0)
        self._open(slot, self._time_of(slot))

    def _slot_after(self, last: int) -> int:
        """The next slot that has a block."""
        slot, every = last + 1, self.settings.skip_every
        return slot + 1 if every and slot % every == 0 else slot

    def _time_of(self, slot: int) -> float:
        return self._start + slot * self.settings.slot_ms / 1000

    def _open(self, slot: int, time: float) -> None:
        if slot != self.blocks.open.slot:
            self._slot_history.add(self.blocks.open.slot)
            if slot // sysvars.SLOTS_PER_EPOCH > self.blocks.open.slot // sysvars.SLOTS_PER_EPOCH:
                self._epoch_start = int(time)
            self.blocks.advance(slot, int(time))
        final = self.blocks.at("finalized").slot
        self._accounts.finalize(final)
        for block in self.blocks.forget(final - self.settings.history_slots):
            self._forget(block)
        self._write_sysvars()

    def _write_sysvars(self) -> None:
        block = self.blocks.open
        known = list(self.blocks.latest(sysvars.MOST_SLOT_HASHES))
        for address, data in (
            (sysvars.SLOT_HISTORY, bytes(self._slot_history)),
            (sysvars.SLOT_HASHES, sysvars.slot_hashes((each.slot, each.blockhash) for each in known)),
            (sysvars.RECENT_BLOCKHASHES, sysvars.recent_blockhashes(each.blockhash for each in known)),
            (sysvars.CLOCK, sysvars.clock(block.slot, block.time, self._epoch_start)),
        ):
            self._accounts.before_write(address, block.slot)
            vm.put_sysvar(self._machine, address, data)
            self._accounts.after_write(address, block.slot)

    def _forget(self, block: Block) -> None:
        for landed in block.landed:
            del self._by_signature[landed.signature]
            self._by_digest.discard(wire.digest(wire.message_of(landed.transaction)))
            for key in set(landed.outcome.keys):
                self._by_account[key].remove(landed)
                if not self._by_account[key]:
                    del self._by_account[key]

    # What is read

    def account(self, address: Pubkey, block: Block) -> Account | None:
        """The account at the end of `block`, which is not older than the newest final one."""
        return self._accounts.at(address, block.slot)

    def owned(self, owner: Pubkey, block: Block) -> list[tuple[Pubkey, Account]]:
        """All accounts of a program at the end of `block`, in order of their addresses."""
        return self._accounts.owned(owner, block.slot)

    def rent(self, size: int) -> int:
        """Lamports that an account of `size` bytes must hold."""
        return self._machine.minimum_balance_for_rent_exemption(size)

    def landed(self, signature: Signature, last: int) -> Landed | None:
        """The transaction, if it is in a block up to slot `last`."""
        found = self._by_signature.get(signature)
        return found if found is not None and found.slot <= last else None

    def landed_with(self, address: Pubkey, last: int) -> Iterator[Landed]:
        """The transactions that name `address` in blocks up to slot `last`, newest first."""
        return (landed for landed in reversed(self._by_account.get(address, [])) if landed.slot <= last)

    def commitment_of(self, slot: int) -> Commitment:
        """How far the closed slot `slot` has come."""
        if slot <= self.blocks.at("finalized").slot:
            return "finalized"
        return "confirmed" if slot <= self.blocks.at("confirmed").slot else "processed"

    def last_valid_height(self, block: Block) -> int:
        """The last height at which a transaction on the hash of `block` may land."""
        return block.height + self.settings.blockhash_slots

    def valid(self, blockhash: bytes, height: int) -> bool:
        """Whether a transaction on `blockhash` may land at `height`, or is known to the block there."""
        known = self.blocks.height_of(blockhash)
        return known is not None and known <= height <= known + self.settings.blockhash_slots

    # What is sent

    def refusal(self, transaction: VersionedTransaction, block: Block, verify: bool = True) -> Refusal | None:
        """Why the bank of `block` would not run the transaction."""
        message = wire.message_of(transaction)
        if verify and not wire.signed(transaction):
            return "SignatureFailure"
        if not self.valid(bytes(message.recent_blockhash), block.height):
            return "BlockhashNotFound"
        if wire.digest(message) in self._by_digest:
            known = self._by_signature.get(transaction.signatures[0])
            if known is None or known.slot <= block.slot:
                return "AlreadyProcessed"
        return None

    def trial(self, transaction: VersionedTransaction, block: Block) -> Outcome:
        """Simulates on the state at the end of `block`. Raises `wire.BadTransaction`."""
        return self._execution.trial(transaction, block.slot)

    def submit(self, transaction: VersionedTransaction) -> Landed | None:
        """Executes in the open slot. What a leader would drop (unsigned, expired, a repeat, no fee) leaves no trace:
        None."""
        block = self.blocks.open
        if self.refusal(transaction, block) is not None:
            return None
        try:
            outcome = self._execution.run(transaction, block.slot)
        except wire.BadTransaction:
            return None
        if not outcome.charged:
            return None
        landed = Landed(transaction, outcome, block.slot, block.time, len(block.landed))
        block.landed.append(landed)
        self._by_signature[landed.signature] = landed
        self._by_digest.add(wire.digest(wire.message_of(transaction)))
        for key in set(outcome.keys):
            self._by_account[key].append(landed)
        return landed

    def airdrop(self, address: Pubkey, lamports: int, blockhash: bytes) -> Signature:
        """A transfer from the faucet. Two airdrops are two transactions even if they are alike."""
        self._airdrops += 1
        instructions = [
            set_compute_unit_limit(_AIRDROP_UNITS + self._airdrops % _DISTINCT_AIRDROPS),
            transfer(TransferParams(from_pubkey=self._faucet.pubkey(), to_pubkey=address, lamports=lamports)),
        ]
        message = Message.new_with_blockhash(instructions, self._faucet.pubkey(), Hash(blockhash))
        transaction = VersionedTransaction(message, [self._faucet])
        self.submit(transaction)
        return transaction.signatures[0]
